from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.decisions import Found, Match
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.sync.titles.evidence import sought, weigh
from listsync.sync.titles.matching import choose
from listsync.sync.titles.title_forms import Alike
from tests.builders import MOVIE, TV, offer
from tests.thorough import tries

FEW = settings(max_examples=tries(15, 500))


def chosen(
    title: str,
    year: int | None,
    *candidates: Candidate,
    kind: MediaType | None = MOVIE,
    original: str | None = None,
    is_complete: bool = True,
) -> Match:
    return choose(sought(title, original, year, kind), candidates, is_complete=is_complete)


def same_year(title: str, candidate: str, kind: MediaType | None = MOVIE) -> Found:
    return chosen(title, 2021, offer(candidate, 2021), kind=kind).found


@pytest.mark.parametrize(
    ("title", "candidate"),
    [
        pytest.param("Dune", "Dune", id="same"),
        pytest.param("WALL-E", "WALL·E", id="symbols"),
        pytest.param("Alien 3", "Alien³", id="superscript"),
        pytest.param("Matrix", "The Matrix", id="article"),
        pytest.param("Matrix, The", "The Matrix", id="article-behind"),
        pytest.param("Dune: Part One", "Dune", id="subtitle-in-the-list"),
        pytest.param("Dune", "Dune: Part One", id="subtitle-at-the-server"),
    ],
)
def test_a_title_of_the_same_year_is_taken(title: str, candidate: str) -> None:
    assert same_year(title, candidate) is Found.FOUND


@pytest.mark.parametrize(
    ("title", "candidate", "found"),
    [
        pytest.param("Dune", "Drone", Found.REVIEW, id="other"),
        pytest.param("The Blackout", "The Blackouts", Found.REVIEW, id="close"),
        pytest.param("Rocky II", "Rocky III", Found.REVIEW, id="other-number"),
        pytest.param("Dune: Part One", "Dune: Part Two", Found.REVIEW, id="other-part"),
        pytest.param("Dune", "Dune: Part Two", Found.REVIEW, id="a-part-that-was-not-named"),
    ],
)
def test_what_is_not_certain_is_not_taken(title: str, candidate: str, found: Found) -> None:
    assert same_year(title, candidate) is found


@pytest.mark.parametrize("candidate", ["The Dune", "Dune: Part One"])
def test_thin_evidence_without_a_kind_is_for_review(candidate: str) -> None:
    assert same_year("Dune", candidate, kind=None) is Found.REVIEW


def test_the_same_title_and_year_need_no_kind() -> None:
    assert same_year("Dune", "Dune", kind=None) is Found.FOUND


@pytest.mark.parametrize(
    ("years_off", "found"),
    [
        (0, Found.FOUND),
        (1, Found.FOUND),
        (-1, Found.FOUND),
        (2, Found.REVIEW),
        (3, Found.REVIEW),
        (-3, Found.REVIEW),
        (4, Found.NOT_FOUND),
    ],
)
def test_one_year_off_is_tolerated_where_the_title_is_alone(years_off: int, found: Found) -> None:
    assert chosen("Dune", 2021, offer("Dune", 2021 + years_off)).found is found


ALONE = offer("Dune", 2018, tmdb=1)


@pytest.mark.parametrize(
    ("title", "candidates", "kind", "is_complete"),
    [
        pytest.param("Dune", [ALONE], MOVIE, False, id="unread-pages"),
        pytest.param("Dune", [ALONE], None, True, id="no-kind"),
        pytest.param("Dune (US)", [ALONE], MOVIE, True, id="a-country-tells-of-a-namesake"),
        pytest.param("Dune", [ALONE, offer("Dune", 1984, tmdb=2)], MOVIE, True, id="namesake"),
        pytest.param("Dune", [ALONE, offer("Dune", None, tmdb=2)], MOVIE, True, id="undated"),
        pytest.param("Dune", [ALONE, offer("The Dune", 1984, tmdb=2)], MOVIE, True, id="article"),
        pytest.param(
            "The Blackout",
            [offer("The Blackout", 2018, tmdb=1), offer("The Blackouts", 2020, tmdb=2)],
            MOVIE,
            True,
            id="like-it-and-nearer",
        ),
        pytest.param("Dune Nine", [offer("Dune 9", 2018)], MOVIE, True, id="written-otherwise"),
    ],
)
def test_a_slip_of_the_year_is_for_review_where_another_could_be_meant(
    title: str, candidates: list[Candidate], kind: MediaType | None, *, is_complete: bool
) -> None:
    match = chosen(title, 2021, *candidates, kind=kind, is_complete=is_complete)
    assert match.found is Found.REVIEW


def test_a_year_off_is_tolerated_beside_a_namesake_of_another_time() -> None:
    match = chosen("Dune", 2020, offer("Dune", 1984, tmdb=1), offer("Dune", 2021, tmdb=2))
    assert match.key == TitleKey(MOVIE, 2)


def test_an_article_and_a_year_off_together_are_for_review() -> None:
    assert chosen("Matrix", 1998, offer("The Matrix", 1999)).found is Found.REVIEW


@pytest.mark.parametrize(
    ("title", "found"),
    [
        pytest.param("Dune", Found.REVIEW, id="one-word"),
        pytest.param("2012", Found.REVIEW, id="a-number-alone"),
        pytest.param("Dune World Tour", Found.REVIEW, id="three-words"),
        pytest.param("Dune 9", Found.FOUND, id="a-part-number"),
        pytest.param("Tales of the Dune", Found.FOUND, id="four-words"),
    ],
)
def test_a_candidate_without_a_date_is_taken_only_for_a_rare_name(
    title: str, found: Found
) -> None:
    assert chosen(title, 2021, offer(title, None)).found is found


def test_a_rare_name_without_a_date_needs_all_pages() -> None:
    match = chosen("Dune 9", 2021, offer("Dune 9", None), is_complete=False)
    assert match.found is Found.REVIEW


def test_a_similar_title_without_a_date_is_not_even_for_review() -> None:
    assert chosen("The Blackout", 2021, offer("The Blackouts")).found is Found.NOT_FOUND


def test_the_exact_year_wins_over_the_year_off() -> None:
    match = chosen("Dune", 2021, offer("Dune", 2020, tmdb=1), offer("Dune", 2021, tmdb=2))
    assert match.key == TitleKey(MOVIE, 2)


def test_the_original_title_counts_as_well() -> None:
    match = chosen("Sen to Chihiro", 2001, offer("Spirited Away", 2001, original="Sen to Chihiro"))
    assert match.found is Found.FOUND


def test_the_lists_original_title_counts_as_well() -> None:
    match = chosen("Spirited Away", 2001, offer("千と千尋", 2001), original="千と千尋 (2001)")
    assert match.found is Found.FOUND


def test_the_title_wins_over_a_more_popular_one() -> None:
    match = chosen(
        "Dune", 2021, offer("Dunes", 2021, tmdb=1, popularity=99.0), offer("Dune", 2021, tmdb=2)
    )
    assert match.key == TitleKey(MOVIE, 2)


def test_two_titles_of_one_name_and_year_are_for_review() -> None:
    match = chosen("Dune", 2021, offer("Dune", 2021, tmdb=1), offer("Dune", 2021, tmdb=2))
    assert match.found is Found.REVIEW
    assert match.reasons[0] == "2 titles of this name and year"


def test_a_film_and_a_series_of_one_name_are_for_review_without_a_kind() -> None:
    match = chosen("Dune", 2021, offer("Dune", 2021), offer("Dune", 2021, TV), kind=None)
    assert match.found is Found.REVIEW


@pytest.mark.parametrize(
    ("wanted", "given", "word"), [(MOVIE, TV, "a series"), (TV, MOVIE, "a film")]
)
def test_the_wrong_kind_is_never_taken(wanted: MediaType, given: MediaType, word: str) -> None:
    match = chosen("Dune", 2021, offer("Dune", 2021, given), kind=wanted)
    assert match.found is Found.NOT_FOUND
    assert word in match.reasons[1]


def test_a_rival_makes_thin_evidence_a_question() -> None:
    match = chosen(
        "Dune", 2021, offer("Dune: Part One", 2021, tmdb=1), offer("The Dune", 2020, tmdb=2)
    )
    assert match.found is Found.REVIEW
    assert match.reasons[0] == "more than one title could be meant"


def test_a_namesake_of_another_time_is_no_rival() -> None:
    match = chosen(
        "Dune", 2021, offer("Dune: Part One", 2021, tmdb=1), offer("Dune", 1984, tmdb=2)
    )
    assert match.key == TitleKey(MOVIE, 1)


def test_without_a_year_the_only_title_of_its_name_is_taken() -> None:
    match = chosen("Dune", None, offer("Dune", 2021, tmdb=7), offer("Dunes", 2021, tmdb=8))
    assert match.key == TitleKey(MOVIE, 7)


@pytest.mark.parametrize(
    ("candidates", "is_complete"),
    [
        pytest.param([offer("Dune", 1984, tmdb=1), offer("Dune", 2021, tmdb=2)], True, id="two"),
        pytest.param([offer("Dune", 2021)], False, id="unread-pages"),
        pytest.param([offer("The Dune", 2021)], True, id="article"),
        pytest.param([offer("The Blackouts")], True, id="close"),
    ],
)
def test_without_a_year_anything_less_is_for_review(
    candidates: list[Candidate], *, is_complete: bool
) -> None:
    title = "The Blackout" if candidates[0].title == "The Blackouts" else "Dune"
    assert chosen(title, None, *candidates, is_complete=is_complete).found is Found.REVIEW


def test_no_candidates_is_not_found() -> None:
    match = chosen("Dune", 2021)
    assert (match.found, match.reasons, match.score) == (Found.NOT_FOUND, ("no title like it",), 0)


def test_a_year_in_the_title_is_the_year() -> None:
    assert sought("Dune (1984)", None, None, None).year == 1984


def test_the_lists_own_year_counts_before_one_in_the_title() -> None:
    assert sought("Dune (1984)", None, 2021, None).year == 2021


@pytest.mark.parametrize(
    ("year", "score"), [(2021, 2.0), (2020, 1.5), (2000, 1.0), (None, 1.0)], ids=str
)
def test_the_score_is_the_classic_one(year: int | None, score: float) -> None:
    assert weigh(sought("Dune", None, 2021, MOVIE), offer("Dune", year)).score == score


def test_a_candidate_without_titles_is_no_match() -> None:
    blank = Candidate(key=TitleKey(MOVIE, 1), title="", original_title="", year=2021)
    assert weigh(sought("Dune", None, 2021, MOVIE), blank).alike is Alike.NONE


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (
            offer("The Dune", 2021),
            f"The Dune (2021) [movie/1]: {Alike.TRIMMED.words}, same year (1.00)",
        ),
        (offer("Dune", 2021), "Dune (2021) [movie/1]: same title, same year (2.00)"),
        (offer("Dune"), "Dune [movie/1]: same title, year unknown (1.00)"),
        (offer("Dune", 2020), "Dune (2020) [movie/1]: same title, one year off (1.50)"),
        (offer("Dune", 2011), "Dune (2011) [movie/1]: same title, 10 years off (1.00)"),
        (offer("Dune", 2021, TV), "Dune (2021) [tv/1]: same title, same year, a series (2.00)"),
    ],
    ids=["article", "year", "no-year", "one-off", "far", "series"],
)
def test_the_evidence_is_said_in_words(candidate: Candidate, words: str) -> None:
    assert weigh(sought("Dune", None, 2021, MOVIE), candidate).words() == words


def test_a_match_tells_what_it_was_not() -> None:
    match = chosen("Dune", 2021, offer("Dune", 2021, tmdb=1), offer("Dune", 1984, tmdb=2))
    assert match.title == "Dune (2021)"
    assert match.reasons[1].startswith("not Dune (1984) [movie/2]")


def test_at_most_five_candidates_of_other_names_are_kept_and_twenty_of_the_very_name() -> None:
    others = [offer("Dune: The Film", 2021, tmdb=tmdb) for tmdb in range(100, 130)]
    assert len(chosen("Dune", 2021, *others).candidates) == 5
    many = [offer("Dune", 2019, tmdb=tmdb) for tmdb in range(30)]
    match = chosen("Dune", 2021, *many[:9], *others)
    assert [one.title for one in match.candidates] == ["Dune"] * 9
    assert len(chosen("Dune", 2021, *many).candidates) == 20


_OFFERS = st.lists(
    st.builds(
        offer,
        st.sampled_from(["Dune", "The Dune", "Dunes", "Dune: Part One", "Dune 2", "Arrakis"]),
        st.sampled_from([2020, 2021, 2022, 1984, None]),
        st.sampled_from([MOVIE, TV]),
        tmdb=st.integers(1, 50),
        popularity=st.sampled_from([1.0, 2.0]),
    ),
    unique_by=lambda candidate: candidate.key,
    max_size=9,
)


@FEW
@given(_OFFERS, st.randoms(), st.sampled_from([2021, None]), st.sampled_from([MOVIE, TV, None]))
def test_the_order_of_the_candidates_changes_nothing(
    candidates: list[Candidate], random: Random, year: int | None, kind: MediaType | None
) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert chosen("Dune", year, *shuffled, kind=kind) == chosen(
        "Dune", year, *candidates, kind=kind
    )


@FEW
@given(_OFFERS, st.sampled_from([2021, None]), st.sampled_from([MOVIE, TV, None]))
def test_what_is_found_has_the_wished_kind_and_nearly_the_year(
    candidates: list[Candidate], year: int | None, kind: MediaType | None
) -> None:
    match = chosen("Dune", year, *candidates, kind=kind)
    if match.key is None:
        return
    taken = match.candidates[0]
    assert taken.key == match.key
    assert kind in (None, taken.key.kind)
    assert year is None or taken.year is None or abs(taken.year - year) <= 3


ACCENTED = offer("Düne", 2021, tmdb=2)


@pytest.mark.parametrize(
    ("title", "tmdb"),
    [pytest.param("Dune", 1, id="plain"), pytest.param("DÜNE", 2, id="accented")],
)
def test_of_two_of_a_name_the_one_spelt_the_same_is_taken(title: str, tmdb: int) -> None:
    match = chosen(title, 2021, offer("Dune", 2021, tmdb=1), ACCENTED)
    assert match.key == TitleKey(MOVIE, tmdb)
    assert match.reasons[0].startswith("the nearest of its name: ")


def test_of_two_of_a_name_and_neither_spelt_the_same_none_is_taken() -> None:
    others = [offer("Dunê", 2021, tmdb=3), ACCENTED]
    assert chosen("Dune", 2021, *others).found is Found.REVIEW


def test_of_two_of_a_name_the_one_of_the_same_original_title_is_taken() -> None:
    match = chosen(
        "Ring",
        2021,
        offer("Ring", 2021, tmdb=1, original="Ringen"),
        offer("Ring", 2021, tmdb=2, original="Ringer"),
        original="Ringer",
    )
    assert match.key == TitleKey(MOVIE, 2)


@pytest.mark.parametrize(
    ("original", "candidate", "found"),
    [
        pytest.param("リング", "Il cerchio", Found.REVIEW, id="native-script-against-latin"),
        pytest.param("リング", "링", Found.REVIEW, id="other-script"),
        pytest.param("リング", "Ring", Found.REVIEW, id="no-other-original"),
        pytest.param("Kazoku", "家族", Found.FOUND, id="transcribed"),
        pytest.param("Der Kreis", "Il cerchio", Found.REVIEW, id="other-original"),
        pytest.param("Il Cerchio", "Il cerchio", Found.FOUND, id="same-original"),
        pytest.param("Il cerchio: parte", "Il cerchio", Found.FOUND, id="longer-original"),
        pytest.param("Il cerchia", "Il cerchio", Found.FOUND, id="near-original"),
    ],
)
def test_another_original_title_leaves_it_to_a_person(
    original: str, candidate: str, found: Found
) -> None:
    match = chosen("Ring", 1998, offer("Ring", 1998, original=candidate), original=original)
    assert match.found is found
    assert ("another original title" in " ".join(match.reasons)) is (found is Found.REVIEW)


def test_what_has_another_original_title_is_no_rival() -> None:
    match = chosen(
        "Ring",
        None,
        offer("Ring", 1998, tmdb=1, original="リング"),
        offer("Ring", 1999, tmdb=2, original="Il cerchio"),
        original="リング",
    )
    assert match.key == TitleKey(MOVIE, 1)


@pytest.mark.parametrize(
    ("years", "found"),
    [
        pytest.param([2003], Found.FOUND, id="the-one-in-brackets"),
        pytest.param([2004], Found.FOUND, id="the-other"),
        pytest.param([2003, 2004], Found.REVIEW, id="both"),
    ],
)
def test_a_list_that_gives_two_years_may_mean_either(years: list[int], found: Found) -> None:
    candidates = [offer("Dune", year, tmdb=year) for year in years]
    assert chosen("Dune (2003)", 2004, *candidates).found is found


def test_a_part_is_not_taken_for_the_whole_where_another_is_of_that_year() -> None:
    parts = [offer("Dune: Part One", 2021, tmdb=1), offer("Dune: Part Two", 2021, tmdb=2)]
    assert chosen("Dune", 2021, *parts).found is Found.REVIEW


def test_a_part_of_another_year_is_no_rival_to_the_first() -> None:
    parts = [offer("Dune: Part One", 2021, tmdb=1), offer("Dune: Part Two", 2022, tmdb=2)]
    assert chosen("Dune", 2021, *parts).key == TitleKey(MOVIE, 1)


def test_a_title_written_otherwise_is_taken() -> None:
    match = chosen("Dune Nine", 2021, offer("Dune 9", 2021))
    assert match.found is Found.FOUND
    assert "same title written otherwise, same year" in match.reasons[0]


def test_a_title_written_otherwise_is_taken_from_a_year_off_too() -> None:
    assert chosen("Dune Nine", 2020, offer("Dune 9", 2021)).found is Found.FOUND


def test_the_title_as_it_is_written_is_a_rival_to_one_written_otherwise() -> None:
    match = chosen("Dune Nine", 2021, offer("Dune 9", 2021, tmdb=1), offer("Dune Nine", 2022))
    assert match.found is Found.REVIEW


def test_a_subtitle_of_that_year_is_no_rival_to_a_title_written_otherwise() -> None:
    other = offer("Dune Nine: Again", 2021, tmdb=2)
    match = chosen("Dune Nine", 2021, offer("Dune 9", 2021, tmdb=1), other)
    assert match.key == TitleKey(MOVIE, 1)


@pytest.mark.parametrize(
    ("candidate", "found"),
    [
        pytest.param(offer("Dune World", 2021), Found.REVIEW, id="same-year"),
        pytest.param(offer("Dune World", 2020), Found.NOT_FOUND, id="other-year"),
        pytest.param(offer("Dune World", None), Found.NOT_FOUND, id="no-date"),
        pytest.param(offer("Dune World 2", 2021), Found.REVIEW, id="other-number"),
    ],
)
def test_a_longer_name_of_the_same_year_is_for_review(candidate: Candidate, found: Found) -> None:
    assert chosen("Dune", 2021, candidate).found is found


def test_without_a_year_a_title_written_otherwise_is_enough_when_alone() -> None:
    assert chosen("Dune Nine", None, offer("Dune 9", 2021)).found is Found.FOUND


def test_what_has_another_original_title_is_no_rival_to_thin_evidence() -> None:
    match = chosen(
        "Ring",
        1998,
        offer("Ring: One", 1998, tmdb=1, original="リング: 一"),
        offer("Ring", 1999, tmdb=2, original="Il cerchio"),
        original="リング",
    )
    assert match.key == TitleKey(MOVIE, 1)


@pytest.mark.parametrize("title", ["Dune 2021", "Dune - 2021", "Dune-2021", "Dune, 2021"])
def test_the_year_behind_a_title_is_no_part_of_it_where_the_list_gives_it_too(title: str) -> None:
    famous = offer("Dune", 2021, MOVIE, votes=9000)
    remake = offer("Dune", 1984, MOVIE, tmdb=2, votes=3000)
    assert chosen(title, 2021, famous, remake).key == famous.key


def test_the_year_behind_a_title_may_be_part_of_it() -> None:
    offered = offer("Dracula", 2000, MOVIE, votes=60), offer("Dracula 2000", 2000, MOVIE, tmdb=2)
    assert chosen("Dracula 2000", 2000, *offered).key == offered[1].key
    assert chosen("Dracula 2000", 2000, offered[0]).found is not Found.FOUND


def test_a_depth_is_part_of_a_title_that_no_year_tells_apart() -> None:
    flat = offer("Saw", 2004, MOVIE, votes=9000)
    assert chosen("Saw 3D", None, flat).found is not Found.FOUND
    assert chosen("Saw 3D", 2004, flat).key == flat.key


@pytest.mark.parametrize(
    ("title", "offered"),
    [("Death Becomes Him", "Death Becomes Her"), ("Friday the 14th", "Friday the 13th")],
)
def test_another_word_is_no_slip_of_the_pen(title: str, offered: str) -> None:
    assert chosen(title, 1980, offer(offered, 1980, MOVIE, votes=9000)).found is not Found.FOUND


def test_initials_are_another_title_than_the_word_they_make() -> None:
    assert chosen("It", 2017, offer("I.T.", 2016, MOVIE, votes=600)).found is not Found.FOUND


@pytest.mark.parametrize(
    "title", ["(KR) Oldboy", "Oldboy Director's Cut", "Oldboy Special Edition"]
)
def test_marks_of_a_language_or_an_edition_are_no_part_of_a_title(title: str) -> None:
    right = offer("Oldboy", 2003, MOVIE, votes=9000)
    assert chosen(title, 2003, right).key == right.key
