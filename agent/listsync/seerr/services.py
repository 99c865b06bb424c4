"""The Radarrs and Sonarrs that the server hands requests to, and what can be chosen there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Raw, field

from listsync.answers import Answer, UnknownFormError, decode, readable
from listsync.domain.media import MediaType
from listsync.domain.server import Asking
from listsync.seerr.identity import read
from listsync.seerr.trouble import ClosedError, TimedOutError
from listsync.seerr.wire import Wire
from listsync.seerr.words import clean, complaint, is_json

logger = logging.getLogger(__name__)

_PROGRAMS = {MediaType.MOVIE: "Radarr", MediaType.TV: "Sonarr"}
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request is to be sent, in the server's numbers; None: as the server decides."""

    server_id: int | None = None
    profile_id: int | None = None
    root_folder: str | None = None
    language_profile_id: int | None = None
    tags: tuple[int, ...] = ()

    @property
    def payload(self) -> dict[str, object]:
        """Write the fields of a request's body; `tags` are missing in the OpenAPI files."""
        fields: dict[str, object] = {
            "serverId": self.server_id,
            "profileId": self.profile_id,
            "rootFolder": self.root_folder,
            "languageProfileId": self.language_profile_id,
            "tags": list(self.tags) or None,
        }
        return {name: value for name, value in fields.items() if value is not None}


AS_SERVER_DECIDES = Place()


class _Choice(Answer, frozen=True):
    """Something with a number and a name."""

    id: int
    name: str


class _Folder(_Choice, frozen=True):
    name: str = field(name="path")


class _Tag(_Choice, frozen=True):
    name: str = field(name="label")


class _Service(_Choice, frozen=True):
    four_k: bool = field(name="is4k", default=False)
    is_default: bool = field(name="isDefault", default=False)


class _Offer(Answer, frozen=True, rename="camel"):
    """What one Radarr or Sonarr has; Sonarr 4 has no language profiles (null)."""

    profiles: list[Raw] | None = None
    root_folders: list[Raw] | None = None
    language_profiles: list[Raw] | None = None
    tags: list[Raw] | None = None


Chosen = TypeVar("Chosen", bound=_Choice)


class Services:
    """Finds what the user names at Radarr and Sonarr; reads only what that needs, each once.

    Any thread may ask.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._listed: dict[MediaType, Sequence[_Service]] = {}
        self._offers: dict[tuple[MediaType, int], _Offer | str] = {}
        self._unreadable: dict[tuple[MediaType, int], str] = {}
        self._left_out: set[tuple[str, str]] = set()
        self._reading = threading.Lock()

    def find_place(
        self, asking: Asking, kind: MediaType, *, four_k: bool, strict: bool = True
    ) -> Place:
        """Put what *asking* names into the numbers of the server.

        Without a service, the default one of the definition is meant; it is sent along, as the
        numbers of profiles and tags are its own. The server does not check what it is sent: a
        request with a number that does not exist is taken and never handed on. Nor does it ask
        for the right to choose (REQUEST_ADVANCED). Tags take the place of the service's own.
        Override rules, if Seerr has some, change folder, profile and tags of users who may not
        manage requests. Source: Seerr 3.1.0, live, and its code.

        Args:
            asking: what the user wants.
            kind: films go to a Radarr, series to a Sonarr; language profiles are Sonarr's.
            four_k: which services count.
            strict: otherwise tags that do not exist are left out: those of several lists may
                have come together that belong to different services.

        Raises:
            WrongAskingError: something does not exist.
            UnavailableError, RefusedError, AnswerChangedError: it cannot be looked up.
        """
        language = asking.language_profile if kind is MediaType.TV else None
        details = (asking.profile, asking.root_folder, language)
        if asking.service is None and not asking.tags and details == (None, None, None):
            return AS_SERVER_DECIDES
        with self._reading:
            service = self._find_service(asking.service, kind, four_k=four_k)
            if not asking.tags and details == (None, None, None):
                return Place(server_id=service.id)
            offer = self._read_offer(kind, service)
        at = f"{_PROGRAMS[kind]} {clean(service.name, 60)!r}"
        profile = self._pick("profile", at, asking.profile, readable(offer.profiles, _Choice))
        folders = readable(offer.root_folders, _Folder)
        folder = self._pick("root folder", at, asking.root_folder, folders)
        languages = readable(offer.language_profiles, _Choice)
        spoken = self._pick("language profile", at, language, languages)
        return Place(
            server_id=service.id,
            profile_id=profile.id if profile else None,
            root_folder=folder.name if folder else None,
            language_profile_id=spoken.id if spoken else None,
            tags=self._tags(at, asking.tags, readable(offer.tags, _Tag), strict=strict),
        )

    def _find_service(self, wanted: str | None, kind: MediaType, *, four_k: bool) -> _Service:
        program = _PROGRAMS[kind]
        listed = self._list(kind)
        fitting = [one for one in listed if one.four_k == four_k]
        what = f"{program} for 4K" if four_k else program
        if not fitting:
            others = " that is not for 4K" if listed and not four_k else ""
            raise self._wire.trouble.wrong_asking(f"the server has no {what}{others}")
        if wanted is not None:
            return self._one(what, wanted, fitting)
        found = next((one for one in fitting if one.is_default), None)
        if found is None:
            why = f"no {what} is the default: name one as service; there are: {_names(fitting)}"
            raise self._wire.trouble.wrong_asking(why)
        return found

    def _list(self, kind: MediaType) -> Sequence[_Service]:
        if kind not in self._listed:
            path = f"/service/{_PROGRAMS[kind].lower()}"
            rows = read(self._wire, path, list[Raw])
            self._listed[kind] = readable(rows, _Service)
        return self._listed[kind]

    def _read_offer(self, kind: MediaType, service: _Service) -> _Offer:
        """Read what a service has, which the server asks it for at that moment.

        A failure is remembered and nothing is tried twice: when Radarr does not answer, the
        servers do not catch that, and their process may end. Source: their code.
        """
        key = (kind, service.id)
        if key in self._unreadable:
            raise self._wire.trouble.unavailable(self._unreadable[key])
        if key not in self._offers:
            try:
                self._offers[key] = self._fetch_offer(kind, service)
            except (ClosedError, TimedOutError) as error:
                about = f"{_PROGRAMS[kind]} {clean(service.name, 60)!r}"
                why = f"{error.why}, asked what {about} offers: is that one running?"
                self._unreadable[key] = why
                raise self._wire.trouble.unavailable(why) from error
        offer = self._offers[key]
        if isinstance(offer, str):
            raise self._wire.trouble.wrong_asking(offer)
        return offer

    def _fetch_offer(self, kind: MediaType, service: _Service) -> _Offer | str:
        """Ask what a service has; a text says why the server cannot tell."""
        program = _PROGRAMS[kind]
        path = f"/service/{program.lower()}/{service.id}"
        reply = self._wire.get(path, also={404, 500}, patient=False)
        if reply.status == 200:
            try:
                return decode(reply.content, _Offer)
            except UnknownFormError as error:
                what = f"the answer at {path}"
                raise self._wire.trouble.changed(what, reply.content) from error
        if not is_json(reply):
            raise self._wire.trouble.of_answer(reply)
        said = complaint(reply) or "no reason given"
        return f"{program} {clean(service.name, 60)!r} cannot be asked what it offers: {said}"

    def _pick(
        self, what: str, at: str, wanted: str | None, choices: Sequence[_Choice]
    ) -> _Choice | None:
        return None if wanted is None else self._one(what, wanted, choices, f" at {at}")

    def _tags(
        self, at: str, wanted: Iterable[str], choices: Sequence[_Choice], *, strict: bool
    ) -> tuple[int, ...]:
        found: dict[int, None] = {}
        for tag in wanted:
            if strict or _fitting(tag, choices):
                found[self._one("tag", tag, choices, f" at {at}").id] = None
            elif (at, tag) not in self._left_out:
                self._left_out.add((at, tag))
                logger.warning(
                    "tag %r is left out: %s has no such tag",
                    clean(tag, 60),
                    at,
                    extra={"action": "tag_left_out"},
                )
        return tuple(found)

    def _one(self, what: str, wanted: str, choices: Sequence[Chosen], where: str = "") -> Chosen:
        """Take the one that *wanted* names; if there is none or several, say what there is."""
        found = _fitting(wanted, choices)
        if len(found) == 1:
            return found[0]
        named = f"called {clean(wanted, 60)!r}{where}"
        if found:
            ids = ", ".join(str(one.id) for one in found)
            why = f"more than one {what} is {named}: use the id, one of {ids}"
        else:
            there = f"there are: {_names(choices)}" if choices else "there is none at all"
            why = f"no {what} {named}; {there}"
        raise self._wire.trouble.wrong_asking(why)


def _fitting(wanted: str, choices: Sequence[Chosen]) -> list[Chosen]:
    """Find what bears the name, to the letter or nearly so, and else the number."""
    exactly = [one for one in choices if one.name == wanted.strip()]
    nearly = [one for one in choices if _folded(one.name) == _folded(wanted)]
    return exactly or nearly or [one for one in choices if str(one.id) == wanted.strip()]


def _folded(name: str) -> str:
    """Fold a name; a path may end in a slash or not."""
    return name.strip().rstrip("/\\").casefold()


def _names(choices: Sequence[_Choice]) -> str:
    names = [clean(one.name, 60) for one in choices[:_MOST_NAMES]]
    return ", ".join([*names, "…"] if len(choices) > _MOST_NAMES else names)
