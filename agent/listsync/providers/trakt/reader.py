"""Reads a Trakt list, all its parts in turn, unless the service says that it is as it was.

The service dates the last change of a list, we remember when we read it. Whether every change
moves that date is not documented, so the number of rows must agree too, and once a week the list
is read whole whatever the date says. What it does not date (charts, lists of others) counts as
unchanged for a day while its size and first page are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.device_login import access_token
from listsync.http.login_store import LoginStore
from listsync.http.rate_limit import in_parallel
from listsync.http.request import ServiceRequest
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import whole_number
from listsync.parsing.json_rows import Entries, JsonDocument, get_document, stamp_of_today
from listsync.providers.trakt.api import (
    HEADERS,
    LOG_IN,
    MAX_PAGES,
    NEEDS_ID,
    NEUTRAL,
    PAGE_SIZE,
    UNPAGED,
    ClientIdCheck,
    ForbiddenError,
    Paging,
    TraktRow,
    entry_of,
    judge,
    login_service,
    paging_of,
    refused_client_id,
    secret_headers_of,
    sort_of,
    titles_of,
)
from listsync.providers.trakt.source import SERVICE, ListPart, Login, TraktOptions, TraktSource

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


_MARGIN = timedelta(hours=1)  # what we read may have come from a cache
_AT_MOST = timedelta(days=7)


def stamp_of(headers: Mapping[str, str], items: int) -> str | None:
    """Say when, by the service's own clock, we read *items* rows."""
    moment = _date(headers)
    return None if moment is None else f"{moment.isoformat()} {items}"


def is_unchanged(stamp: str, about: JsonDocument, places: tuple[str, ...]) -> bool:
    """Compare a *stamp* with what the service says of the list; the dates are at *places*."""
    read, _, items = stamp.partition(" ")
    read_at, now = _moment(read), _date(about.response.headers)
    changes = [_moment(_value(about.content, place)) for place in places]
    count = _value(about.content, "item_count")
    if read_at is None or now is None or (count is not None and str(count) != items):
        return False
    return now - read_at < _AT_MOST and all(
        change is not None and read_at - change > _MARGIN for change in changes
    )


def _value(content: object, place: str) -> object:
    for key in place.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _moment(value: object) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment if moment is not None and moment.tzinfo else None
    return None


def _date(headers: Mapping[str, str]) -> datetime | None:
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(headers.get("date", ""))
        return moment if moment.tzinfo else None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One page of rows; `paging` is None for an answer without pages."""

    headers: Mapping[str, str]
    rows: list[object]
    paging: Paging | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What was read of one part; `declared` is how many rows it has, as far as it is wanted.

    It is no less than what came, so that no part can make up for another. `headers` are those of
    its first page.
    """

    declared: int | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _First:
    """The first page of a part, and how that part is read on."""

    part: ListPart
    page: _Page


class Trakt:
    """Reads one Trakt list. *login_http* renews the login, if not *http*."""

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        source: TraktSource,
        options: TraktOptions,
        http: ServiceClient,
        tokens: LoginStore | None = None,
        client_id_check: ClientIdCheck | None = None,
        *,
        login_http: ServiceClient | None = None,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._login_http = login_http or http
        self._tokens = tokens
        self._client_id_check = client_id_check or ClientIdCheck()

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the list in its own order, of a chart the first places; raises what `ask` raises.

        It is unchanged when the service dates its last change well before our last reading. Where
        rows came again and others never, it is read once more in an order that stays.
        """
        headers = self._headers()
        try:
            return self._fetch(previous, headers)
        except ForbiddenError as error:
            raise self._forbidden(headers) from error

    def _forbidden(self, headers: Mapping[str, SecretStr]) -> ListsyncError:
        """Say what a 403 means; where the list itself is open to all, nothing need be asked."""
        if self._source.login is Login.NEVER:
            return refused_client_id()
        anonymous = {name: value for name, value in headers.items() if name != "Authorization"}
        neutral = partial(self._ask, NEUTRAL, anonymous, limit=1)
        trouble = self._client_id_check.trouble(neutral)
        if trouble is not None:
            return trouble
        whom = "the account that is logged in" if "Authorization" in headers else "you"
        why = f"does not show this list to {whom} (403): it is private, or not visible"
        return RefusedError(SERVICE, Refusal.PRIVATE, why)

    def _fetch(self, previous: Validators | None, headers: dict[str, SecretStr]) -> Fetched:
        if previous is not None and self._is_as_at(previous.stamp, headers):
            return Fetched.unchanged(previous)
        firsts = [self._first(part, headers) for part in self._source.parts]
        stamp = None if self._source.about else self._state_of(firsts)
        if previous is not None and stamp is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        fetched = self._gathered(firsts, headers, stamp)
        in_order = [part.ordered for part in self._source.parts]
        if fetched.outcome is not ListOutcome.PARTIAL or not fetched.repeated:
            return fetched
        if in_order == list(self._source.parts):
            return fetched
        try:
            firsts = [self._first(part, headers) for part in in_order]
            again = self._gathered(firsts, headers, stamp)
        except ListsyncError:
            return fetched  # what was read is better than nothing
        return again if again.is_sure or again.distinct > fetched.distinct else fetched

    def _state_of(self, firsts: Sequence[_First]) -> str:
        """Word the state of a list that the service does not date: its size, and its first rows.

        It holds for that day: a title may take the place of another behind the first page.
        """
        pages = [(one.page.paging, titles_of(one.page.rows)) for one in firsts]
        return stamp_of_today((pages, self._most))

    def _gathered(
        self, firsts: Sequence[_First], headers: dict[str, SecretStr], stamp: str | None
    ) -> Fetched:
        entries = Entries(SERVICE, TraktRow)
        readings = [self._read(first, headers, entries) for first in firsts]
        counts = [reading.declared for reading in readings]
        declared = sum(count for count in counts if count is not None)
        if stamp is None and None not in counts:
            stamp = stamp_of(readings[0].headers, declared)
        return entries.fetched(
            declared=None if None in counts else declared,
            validators=Validators(stamp=stamp) if stamp and None not in counts else None,
            is_counted=not self._source.is_chart,
        )

    def _headers(self) -> dict[str, SecretStr]:
        if self._options.client_id is None:
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
        access = None
        if self._tokens is not None and self._source.login is not Login.NEVER:
            access = access_token(
                self._login_http, partial(login_service, self._options), self._tokens
            )
        if access is None and self._source.login is Login.ALWAYS:
            why = f"{self._source.name} is read with a login: {LOG_IN}"
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, why)
        return secret_headers_of(self._options.client_id, access)

    def _is_as_at(self, stamp: str | None, headers: dict[str, SecretStr]) -> bool:
        if stamp is None or self._source.about is None:
            return False
        about = self._ask(self._source.about, headers)
        return is_unchanged(stamp, about, self._source.stamps)

    def _ask(self, path: str, headers: dict[str, SecretStr], **params: str | int) -> JsonDocument:
        url = f"{self._options.base_url.rstrip('/')}/{path}"
        call = ServiceRequest(
            service=SERVICE,
            url=url,
            params=params,
            headers=HEADERS,
            secret_headers=headers,
            judge=judge,
        )
        return get_document(self._http, call)

    @property
    def _most(self) -> int | None:
        """Say how many titles of each part are wanted; None: all."""
        return self._options.special_items_limit if self._source.is_chart else None

    def _first(self, part: ListPart, headers: dict[str, SecretStr]) -> _First:
        """Ask for the first page of a part, in an order that stays."""
        size = min(PAGE_SIZE, self._most or PAGE_SIZE)
        first = self._page(part, headers, size, 1)
        if part.in_order and "random" in sort_of(first.headers):
            part = part.ordered
            first = self._page(part, headers, size, 1)
        return _First(part, first)

    def _read(
        self, begun: _First, headers: dict[str, SecretStr], entries: Entries[TraktRow]
    ) -> _Reading:
        """Read the pages of one part: the first tells how many there are, and how long."""
        before, distinct_before = entries.count, entries.distinct
        source, part, first = self._source, begun.part, begun.page
        into = partial(entry_of, bare=part.kind, only=source.only, filters=source.filters)
        most, paging = self._most, first.paging
        if paging is None:
            if not first.rows or self._may_be_cut(len(first.rows), most):
                raise self._changed(f"{len(first.rows)} rows, and no word on how many it has")
            entries.add(first.rows[:most], into)
            return _Reading(declared=None, headers=first.headers)
        if most is None and not paging.is_possible:
            raise self._changed(f"{paging.items} rows in {paging.pages} pages of {paging.size}")
        entries.expect(min(paging.items, most or paging.items))
        last = min(paging.pages, MAX_PAGES, -(-(most or paging.items) // paging.size))
        ask = partial(self._page, part, headers, paging.size)
        declared = paging.items
        entries.add(first.rows[:most], into)
        with in_parallel(ask, range(2, last + 1), at_once=self._options.at_once) as rest:
            for page in rest:
                if page.rows == first.rows:
                    raise self._changed("the first page came again")
                if page.paging is not None:
                    if page.paging.size != paging.size:
                        raise self._changed("the pages are of unequal length")
                    declared = max(declared, page.paging.items)
                left = None if most is None else max(0, most - (entries.count - before))
                entries.add(page.rows[:left], into)
        wanted = declared if most is None else min(declared, most)
        came = entries.distinct - distinct_before
        return _Reading(declared=max(wanted, came), headers=first.headers)

    def _may_be_cut(self, rows: int, most: int | None) -> bool:
        """Tell whether uncounted *rows* may be but a page; those made for one user are all."""
        is_enough = most is not None and (rows >= most or self._source.login is Login.ALWAYS)
        return rows >= UNPAGED and not is_enough

    def _changed(self, what: str) -> ResponseChangedError:
        return ResponseChangedError(SERVICE, f"{self._source.name}: {what}")

    def _page(
        self, part: ListPart, headers: dict[str, SecretStr], size: int, number: int
    ) -> _Page:
        document = self._ask(part.path, headers, **dict(part.params), page=number, limit=size)
        own = document.response.headers
        if whole_number(own.get("x-pagination-page")) not in (None, number):
            raise ResponseChangedError(SERVICE, f"gives another page than {number}, as asked for")
        if not isinstance(document.content, list):
            raise ResponseChangedError(
                SERVICE, "a list was expected", sample=document.response.sample
            )
        return _Page(headers=own, rows=document.content, paging=paging_of(own))
