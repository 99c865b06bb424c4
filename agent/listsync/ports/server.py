"""The request server (Overseerr, Jellyseerr, Seerr): what is asked and remembered of it.

Reads may come from several threads. Every method that asks it raises UnavailableError,
RefusedError or ResponseChangedError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrFailure, ArrOffer, ArrService
    from listsync.domain.media import MediaType, TitleKey
    from listsync.domain.server import (
        Cancelled,
        FoundRequests,
        IndexPage,
        RequestBody,
        RequestResponse,
        SearchPage,
        SeriesDetails,
        ServerInfo,
        TitleFacts,
        WatchlistPage,
    )
    from listsync.domain.server_knowledge import Allowance
if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrNames
    from listsync.domain.media import Edition, MediaType
    from listsync.domain.server import IndexPage, ServerInfo, ServerRequest
    from listsync.domain.server_knowledge import KnownServer, Learned, RequestList


class ServerIndex(Protocol):
    """Who the server is, and what it has."""

    def identify(self) -> ServerInfo:
        """Say who answers, and prove that the key is accepted."""
        ...

    def read_index(self, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        """Read all that the server knows, in pages; unchanged pages cost a bodyless answer."""
        ...

    def read_requests(self) -> RequestList:
        """Read the requests of all users, the newest ones up to a bound, in pages."""
        ...


class TitleSearch(Protocol):
    """The server's catalogue, by ids and by words."""

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        """Look an IMDb id up; an empty answer is authoritative."""
        ...

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        """Look a TVDB series id up; may answer two series."""
        ...

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        """Look a TMDB number up in both kinds; an empty answer may be an outage."""
        ...

    def search(self, title: str, *, year: int | None = None, page: int = 1) -> SearchPage:
        """Search by title, with *year* only titles of that year; empty may be an outage."""
        ...


class TitleDetails(Protocol):
    """What the server's catalogue says of one title."""

    def series(self, tmdb_id: int) -> SeriesDetails:
        """Read the seasons of a series and which of them are covered."""
        ...

    def facts(self, key: TitleKey, *, patient: bool = True) -> TitleFacts:
        """Read what the catalogue says of one title; not *patient*: by one call."""
        ...

    def parts(self, collection: int) -> tuple[TitleKey, ...]:
        """Read the parts of a film series in the order of their release; by one call."""
        ...


class ServerUsers(Protocol):
    """On whose behalf something can be requested."""

    def problem_with_user(self, user: str) -> str | None:
        """Say why nothing can be requested as *user*, a name or an id; None if it can."""
        ...

    def allowance_of(self, user: str | None) -> Allowance:
        """Say what may be requested as *user* (a name or an id; None: as the server is told)."""
        ...


class Submissions(Protocol):
    """Requests, as they are sent, looked for and cancelled."""

    def request(self, body: RequestBody) -> RequestResponse:
        """Ask for one title. Never repeated blindly; only one caller at a time."""
        ...

    def find_requests(self, body: RequestBody) -> FoundRequests:
        """Look what requests there are for the title of *body*, in its edition."""
        ...

    def cancel(self, request_id: int) -> Cancelled:
        """Take one request back if it is pending still and by whom we ask as."""
        ...


class ArrServices(Protocol):
    """The Radarrs and Sonarrs behind the server."""

    def list_services(self, kind: MediaType) -> tuple[ArrService, ...]:
        """Read those for *kind* from the server's settings; none of them is asked.

        Raises:
            UnavailableError, RefusedError, ResponseChangedError: they cannot be read.
        """
        ...

    def read_offer(self, kind: MediaType, service_id: int) -> ArrOffer | ArrFailure:
        """Have the server ask one of them what can be chosen there. That can end the server.

        Raises:
            UnavailableError: the server cannot be reached; it was not asked.
        """
        ...

    def wait_until_back(self) -> None:
        """Wait, for a minute, until the server answers again; raises UnavailableError."""
        ...


class ServerWatchlists(Protocol):
    """The watchlists of the server's users: its own ones, and those that Plex keeps for them."""

    def watchlist_page(
        self, user: str | None, number: int, known: str | None = None
    ) -> WatchlistPage:
        """Read a page of the watchlist of *user*, a name or an id; None: of the key's owner.

        Pages are counted from 1. One that is as it was when it had the ETag *known* is unchanged.
        """
        ...


class Catalogue(TitleSearch, TitleDetails, Protocol):
    """All that the server's catalogue can be asked."""


class RequestServer(ServerIndex, Catalogue, ServerUsers, Submissions, Protocol):
    """All of it, for the one who hands the parts out."""

    @property
    def arr_services(self) -> ArrServices:
        """The Radarrs and Sonarrs that the server hands requests to."""
        ...

    @property
    def calls(self) -> int:
        """How many calls went out so far."""
        ...


class ServerGuard(Protocol):
    """Which server the memory belongs to, and what speaks against it. Raises StateError."""

    def use(self, info: ServerInfo, run_id: str | None = None) -> KnownServer:
        """Choose the server by its identity, for all that belongs to one; says which it is.

        *run_id* is the run that goes on, which is noted to be at this server.
        """
        ...

    def state_doubt(self) -> str:
        """Say why what is remembered may not be the whole of it; empty: nothing speaks so."""
        ...

    def handled_elsewhere(self) -> int:
        """Count the titles handled at another server, if nobody has said that this is meant.

        That is the last one with any: one in between that was asked for nothing does not hide it.
        """
        ...

    def confirm(self) -> None:
        """Note that somebody says: this server, and an index that lost so much, are meant."""
        ...

    def learned(self) -> Learned:
        """Return what earlier runs learned of the server, beside its titles."""
        ...

    def save_learned(self, learned: Learned) -> None:
        """Remember *learned* instead."""
        ...


class IndexCache(Protocol):
    """The server's index as read last. Raises StateError."""

    def pages(self) -> tuple[IndexPage, ...]:
        """Return all of it."""
        ...

    def save(self, pages: Sequence[IndexPage]) -> None:
        """Keep the pages that changed, and no more than these."""
        ...


class ServerRequests(Protocol):
    """What is remembered of the requests at the server that its index does not tell."""

    def remembered(self) -> tuple[ServerRequest, ...]:
        """Return what is known of titles: declined or failed requests, NONE for no request.

        What was declined counts until the title has left all lists.
        """
        ...

    def read_at(self) -> datetime | None:
        """Return when the server's list of requests was read last; None: never."""
        ...

    def unknown(self) -> frozenset[Edition]:
        """Return what we requested, of whose requests nothing is known beside the index."""
        ...

    def save_reading(
        self, found: Sequence[ServerRequest], listed: RequestList, at: datetime
    ) -> None:
        """Keep what was *found* in the list of requests, in place of what it said before.

        Of titles that a list which is not whole does not name, what is known stays; that there
        is no request is known until one is listed.
        """
        ...


class ServerRecords(Protocol):
    """What is remembered of the server that was reached last. Raises StateError."""

    def last(self) -> tuple[str, str] | None:
        """Return product and version of the server that was reached last."""
        ...

    def learned(self) -> Learned:
        """Return what the last runs learned of the server, beside its titles."""
        ...

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        """Return what is remembered of the server's Radarrs and Sonarrs."""
        ...
