"""What the server remembers: users, media rows, requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.catalogue import TV, CatalogueTitle


class Status(IntEnum):
    """Of a title, for each edition. 6 and 7 exist in Jellyseerr and Seerr only."""

    UNKNOWN = 1
    PENDING = 2
    PROCESSING = 3
    PARTIAL = 4
    AVAILABLE = 5
    BLOCKLISTED = 6
    DELETED = 7


class RequestState(IntEnum):
    """Of a request; COMPLETED exists in Jellyseerr and Seerr only."""

    PENDING = 1
    APPROVED = 2
    DECLINED = 3
    FAILED = 4
    COMPLETED = 5


class Permission(IntFlag):
    """What a user may do; ADMIN may everything."""

    NONE = 0
    ADMIN = 2
    MANAGE_USERS = 8
    MANAGE_REQUESTS = 16
    REQUEST = 32
    AUTO_APPROVE = 128
    AUTO_APPROVE_MOVIE = 256
    AUTO_APPROVE_TV = 512
    REQUEST_4K = 1024
    REQUEST_4K_MOVIE = 2048
    REQUEST_4K_TV = 4096
    REQUEST_VIEW = 16384
    AUTO_APPROVE_4K = 32768
    AUTO_APPROVE_4K_MOVIE = 65536
    AUTO_APPROVE_4K_TV = 131072
    REQUEST_MOVIE = 262144
    REQUEST_TV = 524288
    WATCHLIST_VIEW = 134217728
    MANAGE_BLOCKLIST = 268435456
    VIEW_BLOCKLIST = 1073741824


Key = tuple[str, int]
UNLIMITED = 0


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True, eq=False, kw_only=True)
class User:
    """Somebody who can act; limits count films, and seasons, in seven days.

    One `is_from_plex` has the name from there, others are local.
    """

    id: int
    name: str
    permissions: int
    created_at: str
    movie_limit: int = UNLIMITED
    series_limit: int = UNLIMITED
    is_from_plex: bool = False

    def may(self, *any_of: int) -> bool:
        wanted = Permission.ADMIN
        for permission in any_of:
            wanted |= permission
        return bool(self.permissions & wanted)


@dataclass(slots=True, eq=False, kw_only=True)
class Media:
    """One row per title, for both editions: `statuses[is4k]`.

    `seasons` holds what scans found, number -> statuses by edition; requests add nothing here.
    `service_ids` says which Radarr or Sonarr has it. What is blocklisted has the title and the
    user of the entry.
    """

    id: int
    kind: str
    tmdb_id: int
    tvdb_id: int | None
    created_at: str
    updated_at: str
    added_at: str | None = None
    statuses: list[int] = field(default_factory=lambda: [Status.UNKNOWN, Status.UNKNOWN])
    seasons: dict[int, list[int]] = field(default_factory=dict)
    service_ids: list[int | None] = field(default_factory=lambda: [None, None])
    block_title: str | None = None
    blocked_by: int = 1
    requests: list[StoredRequest] = field(default_factory=list)
    row: bytes | None = None

    @property
    def key(self) -> Key:
        return (self.kind, self.tmdb_id)


@dataclass(slots=True, eq=False, kw_only=True)
class StoredRequest:
    """One wish of one user; `options` are serverId, profileId, rootFolder and the like."""

    id: int
    media: Media
    user: User
    status: int
    is4k: bool
    seasons: tuple[int, ...]
    created_at: str
    updated_at: str
    modified_by: User | None = None
    is_auto: bool = False
    options: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Counters:
    """The next numbers; a number is never given out twice."""

    media: int = 1
    request: int = 1


class State:
    """All rows, found by number and by key. `changed` is called after every change.

    `watchlists` has the entries of the server's own, oldest first, and what they call the title;
    `plex_watchlists` what Plex has for those users whose token the server holds, newest first.
    """

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.clear(now())

    def clear(self, founded: str) -> None:
        """Begin anew; *founded* is when the owner came, which tells one server from another."""
        self.users: dict[int, User] = {user.id: user for user in _first_users(founded)}
        self.media: dict[int, Media] = {}
        self.requests: dict[int, StoredRequest] = {}
        self.request_counts: Counter[int] = Counter()
        self.watchlists: dict[tuple[int, Key], str] = {}
        self.plex_watchlists: dict[int, list[Key]] = {}
        self.next = Counters()
        self._by_key: dict[Key, Media] = {}
        self._by_tvdb: dict[int, Media] = {}

    def find_media(self, key: Key) -> Media | None:
        return self._by_key.get(key)

    def find_by_tvdb(self, tvdb_id: int) -> Media | None:
        return self._by_tvdb.get(tvdb_id)

    def new_media(self, key: Key, tvdb_id: int | None, *, is_dated: bool) -> Media:
        """Insert a row with status UNKNOWN; *is_dated* where `mediaAddedAt` is set at once."""
        time = now()
        media = Media(
            id=self.next.media,
            kind=key[0],
            tmdb_id=key[1],
            tvdb_id=tvdb_id,
            created_at=time,
            updated_at=time,
            added_at=time if is_dated else None,
        )
        self.next.media += 1
        self.keep_media(media)
        return media

    def keep_media(self, media: Media) -> None:
        self.media[media.id] = media
        self._by_key[media.key] = media
        if media.tvdb_id is not None:
            self._by_tvdb[media.tvdb_id] = media
        self.changed()

    def drop_media(self, media: Media) -> None:
        """Delete a row with all its requests."""
        for request in tuple(media.requests):
            self.drop_request(request)
        self.media.pop(media.id, None)
        if self._by_key.get(media.key) is media:
            del self._by_key[media.key]
        if media.tvdb_id is not None and self._by_tvdb.get(media.tvdb_id) is media:
            del self._by_tvdb[media.tvdb_id]
        self.changed()

    def touch(self, media: Media, *, dated: bool) -> None:
        """Note that *media* changed; *dated* where the product keeps `updatedAt`."""
        if dated:
            media.updated_at = now()
        media.row = None
        self.changed()

    def keep_request(self, request: StoredRequest) -> None:
        self.requests[request.id] = request
        self.request_counts[request.user.id] += 1
        request.media.requests.append(request)
        self.changed()

    def drop_request(self, request: StoredRequest) -> None:
        if self.requests.pop(request.id, None) is not None:
            request.media.requests.remove(request)
            self.request_counts[request.user.id] -= 1
        self.changed()

    def undo_request(self, request: StoredRequest) -> None:
        """Take the newest request back before it is saved: its number is given to the next."""
        self.drop_request(request)
        if request.id == self.next.request - 1:
            self.next.request -= 1


def scan(
    media: Media, title: CatalogueTitle, status: int, *, is4k: bool = False, seasons: bool = True
) -> None:
    """Set a row as a library scan does; with *seasons* those of a series follow."""
    media.statuses[is4k] = status
    if status == Status.DELETED:
        for row in media.seasons.values():
            row[is4k] = Status.DELETED
    if status not in (Status.AVAILABLE, Status.PARTIAL):
        return
    media.added_at = media.added_at or now()
    if media.kind == TV and seasons:
        regular = [number for number in title.season_numbers if number > 0]
        for number in regular if status == Status.AVAILABLE else regular[:1]:
            set_season(media, number, Status.AVAILABLE, is4k=is4k)


def set_season(media: Media, number: int, status: int, *, is4k: bool) -> None:
    row = media.seasons.setdefault(number, [Status.UNKNOWN, Status.UNKNOWN])
    row[is4k] = status


def is_open(request: StoredRequest) -> bool:
    """Tell whether *request* still stands for its seasons."""
    return request.status not in (RequestState.DECLINED, RequestState.COMPLETED)


def _first_users(founded: str) -> list[User]:
    request = Permission.REQUEST
    named = [("owner", Permission.ADMIN), ("family", request), ("quota", request), ("nobody", 0)]
    named += [(f"guest{number:02}", request) for number in range(5, 13)]
    users = [
        User(id=number, name=name, permissions=int(permissions), created_at=founded)
        for number, (name, permissions) in enumerate(named, start=1)
    ]
    users[0].is_from_plex = True
    users[2].movie_limit, users[2].series_limit = 2, 3
    return users
