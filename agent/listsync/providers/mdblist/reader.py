"""Reads an MDBList list: whole and open without a key, page by page with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
)
from listsync.http.login_store import with_current
from listsync.http.request import LIST_BYTES, ServiceRequest
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
from listsync.parsing.json_rows import (
    Entries,
    JsonDocument,
    check_one,
    digest_of,
    get_document,
    get_list,
    stamp_of_today,
)
from listsync.providers.mdblist.account import (
    KEY,
    Account,
    Credential,
    Description,
    WholeCount,
    account_of,
    find_own,
    judge,
    judge_list,
    request_to,
)
from listsync.providers.mdblist.source import SERVICE, MdbListOptions, MdbListSource
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


_KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV}
_LONGEST_CURSOR = 1000
_OTHER_KIND = "not of the kind that the address shows"


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
    total: WholeCount | None = None
    has_more: bool | None = None
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
        items, more = _merged(content.get("movies"), content.get("shows")), pagination.has_more
        return MdbListPage(
            items=items,
            total=pagination.total,
            more=len(items) >= size if more is None else more,
            cursor=pagination.cursor,
        )
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        return MdbListPage(items=content["results"], total=None, more=False)
    if not isinstance(content, list):
        raise ResponseChangedError(SERVICE, "a list was expected", sample=document.response.sample)
    flag = document.response.headers.get("x-has-more", "").lower()
    more = flag == "true" if flag in ("true", "false") else len(content) >= size
    return MdbListPage(items=content, total=None, more=more)


def stamp_of(source: MdbListSource, page: MdbListPage) -> str | None:
    """Word the state of a list by its first page, which may be all of it.

    Where more pages follow, the count of all has to be among it, and it holds for that day: what
    changes place beyond it is not seen.
    """
    if page.more and page.total is None:
        return None
    state = (str(source), page.total, page.more, page.items)
    return stamp_of_today(state) if page.more else digest_of(state)


def _merged(*parts: object) -> list[object]:
    """Put films and series back into the order of the list, by their rank."""
    items = [item for part in parts if isinstance(part, list) for item in part]
    return sorted(items, key=_rank)


def _rank(item: object) -> int:
    rank = whole_number(item.get("rank")) if isinstance(item, dict) else None
    return 2**31 if rank is None else rank


MAX_PAGES = 1000
_NEEDS_KEY = f"needs {KEY} or `listsync login mdblist`"


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
        fetched = with_current(
            self._access, lambda access: self._fetch_with(Credential.of_login(access), previous)
        )
        if fetched is not None:
            return fetched
        if self._options.api_key is not None:
            return self._fetch_with(Credential.of_key(self._options.api_key), previous)
        if self._source.open_path is not None:
            return self._fetch_open(self._source.open_path, previous)
        raise RefusedError(
            SERVICE, Refusal.CREDENTIAL, f"{self._source.name}: {_NEEDS_KEY} to be read"
        )

    def account(self) -> Account | None:
        """Ask whose account the list is read with; None: with none. Raises as `fetch` does."""
        credential = self._credential()
        if credential is None:
            return None
        return account_of(self._http, self._options, credential)

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
        if not self._source.is_described:
            return self._fetch_undescribed(credential, previous)
        about, path = self._find(credential)
        if about.stamp and previous is not None and previous.stamp == about.stamp:
            return Fetched.unchanged(previous)
        entries = Entries(SERVICE, Item)
        entries.expect(None if self._source.filters else about.items)
        total = self._read(credential, path, entries)
        is_counted = not self._source.filters
        declared = about.items if is_counted else total
        is_dated = about.stamp and (declared is not None or self._source.filters)
        return entries.fetched(
            declared=declared,
            validators=Validators(stamp=about.stamp) if is_dated else None,
            is_counted=is_counted,
        )

    def _fetch_undescribed(self, credential: Credential, previous: Validators | None) -> Fetched:
        """Read a list of which nothing says how many and of when it is: its first page does.

        A watchlist whose first page is as it was needs no look at whose it is.
        """
        known = previous.stamp if previous else None
        if known is None:
            self._check_owner(credential)
        first = self._page(credential, self._source.rows_path)
        stamp = stamp_of(self._source, first)
        if known is not None and known == stamp:
            return Fetched.unchanged(previous)
        if known is not None:
            self._check_owner(credential)
        entries = Entries(SERVICE, Item)
        total = self._read(credential, self._source.rows_path, entries, first)
        validators = Validators(stamp=stamp) if stamp else None
        return entries.fetched(declared=total, validators=validators)

    def _call(self, credential: Credential, path: str, **params: str | int) -> ServiceRequest:
        return request_to(self._options, credential, path, **params)

    def _check_owner(self, credential: Credential) -> None:
        """Make sure that a watchlist is the key owner's: the API would give theirs instead."""
        wanted = self._source.owner
        if wanted is None:
            return
        account = account_of(self._http, self._options, credential)
        if account.user_name.casefold() != wanted.casefold():
            whose = f"{credential.name} belongs to {one_line(account.user_name, 80)}"
            raise RefusedError(
                SERVICE, Refusal.PRIVATE, f"{self._source.name} is not readable: {whose}"
            )

    def _find(self, credential: Credential) -> tuple[Description, str]:
        """Say what is known of the list before it is read, and where its rows are."""
        source = self._source
        if source.own is not None:
            own = find_own(self._http, self._options, credential, source.own)
            return own, f"lists/{own.number}/items"
        return self._describe(credential), source.rows_path

    def _describe(self, credential: Credential) -> Description:
        call = self._call(credential, self._source.path)
        if self._source.user is not None:
            where = f"{self._options.web_url.rstrip('/')}/lists/{self._source.user}"
            call = replace(call, judge=partial(judge_list, credential, where))
        answer = get_document(self._http, call)
        items = answer.content if isinstance(answer.content, list) else [answer.content]
        if not items:
            raise ResponseChangedError(SERVICE, f"says nothing about {self._source.name}")
        return check_one(SERVICE, items[0], Description)

    def _read(
        self,
        credential: Credential,
        path: str,
        entries: Entries[Item],
        page: MdbListPage | None = None,
    ) -> int | None:
        """Read page after page, until there is no more; returns what the first one says of all.

        *page* is the first, where it was asked for already.
        """
        into = partial(entry_of, only=self._source.kind)
        total, last, cursor = None, None, None
        for number in range(MAX_PAGES):
            page = page or self._page(credential, path, entries.count, cursor)
            if page.items and page.items == last:
                break
            entries.add(page.items, into)
            total = page.total if number == 0 else total
            if not page.more or not page.items:
                return total
            last, cursor, page = page.items, page.cursor, None
        raise ResponseChangedError(SERVICE, f"{self._source.name} repeats itself without an end")

    def _page(
        self, credential: Credential, path: str, read: int = 0, cursor: str | None = None
    ) -> MdbListPage:
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
        call = self._call(credential, path, **paging, **source.params)
        return page_of(get_document(self._http, call), source.page_size)
