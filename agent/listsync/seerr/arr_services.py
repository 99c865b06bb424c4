"""The Radarrs and Sonarrs that the server hands requests to, and what can be chosen there."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from msgspec import Raw, field

from listsync.cancellation import CancelToken
from listsync.domain.arr_services import PROGRAMS, ArrChoice, ArrFailure, ArrOffer, ArrService
from listsync.domain.media import MediaType
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from listsync.http.deadline import until
from listsync.http.response import Response
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode, readable
from listsync.seerr.errors import PassingError, TimedOutError, UnsentError, complaint
from listsync.seerr.transport import ServerTransport
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

_BACK_S = 120.0
_BACK_TRIES = 15
_BACK_PAUSE_S = 2.0
"""With the pauses of each try, somewhat more than a minute."""
_GATEWAYS = frozenset({502, 503, 504})
_LONGEST = 300


class _Choice(ResponseShape, frozen=True):
    """Something with a number and a name."""

    id: int
    name: str


class _Folder(_Choice, frozen=True):
    name: str = field(name="path")


class _Tag(_Choice, frozen=True):
    name: str = field(name="label")


class _Service(_Choice, frozen=True):
    """One service of the settings, which also hold its key: that is not read.

    The open list of services has no name for the profile.
    """

    four_k: bool = field(name="is4k", default=False)
    is_default: bool = field(name="isDefault", default=False)
    profile_id: int | None = field(name="activeProfileId", default=None)
    profile_name: str | None = field(name="activeProfileName", default=None)
    folder: str | None = field(name="activeDirectory", default=None)

    @property
    def service(self) -> ArrService:
        profile = None
        if self.profile_id is not None and self.profile_name:
            profile = ArrChoice(self.profile_id, one_line(self.profile_name, _LONGEST))
        return ArrService(
            id=self.id,
            name=one_line(self.name, _LONGEST),
            four_k=self.four_k,
            is_default=self.is_default,
            profile=profile,
            folder=self.folder if self.folder and self.folder.isprintable() else None,
        )


class _Offer(ResponseShape, frozen=True, rename="camel"):
    """What one Radarr or Sonarr has; Sonarr 4 has no language profiles (null)."""

    profiles: list[Raw] | None = None
    root_folders: list[Raw] | None = None
    language_profiles: list[Raw] | None = None
    tags: list[Raw] | None = None

    @property
    def offer(self) -> ArrOffer:
        folders = readable(self.root_folders, _Folder)
        return ArrOffer(
            profiles=_choices(readable(self.profiles, _Choice)),
            # A path is sent back as it stands.
            root_folders=tuple(
                ArrChoice(one.id, one.name) for one in folders if one.name.isprintable()
            ),
            language_profiles=_choices(readable(self.language_profiles, _Choice)),
            tags=_choices(readable(self.tags, _Tag)),
        )


def _choices(rows: Sequence[_Choice]) -> tuple[ArrChoice, ...]:
    return tuple(ArrChoice(row.id, one_line(row.name, _LONGEST)) for row in rows)


class SeerrArrServices:
    """Implements `ports.ArrServices`; see there."""

    def __init__(self, transport: ServerTransport, token: CancelToken) -> None:
        self._transport = transport
        self._token = token

    def list_services(self, kind: MediaType) -> tuple[ArrService, ...]:
        """Read the services from the settings; where those are closed, from the open list."""
        program = PROGRAMS[kind].lower()
        path = f"/settings/{program}"
        response = self._transport.get(path, also={401, 403, 404})
        if response.status != 200:
            path = f"/service/{program}"
            response = self._transport.get(path)
        try:
            rows = decode(response.body, list[Raw])
        except UnknownFormError as error:
            # Without a sample: the settings hold keys.
            raise self._transport.errors.changed(f"the answer at {path}") from error
        return tuple(one.service for one in readable(rows, _Service))

    def read_offer(self, kind: MediaType, service_id: int) -> ArrOffer | ArrFailure:
        """Have the server ask one service; nothing is tried twice.

        When Radarr does not answer well, or for 10 s, the servers do not catch that, and their
        process ends; behind a proxy that looks like its own error. Source: Overseerr 1.34.0 and
        Seerr 3.1.0, observed live.
        """
        path = f"/service/{PROGRAMS[kind].lower()}/{service_id}"
        try:
            response = self._transport.get(path, also={404, 500, *_GATEWAYS}, patient=False)
        except UnsentError:
            raise
        except (PassingError, TimedOutError) as error:
            return ArrFailure(why=error.why, went_away=True)
        except (RefusedError, ResponseChangedError) as error:
            return ArrFailure(why=error.why)
        if response.status == 200:
            return self._read(response, path)
        if response.status in _GATEWAYS or (response.status == 500 and not response.is_json):
            why = f"a proxy answered {response.status} in its place"
            return ArrFailure(why=why, went_away=True)
        return ArrFailure(why=complaint(response) or f"the server answered {response.status}")

    def _read(self, response: Response, path: str) -> ArrOffer | ArrFailure:
        try:
            return decode(response.body, _Offer).offer
        except UnknownFormError:
            return ArrFailure(why=f"the answer at {path} is not of the known shape")

    def wait_until_back(self) -> None:
        """Wait until the server answers; see the port."""
        with until(time.monotonic() + _BACK_S):
            self._wait_until_back()

    def _wait_until_back(self) -> None:
        for _ in range(_BACK_TRIES):
            try:
                self._transport.get("/settings/public")
            except UnavailableError as error:
                logger.debug("the server is not back yet: %s", error)
                if self._token.wait(_BACK_PAUSE_S):
                    raise
            else:
                return
        raise self._transport.errors.unavailable(
            "went away when it was asked what a Radarr or Sonarr offers, and has not come back: "
            "start it again"
        )
