"""What only details can prove, found through the resolver; every call is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.decisions import Found, Match
from listsync.domain.lists import ListEntry
from listsync.domain.media import TitleKey
from listsync.domain.server import Production
from listsync.errors import UnavailableError
from listsync.sync.titles.lookups import Lookups
from listsync.sync.titles.resolve import Resolver, may_be_outage
from tests.builders import MOVIE, TV, entry, wish
from tests.fakes import FakeFacts, FakeServer, Title, a_film, a_series

PARADISO = replace(
    a_film(11216, "Cinema Paradiso", 1988),
    production=Production(release_years=frozenset({1988, 1990})),
)
PARKS = replace(
    a_series(8592, "Parks and Recreation", 2009),
    production=Production(release_years=frozenset(range(2009, 2016))),
)
THING = replace(
    a_film(1091, "The Thing", 1982), production=Production(people=frozenset({"John Carpenter"}))
)
SHINING = replace(
    a_series(11382, "The Shining", 1997), production=Production(people=frozenset({"Stephen King"}))
)
COPS = [
    replace(a_film(number, name, year), production=Production(collection=85861))
    for number, name, year in (
        (90, "Beverly Hills Cop", 1984),
        (96, "Beverly Hills Cop II", 1987),
        (306, "Beverly Hills Cop III", 1994),
        (280180, "Beverly Hills Cop: Axel F", 2024),
    )
]
AXEL_F = COPS[-1]

PROVEN = [
    pytest.param(
        entry("Cinema Paradiso", 1990, MOVIE), [PARADISO], 3, "a release in 1990", id="release"
    ),
    pytest.param(
        entry("Parks and Recreation", 2012, TV), [PARKS], 3, "a release in 2012", id="season"
    ),
    pytest.param(
        entry("John Carpenter's The Thing", 1982, MOVIE),
        [THING],
        3,
        "made by John Carpenter",
        id="maker-of-a-film",
    ),
    pytest.param(
        entry("Stephen King's The Shining", 1997, TV),
        [SHINING],
        3,
        "made by Stephen King",
        id="maker-of-a-series",
    ),
    pytest.param(
        entry("Beverly Hills Cop 4", 2024, MOVIE),
        [AXEL_F, *COPS[:-1]],
        4,
        "part 4 of its film series",
        id="part",
    ),
]


def match_of(server: FakeServer, one: ListEntry) -> Match:
    return Resolver(server, {}).match(wish(one))


@pytest.mark.parametrize(("one", "catalogue", "calls", "words"), PROVEN)
def test_what_its_details_prove_is_found_within_the_calls(
    one: ListEntry, catalogue: list[Title], calls: int, words: str
) -> None:
    server = FakeServer(*catalogue)
    lookups = Lookups(server)
    match = Resolver(server, {}).match(wish(one), lookups)
    assert (match.found, match.key) == (Found.FOUND, catalogue[0].key)
    assert match.reasons[0].startswith("its details confirm it: ")
    assert match.reasons[0].endswith(f"; {words}")
    # Asking for it is one more, and so are the seasons of a series: five in all.
    assert server.calls == calls
    seasons = 1 if catalogue[0].key.kind is TV else 0
    assert server.calls + seasons + 1 <= 5
    assert not may_be_outage(match, lookups)


@pytest.mark.parametrize(("one", "catalogue", "calls", "words"), PROVEN)
def test_what_its_details_do_not_prove_waits_for_a_person(
    one: ListEntry, catalogue: list[Title], calls: int, words: str
) -> None:
    del calls, words
    bare = [replace(title, production=Production()) for title in catalogue]
    server = FakeServer(*bare)
    match = match_of(server, one)
    assert match.found is not Found.FOUND
    assert server.counts["facts"] == 1
    # One more where "nothing found" must be told from an outage.
    assert server.calls - server.counts["find_by_imdb"] <= 4


def test_the_review_says_what_the_details_do_not_say() -> None:
    match = match_of(
        FakeServer(replace(PARADISO, production=Production())),
        entry("Cinema Paradiso", 1990, MOVIE),
    )
    assert match.found is Found.REVIEW
    assert match.reasons[1] == (
        "Cinema Paradiso (1988) [movie/11216]: same title, 2 years off (1.00); no release in 1990"
    )


def test_what_its_details_could_have_proven_is_shown_beside_better_known_ones() -> None:
    known = [
        replace(a_film(number, f"Inside Beverly Hills Cop {word}", 2024), popularity=9.0)
        for number, word in enumerate("abcdefg", start=1)
    ]
    unproven = replace(AXEL_F, production=Production(), popularity=0.1)
    match = match_of(FakeServer(*known, unproven), entry("Beverly Hills Cop 4", 2024, MOVIE))
    assert match.found is Found.REVIEW
    assert match.candidates[-1].key == AXEL_F.key
    assert match.reasons[-1].endswith("; not known as part 4 of its film series")


def test_another_part_of_the_film_series_is_not_taken() -> None:
    without_the_second = [COPS[0], *COPS[2:]]
    match = match_of(FakeServer(*without_the_second), entry("Beverly Hills Cop 4", 2024, MOVIE))
    assert (match.found, match.key) == (Found.REVIEW, None)


def test_a_film_series_that_is_gone_proves_nothing() -> None:
    server = FakeServer(*COPS).on("parts", UnavailableError("server", "no such collection"))
    match = match_of(server, entry("Beverly Hills Cop 4", 2024, MOVIE))
    assert match.found is Found.REVIEW


def test_details_that_cannot_be_read_now_are_read_another_time() -> None:
    server = FakeServer(PARADISO).on("facts", UnavailableError("server", "TMDB is down"))
    with pytest.raises(UnavailableError, match="TMDB is down"):
        match_of(server, entry("Cinema Paradiso", 1990, MOVIE))


def test_details_that_were_kept_without_releases_are_read_again() -> None:
    kept = FakeFacts()
    kept.put(PARADISO.key, replace(PARADISO.facts, production=None))
    server = FakeServer(PARADISO)
    lookups = Lookups(server, known=kept)
    match = Resolver(server, {}).match(wish(entry("Cinema Paradiso", 1990, MOVIE)), lookups)
    assert (match.key, server.counts["facts"]) == (PARADISO.key, 1)


def test_a_title_that_has_the_makers_name_in_its_own_is_not_passed_over() -> None:
    other = a_series(1, "Stephen King's The Shining", 1990)
    match = match_of(FakeServer(other, SHINING), entry("Stephen King's The Shining", 1997, TV))
    assert match.found is not Found.FOUND


@pytest.mark.parametrize(
    ("one", "title", "facts"),
    [
        pytest.param(entry("Cinema Paradiso", 1990, MOVIE, bare_id=5), PARADISO, 1, id="film"),
        pytest.param(entry("Parks and Recreation", 2012, TV, bare_id=5), PARKS, 0, id="series"),
    ],
)
def test_no_call_is_spent_that_the_seasons_of_a_series_need(
    one: ListEntry, title: Title, facts: int
) -> None:
    server = FakeServer(title)
    match = match_of(server, one)
    assert server.counts["facts"] == facts
    assert (match.found is Found.FOUND) is bool(facts)
    assert server.calls <= 4


def test_a_certain_title_costs_no_more_for_a_number_or_an_apostrophe() -> None:
    for name in ("Rocky 4", "Bram Stoker's Dracula"):
        server = FakeServer(a_film(1, name, 1985))
        assert match_of(server, entry(name, 1985, MOVIE)).key == TitleKey(MOVIE, 1)
        assert server.calls == 1
