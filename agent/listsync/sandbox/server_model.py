"""The server as one object: what it is, what it has, how it is set, what it was asked.

How the products differ: Overseerr 1.34.0 and Seerr 3.1.0, observed live; Jellyseerr 2.7.3, its
code.

On SQLite two POST /request in flight share one connection's transaction: one that fails rolls
back others that were already answered 201. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed
live with every second POST failing: nothing lost one at a time, 1 to 11 of 40 at 2 to 16.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, field, replace
from itertools import islice
from typing import Any, Literal, NoReturn

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.catalogue import COLLECTIONS, PERSONS, CatalogueTitle, SandboxCatalogue
from listsync.sandbox.faults import Faults
from listsync.sandbox.state import Key, Media, State, Status, scan
from listsync.sandbox.title_search import Search

OPTIONS = ("serverId", "profileId", "rootFolder", "languageProfileId", "tags")
"""The fields of a request that say where it is to be sent."""
_NO_OPTIONS: dict[str, Any] = {}


@dataclass(slots=True)
class CallLog:
    """Calls by method and route, searches by pattern, and every POST /request in order."""

    calls: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[Any, ...]] = field(default_factory=list)
    max_posts_in_flight: int = 0
    lost: int = 0

    def note_request(
        self, body: dict[str, Any], acting_id: int, status: int, number: int | None
    ) -> None:
        """Note a POST /request; `userId` is whom it is for, `actingId` who made it.

        `options` are the fields that say where it is to be sent, as far as there are any.
        """
        seasons = body.get("seasons")
        self.requests.append(
            (
                body["mediaType"],
                body["mediaId"],
                body.get("is4k"),
                tuple(seasons) if isinstance(seasons, list) else seasons,
                body.get("userId") or acting_id,
                acting_id,
                status,
                number,
                {name: body[name] for name in OPTIONS if name in body} or _NO_OPTIONS,
            )
        )

    def to_json(self) -> dict[str, object]:
        names = (
            "kind",
            "tmdbId",
            "is4k",
            "seasons",
            "userId",
            "actingId",
            "status",
            "requestId",
            "options",
        )
        return {
            "calls": dict(self.calls),
            "statuses": dict(self.statuses),
            "searches": dict(self.searches),
            "total": self.calls.total(),
            "max_posts_in_flight": self.max_posts_in_flight,
            "lost": self.lost,
            "requests": [dict(zip(names, request, strict=True)) for request in self.requests],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTraits:
    """What one program does its own way.

    `blocklist` is the path of its blocklist, None where it has none.
    `is_forked` is true for Jellyseerr and Seerr: extra parameters, COMPLETED requests,
    `"all"` without specials, a 201 without id for a series without a TVDB id.
    """

    name: str
    version: str
    media_server_type: int | None = None
    blocklist: str | None = None
    blocklist_word: str = "blocklisted"
    is_forked: bool = False
    has_special_episodes: bool = False

    @property
    def api_name(self) -> str:
        return f"{self.name} API"


PRODUCTS = {
    "overseerr": ProductTraits(name="Overseerr", version="1.34.0"),
    "jellyseerr": ProductTraits(
        name="Jellyseerr",
        version="2.7.3",
        media_server_type=2,
        blocklist="/blacklist",
        blocklist_word="blacklisted",
        is_forked=True,
    ),
    "seerr": ProductTraits(
        name="Seerr",
        version="3.1.0",
        media_server_type=2,
        blocklist="/blocklist",
        is_forked=True,
        has_special_episodes=True,
    ),
}


Undo = Callable[[], None]
_LONGEST_S = 10.0


class PostInFlight:
    """One POST /request between its arrival and its answer."""

    __slots__ = ("is_lost", "peers", "undo")

    def __init__(self) -> None:
        self.peers: list[PostInFlight] = []
        self.undo: Undo | None = None
        self.is_lost = False

    def roll_back(self) -> int:
        """Take back what was written; says how many requests that lost."""
        if self.undo is None:
            return 0
        self.undo()
        self.undo = None
        return 1


class PostsInFlight:
    """All POSTs in flight; the peers of one are those that were in flight together with it."""

    def __init__(self) -> None:
        self._posts: set[PostInFlight] = set()
        self._gathered = 0
        self._together = asyncio.Event()

    def start(self) -> PostInFlight:
        post = PostInFlight()
        for other in self._posts:
            other.peers.append(post)
            post.peers.append(other)
        self._posts.add(post)
        return post

    def __len__(self) -> int:
        return len(self._posts)

    async def gather(self, count: int) -> None:
        """Wait until *count* POSTs are here together, but not for ever."""
        self._gathered += 1
        together = self._together
        if self._gathered >= count:
            self._gathered = 0
            self._together = asyncio.Event()
            together.set()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_S):
                await together.wait()

    def end(self, post: PostInFlight, *, failed: bool) -> int:
        """Take *post* out, with its peers if it *failed*; says how many requests that lost."""
        self._posts.discard(post)
        lost = 0
        if failed:
            for peer in post.peers:
                peer.is_lost = True
            lost = sum(peer.roll_back() for peer in post.peers)
        elif post.is_lost:
            lost = post.roll_back()
        post.peers.clear()
        return lost


RADARR = "radarr"
SONARR = "sonarr"
Health = Literal["up", "errors", "slow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Radarr or Sonarr; what it has by its numbers. Sonarr 4 has no language profiles: None.

    Without an `active_profile` the best one is for 4K, the first for everything else.
    """

    id: int
    name: str
    is4k: bool = False
    is_default: bool = False
    active_profile: int | None = None
    profiles: dict[int, str] = field(default_factory=lambda: {4: "HD-1080p", 5: "Ultra-HD"})
    root_folders: dict[int, str]
    tags: dict[int, str] = field(default_factory=lambda: {1: "lists"})
    language_profiles: dict[int, str] | None = field(default_factory=lambda: {1: "English"})


@dataclass(slots=True, kw_only=True)
class Settings:
    """What can be turned while the server runs (`POST /sandbox/settings`).

    `post_floor_ms` is how long a POST /request takes at least: without it two of them would
    never be seen in flight together. `posts_together` of them are answered when so many are
    there. `sending_ms` passes between a request's approval and
    PROCESSING; `sending_fails` makes it FAILED instead. `radarr` and `sonarr` say how these answer
    the server: as they should, with errors, or not within `arr_timeout_ms`.
    """

    api_key: str
    latency_ms: float = 0
    post_floor_ms: float = 1
    posts_together: int = 1
    sending_ms: float = 20
    sending_fails: bool = False
    radarr: Health = "up"
    sonarr: Health = "up"
    arr_timeout_ms: float = 10_000
    csrf: bool = False
    locale: str = "en"
    movie_4k: bool = False
    series_4k: bool = False
    special_episodes: bool = False


@dataclass(slots=True, kw_only=True)
class SandboxServer:
    """Everything a handler may use. `later(seconds, job)` runs a job on the server's loop."""

    product: ProductTraits
    settings: Settings
    catalogue: SandboxCatalogue
    library: int
    state: State
    later: Callable[[float, Callable[[], None]], object]
    crash: Callable[[str], NoReturn]
    first_settings: Settings = field(init=False)
    search: Search = field(init=False)
    call_log: CallLog = field(default_factory=CallLog)
    faults: Faults = field(default_factory=Faults)
    posts_in_flight: PostsInFlight = field(default_factory=PostsInFlight)
    ordered_services: dict[tuple[str, int], Service | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first_settings = replace(self.settings)
        self._index()

    def _index(self) -> None:
        collections = COLLECTIONS if self.product.name == "Seerr" else ()
        others = (*PERSONS, *collections) if self.catalogue.has_embedded else ()
        self.search = Search(self.catalogue, others)

    def fill(self) -> None:
        """Put the first titles of the catalogue into the library."""
        for title in islice(self.catalogue, self.library):
            scan(self.new_media(title), title, Status.AVAILABLE)

    def put_title(self, title: CatalogueTitle) -> None:
        """Add a title, or replace the one of the same kind and TMDB number."""
        self.catalogue.put(title)
        self.search.add(title)

    def remove_titles(self) -> None:
        """Know no title any more, but those that are invented."""
        self.catalogue.empty()
        self._index()

    def new_media(self, title: CatalogueTitle) -> Media:
        """Insert a row; of two series with one TVDB id, the second has none."""
        is_taken = title.tvdb_id is not None and self.state.find_by_tvdb(title.tvdb_id)
        return self.insert_media(title.key, None if is_taken else title.tvdb_id)

    def insert_media(self, key: Key, tvdb_id: int | None) -> Media:
        """Insert a row; Jellyseerr and Seerr note at once when it was added."""
        return self.state.new_media(key, tvdb_id, is_dated=self.product.is_forked)

    def services(self, program: str) -> dict[int, Service]:
        """Give the services of one kind by number; those that were ordered come last."""
        is_radarr = program == RADARR
        name, folder = ("Radarr", "/movies") if is_radarr else ("Sonarr", "/series")
        has_4k = self.settings.movie_4k if is_radarr else self.settings.series_4k
        found = {
            int(is4k): Service(
                id=int(is4k),
                name=f"{name} 4K" if is4k else name,
                is4k=is4k,
                is_default=True,
                root_folders={1: folder},
            )
            for is4k in ((False, True) if has_4k else (False,))
        }
        for (whose, number), service in self.ordered_services.items():
            if whose == program:
                found.pop(number, None)
                found |= {number: service} if service else {}
        return found

    def health(self, program: str) -> Health:
        """Say how Radarr or Sonarr is."""
        return self.settings.radarr if program == RADARR else self.settings.sonarr

    def empty(self) -> None:
        """Forget everything but who the server is: its key, its owner, its product."""
        for name, value in asdict(self.first_settings).items():
            if name != "api_key":
                setattr(self.settings, name, value)
        if self.catalogue.is_changed:
            self.catalogue.clear()
            self._index()
        self.faults.clear()
        self.ordered_services.clear()
        self.call_log = CallLog()
        self.state.clear(self.state.users[1].created_at)
        self.fill()
        self.state.changed()

    def touch(self, media: Media) -> None:
        """Note a change; only Overseerr keeps `updatedAt` (Seerr 3.1.0 sets it once)."""
        self.state.touch(media, dated=not self.product.is_forked)
