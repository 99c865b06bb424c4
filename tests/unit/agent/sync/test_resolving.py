from __future__ import annotations

from collections.abc import Mapping

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import TitleKey
from listsync.domain.server import SearchPage
from listsync.domain.syncing import Found, How, Match
from listsync.errors import UnavailableError
from listsync.sync.collecting import members_of, wishes_of
from listsync.sync.resolving import Resolver, lookup_of
from tests.fakes import FakeServer, Title, a_film, a_series
from tests.unit.agent.sync.records import MOVIE, TV, entry, found, offer, rules, wish

DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
OLD_DUNE = a_film(841, "Dune", 1984, imdb="tt0087182")
LOST = a_series(4607, "Lost", 2004, tvdb=73739, imdb="tt0411008")


class Clock:
    """Stands still unless told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def match_of(server: FakeServer, one: ListEntry) -> Match:
    return Resolver(server, {}, Clock()).match(wish(one))


def match_in(catalogue: list[Title], one: ListEntry) -> Match:
    return match_of(FakeServer(*catalogue), one)


@pytest.mark.parametrize(
    ("one", "lookup"),
    [
        (entry("Dune", kind=MOVIE, imdb="tt1", tmdb=2), None),
        (entry("Dune", imdb="tt1", tmdb=2), "imdb:tt1|"),
        (entry("Dune", kind=MOVIE, imdb="tt1"), "imdb:tt1|movie"),
        (entry("Lost", tvdb=3, tmdb=2), "tvdb:3"),
        (entry("Lost", kind=TV, tvdb=3), "tvdb:3"),
        (entry("Dune", 2021, MOVIE, tvdb=3), "title:dune|2021|movie"),
        (entry("Dune", 2021, tmdb=2), "tmdb:2|dune|2021"),
        (entry("Dune (2021)", kind=MOVIE), "title:dune|2021|movie"),
        (entry("Dune"), "title:dune||"),
    ],
    ids=[
        "names-itself",
        "imdb",
        "imdb-kind",
        "tvdb",
        "tvdb-kind",
        "film-with-tvdb",
        "tmdb",
        "title",
        "bare",
    ],
)
def test_a_lookup_is_named_by_all_that_it_depends_on(one: ListEntry, lookup: str | None) -> None:
    assert lookup_of(wish(one)) == lookup


def test_an_own_tmdb_id_with_its_kind_costs_nothing() -> None:
    match = Resolver(FakeServer(), {}).known(wish(entry("Dune", kind=MOVIE, tmdb=1)))
    assert match is not None
    assert match.key == TitleKey(MOVIE, 1)


def test_a_remembered_match_costs_nothing() -> None:
    remembered: Mapping[str, Match] = {"imdb:tt1|": found(DUNE.key)}
    assert Resolver(FakeServer(), remembered).known(wish(entry(imdb="tt1"))) is not None


def test_a_number_without_its_kind_is_not_known() -> None:
    assert Resolver(FakeServer(), {}).known(wish(entry(tmdb=1))) is None


def test_a_contradiction_is_for_review_at_no_cost() -> None:
    entries = [entry(kind=MOVIE, imdb="tt1"), entry(kind=TV, imdb="tt1")]
    members = [member for one in entries for member in members_of(rules(), [one])]
    match = Resolver(FakeServer(), {}).known(wishes_of(members)[0])
    assert match is not None
    assert match.found is Found.REVIEW


@pytest.mark.parametrize(
    ("one", "key", "how", "method"),
    [
        (entry(imdb="tt1160419"), DUNE.key, How.IMDB_ID, "find_by_imdb"),
        (entry(imdb="tt0411008", tvdb=73739), LOST.key, How.IMDB_ID, "find_by_imdb"),
        (entry(tvdb=73739), LOST.key, How.TVDB_ID, "find_by_tvdb"),
        (entry(tmdb=841), OLD_DUNE.key, How.TMDB_ID, "find_by_tmdb"),
        (entry("Dune", 2021, MOVIE), DUNE.key, How.TITLE, "search"),
        (entry("Dune", 2021), DUNE.key, How.TITLE, "search"),
        (entry("Lost", kind=TV), LOST.key, How.TITLE, "search"),
        (entry("Dune", 1984, MOVIE, tvdb=73739), OLD_DUNE.key, How.TITLE, "search"),
    ],
    ids=["imdb", "imdb-first", "tvdb", "tmdb", "title", "no-kind", "no-year", "film-with-tvdb"],
)
def test_a_wish_is_found_with_one_call(
    one: ListEntry, key: TitleKey, how: How, method: str
) -> None:
    server = FakeServer(DUNE, OLD_DUNE, LOST)
    match = match_of(server, one)
    assert (match.found, match.key, match.how) == (Found.FOUND, key, how)
    assert server.counts == {method: 1}


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (entry(kind=TV, imdb="tt1160419"), "the list says series, but tt1160419 is Dune (2021)"),
        (entry(kind=MOVIE, imdb="tt0411008"), "the list says film, but tt0411008 is Lost (2004)"),
    ],
    ids=["series", "film"],
)
def test_an_id_of_the_wrong_kind_is_for_review(one: ListEntry, words: str) -> None:
    match = match_in([DUNE, LOST], one)
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert match.reasons[0].startswith(words)


def test_a_number_of_a_film_and_a_series_is_decided_by_title() -> None:
    film, series = a_film(1396, "The Mirror", 1975), a_series(1396, "Breaking Bad", 2008)
    match = match_in([film, series], entry("Breaking Bad", 2008, tmdb=1396))
    assert (match.found, match.key, match.how) == (Found.FOUND, series.key, How.TMDB_ID)


@pytest.mark.parametrize("title", [None, "Something Else"], ids=["no-title", "other-title"])
def test_an_id_of_two_titles_is_for_review_unless_the_title_decides(title: str | None) -> None:
    film, series = a_film(1396, "The Mirror", 1975), a_series(1396, "Breaking Bad", 2008)
    assert match_in([film, series], entry(title, tmdb=1396)).found is Found.REVIEW


def test_an_imdb_id_of_a_person_is_not_found() -> None:
    page = SearchPage(candidates=(), page=1, pages=1, others=1)
    match = match_of(FakeServer().on("find_by_imdb", page), entry(imdb="tt1"))
    assert match.found is Found.NOT_FOUND
    assert "is a person" in match.reasons[0]


@pytest.mark.parametrize("one", [entry(imdb="tt1"), entry(tvdb=1)], ids=["imdb", "tvdb"])
def test_an_empty_answer_for_an_id_needs_no_proof(one: ListEntry) -> None:
    server = FakeServer()
    assert match_of(server, one).found is Found.NOT_FOUND
    assert server.calls == 1


def test_a_number_of_nothing_is_not_found_once_the_server_is_proven_alive() -> None:
    server = FakeServer()
    assert match_of(server, entry(tmdb=1)).found is Found.NOT_FOUND
    assert server.counts == {"find_by_tmdb": 1, "find_by_imdb": 1}


@pytest.mark.parametrize("one", [entry("Dune: One", 2021), entry(tmdb=1)], ids=["title", "tmdb"])
def test_an_outage_is_not_not_found(one: ListEntry) -> None:
    server = FakeServer(DUNE)
    server.catalogue_down = True
    with pytest.raises(UnavailableError):
        match_of(server, one)


@pytest.mark.parametrize(
    ("one", "searches"),
    [
        (entry("Nothing", 2021, MOVIE), [("Nothing", 2021), ("Nothing", None)]),
        (entry("Nothing", kind=MOVIE), [("Nothing", None)]),
        (
            entry("Nothing: At All", 2021),
            [("Nothing: At All", 2021), ("Nothing: At All", None), ("Nothing", 2021)],
        ),
        (
            entry("Nothing", 2021, original="Rien"),
            [("Nothing", 2021), ("Nothing", None), ("Rien", 2021)],
        ),
        (entry("Nothing: At All"), [("Nothing: At All", None), ("Nothing", None)]),
    ],
    ids=["year", "no-year", "subtitle", "original", "subtitle-no-year"],
)
def test_not_found_costs_at_most_three_searches_and_a_proof(
    one: ListEntry, searches: list[tuple[str, int | None]]
) -> None:
    server = FakeServer()
    assert match_of(server, one).found is Found.NOT_FOUND
    assert server.searched == searches
    assert server.counts["find_by_imdb"] == 1
    assert server.calls == len(searches) + 1 <= 4


def test_the_wide_search_finds_a_title_of_the_year_before() -> None:
    server = FakeServer(DUNE)
    assert match_of(server, entry("Dune", 2020, MOVIE)).key == DUNE.key
    assert server.searched == [("Dune", 2020), ("Dune", None)]


def test_the_search_without_the_subtitle_finds_the_main_title() -> None:
    assert match_in([DUNE], entry("Dune: Part One", 2021, MOVIE)).key == DUNE.key


def test_two_of_a_name_without_a_year_are_for_review_after_one_search() -> None:
    server = FakeServer(DUNE, OLD_DUNE)
    assert match_of(server, entry("Dune", kind=MOVIE)).found is Found.REVIEW
    assert server.calls == 1


def test_an_unread_page_forbids_certainty_without_a_year() -> None:
    server = FakeServer(DUNE, a_film(2, "Dune World", 2021))
    server.page_size = 1
    assert match_of(server, entry("Dune", kind=MOVIE)).found is Found.REVIEW


def test_a_page_left_unread_by_an_earlier_search_still_forbids_certainty() -> None:
    many = SearchPage(candidates=(offer("Other", 2000, tmdb=9),), page=1, pages=3)
    alone = SearchPage(candidates=(offer("Foo: Bar", 2001, tmdb=1),), page=1, pages=1)
    server = FakeServer().on("search", many, alone)
    assert match_of(server, entry("Foo: Bar", kind=MOVIE)).found is Found.REVIEW


def test_one_proof_serves_for_two_seconds() -> None:
    server, clock = FakeServer(), Clock()
    resolver = Resolver(server, {}, clock)
    for title in ("One", "Two", "Three"):
        resolver.match(wish(entry(title)))
        clock.now += 0.9
    assert server.counts["find_by_imdb"] == 1


def test_an_old_proof_is_none() -> None:
    server, clock = FakeServer(), Clock()
    resolver = Resolver(server, {}, clock)
    resolver.match(wish(entry("One")))
    clock.now += 2.1
    server.catalogue_down = True
    with pytest.raises(UnavailableError):
        resolver.match(wish(entry("Two")))


def test_a_proof_that_failed_is_none() -> None:
    server = FakeServer()
    resolver = Resolver(server, {}, Clock())
    server.catalogue_down = True
    for _ in range(2):
        with pytest.raises(UnavailableError):
            resolver.match(wish(entry("One")))
    assert server.counts["find_by_imdb"] == 2


def test_the_proof_asks_for_an_id_that_no_cache_holds() -> None:
    server = FakeServer()
    match_of(server, entry("One"))
    match_of(server, entry("One"))
    assert len(set(server.imdb_ids)) == 2


def test_candidates_that_do_not_fit_need_no_proof() -> None:
    server = FakeServer(a_film(1, "Dune World", 1999))
    assert match_of(server, entry("Dune", 2021, MOVIE)).found is Found.NOT_FOUND
    assert server.counts["find_by_imdb"] == 0


def test_trouble_with_a_search_is_raised() -> None:
    server = FakeServer(DUNE).on("search", UnavailableError("server", "no answer"))
    with pytest.raises(UnavailableError, match="no answer"):
        match_of(server, entry("Dune", 2021))


def test_a_thin_match_of_the_narrow_search_is_certain_only_after_the_wide_one() -> None:
    batman, knight = a_film(1, "Batman", 2009), a_film(2, "Batman: Gotham Knight", 2008)
    server = FakeServer(batman, knight)
    match = match_of(server, entry("Batman", 2008, MOVIE))
    assert match.found is Found.REVIEW
    assert {candidate.key for candidate in match.candidates} == {batman.key, knight.key}
    assert server.searched == [("Batman", 2008), ("Batman", None)]
