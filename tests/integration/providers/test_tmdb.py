from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, SkippedRow, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.providers.tmdb import reader
from listsync.providers.tmdb.reader import Tmdb
from listsync.providers.tmdb.source import MAX_PAGES, TmdbOptions, parse
from tests.contract.providers.site import Site, answer, client, sample

TOKEN = "not-a-real-token-0123456789"
KEY = "not-a-real-key-0123456789"
LIST = "/4/list/8990001"
PAGES = ["tmdb/v4-list.page1.json", "tmdb/v4-list.page2.json"]


def tmdb(
    site: Callable[[httpx.Request], httpx.Response],
    value: str = "8990001",
    token: str | None = TOKEN,
    key: str | None = None,
    size: int = 100,
) -> Tmdb:
    options = TmdbOptions(
        token=SecretStr(token) if token is not None else None,
        api_key=SecretStr(key) if key is not None else None,
        chart_size=size,
    )
    return Tmdb(parse(value), options, client(options, site))


def paged() -> Site:
    return Site.of({LIST: [sample(name) for name in PAGES]})


class Service:
    """Gives *total* films in pages of 20, whatever is asked for, and notes the pages."""

    def __init__(self, total: int, **also: object) -> None:
        self.films: list[object] = [
            {"id": n, "title": f"Film {n}", "media_type": "movie"} for n in range(1, total + 1)
        ]
        self.also = also
        self.asked: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        self.asked.append(page)
        total = len(self.films)
        body = {
            "page": page,
            "results": self.films[20 * page - 20 : 20 * page],
            "total_pages": -(-total // 20),
            "total_results": total,
            **self.also,
        }
        body = {name: value for name, value in body.items() if value is not ...}
        return answer(json.dumps(body).encode(), etag=f'"{page}"')


def refused(kind: str, value: str = "8990001") -> Exception:
    status = int(kind.rpartition("-")[2])
    with pytest.raises(ListsyncError, match=r"^tmdb: ") as caught:
        tmdb(Site.of({"*": sample(f"tmdb/error.{kind}.json", status)}), value).fetch(None)
    return caught.value


def test_a_list_is_read_in_its_order_with_kinds_years_and_numbers() -> None:
    site = paged()
    fetched = tmdb(site).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.COMPLETE, 5)
    assert [
        (entry.rank, entry.title, entry.year, entry.kind, entry.ids) for entry in fetched.entries
    ] == [
        (1, "The Lantern Keeper", 2019, MediaType.MOVIE, ExternalIds(tmdb=9000011)),
        (2, "Harbour Street", 2016, MediaType.TV, ExternalIds(tmdb=9000021)),
        (3, "Untitled Harbor Project", None, MediaType.MOVIE, ExternalIds(tmdb=9000017)),
        (4, "Blåfjell", 2021, MediaType.MOVIE, ExternalIds(tmdb=9000012)),
        (5, "Глубина", 2022, MediaType.TV, ExternalIds(tmdb=9000022)),
    ]
    assert [str(request.url) for request in site.seen] == [
        "https://api.themoviedb.org/4/list/8990001",
        "https://api.themoviedb.org/4/list/8990001?page=2",
    ]
    assert {request.headers["authorization"] for request in site.seen} == {f"Bearer {TOKEN}"}


def test_a_key_alone_reads_the_same_list_from_the_older_version() -> None:
    site = Site.of({"/3/list/8990001": sample("tmdb/v3-list.page1.json")})
    fetched = tmdb(site, token=None, key=KEY).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 2)
    assert [entry.kind for entry in fetched.entries] == [MediaType.MOVIE, MediaType.TV]
    assert site.seen[0].url.params["api_key"] == KEY
    assert "authorization" not in site.seen[0].headers


def test_a_token_is_used_where_there_is_a_key_too() -> None:
    site = paged()
    tmdb(site, key=KEY).fetch(None)
    assert all("api_key" not in request.url.params for request in site.seen)


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("value", ["8990001", "collection/99001", "movie"])
def test_without_token_and_key_it_says_what_to_set_and_asks_nothing(
    nothing: str | None, value: str
) -> None:
    site = Site.of({})
    with pytest.raises(RefusedError, match=r"providers\.tmdb\.token or .*\.api_key") as caught:
        tmdb(site, value, token=nothing, key=nothing).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert site.seen == []


def test_a_token_that_cannot_be_sent_is_none() -> None:
    with pytest.raises(RefusedError, match=r"providers\.tmdb\.token is no token") as caught:
        tmdb(paged(), token="tökén").fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL


@pytest.mark.parametrize(
    ("value", "path", "params"),
    [
        ("keyword/9799", "/3/discover/movie", {"with_keywords": "9799"}),
        ("company/99010/movie", "/3/discover/movie", {"with_companies": "99010"}),
        ("discover/movie?with_genres=27|53", "/3/discover/movie", {"with_genres": "27|53"}),
        ("movie/now-playing", "/3/movie/now_playing", {}),
        ("trending/movie/day", "/3/trending/movie/day", {}),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, None])
def test_filters_and_charts_are_asked_for_where_they_are(
    value: str, path: str, params: dict[str, str], token: str | None
) -> None:
    site = Site.of({path: sample("tmdb/discover-movie.json")})
    fetched = tmdb(site, value, token=token, key=KEY).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.COMPLETE, 2)
    assert {entry.kind for entry in fetched.entries} == {MediaType.MOVIE}
    secret = {} if token else {"api_key": KEY}
    assert [dict(request.url.params) for request in site.seen] == [{**params, **secret}]


def test_rows_of_a_network_are_series() -> None:
    site = Site.of({"/3/discover/tv": sample("tmdb/discover-movie.json")})
    fetched = tmdb(site, "network/49").fetch(None)
    assert {entry.kind for entry in fetched.entries} == {MediaType.TV}
    assert site.seen[0].url.params["with_networks"] == "49"


def test_a_collection_is_one_call() -> None:
    site = Site.of({"/3/collection/99001": sample("tmdb/collection.json")})
    fetched = tmdb(site, "collection/99001").fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.COMPLETE, None)
    assert [(entry.year, entry.kind) for entry in fetched.entries] == [
        (1957, MediaType.MOVIE),
        (2019, MediaType.MOVIE),
    ]
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("invalid-key-401", Refusal.CREDENTIAL),
        ("private-401", Refusal.PRIVATE),
        ("not-found-404", Refusal.NOT_FOUND),
        ("rate-429", Refusal.RATE_LIMITED),
    ],
)
def test_a_refusal_says_which(kind: str, refusal: Refusal) -> None:
    error = refused(kind)
    assert isinstance(error, RefusedError)
    assert error.kind is refusal


def test_a_suspended_account_is_a_matter_of_the_key() -> None:
    site = Site.of({"*": answer(b'{"success": false, "status_code": 10}', 401)})
    with pytest.raises(RefusedError, match="suspended") as caught:
        tmdb(site).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL


def test_offline_is_unavailable_and_a_page_too_far_is_a_change() -> None:
    assert type(refused("offline-503")) is UnavailableError
    assert type(refused("page-limit-400")) is ResponseChangedError


def test_the_service_is_waited_for_as_long_as_it_says() -> None:
    limited = sample("tmdb/error.rate-429.json", 429)
    limited.headers["retry-after"] = "7"
    site = Site.of({"*": limited})
    with pytest.raises(RefusedError) as caught:
        tmdb(site).fetch(None)
    assert (caught.value.retry_after_s, len(site.seen)) == (7, 3)


def test_a_page_that_fails_fails_the_list() -> None:
    bad = sample("tmdb/error.offline-503.json", 503)
    with pytest.raises(UnavailableError):
        tmdb(Site.of({LIST: [sample(PAGES[0]), bad]})).fetch(None)


def test_a_list_that_the_service_calls_empty_is_empty() -> None:
    fetched = tmdb(Site.of({LIST: sample("tmdb/v4-list.empty.json")})).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.EMPTY, 0)


@pytest.mark.parametrize("counts", [{"total_results": 0, "item_count": 5}, {"total_results": 5}])
def test_no_rows_of_a_list_that_has_some_are_not_empty(counts: dict[str, object]) -> None:
    body = json.dumps({"page": 1, "total_pages": 1, "results": [], **counts}).encode()
    fetched = tmdb(Site.of({"*": answer(body)})).fetch(None)
    assert (fetched.outcome, fetched.validators) == (ListOutcome.PARTIAL, None)


def test_a_collection_without_parts_is_not_empty() -> None:
    fetched = tmdb(Site.of({"*": answer(b'{"parts": []}')}), "collection/99001").fetch(None)
    assert fetched.outcome is ListOutcome.DRIFT


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '{"success": false}',
        '{"total_results": 0}',
        '{"results": []}',
        '{"results": {}, "total_results": 0}',
        '{"results": [], "total_results": "0"}',
        '{"results": [], "total_results": -1}',
        '{"results": [], "total_results": false}',
        '{"results": [], "total_results": 0, "page": 2}',
        '{"results": [{"title": "A"}], "total_results": 1}',
        '{"results": [{"id": 1, "media_type": "song"}], "total_results": 1}',
    ],
)
def test_another_shape_is_a_change(body: str) -> None:
    with pytest.raises(ResponseChangedError):
        tmdb(Site.of({"*": answer(body.encode())})).fetch(None)


@pytest.mark.parametrize("half", ["cast", "crew"])
def test_half_of_what_a_person_made_is_a_change(half: str) -> None:
    body = f'{{"id": 1, "{half}": [{{"id": 7, "media_type": "movie", "title": "A"}}]}}'
    with pytest.raises(ResponseChangedError, match="half of what a person is credited for"):
        tmdb(Site.of({"*": answer(body.encode())}), "person/1").fetch(None)


def test_a_long_list_is_read_in_pages_of_twenty() -> None:
    service = Service(101)
    fetched = tmdb(service).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, 101, 101)
    assert [entry.ids.tmdb for entry in fetched.entries] == list(range(1, 102))
    assert [entry.rank for entry in fetched.entries] == list(range(1, 102))
    assert sorted(service.asked) == [1, 2, 3, 4, 5, 6]


def test_pages_are_counted_where_the_service_does_not_say_how_many() -> None:
    service = Service(41, total_pages=..., page=...)
    assert tmdb(service).fetch(None).outcome is ListOutcome.COMPLETE
    assert sorted(service.asked) == [1, 2, 3]


def test_a_list_given_whole_in_spite_of_its_pages_is_whole() -> None:
    service = Service(41, total_pages=..., page=...)
    films = service.films
    body = json.dumps({"items": films, "item_count": 41}).encode()
    site = Site.of({"*": answer(body)})
    assert tmdb(site, token=None, key=KEY).fetch(None).outcome is ListOutcome.COMPLETE
    assert len(site.seen) == 1


def test_a_service_that_knows_no_pages_is_not_believed() -> None:
    service = Service(40)
    body = json.dumps({"items": service.films[:20], "item_count": 40}).encode()
    with pytest.raises(ResponseChangedError, match="first page again"):
        tmdb(Site.of({"*": answer(body)})).fetch(None)


def test_a_list_that_grows_while_it_is_read_is_not_whole() -> None:
    first, second = (sample(name) for name in PAGES)
    grown = json.loads(second.content) | {"total_results": 6, "item_count": 6}
    site = Site.of({LIST: [first, answer(json.dumps(grown).encode())]})
    fetched = tmdb(site).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.PARTIAL, 6)
    assert fetched.validators is None


def test_more_than_five_hundred_pages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PAGES == 500
    monkeypatch.setattr(reader, "MAX_PAGES", 25)
    service = Service(501)
    fetched = tmdb(service, "keyword/9799").fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 500, 501)
    assert sorted(service.asked) == list(range(1, 26))


@pytest.mark.parametrize(("size", "pages"), [(20, 1), (50, 3), (100, 5), (5000, 8)])
def test_a_chart_is_its_top(size: int, pages: int) -> None:
    service = Service(150)
    fetched = tmdb(service, "movie/popular", size=size).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, min(size, 150))
    assert sorted(service.asked) == list(range(1, pages + 1))


@pytest.mark.parametrize("odd", [[], {}, None, 1.5])
def test_a_credit_whose_id_is_none_costs_that_credit_alone(odd: object) -> None:
    good = {"id": 603, "media_type": "movie", "title": "The Matrix", "job": "Director"}
    body = {"cast": [good | {"id": odd, "job": odd}], "crew": [good, good | {"id": odd}]}
    fetched = tmdb(Site.of({"*": answer(json.dumps(body).encode())}), "person/1").fetch(None)
    assert [one.ids.tmdb for one in fetched.entries] == [603]


def test_persons_are_passed_over_and_count() -> None:
    service = Service(0)
    service.films = [
        {"id": 1, "media_type": "person", "name": "Ada Sample"},
        {"id": 2, "media_type": "tv", "name": "Serial", "original_name": "Serie"},
        {"id": 3, "media_type": "person"},
    ]
    fetched = tmdb(service, "trending/all/day").fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.skipped == (
        SkippedRow(rank=1, what="Ada Sample", why="a person"),
        SkippedRow(rank=3, what="person 3", why="a person"),
    )
    entry = fetched.entries[0]
    assert (entry.rank, entry.title, entry.original_title) == (2, "Serial", "Serie")


def test_a_list_of_persons_is_no_change_of_format() -> None:
    service = Service(0)
    service.films = [{"id": 1, "media_type": "person", "name": "Ada Sample"}]
    assert tmdb(service, "trending/all").fetch(None).outcome is ListOutcome.COMPLETE


def test_one_bad_row_on_the_last_page_does_not_cost_the_list() -> None:
    service = Service(21)
    service.films[20] = {"id": 0, "title": "Broken"}
    fetched = tmdb(service).fetch(None)
    assert (fetched.outcome, len(fetched.entries)) == (ListOutcome.COMPLETE, 20)
    assert [(row.rank, row.what) for row in fetched.skipped] == [(21, "Broken")]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"title": "A", "release_date": ""}, MediaType.MOVIE),
        ({"name": "A"}, MediaType.TV),
        ({}, None),
    ],
)
def test_a_row_that_does_not_say_its_kind(row: dict[str, object], kind: MediaType | None) -> None:
    service = Service(0)
    service.films = [{"id": 7, **row}]
    entry = tmdb(service).fetch(None).entries[0]
    assert (entry.kind, entry.ids.tmdb) == (kind, 7)


def test_an_unchanged_list_costs_its_last_page() -> None:
    first = tmdb(Service(101)).fetch(None)
    service = Service(101)
    second = tmdb(service).fetch(first.validators)
    assert second.is_unchanged
    assert second.validators == first.validators
    assert service.asked == [6]


@pytest.mark.parametrize("place", [0, 50, 100])
def test_a_title_that_took_the_place_of_another_is_seen_at_the_latest_a_day_later(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmdb(Service(101)).fetch(None)
    service = Service(101)
    service.films[place] = {"id": 500, "title": "New", "media_type": "movie"}
    assert tmdb(service).fetch(first.validators).is_unchanged is (place < 100)
    day = time.strptime("2030-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: day)
    assert not tmdb(service).fetch(first.validators).is_unchanged


def test_a_last_page_that_is_no_more_is_a_reason_to_read_anew() -> None:
    first = tmdb(Service(101)).fetch(None)
    fetched = tmdb(Service(60)).fetch(first.validators)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 60)


def test_another_size_is_seen() -> None:
    first = tmdb(Service(101)).fetch(None)
    assert not tmdb(Service(100)).fetch(first.validators).is_unchanged


@pytest.mark.parametrize("value", ["8990001", "keyword/9799", "movie/popular"])
def test_a_single_page_is_asked_for_on_condition(value: str) -> None:
    first = tmdb(Service(20), value).fetch(None)
    site = Site.of({"*": answer(status=304)})
    second = tmdb(site, value).fetch(first.validators)
    assert second.is_unchanged
    assert second.validators == first.validators
    assert site.seen[0].headers["if-none-match"] == '"1"'


@pytest.mark.parametrize("value", ["8990001", "keyword/9799"])
def test_the_first_of_several_pages_does_not_vouch_for_the_rest(value: str) -> None:
    validators = tmdb(Service(21), value).fetch(None).validators
    assert validators is not None
    assert validators.etag is None


@pytest.mark.parametrize("value", ["keyword/9799", "movie/popular"])
def test_what_the_service_ranks_is_unchanged_for_a_day_while_its_first_page_is(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, service = tmdb(Service(41), value).fetch(None), Service(41)
    assert tmdb(service, value).fetch(first.validators).is_unchanged
    assert service.asked == [1]
    assert not tmdb(Service(42), value).fetch(first.validators).is_unchanged
    service.films[3] = {"id": 500, "title": "New", "media_type": "movie"}
    assert not tmdb(service, value).fetch(first.validators).is_unchanged
    shorter = tmdb(Service(41), value, size=45).fetch(first.validators)
    assert shorter.is_unchanged is (value == "keyword/9799")
    day = time.strptime("2030-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: day)
    assert not tmdb(Service(41), value).fetch(first.validators).is_unchanged


def test_validators_of_another_kind_change_nothing() -> None:
    assert not tmdb(paged()).fetch(Validators(digest="x", stamp="x")).is_unchanged


def test_neither_token_nor_key_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(request: httpx.Request) -> httpx.Response:
        said = f"{request.url}"
        return answer(json.dumps({"status_code": 5, "status_message": said}).encode(), 422)

    providers = [tmdb(echo), tmdb(echo, token=None, key=KEY)]
    for provider in providers:
        with pytest.raises(ResponseChangedError) as caught:
            provider.fetch(None)
        error = caught.value
        shown = f"{error!r} {error} {error.sample} {provider._options!r} {caplog.text}"
        assert TOKEN not in shown
        assert KEY not in shown


def _found(*named: tuple[object, object]) -> httpx.Response:
    rows = [{"id": number, "name": name} for number, name in named]
    body = {"page": 1, "results": rows, "total_pages": 1, "total_results": len(rows)}
    return answer(json.dumps(body).encode())


SEARCH, KEEPER = "/3/search/collection", "/3/collection/99001"


@pytest.mark.parametrize("value", ["Lantern keeper collection", "lantern keeper"])
def test_a_collection_is_found_by_its_name_and_then_known(value: str) -> None:
    others = ((1, "Lantern Keepers Collection"), (99001, "Lantern Keeper Collection"))
    whole = sample("tmdb/collection.json")
    whole.headers["etag"] = '"c"'
    site = Site.of({SEARCH: _found(*others), KEEPER: whole})
    first = tmdb(site, f"collection/{value}").fetch(None)
    assert (first.outcome, site.paths) == (ListOutcome.COMPLETE, [SEARCH, KEEPER])
    assert site.seen[0].url.params["query"] == value
    again = Site.of({KEEPER: answer(status=304)})
    assert tmdb(again, f"collection/{value}").fetch(first.validators).is_unchanged
    assert (again.paths, again.seen[0].headers["if-none-match"]) == ([KEEPER], '"c"')


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param((), r"no collection is called 'Lantern' \(found: none\)", id="none"),
        pytest.param(
            ((1, "Lanterns Collection"),), r"found: Lanterns Collection \(1\)\)", id="others"
        ),
        pytest.param(
            ((1, "Lantern"), (2, "lantern")), "several collections are called", id="several"
        ),
    ],
)
def test_a_name_of_no_collection_or_of_several_is_refused_with_those_found(
    found: tuple[tuple[int, str], ...], words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as told:
        tmdb(Site.of({SEARCH: _found(*found)}), "collection/Lantern").fetch(None)
    assert told.value.kind is Refusal.NOT_FOUND


def test_a_found_collection_that_is_of_no_known_form_is_drift() -> None:
    with pytest.raises(ResponseChangedError):
        tmdb(Site.of({SEARCH: _found((0, "Lantern"))}), "collection/Lantern").fetch(None)
