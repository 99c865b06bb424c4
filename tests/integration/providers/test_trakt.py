from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import TraktOptions, parse
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import TRAKT_ACCESS as ACCESS
from tests.fakes import KeptTokens

Handler = Callable[[httpx.Request], httpx.Response]

CLIENT_ID, CLIENT_SECRET = "not-a-real-client-id", "not-a-real-client-secret"
LIST = "/users/sample_user/lists/synthetic-list"
ITEMS = f"{LIST}/items"
VALUE = "sample_user/lists/synthetic-list"
PAGES = ("trakt/list-items.page1.json", "trakt/list-items.page2.json")
DATE = "Sun, 22 Nov 2026 06:00:00 GMT"


def options(limit: int = 20) -> TraktOptions:
    return TraktOptions(
        client_id=SecretStr(CLIENT_ID),
        client_secret=SecretStr(CLIENT_SECRET),
        special_items_limit=limit,
    )


def trakt(
    handler: Handler, value: str = VALUE, tokens: KeptTokens | None = None, limit: int = 20
) -> Trakt:
    chosen = options(limit)
    return Trakt(parse(value), chosen, client(chosen, handler), tokens)


def dated(response: httpx.Response, date: str = DATE) -> httpx.Response:
    response.headers["date"] = date
    return response


def row(number: int, kind: str = "movie") -> dict[str, object]:
    return {"type": kind, kind: {"title": f"Title {number}", "ids": {"tmdb": number}}}


def plain(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-length"}


class Shelf:
    """Gives pages of *total* titles as the service does; *most* is the longest page it gives."""

    def __init__(self, total: int, most: int = 250) -> None:
        self.total, self.most = total, most
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        asked = request.url.params
        size, number = min(int(asked["limit"]), self.most), int(asked["page"])
        ranks = range((number - 1) * size + 1, min(number * size, self.total) + 1)
        kind = "show" if request.url.path.endswith("/shows") else "movie"
        rows = [row(rank, kind) for rank in ranks]
        return answer(
            json.dumps(rows).encode(),
            date=DATE,
            x_pagination_page=str(number),
            x_pagination_limit=str(size),
            x_pagination_page_count=str(-(-self.total // size)),
            x_pagination_item_count=str(self.total),
        )


def test_a_list_is_read_in_pages_and_every_row_counted() -> None:
    site = Site.of({ITEMS: [sample(name) for name in PAGES]})
    fetched = trakt(site).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, 7, 7)
    film, series, season, *_ = fetched.entries
    assert (film.title, film.year, film.kind, film.rank) == (
        "The Lantern Keeper", 2019, MediaType.MOVIE, 1,
    )  # fmt: skip
    assert film.ids == ExternalIds(imdb="tt90000011", tmdb=9000011)
    assert series.kind is MediaType.TV
    assert series.ids == ExternalIds(imdb="tt90000021", tmdb=9000021, tvdb=800021)
    assert (season.title, season.seasons) == ("Three Days in May", (2,))
    assert season.ids.tvdb == 800023
    assert [(row.rank, row.what) for row in fetched.skipped] == [
        (4, "Глубина 1x03"),
        (6, "Ada Sample"),
    ]
    assert [request.url.params["page"] for request in site.seen] == ["1", "2"]


def test_every_question_says_who_asks() -> None:
    site = Site.of({"*": sample("trakt/movies-trending.json")})
    trakt(site, "trending:movies").fetch(None)
    headers = site.seen[0].headers
    assert headers["trakt-api-key"] == CLIENT_ID
    assert headers["trakt-api-version"] == "2"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("listsync/")
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("value", "size", "calls"),
    [
        (VALUE, 1000, 4),
        ("me/watchlist", 251, 2),
        ("bob/favorites", 251, 2),
        ("bob/watched/movies", 251, 2),
    ],
)
def test_a_thousand_titles_cost_four_questions(value: str, size: int, calls: int) -> None:
    shelf = Shelf(size)
    fetched = trakt(shelf, value, KeptTokens()).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, size, size)
    assert [entry.rank for entry in fetched.entries] == list(range(1, size + 1))
    assert [entry.ids.tmdb for entry in fetched.entries] == list(range(1, size + 1))
    assert len(shelf.seen) == calls


def test_repeated_rows_do_not_make_a_list_whole() -> None:
    """The count of rows agrees, but some came twice and as many never."""
    shelf = Shelf(600)

    def repeating(request: httpx.Request) -> httpx.Response:
        reply = shelf(request)
        if request.url.params["page"] == "1":
            return reply
        rows = [row(2 + number) for number in range(len(json.loads(reply.content)))]
        return httpx.Response(200, content=json.dumps(rows), headers=plain(reply.headers))

    fetched = trakt(repeating).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.distinct) == (ListOutcome.PARTIAL, 600, 251)
    assert (fetched.declared, fetched.validators) == (600, None)


def test_two_persons_of_one_name_are_two_rows() -> None:
    rows = [
        {"type": "person", "person": {"name": "Ada Sample", "ids": {"trakt": number}}}
        for number in (1, 2)
    ]
    reply = Shelf(2)(httpx.Request("GET", "http://trakt.invalid/?page=1&limit=250"))
    site = Site.of({ITEMS: httpx.Response(200, json=rows, headers=plain(reply.headers))})
    fetched = trakt(site).fetch(None)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.COMPLETE, 2)


@pytest.mark.parametrize(
    ("value", "ordered"),
    [
        (VALUE, f"{ITEMS}/movie,show,season,episode/rank/asc"),
        ("bob/watchlist/movies", "/users/bob/watchlist/movies/rank"),
        ("bob/favorites", "/users/bob/favorites/media/rank"),
        ("bob/watchlist", None),
        ("bob/collection/movies", None),
    ],
)
def test_rows_that_come_again_cost_a_reading_in_order_where_there_is_one(
    value: str, ordered: str | None
) -> None:
    """Without a type, a watchlist holds seasons, which a reading of films and series lacks."""
    shelf = Shelf(300)

    def repeating(request: httpx.Request) -> httpx.Response:
        reply = shelf(request)
        if request.url.path == ordered or request.url.params["page"] == "1":
            return reply
        kind = "show" if request.url.path.endswith("/shows") else "movie"
        rows = [row(number, kind) for number in range(2, 52)]
        return httpx.Response(200, json=rows, headers=plain(reply.headers))

    fetched = trakt(repeating, value, KeptTokens()).fetch(None)
    paths = [one.url.path for one in shelf.seen]
    assert (len(paths), paths.count(ordered or "")) == ((4, 2) if ordered else (2, 0))
    assert fetched.outcome is (ListOutcome.COMPLETE if ordered else ListOutcome.PARTIAL)


def test_a_list_in_random_order_is_asked_for_by_rank() -> None:
    shelf = Shelf(600)

    def shuffled(request: httpx.Request) -> httpx.Response:
        reply = shelf(request)
        if request.url.path == ITEMS:
            reply.headers["x-sort-by"] = "random"
        return reply

    fetched = trakt(shuffled).fetch(None)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.COMPLETE, 600)
    ordered = f"{ITEMS}/movie,show,season,episode/rank/asc"
    assert [one.url.path for one in shelf.seen].count(ordered) == 3
    assert [one.url.path for one in shelf.seen].count(ITEMS) == 1


def test_pages_are_as_long_as_the_service_says() -> None:
    shelf = Shelf(612, most=100)
    fetched = trakt(shelf).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 612)
    assert [entry.ids.tmdb for entry in fetched.entries] == list(range(1, 613))
    assert sorted(int(one.url.params["page"]) for one in shelf.seen) == list(range(1, 8))


def test_the_sample_of_a_shortened_page_has_three_pages() -> None:
    told = sample("trakt/limit-clamped-to-250.json").headers
    shelf = Shelf(612)
    fetched = trakt(shelf).fetch(None)
    assert fetched.declared == int(told["x-pagination-item-count"])
    assert len(shelf.seen) == int(told["x-pagination-page-count"])


@pytest.mark.parametrize(
    ("limit", "pages", "read"), [(20, 1, 20), (250, 1, 250), (600, 3, 600), (2000, 4, 1000)]
)
def test_of_a_chart_only_the_first_places_are_read(limit: int, pages: int, read: int) -> None:
    shelf = Shelf(1000)
    fetched = trakt(shelf, "trending:movies", limit=limit).fetch(None)
    assert (len(shelf.seen), fetched.read, fetched.declared) == (pages, read, read)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert shelf.seen[0].url.params["limit"] == str(min(limit, 250))


def test_a_chart_of_everything_costs_no_more() -> None:
    shelf = Shelf(2_000_000)
    fetched = trakt(shelf, "popular:movies").fetch(None)
    assert (len(shelf.seen), fetched.outcome, fetched.declared) == (1, ListOutcome.COMPLETE, 20)


def test_a_chart_has_twenty_places_unless_the_user_says_otherwise() -> None:
    assert TraktOptions().special_items_limit == 20


def test_a_chart_that_is_longer_than_asked_for_is_cut() -> None:
    shelf = Shelf(30)
    whole = shelf(httpx.Request("GET", "https://x/?page=1&limit=30")).content
    fetched = trakt(Site.of({"*": answer(whole)}), "boxoffice:movies", limit=10).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 10)


@pytest.mark.parametrize(
    ("value", "name", "first", "kind"),
    [
        ("trending:movies", "movies-trending", "The Lantern Keeper", MediaType.MOVIE),
        ("trending:shows", "shows-trending", "Глубина", MediaType.TV),
        ("popular:movies", "movies-popular", "The Lantern Keeper", MediaType.MOVIE),
        ("anticipated:movies", "movies-anticipated", "Untitled Harbor Project", MediaType.MOVIE),
        ("boxoffice:movies", "movies-boxoffice", "Blåfjell", MediaType.MOVIE),
        ("favorited:movies", "movies-favorited", "Blåfjell", MediaType.MOVIE),
        ("watched:movies", "movies-watched", "Blåfjell", MediaType.MOVIE),
        ("bob/collection/movies", "collection-movies", "Salt & Copper", MediaType.MOVIE),
        ("bob/favorites", "favorites", "Three Days in May", MediaType.TV),
        ("bob/watchlist", "watchlist", '"Quoted" Hearts, Broken', MediaType.MOVIE),
        ("popular:shows", "movies-popular", "The Lantern Keeper", MediaType.TV),
    ],
)
def test_wrapped_and_bare_rows_are_read(
    value: str, name: str, first: str, kind: MediaType
) -> None:
    fetched = trakt(Site.of({"*": sample(f"trakt/{name}.json")}), value).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert (fetched.entries[0].title, fetched.entries[0].kind) == (first, kind)
    assert fetched.skipped == ()


def test_recommendations_of_both_kinds_are_one_list() -> None:
    shows = answer(b'[{"title": "Series", "year": 2020, "ids": {"tvdb": 5}}]')
    films = sample("trakt/recommendations-movies.json")
    site = Site.of({"/recommendations/movies": films, "/recommendations/shows": shows})
    fetched = trakt(site, "me/recommendations", KeptTokens()).fetch(None)
    assert [(entry.rank, entry.kind) for entry in fetched.entries] == [
        (1, MediaType.MOVIE),
        (2, MediaType.MOVIE),
        (3, MediaType.TV),
    ]
    assert site.seen[0].url.params["ignore_collected"] == "true"
    assert site.seen[0].headers["authorization"] == f"Bearer {ACCESS}"


def test_counts_of_both_kinds_are_added() -> None:
    fetched = trakt(Shelf(300), "bob/collection").fetch(None)
    assert (fetched.declared, fetched.read) == (600, 600)
    assert [entry.rank for entry in fetched.entries] == list(range(1, 601))


def test_an_address_that_shows_one_kind_leaves_the_other_out() -> None:
    site = Site.of({ITEMS: [sample(name) for name in PAGES]})
    fetched = trakt(site, f"https://trakt.tv{LIST}?display=show").fetch(None)
    assert [entry.title for entry in fetched.entries] == ["Harbour Street", "Three Days in May"]
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 7)


def test_an_empty_list_is_empty_because_the_service_says_so() -> None:
    site = Site.of({ITEMS: sample("trakt/list-items.empty.json")})
    assert trakt(site).fetch(None).outcome is ListOutcome.EMPTY


def test_an_empty_list_may_have_one_page() -> None:
    empty = page(b"[]", counts(1, 250, 1, 0))
    assert trakt(Site.of({"*": empty})).fetch(None).outcome is ListOutcome.EMPTY


@pytest.mark.parametrize("value", [VALUE, "trending:movies", "bob/collection"])
def test_no_rows_without_a_count_prove_nothing(value: str) -> None:
    with pytest.raises(ResponseChangedError, match="no word on how many"):
        trakt(Site.of({"*": answer(b"[]")}), value).fetch(None)


def test_many_rows_without_a_count_may_be_a_first_page() -> None:
    whole = Shelf(100)(httpx.Request("GET", "https://x/?page=1&limit=100")).content
    with pytest.raises(ResponseChangedError, match="100 rows, and no word on how many"):
        trakt(Site.of({"*": answer(whole)})).fetch(None)


@pytest.mark.parametrize("limit", [300, 101])
def test_a_chart_that_lost_its_counts_is_not_whole_with_a_page(limit: int) -> None:
    some = Shelf(300)(httpx.Request("GET", "https://x/?page=1&limit=100")).content
    with pytest.raises(ResponseChangedError, match="100 rows, and no word on how many"):
        trakt(Site.of({"*": answer(some)}), "trending:movies", limit=limit).fetch(None)


@pytest.mark.parametrize(("value", "is_sure"), [(VALUE, False), ("boxoffice:movies", True)])
def test_rows_of_a_list_without_a_count_are_read_with_a_doubt(value: str, is_sure: bool) -> None:
    some = Shelf(5)(httpx.Request("GET", "https://x/?page=1&limit=100")).content
    fetched = trakt(Site.of({"*": answer(some)}), value).fetch(None)
    assert (fetched.read, fetched.is_sure) == (5, is_sure)


def counts(number: int, limit: int, page_count: int, item_count: int) -> dict[str, str]:
    return {
        "x-pagination-page": str(number),
        "x-pagination-limit": str(limit),
        "x-pagination-page-count": str(page_count),
        "x-pagination-item-count": str(item_count),
    }


def page(body: bytes, told: dict[str, str]) -> httpx.Response:
    response = answer(body)
    response.headers.update(told)
    return response


def test_fewer_rows_than_declared_are_a_partial_list() -> None:
    short = page(sample(PAGES[0]).content, counts(1, 250, 1, 5))
    fetched = trakt(Site.of({"*": short})).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 4, 5)
    assert fetched.validators is None


def test_a_list_that_grows_while_it_is_read_is_a_partial_list() -> None:
    pages = [sample(PAGES[0]), page(sample(PAGES[1]).content, counts(2, 4, 2, 8))]
    fetched = trakt(Site.of({"*": pages})).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 7, 8)


def test_a_list_that_shrinks_while_it_is_read_is_a_partial_list() -> None:
    second = json.loads(sample(PAGES[1]).content)[1:]
    pages = [sample(PAGES[0]), page(json.dumps(second).encode(), counts(2, 4, 2, 6))]
    fetched = trakt(Site.of({"*": pages})).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 6, 7)


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        pytest.param([counts(1, 4, 9, 7)], "7 rows in 9 pages of 4", id="too-many-pages"),
        pytest.param([counts(1, 1, 2000, 2000)], "2000 pages", id="endless"),
        pytest.param([counts(2, 4, 2, 7)], "another page than 1", id="wrong-page"),
        pytest.param([counts(1, 4, 2, 7), counts(1, 4, 2, 7)], "another page than 2", id="stuck"),
        pytest.param([counts(1, 4, 2, 7), {}], "first page came again", id="same-rows"),
        pytest.param([counts(1, 4, 2, 7), counts(2, 5, 2, 7)], "unequal length", id="uneven"),
    ],
)
def test_pages_that_contradict_each_other_are_not_read(
    pages: list[dict[str, str]], words: str
) -> None:
    bodies = [sample(PAGES[0]).content, sample(PAGES[words == "unequal length"]).content]
    answers = [page(body, told) for body, told in zip(bodies, pages, strict=False)]
    with pytest.raises(ResponseChangedError, match=words):
        trakt(Site.of({"*": answers})).fetch(None)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{"name": "Alien"}], id="renamed"),
        pytest.param([{"type": "film", "film": {"title": "Alien"}}] * 3, id="renamed-type"),
        pytest.param([{"type": "movie", "movie": {"name": "Alien"}}], id="renamed-title"),
        pytest.param([{"type": "movie", "show": {"title": "Alien"}}], id="other-object"),
        pytest.param([{"type": "movie", "movie": "Alien"}], id="no-object"),
        pytest.param([{"type": "season", "show": {"title": "A"}}] * 2, id="no-season"),
        pytest.param([None, 5, []], id="no-rows"),
    ],
)
def test_rows_of_another_form_are_not_taken_for_an_empty_list(rows: list[object]) -> None:
    drifted = page(json.dumps(rows).encode(), counts(1, 250, 1, len(rows)))
    with pytest.raises(ResponseChangedError, match="not of the known form"):
        trakt(Site.of({"*": drifted})).fetch(None)


def test_an_answer_that_is_no_list_has_changed() -> None:
    with pytest.raises(ResponseChangedError, match="a list was expected"):
        trakt(Site.of({"*": answer(b'{"items": []}')})).fetch(None)


def summary(**changes: object) -> httpx.Response:
    about = {**json.loads(sample("trakt/list-summary.json").content), **changes}
    return dated(answer(json.dumps(about).encode()))


def read_once() -> Validators:
    pages = [dated(sample(name)) for name in PAGES]
    fetched = trakt(Site.of({ITEMS: pages})).fetch(None)
    assert fetched.validators is not None
    return fetched.validators


def test_an_unchanged_list_costs_one_question() -> None:
    site = Site.of({LIST: summary()})
    validators = read_once()
    fetched = trakt(site).fetch(validators)
    assert fetched.is_unchanged
    assert fetched.validators == validators
    assert site.paths == [LIST]


@pytest.mark.parametrize(
    "about",
    [
        pytest.param(summary(item_count=8), id="size"),
        pytest.param(summary(updated_at="2026-11-22T07:00:00.000Z"), id="later"),
        pytest.param(summary(updated_at="2026-11-22T05:30:00.000Z"), id="just-before"),
        pytest.param(summary(updated_at="yesterday"), id="no-date"),
        pytest.param(summary(updated_at="2026-10-30T08:15:00"), id="no-zone"),
        pytest.param(summary(updated_at=None), id="nothing"),
        pytest.param(dated(answer(b"[]")), id="other-shape"),
        pytest.param(sample("trakt/list-summary.json"), id="no-clock"),
        pytest.param(dated(sample("trakt/list-summary.json"), "?"), id="bad-clock"),
        pytest.param(
            dated(sample("trakt/list-summary.json"), "Mon, 30 Nov 2026 06:00:00 GMT"),
            id="a-week-later",
        ),
    ],
)
def test_a_list_that_may_have_changed_is_read_again(about: httpx.Response) -> None:
    site = Site.of({LIST: about, ITEMS: [dated(sample(name)) for name in PAGES]})
    fetched = trakt(site).fetch(read_once())
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 7)
    assert site.paths == [LIST, ITEMS, ITEMS]


def test_without_a_clock_nothing_is_remembered() -> None:
    site = Site.of({ITEMS: [sample(name) for name in PAGES]})
    assert trakt(site).fetch(None).validators is None


@pytest.mark.parametrize("stamp", ["", "x", "2026-11-22 7", "9999-12-31T23:59:59+00:00 7", None])
def test_a_stamp_of_another_kind_is_of_no_use(stamp: str | None) -> None:
    old = dated(sample("trakt/list-summary.json"), "Sun, 22 Nov 1970 06:00:00 GMT")
    site = Site.of({LIST: old, ITEMS: [sample(name) for name in PAGES]})
    fetched = trakt(site).fetch(Validators(stamp=stamp))
    assert fetched.is_unchanged is (stamp is not None and stamp.startswith("9999"))


@pytest.mark.parametrize(
    ("what", "unchanged"),
    [("watchlist", True), ("favorites", True), ("collection", True), ("watched/movies", True)],
)
def test_ones_own_unchanged_shelves_cost_one_question(what: str, *, unchanged: bool) -> None:
    first = trakt(Shelf(10), f"me/{what}", KeptTokens()).fetch(None)
    about = dated(sample("trakt/last-activities.json"))
    site = Site.of({"/sync/last_activities": about})
    again = trakt(site, f"me/{what}", KeptTokens()).fetch(first.validators)
    assert again.is_unchanged is unchanged
    assert site.paths == ["/sync/last_activities"]


def test_ones_own_changed_watchlist_is_read_again() -> None:
    first = trakt(Shelf(10), "me/watchlist", KeptTokens()).fetch(None)
    about = answer(b'{"watchlist": {"updated_at": "2026-11-22T08:00:00.000Z"}}', date=DATE)
    site = Site.of({"/sync/last_activities": about, "*": sample("trakt/watchlist.json")})
    again = trakt(site, "me/watchlist", KeptTokens()).fetch(first.validators)
    assert (again.outcome, again.read) == (ListOutcome.COMPLETE, 3)


def test_a_chart_is_always_read() -> None:
    site = Site.of({"*": dated(sample("trakt/movies-trending.json"))})
    assert trakt(site, "trending:movies").fetch(Validators(stamp="x")).validators is None
    assert site.paths == ["/movies/trending"]


def test_without_a_client_id_nothing_is_asked() -> None:
    site = Site.of({})
    chosen = TraktOptions()
    provider = Trakt(parse(VALUE), chosen, client(chosen, site))
    with pytest.raises(RefusedError, match=r"providers\.trakt\.client_id") as caught:
        provider.fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert site.seen == []


@pytest.mark.parametrize("value", ["me/watchlist", "me/lists/x", "me/recommendations"])
def test_without_a_login_ones_own_lists_are_not_asked_for(value: str) -> None:
    site = Site.of({})
    tokens = KeptTokens()
    tokens.kept = None
    with pytest.raises(RefusedError, match="run `listsync login trakt`") as caught:
        trakt(site, value, tokens).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert site.seen == []


@pytest.mark.parametrize(("value", "sent"), [("bob/watchlist", True), ("trending:movies", False)])
def test_a_login_is_sent_where_it_can_help(value: str, *, sent: bool) -> None:
    site = Site.of({"*": sample("trakt/watchlist.json")})
    trakt(site, value, KeptTokens()).fetch(None)
    assert ("authorization" in site.seen[0].headers) is sent
