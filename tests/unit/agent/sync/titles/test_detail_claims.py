from __future__ import annotations

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate, Production
from listsync.sync.titles.detail_proof import Claim, Proof, claim_of, proven
from listsync.sync.titles.evidence import sought
from tests.builders import MOVIE, TV, offer

THE_THING = "John Carpenter's The Thing"
COP = "Beverly Hills Cop 4"


def claim(
    title: str,
    year: int | None,
    *candidates: Candidate,
    kind: MediaType | None = MOVIE,
    is_complete: bool = True,
) -> Claim | None:
    return claim_of(sought(title, None, year, kind), candidates, is_complete=is_complete)


def sure_claim(title: str, year: int, *candidates: Candidate) -> Claim:
    found = claim(title, year, *candidates)
    assert found is not None
    return found


@pytest.mark.parametrize("years_off", [2, 3, -2, -3])
def test_two_or_three_years_off_are_for_its_releases_to_prove(years_off: int) -> None:
    found = sure_claim("Dune", 2021, offer("Dune", 2021 + years_off))
    assert (found.proof, found.years, found.calls) == (Proof.RELEASES, (2021,), 1)


def test_either_year_of_a_list_may_be_that_of_a_release() -> None:
    assert sure_claim("Dune (2019)", 2022, offer("Dune", 2016)).years == (2019, 2022)


@pytest.mark.parametrize(
    ("title", "candidates", "kind", "is_complete"),
    [
        pytest.param("Dune", [offer("Dune", 2025)], MOVIE, True, id="four-years-off"),
        pytest.param("Dune", [offer("Dune", 2018)], MOVIE, False, id="unread-pages"),
        pytest.param("Dune", [offer("Dune", 2018)], None, True, id="no-kind"),
        pytest.param("Dune", [offer("Dune", None)], MOVIE, True, id="undated"),
        pytest.param(
            "Dune",
            [offer("Dune", 2018, tmdb=1), offer("Dune", 1984, tmdb=2)],
            MOVIE,
            True,
            id="two",
        ),
        pytest.param("Dune", [offer("Dunes", 2018)], MOVIE, True, id="another-name"),
        pytest.param(
            "Vaiana",
            [
                offer("Vaiana", 2018, tmdb=1, popularity=1.0),
                offer("Moana: Vaiana", 2021, tmdb=2, popularity=900.0),
            ],
            MOVIE,
            True,
            id="hardly-known-beside-a-giant",
        ),
    ],
)
def test_no_release_could_prove_it(
    title: str, candidates: list[Candidate], kind: MediaType | None, *, is_complete: bool
) -> None:
    assert claim(title, 2021, *candidates, kind=kind, is_complete=is_complete) is None


def test_a_similar_title_of_another_time_is_no_rival_to_a_slip() -> None:
    others = [offer("The Blackouts", 1999, tmdb=2), offer("The Blackout: Day Two", 1999, tmdb=3)]
    found = sure_claim("The Blackout", 2021, offer("The Blackout", 2018, tmdb=1), *others)
    assert found.key == TitleKey(MOVIE, 1)


def test_a_release_in_the_year_of_the_list_proves_it() -> None:
    found = sure_claim("Cinema Paradiso", 1990, offer("Cinema Paradiso", 1988))
    said = proven(found, Production(release_years=frozenset({1988, 1990, 2020})))
    assert said is not None
    assert said.words == "a release in 1990"
    assert proven(found, Production(release_years=frozenset({1988, 2020}))) is None
    assert found.missing == "no release in 1990"


def test_a_maker_in_front_is_for_the_credits_to_prove() -> None:
    known = [offer("The Thing", 1982, tmdb=1), offer("The Thing", 2011, tmdb=2)]
    known.append(offer("John Carpenter's The Thing: Terror Takes Shape", 1998, tmdb=3))
    found = sure_claim(THE_THING, 1982, *known)
    assert (found.proof, found.key.tmdb_id, found.maker) == (Proof.CREDITS, 1, "John Carpenter")


def test_of_two_of_one_name_the_better_known_is_looked_at() -> None:
    known = [offer("The Thing", 1982, tmdb=n, popularity=float(n)) for n in (1, 3, 2)]
    assert sure_claim(THE_THING, 1982, *known).key.tmdb_id == 3


@pytest.mark.parametrize(
    ("title", "candidates", "kind"),
    [
        pytest.param(THE_THING, [offer("The Thing", 1983)], MOVIE, id="a-year-off"),
        pytest.param(THE_THING, [offer("The Thing", 1982)], TV, id="another-kind"),
        pytest.param(THE_THING, [offer("The Thing", 1982)], None, id="no-kind"),
        pytest.param(THE_THING, [offer("The Thing 2", 1982)], MOVIE, id="another-number"),
        pytest.param(THE_THING, [offer("The Things", 1982)], MOVIE, id="another-name"),
        pytest.param("Schindler's List", [offer("List", 1982)], MOVIE, id="one-word"),
        pytest.param("A Bug's Life", [offer("Life", 1982)], MOVIE, id="an-article"),
        pytest.param(
            THE_THING,
            [offer("The Thing", 1982, tmdb=1), offer(THE_THING, 1990, tmdb=2)],
            MOVIE,
            id="another-has-the-whole-name",
        ),
    ],
)
def test_no_credits_could_prove_it(
    title: str, candidates: list[Candidate], kind: MediaType | None
) -> None:
    assert claim(title, 1982, *candidates, kind=kind) is None


@pytest.mark.parametrize(
    ("title", "production", "who"),
    [
        (THE_THING, Production(people=frozenset({"JOHN CARPENTER"})), "JOHN CARPENTER"),
        (THE_THING, Production(people=frozenset({"John Carpenter Jr."})), None),
        (THE_THING, Production(), None),
        ("Dr. Seuss' The Thing", Production(people=frozenset({"Dr. Seuss"})), "Dr. Seuss"),
        (
            "Walt Disney\u2019s The Thing",
            Production(companies=frozenset({"Walt Disney Pictures"})),
            "Walt Disney Pictures",
        ),
        ("Walt Dis's The Thing", Production(companies=frozenset({"Walt Disney"})), None),
    ],
)
def test_the_whole_name_among_people_or_in_front_of_a_companys_proves_it(
    title: str, production: Production, who: str | None
) -> None:
    said = proven(sure_claim(title, 1982, offer("The Thing", 1982)), production)
    assert (said and said.words) == (who and f"made by {who}")


@pytest.mark.parametrize(
    ("title", "name", "number"),
    [
        (COP, "Beverly Hills Cop: Axel F", 4),
        ("Beverly Hills Cop IV", "Beverly Hills Cop: Axel F", 4),
        ("Scream 5", "Scream", 5),
        ("Matrix 2", "The Matrix Reloaded", 2),
        ("Wicked: Part Two", "Wicked: For Good", 2),
        ("Sonic 3", "Sonic the Hedgehog 3", 3),
    ],
)
def test_a_number_is_for_the_film_series_to_prove(title: str, name: str, number: int) -> None:
    found = claim(title, 2024, offer(name, 2024), is_complete=False)
    assert found is not None
    assert (found.proof, found.number, found.calls) == (Proof.COLLECTION, number, 2)


@pytest.mark.parametrize(
    ("title", "candidate", "kind"),
    [
        pytest.param(COP, offer("Beverly Hills Cop: Axel F", 2023), MOVIE, id="a-year-off"),
        pytest.param(COP, offer("Axel F", 2024), MOVIE, id="another-beginning"),
        pytest.param(COP, offer("Beverly Hills Cops", 2024), MOVIE, id="half-a-word"),
        pytest.param(COP, offer("Beverly Hills Cop III", 2024), MOVIE, id="another-number"),
        pytest.param("Che: Part Two", offer("Che: Part One", 2024), MOVIE, id="part-one"),
        pytest.param(COP, offer("Beverly Hills Cop", 2024, kind=TV), TV, id="a-series"),
        pytest.param("Rogue One", offer("Rogue", 2024), MOVIE, id="a-word"),
        pytest.param("Blade Runner 2049", offer("Blade Runner", 2024), MOVIE, id="no-part-number"),
        pytest.param("Suddenly 30", offer("Suddenly", 2024), MOVIE, id="too-many"),
        pytest.param("4", offer("4 Lions", 2024), MOVIE, id="nothing-before-it"),
    ],
)
def test_no_film_series_could_prove_it(title: str, candidate: Candidate, kind: MediaType) -> None:
    assert claim(title, 2024, candidate, kind=kind) is None


def test_the_part_of_that_number_is_proven_whichever_is_better_known() -> None:
    known = [
        offer("The Matrix Reloaded", 2003, tmdb=604, popularity=1.0),
        offer("The Matrix Revolutions", 2003, tmdb=605, popularity=2.0),
    ]
    found = sure_claim("Matrix 2", 2003, *known)
    parts = [TitleKey(MOVIE, number) for number in (603, 604, 605)]
    said = proven(found, Production(collection=2344), parts)
    assert said is not None
    assert (said.evidence.candidate.key.tmdb_id, said.words) == (604, "part 2 of its film series")
    assert proven(found, Production(), ()) is None
    assert proven(found, Production(collection=2344), parts[1:2]) is None
    assert proven(found, Production(collection=2344), parts[::-1][1:]) is None


def test_without_a_year_nothing_is_for_details_to_prove() -> None:
    assert claim(THE_THING, None, offer("The Thing", 1982)) is None
