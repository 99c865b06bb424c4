from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import httpx
import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.providers.imdb.queries import MissingFields
from listsync.providers.imdb.reader import Imdb
from listsync.providers.imdb.source import ImdbOptions, parse
from tests.contract.providers.site import FIXTURES, Site, answer, client, sample

LIST = "ls990000001"
USER = "ur99000001"
PROFILE = "p.abcdefghij234567klmnop"
SEARCH = "https://www.imdb.com/search/title/?title_type=feature&genres=horror"
PAGES = ("list.page1.json", "list.page2.json")
EXPECTED = (
    ("list.empty.json", "ls990000002", ListOutcome.EMPTY),
    ("list.notfound.json", LIST, Refusal.NOT_FOUND),
    ("list.null-without-errors.json", LIST, Refusal.NOT_FOUND),
    ("list.partial-with-errors.json", LIST, ListOutcome.COMPLETE),
    ("list.private.json", LIST, Refusal.PRIVATE),
    ("list.short-page-count-mismatch.json", LIST, ListOutcome.PARTIAL),
    ("watchlist.json", USER, ListOutcome.COMPLETE),
    ("watchlist.none.json", USER, Refusal.NOT_FOUND),
    ("watchlist.private.json", USER, Refusal.PRIVATE),
    ("ratings.json", f"{USER}/ratings", ListOutcome.COMPLETE),
    ("ratings.private.json", f"{USER}/ratings", Refusal.PRIVATE),
    ("watch-history.private.json", f"{USER}/ratings", Refusal.PRIVATE),
    ("ratings.bad-user-id.json", f"{USER}/ratings", Refusal.NOT_FOUND),
    ("advanced-title-search.json", SEARCH, ListOutcome.COMPLETE),
    ("advanced-title-search.unknown-user-or-list.json", SEARCH, ListOutcome.EMPTY),
    (
        "advanced-title-search.unknown-user-or-list.json",
        f"{SEARCH}&lists=ls990000009",
        ResponseChangedError,
    ),
    ("advanced-title-search.unknown-user-or-list.json", f"{USER}/ratings", ResponseChangedError),
    ("chart-top250.json", "top", ListOutcome.COMPLETE),
    ("chart-toptv.json", "toptv", ListOutcome.COMPLETE),
    ("chart-boxoffice.json", "boxoffice", ListOutcome.COMPLETE),
    ("user-profile.notfound.json", PROFILE, Refusal.NOT_FOUND),
    ("rate-exceeded.json", LIST, Refusal.RATE_LIMITED),
    ("validation-error.json", LIST, ResponseChangedError),
)


def imdb(
    site: Callable[[httpx.Request], httpx.Response], value: str = LIST, page_size: int = 250
) -> Imdb:
    options = ImdbOptions(page_size=page_size)
    return Imdb(parse(value), options, client(options, site), MissingFields())


def serving(*names: str) -> Site:
    return Site.of({"/": [sample(f"imdb/graphql/{name}") for name in names]})


def saying(*contents: object) -> Site:
    return Site.of({"/": [answer(json.dumps(content).encode()) for content in contents]})


def content(name: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((FIXTURES / "imdb/graphql" / name).read_text())
    return loaded


def listed(
    rows: Iterable[object], total: int, cursor: str | None = None, **more: object
) -> dict[str, object]:
    page = {"hasNextPage": cursor is not None, "endCursor": cursor}
    found = {"total": total, "pageInfo": page, "edges": [{"title": row} for row in rows]}
    return {"data": {"list": {"titleListItemSearch": found, **more}}}


def titled(number: int, kind: str = "movie") -> dict[str, object]:
    return {
        "id": f"tt{number:07}",
        "titleText": {"text": f"Film {number}"},
        "titleType": {"id": kind},
        "releaseYear": {"year": 2001},
    }


def asked(request: httpx.Request) -> dict[str, object]:
    variables: dict[str, object] = json.loads(request.content)["variables"]
    return variables


class Long:
    """A list of *size* films that answers as it is asked."""

    def __init__(self, size: int, **more: object) -> None:
        self.size = size
        self.more = more
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        wanted = asked(request)
        start, first = int(str(wanted["after"] or 0)), int(str(wanted["first"]))
        end = min(start + first, self.size)
        cursor = str(end) if end < self.size else None
        told = listed(map(titled, range(start, end)), self.size, cursor, **self.more)
        return answer(json.dumps(told).encode())


def fails(site: Callable[[httpx.Request], httpx.Response], value: str = LIST) -> ListsyncError:
    with pytest.raises(ListsyncError, match=r"^imdb: ") as caught:
        imdb(site, value).fetch(None)
    return caught.value


@pytest.mark.parametrize(("name", "value", "expected"), EXPECTED)
def test_every_state(
    name: str, value: str, expected: ListOutcome | Refusal | type[ListsyncError]
) -> None:
    site = serving(name)
    if isinstance(expected, ListOutcome):
        assert imdb(site, value).fetch(None).outcome is expected
    elif isinstance(expected, Refusal):
        error = fails(site, value)
        assert isinstance(error, RefusedError)
        assert error.kind is expected
    else:
        assert type(fails(site, value)) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (sample("imdb/graphql/blocked-403.html"), Refusal.BLOCKED),
        (answer(b"<html>", 403, "text/html"), Refusal.BLOCKED),
        (answer(b"{}", 401), Refusal.BLOCKED),
        (sample("imdb/graphql/ratelimited-429.txt", 429, "text/plain"), Refusal.RATE_LIMITED),
        (answer(b"", 202, None), Refusal.BLOCKED),
        (sample("imdb/web/waf-202-with-script.body.html", 202), Refusal.BLOCKED),
        (sample("imdb/web/waf-405-captcha.body.html", 405), Refusal.BLOCKED),
        (sample("imdb/graphql/gateway-504.html", 504), UnavailableError),
        (sample("imdb/web/list.next-data.html"), ResponseChangedError),
        (answer(b"no", 404, "text/plain"), ResponseChangedError),
        (
            answer(b'{"errors": [{"message": "PersistedQueryNotFound"}]}', 400),
            ResponseChangedError,
        ),
        (answer(), UnavailableError),
        (answer(b"[]"), ResponseChangedError),
        (answer(b'{"data": null}'), ResponseChangedError),
        (answer(b'{"data": {}}'), ResponseChangedError),
        (answer(b"\xff\xfe"), ResponseChangedError),
    ],
)  # fmt: skip
def test_what_answers_in_its_place(
    reply: httpx.Response, expected: Refusal | type[ListsyncError]
) -> None:
    error = fails(Site.of({"/": reply}))
    if isinstance(expected, Refusal):
        assert isinstance(error, RefusedError)
        assert error.kind is expected
    else:
        assert type(error) is expected


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([{"message": "PersistedQueryNotFound"}], ResponseChangedError),
        ([{"extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}], ResponseChangedError),
        ([{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], UnavailableError),
        (
            [{"message": "x", "path": ["list", "titleListItemSearch", "total"]}],
            ResponseChangedError,
        ),
        (["x"], ResponseChangedError),
        ("x", ResponseChangedError),
        ([{}], ResponseChangedError),
        ([{"message": "x", "extensions": {"code": "FORBIDDEN"}}], RefusedError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["list.page2.json", "list.empty.json"])
def test_an_error_beside_data_is_never_overlooked(
    name: str, errors: object, expected: type[ListsyncError]
) -> None:
    assert type(fails(saying({**content(name), "errors": errors}))) is expected


def test_an_error_of_a_row_that_emptied_the_list_is_an_error_of_the_list() -> None:
    path = ["list", "titleListItemSearch", "edges", 0, "title"]
    errors = [{"message": "gone", "path": path}]
    for told in ({"data": {"list": None}}, listed([], 0)):
        assert isinstance(fails(saying({**told, "errors": errors})), ResponseChangedError)


def test_a_passing_fault_is_tried_again() -> None:
    fault = {"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    site = saying(fault, listed([titled(1)], 1))
    assert imdb(site).fetch(None).outcome is ListOutcome.COMPLETE
    assert len(site.seen) == 2


def test_a_list_in_two_pages() -> None:
    site = serving(*PAGES)
    fetched = imdb(site, page_size=4).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.COMPLETE, 7)
    assert [entry.rank for entry in fetched.entries] == [1, 2, 3, 4, 5, 7]
    show, last = fetched.entries[2], fetched.entries[-1]
    assert (show.title, show.year, show.kind) == ("Harbour Street", 2016, MediaType.TV)
    assert show.ids == ExternalIds(imdb="tt90000021")
    assert (last.title, last.year) == ("Untitled Harbor Project", None)
    assert [(row.rank, row.what, row.why) for row in fetched.skipped] == [
        (6, "Pilot", "an episode")
    ]
    assert [asked(request) for request in site.seen] == [
        {"id": LIST, "first": 4, "after": None},
        {"id": LIST, "first": 4, "after": "bHM5OTAwMDAwMDE6NA=="},
    ]  # fmt: skip


def test_the_question_is_put_as_the_site_puts_it() -> None:
    site = serving("list.empty.json")
    imdb(site).fetch(None)
    request = site.seen[0]
    told = (FIXTURES / "imdb/graphql/list.request.headers.txt").read_text().splitlines()[1:]
    for name, _, value in (line.partition(": ") for line in told if line):
        assert name == "User-Agent" or request.headers[name] == value
    assert request.method == "POST"
    query = json.loads(request.content)["query"]
    wanted = json.loads((FIXTURES / "imdb/graphql/list.request.json").read_text())["query"]
    for part in ("list(id: $id)", "titleListItemSearch(first: $first, after: $after)", "total"):
        assert part in query
        assert part in wanted


@pytest.mark.parametrize(
    ("value", "name", "variables"),
    [
        (USER, "watchlist.json", {"id": USER, "first": 250, "after": None}),
        (
            f"{USER}/ratings",
            "ratings.json",
            {
                "constraints": {
                    "singleUserRatingConstraint": {"userId": USER, "filterType": "INCLUDE"}
                },
                "sort": {"sortBy": "SINGLE_USER_RATING_DATE", "sortOrder": "DESC"},
                "first": 250,
                "after": None,
            },
        ),
        (
            f"{SEARCH}&count=20",
            "advanced-title-search.json",
            {
                "constraints": {
                    "titleTypeConstraint": {"anyTitleTypeIds": ["movie"]},
                    "genreConstraint": {"allGenreIds": ["Horror"]},
                },
                "sort": {"sortBy": "POPULARITY", "sortOrder": "ASC"},
                "first": 20,
                "after": None,
            },
        ),
        ("top", "chart-top250.json", {}),
        ("boxoffice", "chart-boxoffice.json", {}),
    ],
)
def test_each_kind_is_one_call(value: str, name: str, variables: dict[str, object]) -> None:
    site = serving(name)
    imdb(site, value).fetch(None)
    assert [asked(request) for request in site.seen] == [variables]
    assert str(site.seen[0].url) == "https://api.graphql.imdb.com/"


@pytest.mark.parametrize("value", [LIST, USER, f"{USER}/ratings", SEARCH, "top", "boxoffice"])
def test_a_query_declares_what_it_uses_and_closes_what_it_opens(value: str) -> None:
    site = serving("rate-exceeded.json")
    fails(site, value)
    query = json.loads(site.seen[0].content)["query"]
    for opening, closing in ("{}", "()"):
        assert query.count(opening) == query.count(closing)
    for name in asked(site.seen[0]):
        assert query.count(f"${name}") == 2


def test_a_thousand_titles_are_four_calls_and_one_more_says_unchanged() -> None:
    site = Long(1000, lastModifiedDate="2026-11-20T00:00:00Z")
    fetched = imdb(site).fetch(None)
    assert (fetched.outcome, fetched.read, len(site.seen)) == (ListOutcome.COMPLETE, 1000, 4)
    assert fetched.entries[-1].rank == 1000
    again = imdb(site).fetch(fetched.validators)
    assert again == Fetched.unchanged(fetched.validators)
    assert len(site.seen) == 5


@pytest.mark.parametrize(
    ("size", "date"), [(301, "2026-11-20"), (299, "2026-11-20"), (300, "2026-11-21")]
)
def test_another_date_or_size_is_read_again(size: int, date: str) -> None:
    first = imdb(Long(300, lastModifiedDate="2026-11-20")).fetch(None)
    assert not imdb(Long(size, lastModifiedDate=date)).fetch(first.validators).is_unchanged


def test_another_title_on_the_first_page_is_read_again() -> None:
    first = imdb(saying(listed([titled(1)], 1))).fetch(None)
    assert not imdb(saying(listed([titled(2)], 1))).fetch(first.validators).is_unchanged


def test_a_long_list_without_a_date_is_trusted_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    day = ["2026-11-20"]
    monkeypatch.setattr("time.strftime", lambda form, _: form.replace("%Y-%m-%d", day[0]))
    site = Long(300)
    first = imdb(site).fetch(None)
    assert imdb(site).fetch(first.validators).is_unchanged
    day[0] = "2026-11-21"
    assert not imdb(site).fetch(first.validators).is_unchanged
    short = imdb(Long(250)).fetch(None)
    day[0] = "2026-11-22"
    assert imdb(Long(250)).fetch(short.validators).is_unchanged


def test_a_profile_is_looked_up_once() -> None:
    site = serving("user-profile.json", "watchlist.json")
    first = imdb(site, PROFILE).fetch(None)
    assert [asked(request)["id"] for request in site.seen] == [PROFILE, USER]
    site = serving("watchlist.json")
    assert imdb(site, PROFILE).fetch(first.validators).is_unchanged
    assert [asked(request)["id"] for request in site.seen] == [USER]


@pytest.mark.parametrize("told", [{}, {"userProfile": {}}, {"userProfile": {"userId": "p.x"}}])
def test_a_profile_of_another_form_has_changed(told: object) -> None:
    assert isinstance(fails(saying({"data": told}), PROFILE), ResponseChangedError)


def test_a_search_ends_where_its_address_says() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        variables = asked(request)
        start, first = int(str(variables["after"] or 0)), int(str(variables["first"]))
        edges = [{"node": {"title": titled(n)}} for n in range(start, start + first)]
        page = {"hasNextPage": True, "endCursor": str(start + first)}
        found = {"total": 90000, "pageInfo": page, "edges": edges}
        return answer(json.dumps({"data": {"advancedTitleSearch": found}}).encode())

    for count in (20, 250, 260):
        fetched = imdb(endless, f"{SEARCH}&count={count}").fetch(None)
        assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, count)
    assert imdb(endless, SEARCH).fetch(None).declared == 250


def test_an_order_of_ones_own_and_another_original_title_are_kept() -> None:
    fetched = imdb(serving("watchlist.json"), USER).fetch(None)
    last = fetched.entries[-1]
    assert (last.title, last.original_title) == ("Night Train to Ördög", "Éjszakai vonat")
    assert fetched.entries[0].original_title is None


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("tvMovie", MediaType.MOVIE),
        ("short", MediaType.MOVIE),
        ("tvMiniSeries", MediaType.TV),
        ("somethingNew", None),
    ],
)
def test_kinds(kind: str, media: MediaType | None) -> None:
    entry = imdb(saying(listed([titled(1, kind)], 1))).fetch(None).entries[0]
    assert entry.kind is media


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (titled(1, "tvEpisode"), "an episode"),
        (titled(1, "videoGame"), "a game"),
        (titled(1, "musicVideo"), "a music video"),
        (titled(1, "podcastSeries"), "a podcast"),
        ({"id": "nm0000001", "nameText": {"text": "A"}}, "a person"),
    ],
)
def test_what_cannot_be_requested_is_counted_and_skipped(row: object, why: str) -> None:
    fetched = imdb(saying(listed([row, titled(2)], 2))).fetch(None)
    assert (fetched.outcome, len(fetched.entries)) == (ListOutcome.COMPLETE, 1)
    assert [(skipped.rank, skipped.why) for skipped in fetched.skipped] == [(1, why)]


def test_a_list_of_people_is_not_an_empty_list() -> None:
    error = fails(saying(listed([], 0, listType={"id": "PEOPLE"})))
    assert isinstance(error, RefusedError)
    assert "a list of people, not of titles" in error.why


def test_a_missing_title_is_counted_and_not_remembered_as_more() -> None:
    fetched = imdb(serving("list.partial-with-errors.json")).fetch(None)
    assert (fetched.read, fetched.declared) == (3, 3)
    assert [(row.rank, row.what) for row in fetched.skipped] == [(2, "null")]


def test_a_partial_list_is_not_remembered() -> None:
    assert imdb(serving("list.short-page-count-mismatch.json")).fetch(None).validators is None


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param([listed([titled(1), titled(2)], 1)], id="more-than-announced"),
        pytest.param([listed([], 5)], id="nothing-of-five"),
        pytest.param([listed([titled(1)], 1, "a")], id="more-after-all"),
        pytest.param([listed([titled(1)], 9, "a")], id="same-page-again"),
        pytest.param([listed([titled(1)], 9, "")], id="no-cursor"),
        pytest.param([listed([None, None], 2)], id="null-titles"),
        pytest.param([{"data": {"list": {}}}], id="no-connection"),
        pytest.param([{"data": {"list": {"titleListItemSearch": None}}}], id="null-connection"),
    ],
)
def test_counts_and_pages_that_disagree_have_changed(contents: list[object]) -> None:
    assert isinstance(fails(saying(*contents)), ResponseChangedError)


def test_paging_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listsync.providers.imdb.reader.MAX_PAGES", 3)
    site = Long(5000)
    assert "without an end" in str(fails(site))
    assert len(site.seen) == 3


def test_a_page_without_rows_ends_a_list_that_stays_partial() -> None:
    site = saying(listed([titled(1)], 9, "a"), listed([], 9, "b"))
    fetched = imdb(site).fetch(None)
    assert (fetched.outcome, fetched.read, len(site.seen)) == (ListOutcome.PARTIAL, 1, 2)


def test_a_list_that_shrinks_while_it_is_read_is_partial() -> None:
    site = saying(listed([titled(1)], 3, "a"), listed([titled(2)], 2))
    assert imdb(site).fetch(None).outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize("value", ["top", "boxoffice", f"{USER}/ratings"])
def test_no_rows_where_there_must_be_some_are_no_empty_list(value: str) -> None:
    page = {"hasNextPage": False, "endCursor": None}
    nothing = {"total": 0, "pageInfo": page, "edges": []}
    data = {
        "chartTitles": nothing,
        "boxOfficeWeekendChart": {"entries": []},
        "advancedTitleSearch": nothing,
    }
    assert isinstance(fails(saying({"data": data}), value), ResponseChangedError)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({**titled(1), "id": "co0000001"}, "no id of a title"),
        ({"id": "tt0000001", "titleText": None}, "titleText or titleType is missing"),
        (
            {"id": "tt0000001", "titleText": {"text": "A"}, "titleType": None},
            "titleText or titleType is missing",
        ),
        ({**titled(1), "titleText": []}, "titleText"),
    ],
)
def test_a_row_of_another_form_is_skipped(row: object, why: str) -> None:
    fetched = imdb(saying(listed([row, titled(2)], 2))).fetch(None)
    assert (fetched.outcome, len(fetched.entries)) == (ListOutcome.COMPLETE, 1)
    assert why in fetched.skipped[0].why


@pytest.mark.parametrize("name", ["total", "pageInfo", "edges", "hasNextPage", "endCursor", "id"])
def test_a_renamed_field_has_changed(name: str) -> None:
    text = json.dumps(listed([titled(1)], 1)).replace(f'"{name}"', '"other"')
    assert isinstance(fails(Site.of({"/": answer(text.encode())})), ResponseChangedError)
