from __future__ import annotations

import json
import time

import httpx
import pytest

from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError
from listsync.providers.mdblist.source import parse
from tests.contract.providers.cases import KEY, mdblist_provider
from tests.contract.providers.mdblist_official import OfficialLists, row
from tests.contract.providers.site import Site, answer

OFFICIAL = "https://mdblist.com/lists/official"
ITEMS = "/lists/official/trending/items"


def test_the_kind_of_an_official_list_is_a_filter_and_pages_follow_the_cursor() -> None:
    lists = OfficialLists(films=250, series=40)
    fetched = mdblist_provider(lists, f"{OFFICIAL}/movies/trending?locale=us", KEY).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, 250, 250)
    assert [entry.rank for entry in fetched.entries] == list(range(1, 251))
    shown = {"locale": "us", "mediatype": "movie", "limit": "100"}
    assert lists.asked == [
        (ITEMS, {**shown, "offset": "0"}),
        (ITEMS, {**shown, "cursor": "c100"}),
        (ITEMS, {**shown, "cursor": "c200"}),
    ]


def test_an_official_list_of_series_is_of_series() -> None:
    lists = OfficialLists(films=7, series=3)
    fetched = mdblist_provider(lists, f"{OFFICIAL}/shows/trending", KEY).fetch(None)
    assert [entry.kind for entry in fetched.entries] == [MediaType.TV] * 3


def test_rows_of_the_other_kind_are_left_out_and_counted() -> None:
    site = Site.of(
        {
            ITEMS: answer(
                b'{"movies": [{"title": "A", "id": 1, "mediatype": "movie"}],'
                b'"shows": [{"title": "B", "id": 2, "mediatype": "show"}],'
                b'"pagination": {"total": 2}}'
            )
        }
    )
    fetched = mdblist_provider(site, f"{OFFICIAL}/movies/trending", KEY).fetch(None)
    assert [entry.title for entry in fetched.entries] == ["A"]
    assert [(row.what, row.why) for row in fetched.skipped] == [
        ("B", "not of the kind that the address shows")
    ]
    assert fetched.outcome is ListOutcome.COMPLETE


def test_a_page_of_one_kind_alone_is_a_page() -> None:
    body = b'{"shows": [{"title": "B", "id": 2}], "pagination": {"total": 1}}'
    site = Site.of({ITEMS: answer(body)})
    fetched = mdblist_provider(site, f"{OFFICIAL}/shows/trending", KEY).fetch(None)
    assert [(entry.title, entry.kind) for entry in fetched.entries] == [("B", MediaType.TV)]


def test_a_full_page_that_says_nothing_of_more_is_not_all() -> None:
    def page(begin: int, end: int) -> bytes:
        return json.dumps([row(number, "movie") for number in range(begin, end)]).encode()

    site = Site.of({ITEMS: [answer(page(1, 101)), answer(page(101, 131))]})
    fetched = mdblist_provider(site, f"{OFFICIAL}/movies/trending", KEY).fetch(None)
    assert fetched.read == 130
    assert [request.url.params["offset"] for request in site.seen] == ["0", "100"]


@pytest.mark.parametrize("pagination", ["{}", '{"total": 130}'])
def test_a_full_page_in_two_parts_that_says_nothing_of_more_is_not_all(pagination: str) -> None:
    def page(begin: int, end: int) -> httpx.Response:
        rows = json.dumps([row(number, "movie") for number in range(begin, end)])
        return answer(f'{{"movies": {rows}, "pagination": {pagination}}}'.encode())

    site = Site.of({ITEMS: [page(1, 101), page(101, 131)]})
    fetched = mdblist_provider(site, f"{OFFICIAL}/movies/trending", KEY).fetch(None)
    assert (fetched.read, fetched.outcome) == (130, ListOutcome.COMPLETE)


def test_the_page_of_the_streaming_charts_is_read_with_its_filters() -> None:
    lists = OfficialLists()
    value = f"{OFFICIAL}/shows/justwatch-streaming-charts?country=DE&provider=8&genre=drama"
    fetched = mdblist_provider(lists, value, KEY).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 20)
    assert {entry.kind for entry in fetched.entries} == {MediaType.TV}
    filters = {"country": "DE", "provider": "8", "genre": "drama"}
    assert lists.asked == [("/justwatch/streaming-charts/show", filters)]


@pytest.mark.parametrize("name", ["genre=horror", "provider=8", "country=DE"])
def test_a_filter_that_the_api_may_not_know_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="for its streaming charts alone"):
        parse(f"{OFFICIAL}/movies/trending?{name}")


def test_a_name_that_no_official_list_has_is_not_found_nor_is_the_path_of_the_site() -> None:
    lists = OfficialLists(films=3)
    with pytest.raises(RefusedError) as caught:
        mdblist_provider(lists, f"{OFFICIAL}/movies/gone", KEY).fetch(None)
    assert caught.value.kind is Refusal.NOT_FOUND
    old = httpx.Request("GET", "https://api.mdblist.com/lists/official/movies/trending/items")
    assert lists(old).status_code == 404


def test_the_filters_are_part_of_what_the_list_is_called() -> None:
    shown = f"{OFFICIAL}/movies/trending?locale=us"
    assert str(parse(shown)) == "official/movies/trending?locale=us"


def test_an_official_list_as_it_was_costs_one_call_for_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = OfficialLists(films=250)
    provider = mdblist_provider(lists, f"{OFFICIAL}/movies/trending", KEY)
    validators = provider.fetch(None).validators
    lists.seen.clear()
    assert provider.fetch(validators).is_unchanged
    assert len(lists.seen) == 1
    lists.films = 251
    assert provider.fetch(validators).read == 251
    lists.films, day = 250, time.strptime("2030-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: day)
    assert provider.fetch(validators).read == 250


def test_a_page_that_says_neither_how_many_nor_all_stands_for_nothing() -> None:
    page = json.dumps([row(number, "movie") for number in range(100)]).encode()
    site = Site.of({ITEMS: [answer(page), answer(b"[]")] * 2})
    provider = mdblist_provider(site, f"{OFFICIAL}/movies/trending", KEY)
    assert provider.fetch(None).validators is None


def test_a_watchlist_as_it_was_costs_one_call_and_any_change_is_seen() -> None:
    def listed(*numbers: int) -> httpx.Response:
        rows = [row(number, "movie") for number in numbers]
        return answer(json.dumps({"movies": rows, "shows": []}).encode())

    site = Site.of(
        {
            "/user": answer(b'{"user_name": "me"}'),
            "/watchlist/items": [listed(1, 2), listed(1, 2), listed(1, 3)],
        }
    )
    provider = mdblist_provider(site, "https://mdblist.com/watchlist/me", KEY)
    validators = provider.fetch(None).validators
    site.seen.clear()
    assert provider.fetch(validators).is_unchanged
    assert site.paths == ["/watchlist/items"]
    changed = provider.fetch(validators)
    assert [one.ids.tmdb for one in changed.entries] == [1, 3]
    assert site.paths[1:] == ["/watchlist/items", "/user"]
