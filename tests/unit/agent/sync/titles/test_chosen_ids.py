"""IMDb ids that a person chose, looked up by a sync."""

from __future__ import annotations

import pytest

from listsync.domain.decisions import ChosenId, Found, How, Match
from listsync.domain.lists import ListEntry
from listsync.domain.server import SearchPage
from listsync.errors import UnavailableError
from listsync.sync.titles.id_verification import match_of_choice
from listsync.sync.titles.lookups import lookup_of
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, TV, entry, offer, wish
from tests.fakes import FakeServer, Title, a_film, a_series

DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
OLD_DUNE = a_film(841, "Dune", 1984, imdb="tt0087182")
LOST = a_series(4607, "Lost", 2004, tvdb=73739, imdb="tt0411008")
WANTED = entry("Dune", kind=MOVIE)
_NO_YEAR = "no year, and 2 titles of this name"
WAITS = Match(
    found=Found.REVIEW,
    how=How.TITLE,
    reasons=(_NO_YEAR,),
    candidates=(offer("Dune", 2021, tmdb=438631), offer("Dune", 1984, tmdb=841)),
)


def resolver_of(
    server: FakeServer, imdb: str, one: ListEntry = WANTED, before: Match | None = WAITS
) -> Resolver:
    name = lookup_of(wish(one))
    assert name is not None
    remembered = {name: before} if before else {}
    return Resolver(server, remembered, chosen_ids={name: imdb})


def match_of(imdb: str, *catalogue: Title, one: ListEntry = WANTED) -> Match:
    return resolver_of(FakeServer(*catalogue), imdb, one).match(wish(one))


def test_an_id_that_was_chosen_is_looked_up_by_one_call() -> None:
    server = FakeServer(DUNE, OLD_DUNE)
    resolver = resolver_of(server, "tt0087182")
    assert resolver.known(wish(WANTED)) is None
    assert resolver.title_of(WANTED) is None
    match = resolver.match(wish(WANTED))
    assert (match.found, match.how, match.key) == (Found.FOUND, How.CHOICE, OLD_DUNE.key)
    assert match.reasons == ("you chose tt0087182, which is Dune (1984) [movie/841]",)
    assert match.chosen == ChosenId("title:dune||movie", "tt0087182")
    assert (server.imdb_ids, server.searched) == (["tt0087182"], [])


def test_what_was_chosen_may_be_of_another_kind_than_the_list_says() -> None:
    assert match_of("tt0411008", DUNE, LOST).key == LOST.key


def test_of_a_film_and_a_series_with_one_id_the_kind_of_the_list_decides() -> None:
    film = a_film(7, "Dune", 2000, imdb="tt0411008")
    assert match_of("tt0411008", film, LOST).key == film.key


def test_an_id_that_leads_nowhere_lets_the_title_wait_again() -> None:
    match = match_of("tt9999999", DUNE, OLD_DUNE)
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert match.reasons == (
        "you chose tt9999999, but the server's catalogue knows no film or series by it",
        _NO_YEAR,
    )
    assert match.candidates == WAITS.candidates
    assert match.chosen is not None


def test_an_id_of_several_titles_shows_them_first() -> None:
    twins = [a_film(number, f"Dune {number}", 2021, imdb="tt1160419") for number in (1, 2)]
    match = match_of("tt1160419", *twins)
    assert match.reasons[0] == "you chose tt1160419, but it names 2 titles"
    assert [one.key.tmdb_id for one in match.candidates] == [1, 2, 438631, 841]


def test_an_id_of_a_person_is_told() -> None:
    page = SearchPage(candidates=(), page=1, pages=1, others=1)
    match = match_of_choice(ChosenId("title:dune||", "tt0000158"), page, MOVIE)
    assert match.reasons == ("you chose tt0000158, but it is a person",)


def test_only_the_last_id_that_led_nowhere_is_told() -> None:
    first = match_of("tt9999999", DUNE)
    again = resolver_of(FakeServer(DUNE), "tt8888888", before=first).match(wish(WANTED))
    assert [one[:19] for one in again.reasons] == ["you chose tt8888888", _NO_YEAR[:19]]


def test_what_is_due_is_looked_up_by_its_title_where_the_id_leads_nowhere() -> None:
    one = entry("Dune", 2021, MOVIE)
    resolver = resolver_of(FakeServer(DUNE, OLD_DUNE), "tt9999999", one, before=None)
    match = resolver.match(wish(one))
    assert (match.found, match.key) == (Found.REVIEW, None)
    assert match.candidates[0].key == DUNE.key


def test_an_outage_leaves_the_choice_for_the_next_sync() -> None:
    server = FakeServer(DUNE).on("find_by_imdb", UnavailableError("server", "no answer"))
    with pytest.raises(UnavailableError):
        resolver_of(server, "tt1160419").match(wish(WANTED))


def test_a_choice_for_a_row_whose_ids_were_not_checked_yet_counts() -> None:
    one = entry("Dune", 2021, MOVIE, imdb="tt0000009", check=True)
    former = "imdb:tt0000009|movie"
    resolver = Resolver(FakeServer(DUNE), {former: WAITS}, chosen_ids={former: "tt1160419"})
    assert resolver.known(wish(one)) is None
    match = resolver.match(wish(one))
    assert (match.key, match.chosen) == (DUNE.key, ChosenId(former, "tt1160419"))


def test_other_titles_are_looked_up_as_ever() -> None:
    resolver = resolver_of(FakeServer(DUNE, LOST), "tt1160419")
    other = wish(entry("Lost", 2004, TV))
    assert resolver.chosen_id(other) is None
    assert resolver.match(other).key == LOST.key


# -- a choice that was made for the title alone --------------------------------------------------

CHOSEN = Match(found=Found.FOUND, how=How.CHOICE, key=OLD_DUNE.key, title="Dune (1984)")


def as_chosen(one: ListEntry, *catalogue: Title) -> Match:
    return Resolver(FakeServer(*catalogue), {"title:dune||movie": CHOSEN}).match(wish(one))


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(entry("Dune", kind=MOVIE, bare_id=12), id="a-number-of-its-own"),
        pytest.param(entry("Dune", kind=MOVIE, imdb="tt9999999"), id="an-id-that-leads-nowhere"),
    ],
)
def test_a_choice_by_title_holds_for_a_list_that_knows_nothing_better(one: ListEntry) -> None:
    assert as_chosen(one, DUNE, OLD_DUNE) == CHOSEN
    name = lookup_of(wish(one))
    assert name is not None
    nothing = Match(found=Found.NOT_FOUND, how=How.TITLE)
    remembered = {"title:dune||movie": CHOSEN, name: nothing}
    assert Resolver(FakeServer(), remembered).known(wish(one)) == CHOSEN


def test_the_ids_of_a_list_count_more_than_a_choice_by_title() -> None:
    assert as_chosen(entry("Dune", kind=MOVIE, imdb="tt1160419"), DUNE, OLD_DUNE).key == DUNE.key
    lost = entry("Dune", kind=MOVIE, imdb="tt0411008")
    assert as_chosen(lost, DUNE, OLD_DUNE, LOST).found is Found.REVIEW
