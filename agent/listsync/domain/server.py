"""What the request server says: who it is, what it has, what it can find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from listsync.domain.media import Edition, ExternalIds, TitleKey
from listsync.lean_dataclasses import dataclass


class Product(StrEnum):
    """The three programs that speak this API."""

    OVERSEERR = "Overseerr"
    JELLYSEERR = "Jellyseerr"
    SEERR = "Seerr"


class MediaStatus(IntEnum):
    """Status of a title at the server, per edition (4K and not).

    The published OpenAPI files call 6 "deleted"; the servers mean "blocklisted" and use 7 for
    deleted. Source: the code of the three servers, and their live answers.
    """

    UNKNOWN = 1
    PENDING = 2
    PROCESSING = 3
    PARTIALLY_AVAILABLE = 4
    AVAILABLE = 5
    BLOCKLISTED = 6
    DELETED = 7


class RequestStatus(IntEnum):
    """Status of one request at the server. NONE is our word for: no request at all.

    Source: the code of the three servers; the published OpenAPI files name 1 to 3 only.
    """

    NONE = 0
    PENDING = 1
    APPROVED = 2
    DECLINED = 3
    FAILED = 4
    COMPLETED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistPage:
    """One page of a user's watchlist: `rows` as they came, of `total` on `pages` pages.

    `etag` stands for this state of the page; one that `is_unchanged` came without anything.
    """

    rows: tuple[object, ...] = ()
    total: int = 0
    pages: int = 0
    etag: str | None = None
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """The server behind `server.url`.

    `identity` stays the same when the address, the key or the version changes.
    """

    product: Product
    version: str
    identity: str
    user: str
    movie_4k: bool
    series_4k: bool


@dataclass(frozen=True, slots=True)
class TitleState:
    """One row of the server's index; status numbers that we do not know stay numbers."""

    status: int
    status_4k: int
    tvdb_id: int | None = None

    def of(self, *, four_k: bool) -> int:
        return self.status_4k if four_k else self.status


ABSENT = TitleState(MediaStatus.UNKNOWN, MediaStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """One page of the server's index; `etag` makes asking for it again cheap."""

    etag: str | None
    total: int
    titles: tuple[tuple[TitleKey, TitleState], ...]


MOST_REQUESTS = 20_000
"""So many of the server's requests are read at the most, the newest; others are of years ago."""

_VOTES_OF_POPULARITY = 10.0


_WEIGHTS: dict[int, int] = {
    int(status): weight
    for weight, status in enumerate(
        (
            MediaStatus.UNKNOWN,
            MediaStatus.DELETED,
            MediaStatus.PENDING,
            MediaStatus.PROCESSING,
            MediaStatus.PARTIALLY_AVAILABLE,
            MediaStatus.AVAILABLE,
        )
    )
} | {int(MediaStatus.BLOCKLISTED): 100}
_UNKNOWN_NUMBER = 50


def index_of(pages: Iterable[IndexPage]) -> dict[TitleKey, TitleState]:
    """Unite *pages*; of several rows for one title the most advanced status counts.

    The servers can hold a title twice after requests that crossed (Overseerr 1.34.0 and Seerr
    3.1.0, observed live), and a page can repeat rows of the one before while rows are added.
    """
    index: dict[TitleKey, TitleState] = {}
    for page in pages:
        for key, state in page.titles:
            before = index.get(key)
            index[key] = state if before is None or before == state else _united(before, state)
    return index


def is_lacking(index: Mapping[TitleKey, TitleState], one: Edition) -> bool:
    """Tell whether the index knows nothing of a title, in its edition."""
    return index.get(one.key, ABSENT).of(four_k=one.four_k) == MediaStatus.UNKNOWN


def _united(one: TitleState, other: TitleState) -> TitleState:
    return TitleState(
        max(one.status, other.status, key=_weight),
        max(one.status_4k, other.status_4k, key=_weight),
        one.tvdb_id if one.tvdb_id is not None else other.tvdb_id,
    )


def _weight(status: int) -> int:
    return _WEIGHTS.get(status, _UNKNOWN_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A title that a search at the server offers. `year` is None where it has no date.

    `votes` at TMDB grow with the years, `popularity` moves by the day. `genres` are TMDB's
    numbers; `countries` are ISO 3166-1 codes, which searches tell of series only.
    """

    key: TitleKey
    title: str
    original_title: str
    year: int | None
    popularity: float = 0.0
    votes: int = 0
    genres: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title

    @property
    def following(self) -> float:
        """How many know it, in votes; what is too new for votes counts by its popularity."""
        return max(self.votes, _VOTES_OF_POPULARITY * self.popularity)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of search results; `others` counts results that are no titles (persons, ...)."""

    candidates: tuple[Candidate, ...]
    page: int
    pages: int
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """When a title came out, and who made it.

    `release_years` are those of its releases anywhere, or of its seasons; `people` are cast, crew
    and creators; `collection` is the number of the film series that it is a part of.
    """

    release_years: frozenset[int] = frozenset()
    people: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    collection: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleFacts:
    """What the server's catalogue says of one title: what filters and confirmations need.

    `title` is empty, and `production` None, where it was not kept. `genres` are folded English
    names; `rating` is 0 to 10, None without votes; `language` is the original one (ISO 639-1);
    `ids` are the catalogue's.
    """

    ids: ExternalIds
    year: int | None = None
    genres: frozenset[str] = frozenset()
    rating: float | None = None
    votes: int = 0
    language: str | None = None
    title: str = ""
    original_title: str = ""
    production: Production | None = None

    def is_good(self, read_at: datetime, now: datetime) -> bool:
        """Tell whether what was read at *read_at* holds: ratings of a new title still move."""
        is_new = self.year is None or self.year >= now.year
        return now - read_at <= (_NEW_FACTS_GOOD_FOR if is_new else _FACTS_GOOD_FOR)


_FACTS_GOOD_FOR = timedelta(days=30)
_NEW_FACTS_GOOD_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """One season; `covered` says that it is there or requested already (in this edition).

    `deleted`: it was there and is gone; it is not requested again. `airs` is when its first
    episode airs, None where that is not known.
    """

    number: int
    episodes: int
    airs: date | None = None
    covered: bool = False
    covered_4k: bool = False
    deleted: bool = False
    deleted_4k: bool = False

    def is_covered(self, *, four_k: bool) -> bool:
        return self.covered_4k if four_k else self.covered

    def is_deleted(self, *, four_k: bool) -> bool:
        return self.deleted_4k if four_k else self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDetails:
    """What must be known before seasons can be named. Seasons in order, 0 = specials."""

    ids: ExternalIds
    seasons: tuple[Season, ...]
    facts: TitleFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How titles are asked for: as whom, and of which Radarr or Sonarr. As the user names it.

    None: as the server decides by itself. `user` None: as `server.request_as` says; `approve`
    None: as `server.approve` says. `service` names a Radarr or Sonarr of the server's settings.
    """

    user: str | None = None
    approve: bool | None = None
    service: str | None = None
    profile: str | None = None
    root_folder: str | None = None
    language_profile: str | None = None
    tags: tuple[str, ...] = ()


AS_USUAL = Asking()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The Radarr or Sonarr that a request is for, and how, in the server's numbers.

    None: as the server decides.
    """

    server_id: int | None = None
    profile_id: int | None = None
    root_folder: str | None = None
    language_profile_id: int | None = None
    tags: tuple[int, ...] = ()


AS_SERVER_DECIDES = Destination()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """One request as it is sent. `seasons` is empty for films, explicit for series.

    `destination` is what `asking` names of the server's Radarrs and Sonarrs, looked up.
    """

    key: TitleKey
    four_k: bool
    seasons: tuple[int, ...] = ()
    tvdb_id: int | None = None
    asking: Asking = AS_USUAL
    destination: Destination = AS_SERVER_DECIDES


def year_of(date: str | None) -> int | None:
    """Read the year of a `YYYY-MM-DD`; None for a missing, empty or odd date."""
    head = (date or "")[:4]
    return int(head) if len(head) == 4 and head.isascii() and head.isdigit() else None


class ResponseKind(StrEnum):
    """What the server did with a request.

    COVERED: it was there already (202 or 409). BLOCKLISTED, QUOTA, PERMISSION: it said no (403).
    IMPOSSIBLE: it will never work as asked (unknown title, no TVDB id, TVDB id taken, or what
    `asking` names is not there).
    UNSURE: the connection broke, or the answer was about something else, and a look at the server
    did not show the request.
    CANCELLED: it was requested before, and has been cancelled.
    """

    REQUESTED = "requested"
    COVERED = "covered"
    BLOCKLISTED = "blocklisted"
    QUOTA = "quota"
    PERMISSION = "permission"
    IMPOSSIBLE = "impossible"
    UNSURE = "unsure"
    CANCELLED = "cancelled"


TAKEN = (ResponseKind.REQUESTED, ResponseKind.COVERED)
"""The answers after which there is a request at the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResponse:
    """The server's answer to one request; `detail` is its own words, `request_id` its number.

    `seasons` are those that it took, where it says so: it may leave some of those requested out.
    `not_handed_on`: it is taken, and Radarr or Sonarr refused it at once.
    """

    kind: ResponseKind
    detail: str = ""
    request_id: int | None = None
    seasons: tuple[int, ...] = ()
    not_handed_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRequest:
    """One request that the server has, whoever made it; status numbers may be unknown to us."""

    edition: Edition
    status: int
    request_id: int | None = None
    seasons: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRequests:
    """What the server has for a title in one edition.

    `covering` is the number of the newest request that stands, if all that was looked for is
    covered; `requests` are all, also those that were declined.
    """

    covering: int | None = None
    requests: tuple[ServerRequest, ...] = ()


class Cancelled(StrEnum):
    """What came of taking a request back. KEPT: it is not pending any more, or not ours."""

    DONE = "done"
    GONE = "gone"
    KEPT = "kept"
