"""Reads a TMDB list, its pages several at a time."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, Validators
from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.http.pages import as_far_as_possible, in_parallel
from listsync.http.request import ServiceRequest
from listsync.parsing.json_rows import Entries, get_document
from listsync.providers.tmdb.responses import TmdbPage, TmdbRow, entry_of, judge, page_of
from listsync.providers.tmdb.source import MAX_PAGES, PAGE_SIZE, SERVICE, TmdbOptions, TmdbSource

if TYPE_CHECKING:
    import httpx

_STAMP = re.compile(r"(\d{1,4}) (\d{4}-\d\d-\d\d) [0-9a-f]{64}", re.ASCII)


class Tmdb:
    """Reads one TMDB list."""

    def __init__(self, source: TmdbSource, options: TmdbOptions, http: httpx.Client) -> None:
        self._source = source
        self._options = options
        self._http = http

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_document` raises.

        What lies beyond the last page that the service gives is missing, and said to be. For a day
        a list counts as unchanged when its size and its last page are: whatever comes or goes
        changes them, but for a title that takes another's place.
        """
        if self._is_as_before(previous):
            return Fetched.unchanged(previous)
        document = get_document(self._http, self._call(1), previous)
        if document.unchanged:
            return Fetched.unchanged(previous)
        first = page_of(document, 1)
        count = self._count(first)
        last = [self._page(count)] if count > 1 else []
        stamp = _stamp(count, [first, *last][-1]) if self._source.is_list else None
        # Nothing but a page that is the whole list can vouch for it with its ETag.
        etag = document.validators.etag if count == 1 else None
        between = range(2, count)
        with in_parallel(self._page, between, at_once=self._options.at_once) as middle:
            pages = chain([first], self._others(first, chain(middle, last)))
            return self._fetched(pages, Validators(etag=etag, stamp=stamp))

    def _is_as_before(self, previous: Validators | None) -> bool:
        """Compare the last page of a list of several; there may be no such page any more."""
        known = _STAMP.fullmatch((previous and previous.stamp) or "")
        if known is None or known[1] == "1" or known[2] != _today() or not self._source.is_list:
            return False
        count = int(known[1])
        pages = as_far_as_possible(self._page, [count], [])
        return any(page is not None and _stamp(count, page) == known[0] for _, page in pages)

    def _others(self, first: TmdbPage, pages: Iterable[TmdbPage]) -> Iterator[TmdbPage]:
        titles = first.titles
        for page in pages:
            if page.rows and page.titles == titles:
                raise AnswerChangedError(SERVICE, f"{self._source} gives its first page again")
            yield page

    def _fetched(self, pages: Iterable[TmdbPage], validators: Validators) -> Fetched:
        top = self._options.chart_size if self._source.is_chart else None
        entries, declared = Entries(SERVICE, TmdbRow), None
        for page in pages:
            wanted = None if top is None else top - entries.count
            entries.add(page.rows[:wanted], partial(entry_of, kind=self._source.kind))
            if page.declared is not None:
                declared = max(page.declared, declared or 0)
        if declared is not None and top is not None:
            declared = min(declared, top)
        return entries.fetched(declared=declared, validators=validators)

    def _count(self, first: TmdbPage) -> int:
        """Say how many pages are to be read."""
        wanted = MAX_PAGES
        if self._source.is_chart:
            wanted = -(-self._options.chart_size // PAGE_SIZE)
        return min(first.pages, wanted)

    def _page(self, number: int) -> TmdbPage:
        return page_of(get_document(self._http, self._call(number)), number)

    def _call(self, page: int) -> ServiceRequest:
        token, key = self._options.token, self._options.api_key
        if not token and not key:
            raise RefusedError(
                SERVICE,
                Refusal.CREDENTIAL,
                f"{self._source} needs providers.tmdb.token or providers.tmdb.api_key "
                "(free, at themoviedb.org/settings/api)",
            )
        bearer = token.get_secret_value() if token else ""
        if not bearer.isascii():
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, "providers.tmdb.token is no token")
        version = 4 if token and self._source.is_list else 3  # v4 has lists, and wants a token
        number = {"page": page} if page > 1 else {}
        return ServiceRequest(
            service=SERVICE,
            url=f"{self._options.base_url.rstrip('/')}/{version}/{self._source.path}",
            params={**dict(self._source.params), **number},
            secrets={"api_key": key} if key and not token else {},
            secret_headers={"Authorization": SecretStr(f"Bearer {bearer}")} if token else {},
            judge=judge,
        )


def _stamp(count: int, last: TmdbPage) -> str:
    """Make a word for the state of a list of *count* pages: its size, and its *last* titles."""
    state = repr((last.declared, last.titles))
    return f"{count} {_today()} {hashlib.sha256(state.encode(errors='replace')).hexdigest()}"


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())
