"""Ids are believed only as far as somebody vouches for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.decisions import Found, How, Match
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, TitleKey
from listsync.domain.report import SyncReport, Verdict
from listsync.domain.server import Candidate, MediaStatus
from listsync.errors import UnavailableError
from listsync.sync.deduplication import members_of, renamed, wishes_of
from listsync.sync.titles.evidence import sought
from listsync.sync.titles.id_verification import bears_out, contradicts
from listsync.sync.titles.lookups import Lookups, lookup_of
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, TV, entry, rules, wish
from tests.fakes import FakeFacts, FakeServer, a_film, a_series
from tests.unit.agent.sync.test_run import House

MATRIX = replace(a_film(603, "The Matrix", 1999, imdb="tt0133093"), original_name="The Matrix")
RELOADED = a_film(604, "The Matrix Reloaded", 2003, imdb="tt0234215")
GODFATHER = a_film(238, "The Godfather", 1972, imdb="tt0068646")
INCEPTION = a_film(27205, "Inception", 2010, imdb="tt1375666")
ENEMY = a_film(181886, "Enemy", 2014)
NAMESAKE = a_film(1300002, "Enemy", 2013)
BAD = a_series(1396, "Breaking Bad", 2008, tvdb=81189, imdb="tt0903747")
ALL = (MATRIX, RELOADED, GODFATHER, INCEPTION, ENEMY, NAMESAKE, BAD)
NUMBER_ONE = a_film(1, "Quite Another Film", 1988)


def checked(title: str, year: int | None, kind: object = MOVIE, **ids: object) -> ListEntry:
    return entry(title, year, kind, check=True, **ids)  # type: ignore[arg-type]  # a test knows


def numbered(number: int, title: str, year: int | None = None, rank: int = 1) -> ListEntry:
    return entry(title, year, bare_id=number, rank=rank)


def match_of(one: ListEntry, *more: object) -> tuple[Match, FakeServer]:
    server = FakeServer(*ALL, *more)  # type: ignore[arg-type]  # titles
    return Resolver(server, {}).match(wish(one)), server


def house(*entries: ListEntry) -> House:
    one = House(*entries)
    one.server = FakeServer(*ALL, NUMBER_ONE)
    return one


def posted(one: House) -> list[TitleKey]:
    return [body.key for body in one.server.posted]


def verdicts(report: SyncReport) -> dict[Verdict, int]:
    return dict(report.lists[0].verdicts)


# When title and year speak against a title


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        ("The Matrix", 1999, False),
        ("La Matrice", 1999, False),
        ("La Matrice", 2000, False),
        ("La Matrice", 2001, True),
        ("Matrix, The", 1950, False),
        ("The Matrix (1999)", None, False),
        ("Something Else (1950)", None, True),
        ("Something Else", None, False),
        ("", 1950, False),
        ("The Matrix 2", 1950, True),
    ],
)
def test_only_title_and_year_together_speak_against_a_title(
    title: str, year: int | None, *, expected: bool
) -> None:
    assert contradicts(sought(title, None, year, None), MATRIX.candidate) is expected


def test_an_original_title_speaks_for_a_title_as_well() -> None:
    candidate = Candidate(
        key=GODFATHER.key, title="Le parrain", original_title="The Godfather", year=1972
    )
    assert not contradicts(sought("Il padrino", "The Godfather", 1950, None), candidate)


def test_what_the_catalogue_does_not_say_speaks_against_nothing() -> None:
    undated = Candidate(key=MATRIX.key, title="Other", original_title="Other", year=None)
    nameless = Candidate(key=MATRIX.key, title="", original_title="", year=1950)
    wanted = sought("The Matrix", None, 1999, None)
    assert not contradicts(wanted, undated)
    assert not contradicts(wanted, nameless)


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [("The Matrix", 1999, True), ("The Matrix", 2001, False), ("La Matrice", 1999, False)],
)
def test_a_bare_id_needs_the_title_and_the_year(title: str, year: int, *, expected: bool) -> None:
    assert bears_out(sought(title, None, year, None), MATRIX.candidate) is expected


# Ids that nobody vouches for


@pytest.mark.parametrize(
    "one",
    [
        checked("The Matrix", 1999, imdb="tt0133093"),
        checked("La Matrice", 1999, imdb="tt0133093"),
        checked("The Matrix", 1950, imdb="tt0133093"),
        checked("The Matrix", 1999, tmdb=603),
        checked("La Matrice", 2000, tmdb=603),
        checked("The Matrix", 1999, None, tmdb=603),
        checked("The Matrix", 1999, imdb="tt0133093", tmdb=603),
    ],
)
def test_an_id_is_believed_where_title_or_year_agree_and_costs_one_call(one: ListEntry) -> None:
    match, server = match_of(one)
    assert (match.found, match.key) == (Found.FOUND, MATRIX.key)
    assert server.calls == 1


@pytest.mark.parametrize(
    "ids",
    [{"imdb": "tt0068646"}, {"tmdb": 238}, {"imdb": "tt0068646", "tmdb": 238}],
)
@pytest.mark.parametrize("kind", [MOVIE, None])
def test_an_id_of_another_title_is_not_believed_and_the_title_is_looked_for(
    ids: dict[str, object], kind: object
) -> None:
    match, server = match_of(checked("The Matrix", 1999, kind, **ids))
    assert (match.found, match.key, match.how) == (Found.FOUND, MATRIX.key, How.TITLE_INSTEAD)
    assert "the list says The Matrix (1999), but" in match.reasons[0]
    assert "The Godfather (1972) [movie/238]; matched by its title" in match.reasons[0]
    assert server.calls <= 4


def test_an_id_of_a_series_for_a_film_is_not_believed_either() -> None:
    match, _ = match_of(checked("The Matrix", 1999, MOVIE, imdb="tt0903747"))
    assert match.key == MATRIX.key


def test_what_is_not_found_by_its_title_either_goes_to_review() -> None:
    match, server = match_of(checked("Something Else", 1950, imdb="tt0133093"))
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert [one.key for one in match.candidates] == [MATRIX.key]
    assert server.calls <= 5


def test_ids_of_one_row_that_lead_to_two_titles_go_to_review() -> None:
    match, server = match_of(checked("The Matrix", 1999, imdb="tt0133093", tmdb=604))
    assert match.found is Found.REVIEW
    assert "contradict each other" in match.reasons[0]
    assert [one.key for one in match.candidates] == [MATRIX.key, RELOADED.key]
    assert server.calls == 2


def test_a_tmdb_id_that_leads_nowhere_contradicts_nothing() -> None:
    match, _ = match_of(checked("The Matrix", 1999, imdb="tt0133093", tmdb=999_999))
    assert (match.found, match.key) == (Found.FOUND, MATRIX.key)


def test_an_id_of_another_title_beside_the_right_one_goes_to_review() -> None:
    match, _ = match_of(checked("The Matrix", 1999, imdb="tt0068646", tmdb=603))
    assert match.found is Found.REVIEW
    assert {one.key for one in match.candidates} == {MATRIX.key, GODFATHER.key}


def test_a_tvdb_id_is_held_against_the_row_as_well() -> None:
    match, _ = match_of(checked("Something Else", 1950, TV, tvdb=81189))
    assert match.found is Found.REVIEW
    match, _ = match_of(checked("Breaking Bad", 2008, TV, tvdb=81189, tmdb=1396))
    assert match.key == BAD.key


def test_a_number_that_does_not_exist_leads_to_the_title() -> None:
    match, server = match_of(checked("The Matrix", 1999, tmdb=999_999))
    assert (match.found, match.key) == (Found.FOUND, MATRIX.key)
    assert server.counts["facts"] == 1
    assert server.calls <= 5


def test_details_that_fail_are_told_from_a_number_that_does_not_exist() -> None:
    server = FakeServer(*ALL).on("facts", UnavailableError("server", "TMDB is down"))
    match = Resolver(server, {}).match(wish(checked("La Matrice", 1999, tmdb=603)))
    assert match.key == MATRIX.key


def test_details_are_read_once_for_all_who_need_them() -> None:
    server, known = FakeServer(*ALL), FakeFacts()
    for _ in range(2):
        resolver = Resolver(server, {})
        resolver.match(wish(checked("The Matrix", 1999, tmdb=603)), Lookups(server, known=known))
    assert server.counts["facts"] == 1
    assert known[MATRIX.key].title == "The Matrix"


def test_a_service_is_trusted_and_its_rows_cost_no_call() -> None:
    one = house(entry("Quite Wrong", 1950, MOVIE, tmdb=603))
    one.sync()
    assert posted(one) == [MATRIX.key]
    assert one.server.counts["facts"] == one.server.counts["search"] == 0


def test_what_was_verified_costs_nothing_at_the_next_sync() -> None:
    rows = (
        checked("The Matrix", 1999, tmdb=603, rank=1),
        checked("Inception", 2010, imdb="tt0068646", rank=2),
        numbered(1, "Enemy", 2013, rank=3),
    )
    one = house(*rows)
    one.sync()
    assert posted(one) == [MATRIX.key, INCEPTION.key, NAMESAKE.key]
    before = one.server.counts.copy()
    one.sync()
    spent = one.server.counts - before
    assert not spent.keys() & {"facts", "search", "find_by_imdb", "find_by_tmdb", "request"}


def test_what_a_person_chose_before_ids_were_checked_holds() -> None:
    one = checked("Something Else", 1950, imdb="tt0133093")
    former = lookup_of(wish(one._replace(check_ids=False)))
    chosen = Match(found=Found.FOUND, how=How.CHOICE, key=INCEPTION.key)
    assert former is not None
    assert Resolver(FakeServer(), {former: chosen}).known(wish(one)) == chosen


@pytest.mark.parametrize(
    ("title", "expected"), [("The Matrix (1999)", MATRIX.key), ("Dune (2021)", None)]
)
def test_what_was_found_before_ids_were_checked_is_held_against_the_row_without_a_call(
    title: str, expected: TitleKey | None
) -> None:
    one = wish(checked("Matrix, The", 1999, imdb="tt0133093"))
    was = Match(found=Found.FOUND, how=How.IMDB_ID, key=MATRIX.key, title=title)
    resolver = Resolver(FakeServer(), {"imdb:tt0133093|movie": was})
    match = resolver.known(one)
    assert (match.key if match else None) == expected
    assert resolver.is_news(one)


# Numbers that are called only `id`


def test_a_bare_id_is_believed_where_title_and_year_agree() -> None:
    match, server = match_of(numbered(181886, "Enemy", 2013))
    assert (match.key, match.how) == (ENEMY.key, How.TMDB_ID)
    assert server.calls == 1


def test_a_bare_id_of_a_title_without_a_year_needs_the_title_only() -> None:
    match, _ = match_of(numbered(181886, "Enemy"))
    assert match.key == ENEMY.key


@pytest.mark.parametrize("number", [1, 238, 999_999])
def test_a_running_number_decides_nothing(number: int) -> None:
    match, server = match_of(numbered(number, "Inception", 2010), NUMBER_ONE)
    assert (match.found, match.key) == (Found.FOUND, INCEPTION.key)
    assert server.calls <= 4


def test_a_list_that_is_numbered_anew_loses_and_requests_nothing() -> None:
    titles = [("The Matrix", 1999), ("Inception", 2010), ("The Godfather", 1972)]
    one = house(*(numbered(n, *title, rank=n) for n, title in enumerate(titles, start=1)))
    one.sync()
    assert len(one.server.posted) == 3
    one.server.states.pop(MATRIX.key)  # deleted at the server: it stays so
    before = one.server.counts.copy()
    again = [numbered(n, *title, rank=n) for n, title in enumerate(reversed(titles), start=7)]
    for _ in range(3):
        one.follow(*again)
        report = one.sync()
        assert report.lists[0].new == 0
    assert len(one.server.posted) == 3
    assert not one.memory.departures.load()
    assert not (one.server.counts - before).keys() & {"search", "find_by_tmdb"}


def test_two_rows_with_one_wrong_id_are_two_rows() -> None:
    rows = [
        checked("Inception", 2010, imdb="tt0133093", rank=1),
        checked("The Godfather", 1972, imdb="tt0133093", rank=2),
        numbered(5, "The Matrix", 1999, rank=3),
        numbered(5, "Enemy", 2013, rank=4),
    ]
    one = house(*rows)
    one.sync()
    assert posted(one) == [INCEPTION.key, GODFATHER.key, MATRIX.key, NAMESAKE.key]


def test_rows_of_several_lists_are_not_one_by_an_id_that_one_of_them_has_wrong() -> None:
    trusted = members_of(rules("a"), [entry(imdb="tt0133093")])
    wrong = members_of(rules("b"), [checked("Inception", 2010, imdb="tt0133093")])
    same = members_of(rules("c"), [checked("Inception", 2010, imdb="tt0133093")])
    assert [len(one.members) for one in wishes_of([*trusted, *wrong, *same])] == [1, 2]


def test_rows_of_one_id_keep_their_names_whatever_their_order() -> None:
    rows = [
        checked("Inception", 2010, imdb="tt1"),
        checked("The Godfather", 1972, imdb="tt1"),
        entry(imdb="tt1"),
    ]
    names = {one.entry: one.entry_id for one in members_of(rules(), rows)}
    assert len(set(names.values())) == 3
    assert {one.entry: one.entry_id for one in members_of(rules(), rows[::-1])} == names


# What an entry is called


def test_an_entry_that_is_called_otherwise_is_recognised_by_what_it_says() -> None:
    known = {
        "tmdb:movie/1": entry("The Matrix", 1999, MOVIE, tmdb=1),
        "imdb:tt9": entry("Inception", 2010, imdb="tt9"),
        "imdb:tt8": entry("Gone", 2001, imdb="tt8"),
    }
    members = members_of(
        rules(),
        [
            numbered(7, "The Matrix", 1999),
            checked("Inception", 2010, imdb="tt1375666"),
            checked("Quite New", 2020, imdb="tt7"),
        ],
    )
    assert renamed(known, members) == {
        "tmdb:movie/1": members[0].entry_id,
        "imdb:tt9": "imdb:tt1375666",
    }


def test_an_entry_whose_year_was_not_read_before_is_recognised_by_its_ids() -> None:
    undated = numbered(7, "The Matrix", None)
    other = numbered(8, "The Matrix", None)
    known = {one.entry_id: one.entry for one in members_of(rules(), [undated])}
    dated, another = (members_of(rules(), [one._replace(year=1999)]) for one in (undated, other))
    assert renamed(known, dated) == {"title:the matrix||": dated[0].entry_id}
    assert renamed(known, another) == {}


def test_an_entry_that_has_learnt_its_ids_is_the_one_it_was() -> None:
    known = {
        one.entry_id: one.entry
        for one in members_of(
            rules(), [entry("Inception", 2010), entry("Dune", 1984), entry("Fargo", 2014, MOVIE)]
        )
    }
    now = [
        entry("Inception", 2010, MOVIE, imdb="tt8", tmdb=8),
        entry("Dune", 2021, MOVIE, tmdb=9),
        entry("Fargo", 2014, TV, tmdb=10),
    ]
    assert renamed(known, members_of(rules(), now)) == {"title:inception|2010|": "imdb:tt8"}


def test_a_row_whose_year_is_read_only_now_is_what_it_was() -> None:
    one = house(entry("Inception"))
    one.sync()
    one.server.states.pop(INCEPTION.key)  # deleted there
    one.lists.clear()
    for _ in range(4):
        one.lists.clear()
        one.follow(entry("Inception", 2010), entry("The Matrix", 1999, rank=2))
        one.sync()
    assert posted(one) == [INCEPTION.key, MATRIX.key]


def test_rows_of_a_service_that_have_ids_are_never_renamed() -> None:
    known = {"imdb:tt9": entry("Inception", 2010, imdb="tt9")}
    assert renamed(known, members_of(rules(), [entry("Inception", 2010, imdb="tt8")])) == {}


def test_an_id_that_is_corrected_is_no_departure_and_requests_nothing_again() -> None:
    leaving = replace(rules(), cancel_removed=True)
    one = house()
    one.lists.clear()
    one.follow(checked("La Matrice", 1999, imdb="tt0133093"), of=leaving)
    one.sync()
    one.server.states.pop(MATRIX.key)
    for _ in range(3):
        one.follow(checked("La Matrice", 1999, imdb="tt0133093", tmdb=603), of=leaving)
        one.sync()
        one.follow(checked("La Matrice", 1999, tmdb=603), of=leaving)
        one.sync()
    assert posted(one) == [MATRIX.key]
    assert not one.memory.departures.load()


# What must not be requested


def test_a_row_that_excludes_by_a_wrong_id_excludes_its_own_title_only() -> None:
    one = house(entry("The Matrix", 1999, MOVIE, tmdb=603), entry(kind=MOVIE, tmdb=27205, rank=2))
    not_these = rules("not these", is_exclusion=True)
    one.follow(checked("Inception", 2010, MOVIE, tmdb=603), of=not_these)
    one.sync()
    assert posted(one) == [MATRIX.key]


def test_a_bare_id_excludes_nothing_but_its_title() -> None:
    one = house(entry(kind=MOVIE, tmdb=1), entry(kind=MOVIE, tmdb=27205, rank=2))
    one.follow(numbered(1, "Inception", 2010), of=rules("not these", is_exclusion=True))
    one.sync()
    assert posted(one) == [NUMBER_ONE.key]


def test_ids_that_contradict_each_other_exclude_both_titles() -> None:
    one = house(entry(kind=MOVIE, tmdb=603), entry(kind=MOVIE, tmdb=604, rank=2))
    not_these = rules("not these", is_exclusion=True)
    one.follow(checked("The Matrix", 1999, imdb="tt0133093", tmdb=604), of=not_these)
    one.sync()
    assert posted(one) == []


def test_a_wrong_id_of_a_wanted_row_is_not_excluded_by_it() -> None:
    one = house(checked("Inception", 2010, imdb="tt0133093"))
    one.exclusions = [Exclusion(imdb="tt0133093")]
    one.sync()
    assert posted(one) == [INCEPTION.key]


def test_an_id_that_is_right_is_excluded_by_it() -> None:
    one = house(checked("La Matrice", 1999, imdb="tt0133093"))
    one.exclusions = [Exclusion(imdb="tt0133093")]
    assert verdicts(one.sync()) == {Verdict.EXCLUDED: 1}
    one.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    assert verdicts(one.sync()) == {Verdict.EXCLUDED: 1}
