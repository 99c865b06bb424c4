"""The request server behind one face: what the core needs, nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import (
    Cancelled,
    FoundRequests,
    IndexPage,
    Product,
    RequestBody,
    RequestResponse,
    ResponseKind,
    SearchPage,
    SeriesDetails,
    ServerInfo,
    TitleFacts,
    WatchlistPage,
)
from listsync.domain.server_knowledge import Allowance, RequestList
from listsync.errors import Refusal, UnavailableError
from listsync.http.deadline import Timeouts
from listsync.http.transport import Pool
from listsync.seerr import details, index
from listsync.seerr import search as searching
from listsync.seerr.address import Address
from listsync.seerr.arr_services import SeerrArrServices
from listsync.seerr.errors import PassingError, WrongAskingError
from listsync.seerr.requests import RequestSender, UserRequest
from listsync.seerr.search import read_genres, read_languages
from listsync.seerr.transport import SerialWrites, ServerTransport
from listsync.seerr.users import OWNER, Actor, SameServer, Users, allowance_of, name_of, product_of

if TYPE_CHECKING:
    from listsync.ports.fleet import RequestFence

TIMEOUT_S = 30.0
"""The server itself waits for TMDB without a limit."""

_IMDB_ID = re.compile(r"(tt|nm)\d{1,12}", re.ASCII)
_WORDS = {MediaType.MOVIE: "film", MediaType.TV: "series"}


class Seerr:
    """Implements `RequestServer` for Overseerr, Jellyseerr and Seerr.

    Threads may share it: reads run side by side, writes one after the other. What users there are
    is read when it is needed, and once.
    """

    def __init__(  # noqa: PLR0913 - one argument per setting
        self,
        url: str,
        api_key: SecretStr,
        *,
        act_as: str | int | None = None,
        approve: bool = False,
        timeout_s: float = TIMEOUT_S,
        max_per_second: float | None = None,
        ca_file: Path | None = None,
        token: CancelToken | None = None,
        timeouts: Timeouts | None = None,
        pool: Pool | None = None,
        fence: RequestFence | None = None,
        key_name: str | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: where the server is, with its base path if it has one.
            api_key: the server's key, from its general settings.
            act_as: in whose name requests are made: a user's name or id; None: the owner.
            approve: requests for *act_as* are approved at once, by the owner's right;
                otherwise they are made with that user's rights and may wait for approval.
            timeout_s: seconds to wait for one answer, or a piece of it.
            max_per_second: calls, reads and writes together; None: no limit.
            ca_file: certificates that are trusted beside the usual ones.
            token: ends what waits for the server.
            timeouts: takes the place of what follows from *timeout_s*, for tests.
            pool: takes the place of the network, for tests.
            fence: lets each write begin, and says how long it may take.
            key_name: the name that `listsync secret` keeps *api_key* under, for advice.

        Raises:
            UnavailableError: *url* is no address.
            RefusedError: *api_key* cannot be a key.
        """
        try:
            self._address = Address.parse(url)
        except ValueError as error:
            raise UnavailableError("server", f"server.url {error}") from error
        token = token or CancelToken()
        self._transport = ServerTransport(
            self._address,
            api_key,
            timeouts=timeouts or Timeouts.of(timeout_s),
            token=token,
            pool=pool,
            max_per_second=max_per_second,
            ca_file=ca_file,
            fence=fence,
            key_name=key_name,
        )
        self._known = SameServer(self._transport, self._address.base)
        self._transport.check_server = self._known.check
        self._sender = RequestSender(self._transport, SerialWrites(self._transport))
        self._users = Users(self._transport)
        self._arr_services = SeerrArrServices(self._transport, token)
        self._act_as = act_as
        self._approve = approve
        self._product: Product | None = None

    def __repr__(self) -> str:
        return f"Seerr({self._address.base!r})"

    @property
    def calls(self) -> int:
        """How many calls went out so far, repeated ones included."""
        return self._transport.calls

    def close(self) -> None:
        """Close the connections; calls that are still running fail."""
        self._transport.close()

    def identify(self) -> ServerInfo:
        """Say who answers: four calls, and one more (or a page of users) with `act_as`."""
        info = self._known.identify()
        self._product = info.product
        actor = self._find_act_as()
        return info if actor is None else replace(info, user=actor.name)

    def name_of_product(self) -> str:
        """Say what answers, such as `Seerr 3.1.0`: three calls, none of which needs the key."""
        return name_of(self._transport, self._address.base)

    def users(self) -> tuple[Actor, ...]:
        """Give all users of the server: a call for each page of them."""
        return self._users.all()

    def clock(self) -> datetime | None:
        """Read the server's clock, as it dates its answers; None: it does not."""
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - no sync asks for it

        told = self._transport.get("/status").headers.get("date", "")
        try:
            return parsedate_to_datetime(told).astimezone(UTC)
        except ValueError:
            return None

    def read_index(self, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        """Read all rows; one key may come in several rows, to be merged by the reader."""
        return index.read_index(self._transport, previous)

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
        """Read the seasons of a series, and what `facts` reads.

        Raises:
            UnavailableError: also for a TMDB id that does not exist: the server gives the same
                answer as when TMDB is down.
        """
        return details.series_of(self._read_details(TitleKey(MediaType.TV, tmdb_id)))

    def facts(self, key: TitleKey, *, patient: bool = True) -> TitleFacts:
        """Read what the catalogue says of a title; raises as `series` does.

        Not *patient*: what may be a number that does not exist is not asked for again.
        """
        return details.facts_of(self._read_details(key, patient=patient))

    def parts(self, collection: int) -> tuple[TitleKey, ...]:
        """Read the parts of a film series; raises as `series` does."""
        path = details.path_of_collection(collection)
        return details.read_parts(self._transport.get(path, patient=False), self._transport.errors)

    @property
    def arr_services(self) -> SeerrArrServices:
        return self._arr_services

    def genres(self, kind: MediaType) -> frozenset[str]:
        """Read what the catalogue calls the genres of *kind*, folded as filters are."""
        return read_genres(self._transport, kind)

    def languages(self) -> frozenset[str]:
        """Read the codes of the languages that titles may have."""
        return read_languages(self._transport)

    def problem_with_user(self, user: str) -> str | None:
        """Say why nothing can be requested as *user*: a call by id, a page of users by name."""
        try:
            self._users.find(user)
        except WrongAskingError as error:
            return error.why
        return None

    def allowance_of(self, user: str | None) -> Allowance:
        """Say what may be requested as *user*: one call, none for the owner; and the look-up.

        Raises:
            RefusedError: `act_as` is no user, or *user* is none.
        """
        return allowance_of(self._transport, self._actor(user))

    def request(self, body: RequestBody) -> RequestResponse:
        """Ask for one title; IMPOSSIBLE where `problem_with_user` has something to tell."""
        if body.key.kind is MediaType.TV and not body.seasons:
            return RequestResponse(kind=ResponseKind.COVERED, detail="no seasons to request")
        try:
            order = self._order(body)
        except WrongAskingError as error:
            return RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail=error.why)
        return self._sender.request(order)

    def find_requests(self, body: RequestBody) -> FoundRequests:
        """Look for what became of a request that may have been sent; raises as `series` does."""
        return self._sender.find(body)

    def read_requests(self) -> RequestList:
        """Read the requests of all users, which the key's owner may see."""
        return index.read_requests(self._transport)

    def watchlist_page(
        self, user: str | None, number: int, known: str | None = None
    ) -> WatchlistPage:
        """Read a page of the watchlist of *user*; three calls before, if nobody said who answers.

        Raises:
            RefusedError: there is no such user.
        """
        user_id = OWNER if user is None else self._users.find(user).id
        product = self._product or product_of(self._transport, self._address.base)
        self._product = product
        return index.read_watchlist_page(self._transport, product, user_id, number, known)

    def cancel(self, request_id: int) -> Cancelled:
        """Take one request back.

        By whom we ask: the owner, `act_as`, and users whom this client was asked about
        (`problem_with_user`) or asked as.
        """
        self._find_act_as()
        return self._sender.cancel(request_id, self._users.found_ids | {OWNER})

    def _read_details(self, key: TitleKey, *, patient: bool = True) -> details.Details:
        try:
            response = self._transport.get(details.path_of(key), patient=patient)
        except PassingError as error:
            if "unable to retrieve" not in error.why.lower():
                raise
            what = _WORDS[key.kind]
            why = f"has no details of {what} {key.tmdb_id}: TMDB is down, or knows no such {what}"
            raise self._transport.errors.unavailable(why) from error
        return details.read_details(response, self._transport.errors)

    def _find(self, query: str, page: int = 1) -> SearchPage:
        response = self._transport.get(searching.path_of(query, page))
        return searching.read_page(response, self._transport.errors)

    def _order(self, body: RequestBody) -> UserRequest:
        """Look up as whom the body asks."""
        asking = body.asking
        return UserRequest(
            body=body,
            actor=self._actor(asking.user),
            approve=self._approve if asking.approve is None else asking.approve,
        )

    def _actor(self, user: str | None) -> Actor | None:
        return self._find_act_as() if user is None else self._users.find(user)

    def _find_act_as(self) -> Actor | None:
        if self._act_as is None:
            return None
        try:
            return self._users.find(self._act_as)
        except WrongAskingError as error:
            why = f"server.request_as: {error.why}"
            raise self._transport.errors.refused(Refusal.NOT_FOUND, why) from error
