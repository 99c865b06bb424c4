"""Reads an IMDb list: the service page by page, or the site where bot protection keeps us from it.

Source of the site's pages: reports of 2025 and 2026, samples in tests/fixtures/imdb/web. A page
shows titles as one scrolls; only the data that it brings along in `__NEXT_DATA__` holds them all,
250 a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, Validators
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.request import ServiceRequest
from listsync.http.service_client import load_page, past_bot_protection
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import NO_ROW_FILTERS, RowFilters
from listsync.parsing.documents import parse_json, text_of
from listsync.parsing.json_rows import Entries, check_one, get_document
from listsync.providers.imdb.queries import (
    PROFILE,
    TYPE,
    GraphqlQuery,
    MissingFields,
    query_of,
)
from listsync.providers.imdb.responses import (
    PEOPLE,
    TITLES,
    ImdbPage,
    ImdbTitle,
    ListNode,
    Profile,
    QueryRefusedError,
    TitleConnection,
    UnknownFieldsError,
    entry_of,
    inside,
    judge,
    not_of_titles,
    part_of,
)
from listsync.providers.imdb.source import BOX_OFFICE, SERVICE, ImdbOptions, ImdbSource, ListKind
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


MAX_PAGES = 1000
_ARRIVED = "script#__NEXT_DATA__"
"""What shows a browser that the page is there and no challenge (CSS)."""

_DATA = re.compile(
    r"""<script[^>]*\bid=["']__NEXT_DATA__["'][^>]*>(.*?)</script""", re.DOTALL | re.IGNORECASE
)
_PROTECTION = re.compile(
    r"challenge-container|captcha-container|awswaf|human verification", re.IGNORECASE
)
_UNKNOWN = re.compile(r"<title[^>]*>\s*404\b", re.IGNORECASE)
_MOST_TIMES = 2  # so often at most are as many rows read as a list announces
_USER = re.compile(r"ur\d+", re.ASCII)


class Imdb:
    """Reads one IMDb list."""

    def __init__(
        self,
        source: ImdbSource,
        options: ImdbOptions,
        http: ServiceClient,
        missing: MissingFields | None = None,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._missing = missing or MissingFields()

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_document` raises.

        The pages of the site are read where bot protection keeps us from the service, by browser.
        """
        path = site_path(self._source)
        if path is None:
            return self._ask_service(previous)
        return past_bot_protection(
            self._http, lambda: self._ask_service(previous), lambda: self._read_site(path)
        )

    def _read_site(self, path: str) -> Fetched:
        def load(number: int) -> str:
            call = ServiceRequest(
                service=SERVICE,
                url=f"{self._options.web_url.rstrip('/')}{path}?page={number}",
                accept="text/html",
                wait_for=_ARRIVED,
            )
            return text_of(load_page(self._http, call))

        return read_site_pages(load, self._source.row_filters)

    def _ask_service(self, previous: Validators | None) -> Fetched:
        """Ask the GraphQL service.

        The first page tells whether the list changed. A long list that does not tell its date is
        trusted for a day: a title can take another's place behind the first page.
        """
        known = previous.stamp if previous else None
        target = self._target(known)
        query = query_of(self._source, target)
        parts = self._parts(query)
        first = self._first(parts)
        stamp = f"{target} {first.state}"
        if stamp == known:
            return Fetched.unchanged(previous)
        return self._gathered(query, chain([first], parts), Validators(stamp=stamp))

    def _first(self, parts: Iterator[ImdbPage]) -> ImdbPage:
        """Read the first page; a list of people may be refused, in words that nobody has noted."""
        try:
            first = next(parts)
        except QueryRefusedError as error:
            kind = self._kind_of_list()
            if kind in (None, TITLES):
                raise error.plain() from error
            raise not_of_titles(str(self._source), str(kind)) from error
        if first.is_of_people:
            raise not_of_titles(str(self._source), PEOPLE)
        return first

    def _kind_of_list(self) -> object:
        """Ask what the list is of, and nothing else; None where that is not known either."""
        if self._source.kind is not ListKind.LIST:
            return None
        try:
            return inside(self._ask(TYPE, {"id": self._source.id}), "list", "listType", "id")
        except ListsyncError:
            return None

    def _target(self, known: str | None) -> str:
        """Give the id to ask for; that of a profile is looked up once, and then remembered."""
        if not self._source.id.startswith("p."):
            return self._source.id
        user = (known or "").partition(" ")[0]
        if _USER.fullmatch(user):
            return user
        node = self._ask(PROFILE, {"id": self._source.id}).get("userProfile", {})
        if node is None:
            raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"has no user {self._source.id}")
        return check_one(SERVICE, node, Profile).user

    def _gathered(
        self, query: GraphqlQuery, parts: Iterable[ImdbPage], validators: Validators
    ) -> Fetched:
        """Put the parts together; *validators* are for the whole list."""
        entries, declared = Entries(SERVICE, ImdbTitle), None
        into = partial(entry_of, filters=self._source.row_filters)
        for part in parts:
            entries.expect(query.count or part.total)
            entries.add(part.titles, into)
            if part.total is not None:
                declared = max(part.total, declared or 0)
        if declared is not None and query.count is not None:
            declared = min(declared, query.count)
        if declared is not None and entries.distinct > declared:
            came = entries.distinct
            raise self._changed(f"{came} titles came, where {declared} were announced")
        if not entries.count and declared:
            raise self._changed(f"no titles came, where {declared} were announced")
        if not entries.count and not query.proves_empty:
            raise self._changed("no titles came, and that does not prove that there are none")
        return entries.fetched(declared=declared, validators=validators)

    def _parts(self, query: GraphqlQuery) -> Iterator[ImdbPage]:
        """Read page after page, until the service says that there is no more.

        Rows may come again before the last one, but not without an end.
        """
        read, cursor, last = 0, None, None
        for _ in range(MAX_PAGES):
            first = self._options.page_size
            if query.count is not None:
                first = min(first, query.count - read)
            paging = {"first": first, "after": cursor} if query.paged else {}
            data = self._ask(query.text, {**query.variables, **paging})
            part = part_of(data, query, str(self._source))
            if part.titles and part.titles == last:
                break
            yield part
            read, cursor, last = read + len(part.titles), part.cursor, part.titles
            if cursor is None or not part.titles or (query.count and read >= query.count):
                return
            if part.total is not None and read >= _MOST_TIMES * part.total:
                break
        raise self._changed("says that more follows, without an end")

    def _ask(self, text: str, variables: Mapping[str, object]) -> dict[str, object]:
        """Ask; a field that the service does not know is left out, and the rest asked again."""
        while True:  # every turn but the last leaves a field out, of a few
            asked = self._missing.left_out_of(text)
            try:
                return self._ask_once(asked, variables)
            except UnknownFieldsError as error:
                if not self._missing.can_spare(error.fields, asked):
                    raise error.plain() from error

    def _ask_once(self, text: str, variables: Mapping[str, object]) -> dict[str, object]:
        site = self._options.web_url.rstrip("/")
        call = ServiceRequest(
            service=SERVICE,
            url=self._options.base_url,
            body=json.dumps({"query": text, "variables": dict(variables)}).encode(),
            headers={  # without the first, or the two after it, everything is answered with 403
                "x-imdb-client-name": "imdb-web-next",
                "Origin": site,
                "Referer": f"{site}/",
                "x-imdb-user-language": "en-US",
                "x-imdb-user-country": "US",
            },
            judge=judge,
        )
        content = get_document(self._http, call).content
        data = content.get("data") if isinstance(content, dict) else None
        if not isinstance(data, dict):
            raise self._changed("there is no data in the answer")
        return data

    def _changed(self, why: str) -> ResponseChangedError:
        return ResponseChangedError(SERVICE, f"{self._source}: {why}")


def site_path(source: ImdbSource) -> str | None:
    """Say where the site shows a list with its data; None where that is not known."""
    match source.kind:
        case ListKind.LIST:
            return f"/list/{source.id}/"
        case ListKind.WATCHLIST:
            return f"/user/{source.id}/watchlist/"
        case ListKind.CHART if source.id != BOX_OFFICE:
            return f"/chart/{source.id}/"
        case _:
            return None


def read_site_pages(load: Callable[[int], str], filters: RowFilters = NO_ROW_FILTERS) -> Fetched:
    """Read a list, a watchlist or a chart; *load* gives the HTML of page 1, 2, ...

    Raises:
        RefusedError: bot protection, a private watchlist, or a page that says it is not known.
        ResponseChangedError: the page holds no list where lists are.
    """
    first = shown = _titles_of(load(1))
    entries, into = Entries(SERVICE, ImdbTitle), partial(entry_of, filters=filters)
    entries.expect(first.total)
    entries.add(first.titles, into)
    for number in range(2, MAX_PAGES + 1):
        known = entries.distinct
        if first.total is None or known >= first.total:
            break
        shown, before = _titles_of(load(number)), shown
        if shown.titles == before.titles:  # then it is a part of the list
            break
        entries.add(shown.titles, into)
        if entries.distinct == known:
            break
    if first.total is not None and entries.distinct > first.total:
        raise ResponseChangedError(SERVICE, "the pages show more titles than they announce")
    return entries.fetched(declared=first.total, validators=None)


@dataclass(frozen=True, slots=True)
class _ShownTitles:
    """The titles of one page; `total` counts those of the whole list."""

    titles: list[object]
    total: int | None


def _titles_of(html: str) -> _ShownTitles:
    found = _DATA.search(html)
    if found is None:
        raise _without_data(html)
    page = inside(parse_json(SERVICE, found[1]), "props", "pageProps")
    column = inside(page, "mainColumnData")
    for name in ("list", "predefinedList"):
        if isinstance(column, dict) and name in column:
            return _shown_list(column[name])
    chart = check_one(
        SERVICE, inside(page, "pageData", "chartTitles"), TitleConnection, strict=True
    )
    return _shown(chart, "node")


def _shown_list(node: object) -> _ShownTitles:
    if node is None:
        raise RefusedError(SERVICE, Refusal.PRIVATE, "the page of this list does not show it")
    titles = check_one(SERVICE, node, ListNode, strict=True).titles
    if titles.total is None:
        raise ResponseChangedError(SERVICE, "the page does not say how long the list is")
    return _shown(titles, "listItem")


def _shown(found: TitleConnection, name: str) -> _ShownTitles:
    if not found.rows and found.total != 0:
        raise ResponseChangedError(
            SERVICE, "the page shows no titles, and not that there are none"
        )
    return _ShownTitles([inside(row, name) for row in found.rows], found.total)


def _without_data(html: str) -> RefusedError | ResponseChangedError:
    if not html.strip() or _PROTECTION.search(html):
        return RefusedError(SERVICE, Refusal.BLOCKED, "bot protection answers in its place")
    if _UNKNOWN.search(html):
        return RefusedError(SERVICE, Refusal.NOT_FOUND, "does not know this page")
    return ResponseChangedError(SERVICE, "the page has no data", sample=one_line(html))
