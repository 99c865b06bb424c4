"""How Trakt is asked and how it says no; its pages, its rows, wrapped or bare, and its logins.

A bare 403 is both a list that is not shown and a client id that is refused. Source:
trakt-api#814 (since August 2026). What every valid client id may read tells the two apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import UNSET

from listsync.config_types import SecretStr
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.device_login import LoginDialect, LoginService
from listsync.http.login_store import log_in_words
from listsync.http.response import Response, page_of_others
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import NO_ROW_FILTERS, RowFilters
from listsync.parsing.decoding import (
    NO_ROW_IDS,
    ResponseShape,
    RowIds,
    external_ids,
    title_text,
    whole_number,
    year_number,
)
from listsync.providers.trakt.source import FREE_WAYS, SERVICE, TraktOptions

PAGE_SIZE = 250  # the most that one page holds, since June 2026
MAX_PAGES = 1000
UNPAGED = 100  # an answer without page counts that has so many rows may be only a first page
LOG_IN = log_in_words(SERVICE)
_REFUSALS = {
    404: (Refusal.NOT_FOUND, "does not know this list, or it is private and not yours to see"),
    410: (Refusal.NOT_FOUND, "says that this account is closed"),
    423: (Refusal.CREDENTIAL, "says that the account is locked; its support can unlock it"),
    426: (Refusal.SUBSCRIPTION, "gives this to VIP accounts only"),
}


_OWN_HEADERS = frozenset(("x-request-id", "x-runtime"))
"""What tells an answer of the service from one of what stands in front of it."""


class ForbiddenError(RefusedError):
    """A 403 of the service itself; it may mean the list, and it may mean the client id."""


HEADERS = {"Content-Type": "application/json", "trakt-api-version": "2"}
"""What every request to the API carries, besides what `secret_headers_of` gives."""


def secret_headers_of(client_id: SecretStr, access: SecretStr | None) -> dict[str, SecretStr]:
    """Say who asks: the app, and for whom if anybody is logged in."""
    headers = {"trakt-api-key": client_id}
    if access is not None:
        headers["Authorization"] = SecretStr(f"Bearer {access.get_secret_value()}")
    return headers


def judge(response: Response) -> ListsyncError | None:
    """Recognise the service's own refusals; their bodies are empty, the status says it all."""
    status, headers = response.status, response.headers
    if not _OWN_HEADERS & headers.keys() and (page := page_of_others(response)):
        return page
    if status == 401 and headers.get("x-private-user", "").lower() == "true":
        return RefusedError(SERVICE, Refusal.PRIVATE, "says that this profile is private (401)")
    if status == 401:
        return RefusedError(SERVICE, Refusal.CREDENTIAL, f"wants a login for this (401): {LOG_IN}")
    if status == 403 and (not response.is_page or _OWN_HEADERS & headers.keys()):
        return ForbiddenError(SERVICE, Refusal.PRIVATE, "refuses this (403)")
    if status in _REFUSALS:
        kind, why = _REFUSALS[status]
        return RefusedError(SERVICE, kind, f"{why} (HTTP {status})")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """What a page says of the whole: its rows a page, its pages, its rows."""

    size: int
    pages: int
    items: int

    @property
    def is_possible(self) -> bool:
        """False when the counts contradict each other, or exceed all bounds."""
        return self.pages <= min(MAX_PAGES, max(1, -(-self.items // self.size)))


def sort_of(headers: Mapping[str, str]) -> frozenset[str]:
    """Tell by what the rows of a page are sorted: by the owner's wish, and in this answer."""
    names = ("x-sort-by", "x-applied-sort-by")
    return frozenset(headers.get(name, "").lower() for name in names)


def paging_of(headers: Mapping[str, str]) -> Paging | None:
    """Read the counts that come with a page; None for an answer without pages."""
    size, pages, items = (
        whole_number(headers.get(f"x-pagination-{name}"))
        for name in ("limit", "page-count", "item-count")
    )
    if not size or pages is None or items is None:
        return None
    return Paging(size=size, pages=pages, items=items)


NEUTRAL = "movies/trending"


def refused_client_id() -> RefusedError:
    return RefusedError(
        SERVICE,
        Refusal.CREDENTIAL,
        f"refuses providers.trakt.client_id (403): its app is unknown, removed or not approved. "
        f"{FREE_WAYS}",
    )


class ClientIdCheck:
    """Asks once, for all lists of a sync that are in doubt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._trouble: Callable[[], ListsyncError] | None = None

    def trouble(self, ask: Callable[[], object]) -> ListsyncError | None:
        """Say what else than the list itself may be behind a 403; None when it is the list."""
        with self._lock:
            if not self._asked:
                self._trouble, self._asked = _trouble(ask), True
            return self._trouble() if self._trouble else None


def _trouble(ask: Callable[[], object]) -> Callable[[], ListsyncError] | None:
    try:
        ask()
    except ForbiddenError:
        return refused_client_id
    except (UnavailableError, RefusedError) as error:
        return partial(_unsure, error.why, error.retry_after_s)
    except ResponseChangedError as error:
        return partial(_unsure, error.why, None)
    return None


def _unsure(why: str, retry_after_s: float | None) -> UnavailableError:
    words = "refuses this list (403); whether for the list or the client id could not be seen now"
    return UnavailableError(SERVICE, f"{words}: {why}", retry_after_s=retry_after_s)


_HELD = ("movie", "show", "season", "episode", "person")


def titles_of(rows: Sequence[object]) -> list[object]:
    """Give what tells the rows apart, without what changes by itself: who watches, how often."""
    return [
        [_ids(row[name]) for name in _HELD if name in row] or _ids(row)
        if isinstance(row, dict)
        else row
        for row in rows
    ]


def _ids(value: object) -> object:
    match value:
        case {"ids": ids}:
            return ids
        case _:
            return value


_NEEDS = {"movie": "movie", "show": "show", "season": "show", "episode": "show"}
_KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV, "season": MediaType.TV}


class _Media(ResponseShape, frozen=True):
    title: object = None
    year: object = None
    ids: RowIds | None = None
    genres: object = UNSET
    language: object = UNSET
    country: object = UNSET
    status: object = UNSET
    rating: object = UNSET
    votes: object = UNSET
    runtime: object = UNSET
    certification: object = UNSET

    def said(self) -> dict[str, object]:
        """Say what the address of a list may ask of a title."""
        return {
            "genre": self.genres,
            "language": self.language,
            "country": self.country,
            "status": self.status,
            "year": self.year,
            "rating": self.percent,
            "votes": self.votes,
            "runtime": self.runtime,
            "certification": self.certification,
        }

    @property
    def percent(self) -> object:
        """Give the rating as the filters of addresses count it, up to 100."""
        return self.rating * 10 if isinstance(self.rating, int | float) else self.rating

    def numbers(self) -> tuple[str | None, int | None, int | None]:
        return (self.ids or NO_ROW_IDS).read()


class _Part(ResponseShape, frozen=True):
    number: object = None
    season: object = None


class _Person(ResponseShape, frozen=True):
    """A person; the ids tell two of one name apart."""

    name: object = None
    ids: object = None


class TraktRow(_Media, frozen=True):
    """One row. What it means is its `type`, else the one object in it, else itself (bare)."""

    type: str | None = None
    movie: _Media | None = None
    show: _Media | None = None
    season: _Part | None = None
    episode: _Part | None = None
    person: _Person | None = None

    @property
    def meaning(self) -> str | None:
        """Name what the row holds; None for a bare title."""
        if self.type is not None:
            return self.type
        found = ("person", "episode", "season", "movie", "show")
        return next((name for name in found if getattr(self, name) is not None), None)

    @property
    def media(self) -> _Media | None:
        """The title that the row is about."""
        meaning = self.meaning
        if meaning is None:
            return self
        found: _Media | None = getattr(self, _NEEDS.get(meaning, ""), None)
        return found

    def __post_init__(self) -> None:
        meaning = self.meaning
        if meaning == "person":
            return
        if meaning is not None and meaning not in _NEEDS:
            raise ValueError(f"an unknown type {meaning[:40]!r}")
        media = self.media
        if media is None or not (title_text(media.title) or any(media.numbers())):
            raise ValueError("no title and no id")
        if meaning == "season" and _number(self.season) is None:
            raise ValueError("a season without its number")


def _number(part: _Part | None) -> int | None:
    return whole_number(part.number) if part else None


def _seasons(part: _Part | None) -> tuple[int, ...]:
    number = _number(part)
    return () if number is None else (number,)


def entry_of(
    rank: int,
    row: TraktRow,
    bare: MediaType | None,
    only: MediaType | None,
    filters: RowFilters = NO_ROW_FILTERS,
) -> ListEntry | SkippedRow:
    """Turn a checked row into an entry; *bare* is the kind of a title that does not tell its own.

    Episodes, persons, what is not of kind *only* and what does not pass the *filters* of the
    address are left out, and counted.
    """
    meaning, media = row.meaning, row.media
    if meaning == "person" or media is None:
        name = title_text(row.person.name) if row.person else None
        return SkippedRow(rank=rank, what=name or "a person", why="a person, not a title")
    title = title_text(media.title)
    if meaning == "episode":
        what = f"{title or 'an episode'} {_place(row.episode)}".strip()
        return SkippedRow(
            rank=rank, what=what, why="an episode; series and seasons can be requested"
        )
    kind = _KINDS[meaning] if meaning else bare
    entry = ListEntry(
        rank=rank,
        title=title,
        year=year_number(media.year),
        kind=kind,
        ids=external_ids(*media.numbers(), kind),
        seasons=_seasons(row.season) if meaning == "season" else (),
    )
    if only is not None and kind is not only:
        return SkippedRow(
            rank=rank, what=entry.label, why="not of the kind that the address shows"
        )
    why = filters.objection(SERVICE, media.said)
    return SkippedRow(rank=rank, what=entry.label, why=why) if why else entry


def _place(part: _Part | None) -> str:
    season, number = (part and whole_number(part.season)), _number(part)
    return "" if season is None or number is None else f"{season}x{number:02}"


NEEDS_ID = f"needs providers.trakt.client_id, that of an API app of your own. {FREE_WAYS}"
_NEEDS_SECRET = "needs providers.trakt.client_secret to log in"  # noqa: S105 - words
_DIALECT = LoginDialect(
    is_json=True,
    code_name="code",
    polling={},
    # There is no page to come back to.
    renewing={"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"},
    refused={
        404: "does not know the code",
        409: "the code was used already",
        410: "the code has ended",
        418: "the login was denied",
    },
)


def login_service(options: TraktOptions) -> LoginService:
    """Say where one logs in; raises RefusedError where the user gave no app, or not all of it."""
    if options.client_id is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
    if options.client_secret is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, _NEEDS_SECRET)
    base = f"{options.auth_url.rstrip('/')}/oauth"
    return LoginService(
        name=SERVICE,
        code_url=f"{base}/device/code",
        token_url=f"{base}/device/token",
        renewal_url=f"{base}/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        dialect=_DIALECT,
    )
