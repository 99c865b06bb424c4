"""Reads an MDBList list: whole and open without a key, page by page with one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.login_store import log_in_words
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import (
    NO_ROW_IDS,
    ResponseShape,
    RowIds,
    external_ids,
    imdb_id,
    number_id,
    title_text,
    whole_number,
    year_number,
)
from listsync.parsing.json_rows import Entries, JsonDocument, check_one, get_document, get_list
from listsync.providers.mdblist.source import SERVICE, MdbListOptions, MdbListSource
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.device_login import LoginService
    from listsync.http.service_client import ServiceClient


_Count = Annotated[int, Meta(ge=0)]
_KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV}
_LONGEST_CURSOR = 1000
_KEY = "providers.mdblist.api_key"
_OTHER_KIND = "not of the kind that the address shows"
_SAID = re.compile(r'\s*\{[^\[\]]*?"error"\s*:\s*"((?:[^"\\]|\\.){0,300})"')
_REFUSALS = {  # the first that is part of the service's words
    "invalid api key": Refusal.CREDENTIAL,
    "rate limit": Refusal.RATE_LIMITED,
    "limit reached": Refusal.QUOTA,
    "not found": Refusal.NOT_FOUND,
    "private": Refusal.PRIVATE,
}


class Description(ResponseShape, frozen=True):
    """What the service says about a list as a whole."""

    items: _Count | None = None
    updated: str | None = None

    @property
    def stamp(self) -> str | None:
        updated = one_line(self.updated or "")
        return f"{updated} {self.items}" if updated and self.items is not None else None


class Account(ResponseShape, frozen=True):
    """Whose key it is."""

    user_name: str


class Item(ResponseShape, frozen=True):
    """One title; flat ids without a key, `ids` beside them with one. `id` is the TMDB number."""

    title: str | None = None
    id: object = None
    imdb_id: object = None
    tvdb_id: object = None
    mediatype: str | None = None
    release_year: object = None
    ids: RowIds | None = None

    def __post_init__(self) -> None:
        if not title_text(self.title) and not any(self.numbers()):
            raise ValueError("no title and no id")

    def numbers(self) -> tuple[str | None, int | None, int | None]:
        """Give the IMDb, TMDB and TVDB id."""
        imdb, tmdb, tvdb = (self.ids or NO_ROW_IDS).read()
        return (
            imdb or imdb_id(self.imdb_id),
            tmdb or number_id(self.id),
            tvdb or number_id(self.tvdb_id),
        )


def entry_of(rank: int, item: Item, only: MediaType | None = None) -> ListEntry | SkippedRow:
    """Turn an item into an entry; *rank* is its place in the order of the list.

    *only* is what the list is of: the kind of rows that do not say it, and of no others.
    """
    kind = _KINDS.get(item.mediatype or "", only)
    if only is not None and kind is not only:
        what = title_text(item.title) or f"row {rank}"
        return SkippedRow(rank=rank, what=what, why=_OTHER_KIND)
    return ListEntry(
        rank=rank,
        title=title_text(item.title),
        year=year_number(item.release_year),
        kind=kind,
        ids=external_ids(*item.numbers(), kind),
    )


class _Pagination(ResponseShape, frozen=True):
    total: _Count | None = None
    has_more: bool = False
    next_cursor: object = None

    @property
    def cursor(self) -> str | None:
        """Where the next page begins; the service gives it as a number or as a text."""
        cursor = str(self.next_cursor) if isinstance(self.next_cursor, str | int) else ""
        return cursor if 0 < len(cursor) <= _LONGEST_CURSOR else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MdbListPage:
    """One page of items; `total` is the size of the whole list where the page tells it."""

    items: list[object]
    total: int | None
    more: bool
    cursor: str | None = None


def page_of(document: JsonDocument, size: int) -> MdbListPage:
    """Read one page in any shape: one list, films and series apart, or a chart in one piece.

    *size* is how many rows were asked for: so many may not be all, where nothing says it.
    """
    content = document.content
    if isinstance(content, dict) and content.keys() & {"movies", "shows"}:
        pagination = check_one(SERVICE, content.get("pagination") or {}, _Pagination)
        return MdbListPage(
            items=_merged(content.get("movies"), content.get("shows")),
            total=pagination.total,
            more=pagination.has_more,
            cursor=pagination.cursor,
        )
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        return MdbListPage(items=content["results"], total=None, more=False)
    if not isinstance(content, list):
        raise ResponseChangedError(SERVICE, "a list was expected", sample=document.response.sample)
    flag = document.response.headers.get("x-has-more", "").lower()
    more = flag == "true" if flag in ("true", "false") else len(content) >= size
    return MdbListPage(items=content, total=None, more=more)


def _merged(*parts: object) -> list[object]:
    """Put films and series back into the order of the list, by their rank."""
    items = [item for part in parts if isinstance(part, list) for item in part]
    return sorted(items, key=_rank)


def _rank(item: object) -> int:
    rank = whole_number(item.get("rank")) if isinstance(item, dict) else None
    return 2**31 if rank is None else rank


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own error body; it comes with any status, 200 included."""
    error = _SAID.match(response.look)
    if error is None:
        return None
    words = f"says: {one_line(error[1])} (HTTP {response.status})"
    wait = retry_after_s(response.headers)
    for part, kind in _REFUSALS.items():
        if part in error[1].lower():
            return RefusedError(SERVICE, kind, words, retry_after_s=wait)
    return UnavailableError(SERVICE, words, retry_after_s=wait) if response.status == 200 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What shows whose account it is: an API key in the query, or a login in a header.

    `mending` says what to do where it is not accepted.
    """

    query: Mapping[str, SecretStr]
    headers: Mapping[str, SecretStr]
    name: str
    mending: str

    @classmethod
    def of_key(cls, key: SecretStr) -> Credential:
        return cls(query={"apikey": key}, headers={}, name=_KEY, mending="")

    @classmethod
    def of_login(cls, access: SecretStr) -> Credential:
        bearer = SecretStr(f"Bearer {access.get_secret_value()}")
        return cls(
            query={},
            headers={"Authorization": bearer},
            name="the login",
            mending=f": {log_in_words(SERVICE)}",
        )


def request_to(
    options: MdbListOptions, credential: Credential, path: str, **params: str | int
) -> ServiceRequest:
    """Make a request to the API."""
    return ServiceRequest(
        service=SERVICE,
        url=f"{options.base_url.rstrip('/')}/{path}",
        params=params,
        secrets=credential.query,
        secret_headers=credential.headers,
        judge=partial(judge_account, credential),
    )


def judge_account(credential: Credential, response: Response) -> ListsyncError | None:
    """Judge an answer of the API: it refuses an account by 401 or 403, and lists by other words.

    A web page is not the API's own answer.
    """
    judged = judge(response)
    if judged is not None or response.status not in (401, 403) or response.is_page:
        return judged
    error = _SAID.match(response.look)
    words = f": {one_line(error[1])}" if error else ""
    what = f"does not accept {credential.name} (HTTP {response.status})"
    why = f"{what}{words}{credential.mending}"
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)


MAX_PAGES = 1000
_NEEDS_KEY = f"needs {_KEY} or `listsync login mdblist`"


class MdbList:
    """Reads one MDBList list; *access* gives the login that there may be."""

    def __init__(
        self,
        source: MdbListSource,
        options: MdbListOptions,
        http: ServiceClient,
        access: Callable[[], SecretStr | None] = lambda: None,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._access = access

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_list` raises.

        Without a login or key only public lists of users can be read, and no rows prove nothing.
        """
        credential = self._credential()
        if credential is not None:
            return self._fetch_with(credential, previous)
        if self._source.open_path is not None:
            return self._fetch_open(self._source.open_path, previous)
        raise RefusedError(
            SERVICE, Refusal.CREDENTIAL, f"{self._source.name}: {_NEEDS_KEY} to be read"
        )

    def _credential(self) -> Credential | None:
        """Take the login before the key: whoever logged in wanted it so."""
        if access := self._access():
            return Credential.of_login(access)
        key = self._options.api_key
        return None if key is None else Credential.of_key(key)

    def _fetch_open(self, path: str, previous: Validators | None) -> Fetched:
        url = f"{self._options.web_url.rstrip('/')}/{path}"
        call = ServiceRequest(service=SERVICE, url=url, judge=judge, limit_bytes=LIST_BYTES)
        fetched = get_list(self._http, call, Item, entry_of, previous)
        if fetched.read == 0 and not fetched.is_unchanged:
            raise ResponseChangedError(
                SERVICE,
                f"{self._source.name} came without rows; whether it is empty or still being "
                f"built can only be seen with a key ({_NEEDS_KEY})",
            )
        return fetched

    def _fetch_with(self, credential: Credential, previous: Validators | None) -> Fetched:
        self._check_owner(credential)
        about = self._describe(credential) if self._source.is_described else Description()
        if about.stamp and previous is not None and previous.stamp == about.stamp:
            return Fetched.unchanged(previous)
        entries = Entries(SERVICE, Item)
        entries.expect(about.items)
        total = self._read(credential, entries)
        declared = about.items if self._source.is_described else total
        is_dated = about.stamp and declared is not None
        return entries.fetched(
            declared=declared,
            validators=Validators(stamp=about.stamp) if is_dated else None,
            is_counted=self._source.is_described,
        )

    def _call(self, credential: Credential, path: str, **params: str | int) -> ServiceRequest:
        return request_to(self._options, credential, path, **params)

    def _check_owner(self, credential: Credential) -> None:
        """Make sure that a watchlist is the key owner's: the API would give theirs instead."""
        wanted = self._source.owner
        if wanted is None:
            return
        answer = get_document(self._http, self._call(credential, "user"))
        account = check_one(SERVICE, answer.content, Account)
        if account.user_name.casefold() != wanted.casefold():
            whose = f"{credential.name} belongs to {one_line(account.user_name, 80)}"
            raise RefusedError(
                SERVICE, Refusal.PRIVATE, f"{self._source.name} is not readable: {whose}"
            )

    def _describe(self, credential: Credential) -> Description:
        answer = get_document(self._http, self._call(credential, self._source.path))
        items = answer.content if isinstance(answer.content, list) else [answer.content]
        if not items:
            raise ResponseChangedError(SERVICE, f"says nothing about {self._source.name}")
        return check_one(SERVICE, items[0], Description)

    def _read(self, credential: Credential, entries: Entries[Item]) -> int | None:
        """Read page after page, until there is no more; returns what the first one says of all."""
        into = partial(entry_of, only=self._source.kind)
        total, last, cursor = None, None, None
        for number in range(MAX_PAGES):
            asked = self._page(credential, entries.count, cursor)
            page = page_of(get_document(self._http, asked), self._source.page_size)
            if page.items and page.items == last:
                break
            entries.add(page.items, into)
            total = page.total if number == 0 else total
            if not page.more or not page.items:
                return total
            last, cursor = page.items, page.cursor
        raise ResponseChangedError(SERVICE, f"{self._source.name} repeats itself without an end")

    def _page(self, credential: Credential, read: int, cursor: str | None) -> ServiceRequest:
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
        return self._call(credential, source.rows_path, **paging, **source.params)


def login_service(options: MdbListOptions) -> LoginService:
    """Say where one logs in, as RFC 8628 has it, with an app of mdblist.com/developer.

    Source: clients of 2026 (providers' facts, section 6.3). Raises RefusedError where the user
    gave no app.
    """
    from listsync.http.device_login import LoginService  # noqa: PLC0415 - only to log in

    if options.client_id is None:
        raise RefusedError(
            SERVICE,
            Refusal.CREDENTIAL,
            "needs providers.mdblist.client_id, that of a Device Code app (mdblist.com/developer)",
        )
    base = f"{options.base_url.rstrip('/')}/oauth"
    return LoginService(
        name=SERVICE,
        code_url=f"{base}/device-authorization/",
        token_url=f"{base}/token/",
        renewal_url=f"{base}/token/",
        client_id=options.client_id,
    )


def owner_of(http: ServiceClient, options: MdbListOptions, key: SecretStr) -> str:
    """Say whose *key* it is; raises RefusedError for one that is not accepted."""
    call = request_to(options, Credential.of_key(key), "user")
    return check_one(SERVICE, get_document(http, call).content, Account).user_name
