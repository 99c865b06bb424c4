from __future__ import annotations

import json
import logging

import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.providers.mdblist.reader import MdbList
from listsync.providers.mdblist.source import MdbListOptions, parse
from tests.contract.providers.cases import KEY, LIST, mdblist_provider
from tests.contract.providers.site import Site, answer, client, sample

META = "mdblist/list-meta.json"
PAGES = ["mdblist/items.unified.page1.json", "mdblist/items.unified.page2.json"]


def described() -> Site:
    return Site.of({LIST: sample(META), f"{LIST}/items": [sample(name) for name in PAGES]})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sample_user/synthetic-list", "lists/sample_user/synthetic-list"),
        (
            "https://mdblist.com/lists/sample_user/synthetic-list",
            "lists/sample_user/synthetic-list",
        ),
        ("mdblist.com/lists/sample_user/x/json/", "lists/sample_user/x"),
        ("https://mdblist.com/lists/sample_user/external/990002", "external/lists/990002"),
        ("https://mdblist.com/lists/official/movies/trending", "lists/official/trending"),
        ("https://mdblist.com/?list=990001", "lists/990001"),
        (" 990001 ", "lists/990001"),
        ("watchlist", "watchlist"),
        ("https://mdblist.com/watchlist/sample_user", "watchlist"),
        ("https://mdblist.com/watchlist", "watchlist"),
        ("https://api.mdblist.com/watchlist/items?apikey=abc", "watchlist"),
        ("https://api.mdblist.com/lists/sample_user/x/items", "lists/sample_user/x"),
        ("sample_user/x/json", "lists/sample_user/x"),
        ("external/990002", "external/lists/990002"),
        ("mine/My list", "lists/user"),
    ],
)
def test_accepted_forms(text: str, path: str) -> None:
    assert parse(text).path == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of MDBList"),
        ("name", "no list of MDBList"),
        ("../user", "no list of MDBList"),
        ("user/..", "no list of MDBList"),
        ("user/a/b", "no list of MDBList"),
        ("https://mdblist.com/lists/../x", "no list of MDBList"),
        ("https://mdblist.com.example/lists/user/name", "no known address"),
        ("https://www.imdb.com/list/ls990000001", "belongs to IMDb"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*accepted: user/list-name"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://mdblist.com/lists/anna", "name one, anna/list-name"),
        ("lists/anna/", "name one, anna/list-name"),
        ("official/popular", "official/movies/popular or official/shows/popular"),
        ("lists/official/movies", "official/movies/name or"),
        ("external/top", "those have numbers, external/123"),
    ],
)
def test_what_is_nearly_a_list_is_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_the_kind_at_the_end_of_an_address_is_not_dropped() -> None:
    with pytest.raises(ValueError, match="no known address"):
        parse("https://mdblist.com/lists/sample_user/external/990002/movie")


@pytest.mark.parametrize(
    "value",
    [
        "990001",
        "watchlist",
        "https://mdblist.com/lists/sample_user/external/990002",
        "https://mdblist.com/lists/official/shows/trending",
    ],
)
def test_forms_that_need_a_key_say_so_before_anything_is_asked(value: str) -> None:
    site = Site.of({})
    with pytest.raises(RefusedError, match=r"needs providers\.mdblist\.api_key") as caught:
        mdblist_provider(site, value).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert site.seen == []


def test_without_a_key_the_whole_list_is_one_call() -> None:
    site = Site.of({f"{LIST}/json/": sample("mdblist/keyless-json.array.json")})
    fetched = mdblist_provider(site).fetch(None)
    show = fetched.entries[1]
    assert (show.title, show.year, show.kind) == ("Harbour Street", 2016, MediaType.TV)
    assert show.ids == ExternalIds(imdb="tt90000021", tmdb=9000021, tvdb=800021)
    assert [str(request.url) for request in site.seen] == [f"https://mdblist.com{LIST}/json/"]


def test_without_a_key_no_rows_prove_nothing() -> None:
    site = Site.of({"*": answer(b"[]")})
    with pytest.raises(ResponseChangedError, match=r"providers\.mdblist\.api_key"):
        mdblist_provider(site).fetch(None)


def test_without_a_key_the_next_question_is_conditional() -> None:
    site = Site.of({"*": answer(status=304)})
    assert mdblist_provider(site).fetch(Validators(etag='"1"')).is_unchanged


def test_a_list_that_is_not_described_has_changed() -> None:
    site = Site.of({LIST: answer(b"[]")})
    with pytest.raises(ResponseChangedError, match="says nothing about sample_user"):
        mdblist_provider(site, key=KEY).fetch(None)


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listsync.providers.mdblist.reader.MAX_PAGES", 2)
    items = [answer(sample(name).content, x_has_more="true") for name in PAGES]
    site = Site.of({LIST: sample(META), f"{LIST}/items": items})
    with pytest.raises(ResponseChangedError, match="without an end"):
        mdblist_provider(site, key=KEY).fetch(None)


def test_with_a_key_pages_are_read_in_the_order_of_the_list() -> None:
    site = described()
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.declared == 5
    assert [entry.rank for entry in fetched.entries] == [1, 2, 3, 4, 5]
    assert site.paths == [LIST, f"{LIST}/items", f"{LIST}/items"]
    asked = [request.url.params for request in site.seen[1:]]
    assert [(page["limit"], page["offset"], page["unified"]) for page in asked] == [
        ("1000", "0", "true"),
        ("1000", "3", "true"),
    ]


def test_both_shapes_give_the_same_list() -> None:
    unified = mdblist_provider(described(), key=KEY).fetch(None)
    pages = [sample(f"mdblist/items.split.page{number}.json") for number in (1, 2)]
    split = Site.of({LIST: sample(META), f"{LIST}/items": pages})
    assert mdblist_provider(split, key=KEY).fetch(None) == unified


def test_an_unchanged_list_costs_one_call() -> None:
    first = mdblist_provider(described(), key=KEY).fetch(None)
    site = described()
    second = mdblist_provider(site, key=KEY).fetch(first.validators)
    assert second.is_unchanged
    assert second.validators == first.validators
    assert site.paths == [LIST]


@pytest.mark.parametrize(
    "about",
    [
        {"items": 6, "updated": "2026-11-21T04:30:11Z"},
        {"items": 5, "updated": "2026-11-22T00:00:00Z"},
        {"items": 5},
    ],
)
def test_another_date_or_size_is_read_again(about: dict[str, object]) -> None:
    first = mdblist_provider(described(), key=KEY).fetch(None)
    site = described()
    site.pages[LIST] = [answer(json.dumps([about]).encode())]
    assert not mdblist_provider(site, key=KEY).fetch(first.validators).is_unchanged


def test_what_is_remembered_of_a_list_can_be_stored() -> None:
    site = described()
    site.pages[LIST] = [answer(b'[{"items": 5, "updated": "a\\ud800b"}]')]
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert fetched.validators is not None
    assert fetched.validators.stamp == "ab 5"


def test_a_list_that_is_not_whole_is_not_remembered() -> None:
    site = Site.of({LIST: sample(META), f"{LIST}/items": sample(PAGES[1])})
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert fetched.outcome is ListOutcome.PARTIAL
    assert fetched.validators is None


def test_a_list_that_the_service_calls_empty_is_empty() -> None:
    meta = answer(b'[{"items": 0, "updated": "2026-11-21"}]')
    site = Site.of({LIST: meta, f"{LIST}/items": answer(b"[]")})
    assert mdblist_provider(site, key=KEY).fetch(None).outcome is ListOutcome.EMPTY


def test_no_rows_of_a_list_that_has_some_are_not_empty() -> None:
    site = Site.of({LIST: sample(META), f"{LIST}/items": answer(b"[]")})
    assert mdblist_provider(site, key=KEY).fetch(None).outcome is ListOutcome.PARTIAL


def test_no_rows_of_a_list_without_a_size_are_not_empty() -> None:
    site = Site.of({"*": answer(b"[]")})
    value = "https://mdblist.com/lists/official/movies/x"
    assert mdblist_provider(site, value, KEY).fetch(None).outcome is ListOutcome.DRIFT


def test_a_page_that_comes_again_is_not_read_for_ever() -> None:
    page = answer(sample(PAGES[0]).content, x_has_more="true")
    site = Site.of({LIST: sample(META), f"{LIST}/items": page})
    with pytest.raises(ResponseChangedError, match="repeats itself"):
        mdblist_provider(site, key=KEY).fetch(None)
    assert len(site.seen) == 3


def test_a_page_without_rows_ends_the_list() -> None:
    nothing = answer(b"[]", x_has_more="true")
    site = Site.of({LIST: sample(META), f"{LIST}/items": [sample(PAGES[0]), nothing]})
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 3, 5)


def test_a_list_whose_description_has_no_count_is_read_with_a_doubt() -> None:
    pages = [sample(name) for name in PAGES]
    site = Site.of({LIST: answer(b'[{"name": "x"}]'), f"{LIST}/items": pages})
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert (fetched.read, fetched.is_sure) == (5, False)
    assert fetched.doubt == "the count of its rows was missing"


def test_full_pages_go_on_where_the_service_says_nothing() -> None:
    def films(first: int, count: int) -> httpx.Response:
        rows = [{"title": f"Film {n}", "mediatype": "movie"} for n in range(first, first + count)]
        return answer(json.dumps(rows).encode())

    items = [films(0, 1000), films(1000, 1000), films(2000, 5)]
    site = Site.of({LIST: answer(b'{"items": 2005}'), f"{LIST}/items": items})
    fetched = mdblist_provider(site, key=KEY).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 2005)
    assert fetched.entries[-1].rank == 2005


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("990001", ["/lists/990001", "/lists/990001/items"]),
        (
            "https://mdblist.com/lists/u/external/990002",
            ["/external/lists/990002", "/external/lists/990002/items"],
        ),
        (
            "https://mdblist.com/lists/official/movies/new?locale=us",
            ["/lists/official/new/items"],
        ),
        ("watchlist", ["/watchlist/items"]),
    ],
)
def test_each_form_is_read_where_it_is(value: str, paths: list[str]) -> None:
    body = sample("mdblist/watchlist-items.json")
    site = Site.of({paths[0]: answer(b'[{"items": 2}]'), paths[-1]: body})
    fetched = mdblist_provider(site, value, KEY).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, 2, 2)
    assert site.paths == paths
    assert {request.url.host for request in site.seen} == {"api.mdblist.com"}
    if "locale" in value:
        assert site.seen[-1].url.params["locale"] == "us"


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"response": False, "error": "Invalid API key!"}, 200, Refusal.CREDENTIAL),
        ({"response": False, "error": "API Limit Reached!"}, 200, Refusal.QUOTA),
        ({"response": False, "error": "API Rate Limit Reached!"}, 200, Refusal.RATE_LIMITED),
        ({"error": "List not found"}, 200, Refusal.NOT_FOUND),
        ({"error": "This list is private"}, 403, Refusal.PRIVATE),
        ({"error": "Nope"}, 403, Refusal.CREDENTIAL),
        ({"error": "Nope"}, 401, Refusal.CREDENTIAL),
        ({"error": "Nope"}, 404, Refusal.NOT_FOUND),
        ({"error": "Nope"}, 200, UnavailableError),
        ({"error": "Nope"}, 500, UnavailableError),
        ({"response": False}, 200, ResponseChangedError),
    ],
)
def test_errors_are_read_before_rows(
    body: dict[str, object], status: int, expected: Refusal | type[ListsyncError]
) -> None:
    site = Site.of({"*": answer(json.dumps(body).encode(), status)})
    with pytest.raises(ListsyncError) as caught:
        mdblist_provider(site, key=KEY).fetch(None)
    if isinstance(expected, Refusal):
        assert isinstance(caught.value, RefusedError)
        assert caught.value.kind is expected
    else:
        assert type(caught.value) is expected


@pytest.mark.parametrize("body", [b"", b"{}", b'{"error": "Nope"}', b'{"detail": "Forbidden"}'])
def test_a_403_tells_of_the_key_only_where_there_is_one(body: bytes) -> None:
    site = Site.of({"*": answer(body, 403)})
    with pytest.raises(RefusedError, match=r"does not accept providers\.mdblist\.api_key") as bad:
        mdblist_provider(site, key=KEY).fetch(None)
    with pytest.raises(RefusedError, match="may be private") as hidden:
        mdblist_provider(site).fetch(None)
    assert (bad.value.kind, hidden.value.kind) == (Refusal.CREDENTIAL, Refusal.PRIVATE)
    assert len(site.seen) == 2


def test_a_page_that_comes_with_403_is_not_about_the_key() -> None:
    site = Site.of({"*": answer(b"<html><title>403 Forbidden</title></html>", 403)})
    with pytest.raises(RefusedError) as caught:
        mdblist_provider(site, key=KEY).fetch(None)
    assert caught.value.kind is Refusal.BLOCKED


def test_a_quota_says_when_it_ends() -> None:
    body = b'{"response": false, "error": "API Limit Reached!"}'
    site = Site.of({"*": answer(body, 429, x_ratelimit_reset="600")})
    with pytest.raises(RefusedError) as caught:
        mdblist_provider(site, key=KEY).fetch(None)
    assert caught.value.retry_after_s == 600


def test_the_key_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(request: httpx.Request) -> httpx.Response:
        assert request.url.params["apikey"] == KEY
        return answer(json.dumps({"error": f"no access with {request.url}"}).encode())

    site = Site.of({})
    provider = mdblist_provider(site, key=KEY)
    provider._http._transport = httpx.MockTransport(echo)  # type: ignore[attr-defined]  # a class of ours
    with pytest.raises(UnavailableError) as caught:
        provider.fetch(None)
    options = MdbListOptions(api_key=SecretStr(KEY))
    shown = f"{caught.value!r} {caught.value} {options!r} {provider!r} {caplog.text}"
    assert KEY not in shown


def test_a_row_without_numbers_keeps_its_title() -> None:
    rows = b'[{"title": "A", "id": null, "imdb_id": "?", "tvdb_id": 5, "mediatype": "movie"}]'
    site = Site.of({"*": answer(rows)})
    entry = mdblist_provider(site).fetch(Validators()).entries[0]
    assert (entry.title, entry.kind, bool(entry.ids)) == ("A", MediaType.MOVIE, False)


def own_lists() -> Site:
    lists = [
        {"id": 990001, "name": "Synthetic list", "slug": "synthetic-list", "items": 5},
        {"id": 990003, "name": "Twice", "slug": "twice", "items": 1},
        {"id": 990004, "name": "TWICE", "slug": "twice-2", "items": 1},
    ]
    lists = [{**one, "updated": "2026-11-21T04:30:11Z"} for one in lists]
    return Site.of(
        {
            "/lists/user": answer(json.dumps(lists).encode()),
            "/lists/990001/items": [sample(name) for name in PAGES],
        }
    )


@pytest.mark.parametrize("name", ["synthetic-list", "SYNTHETIC LIST", "990001"])
def test_a_list_of_ones_own_is_found_by_its_name_or_number(name: str) -> None:
    site = own_lists()
    provider = mdblist_provider(site, f"mine/{name}", KEY)
    fetched = provider.fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 5)
    assert site.paths[:2] == ["/lists/user", "/lists/990001/items"]
    before = len(site.seen)
    assert provider.fetch(fetched.validators).is_unchanged
    assert len(site.seen) == before + 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine", "mine is no list by itself; yours are: mine/synthetic-list, mine/twice, "),
        ("mine/other", "you have no 'other'; yours are: mine/synthetic-list, "),
        ("mine/Twice", "several of your lists are called 'Twice'; yours are: mine/synth"),
    ],
)
def test_another_name_is_answered_with_those_of_ones_lists(name: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        mdblist_provider(own_lists(), name, KEY).fetch(None)
    assert caught.value.kind is Refusal.NOT_FOUND


def test_a_list_that_another_has_not_says_where_theirs_are_shown() -> None:
    site = Site.of({"*": answer(b'{"error": "List not found"}', 404)})
    with pytest.raises(RefusedError, match=r"https://mdblist\.com/lists/sample_user$") as caught:
        mdblist_provider(site, key=KEY).fetch(None)
    assert caught.value.kind is Refusal.NOT_FOUND
    assert len(site.seen) == 1


def test_lists_of_ones_own_that_come_as_something_else_are_not_none() -> None:
    site = Site.of({"*": answer(b'{"lists": []}')})
    with pytest.raises(ResponseChangedError, match="are not listed"):
        mdblist_provider(site, "mine/x", KEY).fetch(None)


FILTERED = "sample_user/synthetic-list?filter_genre=horror"


def test_a_filter_of_an_address_is_asked_of_the_service() -> None:
    rows = json.loads(sample(PAGES[0]).content)[:1]
    pages = [answer(json.dumps(rows).encode(), x_has_more="false")] * 2
    site = Site.of({LIST: sample(META), f"{LIST}/items": pages})
    fetched = mdblist_provider(site, FILTERED, KEY).fetch(None)
    assert (len(fetched.entries), fetched.outcome) == (1, ListOutcome.COMPLETE)
    assert site.seen[-1].url.params["filter_genre"] == "horror"
    assert "filter_genre" not in site.seen[0].url.params
    again = mdblist_provider(site, FILTERED, KEY).fetch(fetched.validators)
    assert again.is_unchanged


def test_without_a_key_a_filter_cannot_be_asked_for() -> None:
    with pytest.raises(RefusedError, match=r"needs providers\.mdblist\.api_key") as caught:
        mdblist_provider(Site.of({}), FILTERED, None).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL


@pytest.mark.parametrize(("renewed", "is_read"), [("the-new-one", True), ("an-old-one", False)])
def test_a_login_goes_before_the_key_and_is_used_as_it_is_now(renewed: str, is_read: bool) -> None:
    site, left = described(), [SecretStr("an-old-one"), SecretStr(renewed)]

    def listed(request: httpx.Request) -> httpx.Response:
        assert "apikey" not in request.url.params
        is_known = request.headers["Authorization"] == "Bearer the-new-one"
        return site(request) if is_known else answer(b'{"error": "expired"}', 401)

    options = MdbListOptions(api_key=SecretStr(KEY))
    source, http = parse("sample_user/synthetic-list"), client(options, listed)
    provider = MdbList(source, options, http, lambda: left.pop(0) if len(left) > 1 else left[0])
    if is_read:
        assert provider.fetch(None).read == 5
        return
    with pytest.raises(RefusedError, match=r"does not accept the login .*listsync login mdblist"):
        provider.fetch(None)
