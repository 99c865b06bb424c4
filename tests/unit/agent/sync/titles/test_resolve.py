from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from listsync.domain.decisions import Found, How, Match, Wish
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import SearchPage, TitleFacts
from listsync.errors import UnavailableError
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.titles.lookups import lookup_of, lookup_of_entry
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, TV, entry, found, offer, rules, wish
from tests.fakes import FakeServer, Title, a_film, a_series

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
        (entry("Dune (2021) (US)", kind=MOVIE), "title:dune|2021|movie"),
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
        "year-and-country",
    ],
)
def test_a_lookup_is_named_by_all_that_it_depends_on(one: ListEntry, lookup: str | None) -> None:
    assert lookup_of(wish(one)) == lookup


def test_an_entry_alone_has_the_lookup_of_its_wish() -> None:
    one = entry("Dune", 2021, MOVIE)
    assert lookup_of_entry(one) == lookup_of(wish(one))


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
    "row", [entry("Lost", 2004, TV, tmdb=4607), entry("Lost", 2004)], ids=["id", "title"]
)
def test_a_row_in_doubt_is_for_review_at_no_cost(row: ListEntry) -> None:
    doubtful = wish(row._replace(doubt="the season is not understood"))
    match = Resolver(FakeServer(LOST), {}).known(doubtful)
    assert match is not None
    assert (match.found, match.reasons) == (Found.REVIEW, ("the season is not understood",))
    assert [one.key for one in match.candidates] == ([LOST.key] if row.ids else [])


def test_a_row_in_doubt_alone_is_no_title() -> None:
    row = entry("Lost", 2004, TV, tmdb=4607, doubt="the season")
    assert Resolver(FakeServer(), {}).title_of(row) is None
    assert lookup_of_entry(row) == lookup_of(wish(row))


def test_a_persons_choice_settles_this_doubt_and_no_other() -> None:
    row = entry("Lost", 2004, TV, tmdb=4607, doubt="season ?")
    choice = replace(found(LOST.key), how=How.CHOICE)
    resolver = Resolver(FakeServer(), {lookup_of_entry(row) or "": choice})
    assert resolver.known(wish(row)) == choice
    assert resolver.title_of(row) == LOST.key
    other = resolver.known(wish(row._replace(doubt="season !")))
    assert other is not None
    assert other.found is Found.REVIEW


def contradiction() -> Wish:
    entries = [
        entry(kind=TV, imdb="tt1", tvdb=3),
        entry(kind=MOVIE, imdb="tt1", tmdb=2),
        entry(imdb="tt1", tmdb=2),
        entry(kind=MOVIE, tmdb=2),
    ]
    members = [member for one in entries for member in members_of(rules(), [one])]
    return wishes_of(members)[0]


def test_a_contradiction_is_named_by_all_its_ids() -> None:
    assert lookup_of(contradiction()) == "conflict:imdb:tt1|tmdb:?/2|tmdb:movie/2|tvdb:3"


def test_the_order_of_the_lists_does_not_change_the_name_of_a_contradiction() -> None:
    one = contradiction()
    assert lookup_of(replace(one, members=one.members[::-1])) == lookup_of(one)


def test_a_persons_choice_settles_a_contradiction() -> None:
    one = contradiction()
    choice = replace(found(DUNE.key), how=How.CHOICE)
    resolver = Resolver(FakeServer(), {lookup_of(one) or "": choice})
    assert resolver.known(one) == choice


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
        (
            entry("Nothing: At All", 2021, original="Rien"),
            [
                ("Nothing: At All", 2021),
                ("Nothing: At All", None),
                ("Rien", 2021),
                ("Nothing", 2021),
            ],
        ),
        (
            entry("Nothing US: At & All", 2021, original="Rien"),
            [
                ("Nothing US: At & All", 2021),
                ("Nothing US: At & All", None),
                ("Rien", 2021),
                ("Nothing US", 2021),
            ],
        ),
    ],
    ids=["year", "no-year", "subtitle", "original", "subtitle-no-year", "both", "most"],
)
def test_not_found_costs_at_most_four_searches_and_a_proof(
    one: ListEntry, searches: list[tuple[str, int | None]]
) -> None:
    server = FakeServer()
    assert match_of(server, one).found is Found.NOT_FOUND
    assert server.searched == searches
    assert server.counts["find_by_imdb"] == 1
    assert server.calls == len(searches) + 1 <= 5


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


def test_an_obscure_namesake_of_that_very_year_is_not_taken_before_the_wide_search() -> None:
    """Lists give the year of the festival, the catalogue that of the release."""
    known = a_film(310131, "The Witch", 2016)
    namesake = replace(a_film(2, "The Witch", 2015), popularity=0.2)
    match = match_in([namesake, known], entry("The Witch", 2015))
    assert match.found is Found.REVIEW
    assert {one.key.tmdb_id for one in match.candidates} == {2, 310131}


def test_an_obscure_title_that_has_its_name_alone_is_taken_after_the_wide_search() -> None:
    server = FakeServer(replace(a_film(2, "Softie", 2021), popularity=0.2))
    match = match_of(server, entry("Softie", 2021))
    assert (match.key, server.calls) == (TitleKey(MOVIE, 2), 2)


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


@pytest.mark.parametrize(
    ("title", "catalogue"),
    [
        pytest.param("Dune, The", a_film(1, "The Dune", 2021), id="article-behind"),
        pytest.param("Dune (US)", a_film(1, "Dune", 2021), id="country-in-brackets"),
    ],
)
def test_a_title_is_searched_for_as_the_catalogue_writes_it(title: str, catalogue: Title) -> None:
    server = FakeServer(catalogue)
    assert match_of(server, entry(title, 2021, MOVIE)).key == catalogue.key
    assert server.searched == [(catalogue.name, 2021)]


@pytest.mark.parametrize(
    ("one", "catalogue", "last"),
    [
        pytest.param(
            entry("Foo: Bar", 2021, MOVIE, original="Baz"),
            Title(key=TitleKey(MOVIE, 1), name="Quux", original_name="Baz", year=2021),
            ("Baz", 2021),
            id="original-before-the-main-title",
        ),
        pytest.param(
            entry("Foo US", 2021, TV), a_series(1, "Foo", 2021), ("Foo", 2021), id="country"
        ),
        pytest.param(
            entry("Foo ♥ Bar", 2021, MOVIE), a_film(1, "Foo Bar", 2021), None, id="symbol-folded"
        ),
    ],
)
def test_what_the_first_searches_miss_is_searched_for_by_another_name(
    one: ListEntry, catalogue: Title, last: tuple[str, int] | None
) -> None:
    server = FakeServer(catalogue)
    match = match_of(server, one)
    assert {candidate.key for candidate in match.candidates} == {catalogue.key}
    if last is not None:
        assert (match.key, server.searched[-1]) == (catalogue.key, last)
    assert server.calls <= 4


def facts(imdb: str | None = None, tvdb: int | None = None) -> TitleFacts:
    return TitleFacts(ids=ExternalIds(imdb=imdb, tvdb=tvdb))


NEW = entry("Dune", 2021, MOVIE, imdb="tt9")
"""A film whose IMDb id the catalogue does not find."""


def test_a_title_stands_in_for_an_unknown_imdb_id() -> None:
    server = FakeServer(a_film(1, "Dune", 2021))
    match = match_of(server, NEW)
    assert (match.found, match.key, match.how) == (Found.FOUND, TitleKey(MOVIE, 1), How.TITLE)
    assert server.counts == {"find_by_imdb": 1, "search": 1, "facts": 1}
    assert match.reasons[0].endswith("same title, same year (2.00)")
    assert "tt9 is no film or series there" in match.reasons[-1]


def test_the_same_id_confirms_a_title() -> None:
    server = FakeServer(a_film(1, "Dune", 2021)).on("facts", facts(imdb="tt9"))
    match = match_of(server, NEW)
    assert match.found is Found.FOUND
    assert match.reasons[0] == "Dune (2021) [movie/1]: confirmed by its IMDb id"


def test_another_id_leaves_a_title_to_a_person() -> None:
    match = match_in([DUNE], NEW)
    assert (match.found, match.key, match.title) == (Found.REVIEW, None, "")
    assert match.reasons[0] == (
        "Dune (2021) [movie/438631] has the IMDb id tt1160419, the list says tt9"
    )
    assert [candidate.key for candidate in match.candidates] == [DUNE.key]


def test_the_same_id_settles_a_doubt() -> None:
    twins = [a_film(1, "Dune", 2021, imdb="tt8"), a_film(2, "Dune", 2021)]
    server = FakeServer(*twins)
    server.on("facts", facts(imdb="tt8"), facts(imdb="tt9"))
    match = match_of(server, NEW)
    assert match.found is Found.FOUND
    assert "confirmed by its IMDb id" in match.reasons[0]
    assert server.calls <= 5


def test_a_doubt_that_no_id_settles_stays_one() -> None:
    twins = [a_film(1, "Dune", 2021), a_film(2, "Dune", 2021)]
    server = FakeServer(*twins)
    match = match_of(server, NEW)
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert server.calls <= 4


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(entry("Dune", kind=MOVIE, imdb="tt9"), id="no-year"),
        pytest.param(entry(year=2021, kind=MOVIE, imdb="tt9"), id="no-title"),
    ],
)
def test_less_than_a_title_and_a_year_does_not_stand_in_for_an_id(one: ListEntry) -> None:
    server = FakeServer(DUNE)
    match = match_of(server, one)
    assert (match.found, match.how) == (Found.NOT_FOUND, How.IMDB_ID)
    assert server.calls == 1


def test_neither_id_nor_title_is_known() -> None:
    server = FakeServer()
    match = match_of(server, entry("Dune: One", 2021, MOVIE, imdb="tt9", original="Rien"))
    assert (match.found, match.how) == (Found.NOT_FOUND, How.IMDB_ID)
    assert "tt9 is no film or series there" in match.reasons[0]
    assert server.counts == {"find_by_imdb": 2, "search": 2}


def test_a_tvdb_id_is_tried_after_an_unknown_imdb_id() -> None:
    server = FakeServer(LOST)
    match = match_of(server, entry("Lost", 2004, TV, imdb="tt9", tvdb=73739))
    assert (match.key, match.how) == (LOST.key, How.TVDB_ID)
    assert server.calls == 2


def test_a_number_without_a_kind_is_tried_after_an_unknown_imdb_id() -> None:
    server = FakeServer(DUNE)
    match = match_of(server, entry("Dune", 2021, imdb="tt9", tmdb=438631))
    assert (match.key, match.how) == (DUNE.key, How.TMDB_ID)


def test_two_unknown_ids_leave_one_search_and_one_look() -> None:
    server = FakeServer(a_series(1, "Lost", 2004))
    match = match_of(server, entry("Lost", 2004, TV, imdb="tt9", tvdb=9))
    assert match.found is Found.FOUND
    assert server.counts == {"find_by_imdb": 1, "find_by_tvdb": 1, "search": 1, "facts": 1}


def test_one_search_alone_makes_thin_evidence_no_certainty() -> None:
    server = FakeServer(a_series(1, "Lost: The Island", 2004))
    match = match_of(server, entry("Lost", 2004, TV, imdb="tt9", tvdb=9))
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert server.calls == 4


def test_another_tvdb_id_leaves_a_series_to_a_person() -> None:
    match = match_in([LOST], entry("Lost", 2004, TV, tvdb=9))
    assert match.found is Found.REVIEW
    assert "has the TVDB id 73739, the list says 9" in match.reasons[0]


def test_a_tvdb_id_of_a_film_can_settle_a_doubt() -> None:
    twins = [a_film(1, "Dune", 2021), a_film(2, "Dune", 2021)]
    server = FakeServer(*twins).on("facts", facts(), facts(tvdb=9))
    match = match_of(server, entry("Dune", 2021, MOVIE, tvdb=9))
    assert match.found is Found.FOUND
    assert "confirmed by its TVDB id" in match.reasons[0]
    assert server.counts == {"search": 1, "facts": 2}


def test_a_doubt_without_an_id_costs_no_look() -> None:
    server = FakeServer(a_film(1, "Dune", 2021), a_film(2, "Dune", 2021))
    assert match_of(server, entry("Dune", 2021, MOVIE)).found is Found.REVIEW
    assert server.counts == {"search": 1}


def test_an_original_title_is_searched_for_though_two_have_the_name() -> None:
    twins = [a_film(1, "Ring", 1998), a_film(2, "Ring", 1998)]
    right = Title(key=TitleKey(MOVIE, 3), name="The Circle", original_name="リング", year=1998)
    server = FakeServer(*twins, right)
    assert match_of(server, entry("Ring", 1998, MOVIE, original="リング")).key == right.key
    assert server.searched == [("Ring", 1998), ("Ring", None), ("リング", 1998)]


def test_trouble_with_a_look_is_raised() -> None:
    server = FakeServer(a_film(1, "Dune", 2021)).on("facts", UnavailableError("server", "no"))
    with pytest.raises(UnavailableError):
        match_of(server, NEW)


def test_a_title_does_not_stand_in_for_an_unknown_number() -> None:
    match = match_in([DUNE], entry("Dune", 2021, tmdb=9))
    assert (match.found, match.how) == (Found.NOT_FOUND, How.TMDB_ID)


def test_contradicting_lists_offer_the_titles_that_they_name_until_one_is_chosen() -> None:
    members = [
        member
        for name, number in (("a", 603), ("b", 604))
        for member in members_of(
            rules(name), [entry("The Matrix", 1999, MOVIE, imdb="tt0133093", tmdb=number)]
        )
    ]
    (one,) = wishes_of(members)
    resolver = Resolver(FakeServer(), {})
    match = resolver.known(one)
    assert match is not None
    assert match.found is Found.REVIEW
    assert [offered.key.tmdb_id for offered in match.candidates] == [603, 604]
    assert resolver.is_news(one)
    lookup = lookup_of(one)
    assert lookup is not None
    chosen = Match(found=Found.FOUND, how=How.CHOICE, key=TitleKey(MOVIE, 604))
    later = Resolver(FakeServer(), {lookup: chosen})
    assert later.known(one) is chosen
    assert not later.is_news(one)


def test_a_number_behind_a_title_that_nobody_knows_is_its_year() -> None:
    catalogue = [DUNE, OLD_DUNE]
    assert match_in(catalogue, entry("Dune 1984")).key == TitleKey(MOVIE, 841)
    assert match_in(catalogue, entry("Dune, 2021")).key == TitleKey(MOVIE, 438631)
    assert match_in(catalogue, entry("Dune 1999")).found is Found.NOT_FOUND


def test_a_number_that_belongs_to_a_title_is_no_year() -> None:
    sequel = a_film(335984, "Blade Runner 2049", 2017)
    first = a_film(78, "Blade Runner", 1982)
    assert match_in([sequel, first], entry("Blade Runner 2049")).key == TitleKey(MOVIE, 335984)
    assert match_in([first], entry("Blade Runner 2049")).found is not Found.FOUND
