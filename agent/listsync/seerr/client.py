"""The request server behind one face: what the core needs, nothing else."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import httpx
from pydantic import SecretStr

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import (
    Answered,
    IndexPage,
    RequestBody,
    SearchPage,
    SeriesDetails,
    ServerInfo,
)
from listsync.errors import UnavailableError
from listsync.seerr import details, index, searching
from listsync.seerr.address import Address
from listsync.seerr.identity import identify
from listsync.seerr.requesting import Writer
from listsync.seerr.trouble import PassingError
from listsync.seerr.users import Actor, find_actor
from listsync.seerr.wire import Wire

CONNECT_TIMEOUT_S = 5.0
TIMEOUT_S = 30.0
"""The server itself waits for TMDB without a limit."""

_IMDB_ID = re.compile(r"(tt|nm)\d{1,12}", re.ASCII)


class Seerr:
    """Implements `RequestServer` for Overseerr, Jellyseerr and Seerr.

    Threads may share it: reads run side by side, requests one after the other.
    """

    def __init__(  # noqa: PLR0913 - one argument per setting
        self,
        url: str,
        api_key: SecretStr,
        *,
        act_as: str | int | None = None,
        approve: bool = False,
        timeout_s: float = TIMEOUT_S,
        stop: threading.Event | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: where the server is, with its base path if it has one.
            api_key: the server's key, from its general settings.
            act_as: in whose name requests are made: a user's name or id; None: the owner.
            approve: requests for *act_as* are approved at once, by the owner's right;
                otherwise they are made with that user's rights and may wait for approval.
            timeout_s: seconds to wait for one answer.
            stop: when set, pauses before another try end at once.
            transport: takes the place of the network, for tests.

        Raises:
            UnavailableError: *url* is no address.
            RefusedError: *api_key* cannot be a key.
        """
        try:
            self._address = Address.parse(url)
        except ValueError as error:
            raise UnavailableError("server", f"server.url {error}") from error
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s)
        timeout = httpx.Timeout(timeout_s, connect=connect_s)
        self._wire = Wire(self._address, api_key, timeout=timeout, stop=stop, transport=transport)
        self._writer = Writer(self._wire, approve=approve)
        self._act_as = act_as
        self._actor: Actor | None = None
        self._finding_actor = threading.Lock()

    def __repr__(self) -> str:
        return f"Seerr({self._address.base!r})"

    @property
    def calls(self) -> int:
        """How many calls went out so far, repeated ones included."""
        return self._wire.calls

    def close(self) -> None:
        """Close the connections; calls that are still running fail."""
        self._wire.close()

    def identify(self) -> ServerInfo:
        """Say who answers: four calls, and one more (or a page of users) with `act_as`."""
        info = identify(self._wire, self._address.base)
        actor = self._find_actor()
        return info if actor is None else replace(info, user=actor.name)

    def read_index(self, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        """Read all rows; one key may come in several rows, to be merged by the reader."""
        return index.read_index(self._wire, previous)

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        """Look an IMDb id up; what is no IMDb id finds nothing."""
        wanted = imdb_id.strip().lower()
        return self._find(f"imdb:{wanted}") if _IMDB_ID.fullmatch(wanted) else searching.NOTHING

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        return self._find(f"tvdb:{tvdb_id:d}")

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        return self._find(f"tmdb:{tmdb_id:d}")

    def search(self, title: str, *, year: int | None = None, page: int = 1) -> SearchPage:
        """Search by title; with *year* the server has one page only, whatever *page* says."""
        query = searching.title_query(title, year)
        return searching.NOTHING if query is None else self._find(query, page)

    def series(self, tmdb_id: int) -> SeriesDetails:
        """Read the seasons of a series.

        Raises:
            UnavailableError: also for a TMDB id that does not exist: the server gives the same
                answer as when TMDB is down.
        """
        try:
            response = self._wire.get(details.path_of(TitleKey(MediaType.TV, tmdb_id)))
        except PassingError as error:
            if "unable to retrieve" not in error.why.lower():
                raise
            why = f"has no details of series {tmdb_id}: TMDB is down, or knows no such series"
            raise self._wire.trouble.unavailable(why) from error
        return details.series_of(details.read_details(response, self._wire.trouble))

    def request(self, body: RequestBody) -> Answered:
        return self._writer.request(body, self._find_actor())

    def _find(self, query: str, page: int = 1) -> SearchPage:
        response = self._wire.get(searching.path_of(query, page))
        return searching.read_page(response, self._wire.trouble)

    def _find_actor(self) -> Actor | None:
        """Find the user to act as, once."""
        with self._finding_actor:
            if self._actor is None and self._act_as is not None:
                self._actor = find_actor(self._wire, self._act_as)
            return self._actor
