"""What is remembered of the request server itself: which one it is, and what it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrNames
    from listsync.domain.media import Definition, MediaType
    from listsync.domain.server import IndexPage, ServerInfo, ServerRequest
    from listsync.domain.server_knowledge import KnownServer, Learned


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
        """Count the titles handled at the last server, if nobody has said that this is meant."""
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

    def unknown(self) -> frozenset[Definition]:
        """Return what we requested, of whose requests nothing is known beside the index."""
        ...

    def save_reading(self, found: Sequence[ServerRequest], at: datetime) -> None:
        """Keep what the list of requests said, in place of what it said before."""
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
