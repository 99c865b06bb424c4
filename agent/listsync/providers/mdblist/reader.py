"""Reads an MDBList list: whole and open without a key, page by page with one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, Validators
from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.parsing.json_rows import Entries, check_one, get_document, get_list
from listsync.providers.mdblist.responses import (
    Account,
    Description,
    Item,
    entry_of,
    judge,
    judge_key,
    page_of,
)
from listsync.providers.mdblist.source import SERVICE, MdbListOptions, MdbListSource
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    import httpx

MAX_PAGES = 1000
_NEEDS_KEY = "needs providers.mdblist.api_key"


class MdbList:
    """Reads one MDBList list."""

    def __init__(self, source: MdbListSource, options: MdbListOptions, http: httpx.Client) -> None:
        self._source = source
        self._options = options
        self._http = http

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_list` raises.

        Without a key only public lists of users can be read, and no rows prove nothing.
        """
        if self._options.api_key is not None:
            return self._fetch_with(self._options.api_key, previous)
        if self._source.open_path is not None:
            return self._fetch_open(self._source.open_path, previous)
        raise RefusedError(
            SERVICE, Refusal.CREDENTIAL, f"{self._source.name}: {_NEEDS_KEY} to be read"
        )

    def _fetch_open(self, path: str, previous: Validators | None) -> Fetched:
        url = f"{self._options.web_url.rstrip('/')}/{path}"
        call = ServiceRequest(service=SERVICE, url=url, judge=judge, limit_bytes=LIST_BYTES)
        fetched = get_list(self._http, call, Item, entry_of, previous)
        if fetched.read == 0 and not fetched.is_unchanged:
            raise AnswerChangedError(
                SERVICE,
                f"{self._source.name} came without rows; whether it is empty or still being "
                f"built can only be seen with a key ({_NEEDS_KEY})",
            )
        return fetched

    def _fetch_with(self, key: SecretStr, previous: Validators | None) -> Fetched:
        self._check_owner(key)
        about = self._describe(key) if self._source.is_described else Description()
        if about.stamp and previous is not None and previous.stamp == about.stamp:
            return Fetched.unchanged(previous)
        entries = Entries(SERVICE, Item)
        entries.expect(about.items)
        total = self._read(key, entries)
        declared = about.items if self._source.is_described else total
        is_dated = about.stamp and declared is not None
        return entries.fetched(
            declared=declared,
            validators=Validators(stamp=about.stamp) if is_dated else None,
            is_counted=self._source.is_described,
        )

    def _call(self, key: SecretStr, path: str, **params: str | int) -> ServiceRequest:
        url = f"{self._options.base_url.rstrip('/')}/{path}"
        secrets = {"apikey": key}
        return ServiceRequest(
            service=SERVICE, url=url, params=params, secrets=secrets, judge=judge_key
        )

    def _check_owner(self, key: SecretStr) -> None:
        """Make sure that a watchlist is the key owner's: the API would give theirs instead."""
        wanted = self._source.owner
        if wanted is None:
            return
        answer = get_document(self._http, self._call(key, "user"))
        account = check_one(SERVICE, answer.content, Account)
        if account.user_name.casefold() != wanted.casefold():
            whose = f"the key belongs to {one_line(account.user_name, 80)}"
            raise RefusedError(
                SERVICE, Refusal.PRIVATE, f"{self._source.name} is not readable: {whose}"
            )

    def _describe(self, key: SecretStr) -> Description:
        answer = get_document(self._http, self._call(key, self._source.path))
        items = answer.content if isinstance(answer.content, list) else [answer.content]
        if not items:
            raise AnswerChangedError(SERVICE, f"says nothing about {self._source.name}")
        return check_one(SERVICE, items[0], Description)

    def _read(self, key: SecretStr, entries: Entries[Item]) -> int | None:
        """Read page after page, until there is no more; returns what the first one says of all."""
        into = partial(entry_of, only=self._source.kind)
        total, last, cursor = None, None, None
        for number in range(MAX_PAGES):
            asked = self._page(key, entries.count, cursor)
            page = page_of(get_document(self._http, asked), self._source.page_size)
            if page.items and page.items == last:
                break
            entries.add(page.items, into)
            total = page.total if number == 0 else total
            if not page.more or not page.items:
                return total
            last, cursor = page.items, page.cursor
        raise AnswerChangedError(SERVICE, f"{self._source.name} repeats itself without an end")

    def _page(self, key: SecretStr, read: int, cursor: str | None) -> ServiceRequest:
        """Ask for the page behind *read* rows; a chart has but one."""
        source, paging = self._source, dict[str, str | int]()
        if source.is_described:
            paging["unified"] = "true"
        if not source.is_chart:
            paging["limit"] = source.page_size
            if source.has_cursor and cursor is not None:
                paging["cursor"] = cursor
            else:
                paging["offset"] = read
        return self._call(key, source.rows_path, **paging, **source.params)
