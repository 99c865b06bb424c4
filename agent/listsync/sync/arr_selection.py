"""From what a list names of Radarr and Sonarr to the server's numbers. Pure.

What is not known is not guessed: the server does not check what it is sent, so a request with a
number that does not exist would be taken and never handed on. Source: Seerr 3.1.0, live.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from listsync.domain.arr_services import (
    PROGRAMS,
    ArrChoice,
    ArrNames,
    ArrOffer,
    ArrSelection,
    ArrService,
)
from listsync.domain.server import AS_SERVER_DECIDES, Destination
from listsync.lean_dataclasses import dataclass

_BIGGEST_ID = 2**31 - 1
_MOST_NAMES = 12
_MOST_LETTERS = 60


class WhyOpen(StrEnum):
    """Why a selection has no destination (yet). UNFIT: what to write instead is in the words."""

    UNKNOWN = "not looked up yet"
    MISSING = "not there"
    UNFIT = "not as it is named"
    FAILED = "could not be asked"


@dataclass(frozen=True, slots=True)
class OpenSelection:
    """A selection without a destination; `service_id` is the service that knows more, if any."""

    reason: WhyOpen
    why: str
    service_id: int | None = None


class _OpenError(Exception):
    def __init__(self, reason: WhyOpen, why: str, service_id: int | None = None) -> None:
        super().__init__(why)
        self.open = OpenSelection(reason, why, service_id)


def key_of(wanted: ArrSelection) -> str:
    """Name a selection for good."""
    parts = (wanted.service, wanted.profile, wanted.root_folder, wanted.language_profile)
    return json.dumps([wanted.four_k, *parts, wanted.tags, wanted.more_tags], ensure_ascii=False)


def resolve(wanted: ArrSelection, names: ArrNames) -> Destination | OpenSelection:
    """Put what *wanted* names into the server's numbers, as far as *names* knows them.

    Without a service, the default one is meant; where more is named than numbers, it is sent
    along, as numbers of profiles and tags are its own. Tags take the place of the service's own.
    """
    try:
        return AS_SERVER_DECIDES if wanted.is_empty else _resolve(wanted, names)
    except _OpenError as error:
        return error.open


def needs_nothing(wanted: ArrSelection) -> bool:
    """Tell whether a selection is sent as it stands: it names nothing but numbers."""
    named = (wanted.profile, wanted.language_profile, *wanted.tags, *wanted.more_tags)
    numbers = all(one is None or _number(one) is not None for one in named)
    return numbers and wanted.service is None and wanted.root_folder is None


def left_out(wanted: ArrSelection, names: ArrNames) -> tuple[str, ...]:
    """Name the `more_tags` of *wanted* that are not looked for, or not there."""
    found = resolve(wanted, names)
    number = found.server_id if isinstance(found, Destination) else None
    offer = names.offers.get(number) if number is not None else None
    there = offer.tags if offer else ()
    named = (one for one in wanted.more_tags if _number(one) is None)
    return tuple(one for one in named if not _fitting(one, there))


def without_names(tags: Iterable[str]) -> tuple[str, ...]:
    """Keep the tags that are numbers."""
    return tuple(tag for tag in tags if _number(tag) is not None)


def _resolve(wanted: ArrSelection, names: ArrNames) -> Destination:
    if needs_nothing(wanted):
        return _AtService(wanted, None, names).destination()
    return _AtService(wanted, _find_service(wanted, names), names).destination()


class _AtService:
    """One service (None: the default, whichever that is), asked for what is named of it."""

    def __init__(
        self, wanted: ArrSelection, service: ArrService | None, names: ArrNames, key: str = ""
    ) -> None:
        self._wanted = wanted
        self._key = key or key_of(wanted)
        self._service = service
        self._names = names
        self._offer = names.offers.get(service.id) if service else None

    def destination(self) -> Destination:
        """Find what is named; whatever is not there is told at once."""
        try:
            return self.lookup()
        except _OpenError as error:
            if error.open.reason is not WhyOpen.MISSING:
                raise
            words = "; ".join(dict.fromkeys((error.open.why, *self._missing())))
            raise _OpenError(WhyOpen.MISSING, words, error.open.service_id) from None

    def _missing(self) -> Iterator[str]:
        for part in _parts(self._wanted):
            try:
                _AtService(part, self._service, self._names, self._key).lookup()
            except _OpenError as error:
                if error.open.reason is WhyOpen.MISSING:
                    yield error.open.why

    def lookup(self) -> Destination:
        """Find what is named; raises _OpenError for the first that is not to be had."""
        wanted, service, offer = self._wanted, self._service, self._offer or ArrOffer()
        usual = [service.profile] if service and service.profile else []
        folders = [ArrChoice(-1, service.folder)] if service and service.folder else []
        folder = self._pick("root folder", wanted.root_folder, offer.root_folders, folders)
        languages = offer.language_profiles
        return Destination(
            server_id=service.id if service else None,
            profile_id=self._id("profile", wanted.profile, offer.profiles, usual),
            root_folder=folder.name if folder else None,
            language_profile_id=self._id("language profile", wanted.language_profile, languages),
            tags=tuple(dict.fromkeys(self._tags(offer.tags))),
        )

    def _tags(self, there: Sequence[ArrChoice]) -> Iterator[int]:
        for tag in self._wanted.tags:
            number = self._id("tag", tag, there)
            if number is not None:
                yield number
        for tag in self._wanted.more_tags:
            number = _number(tag)
            if number is not None:
                yield number
            elif self._offer is None:
                raise self._not_known("tag", tag)
            else:
                yield from (one.id for one in _fitting(tag, there)[:1])

    def _id(
        self,
        what: str,
        wanted: str | None,
        there: Sequence[ArrChoice],
        usual: Sequence[ArrChoice] = (),
    ) -> int | None:
        number = _number(wanted) if wanted is not None else None
        if number is not None:
            return number
        found = self._pick(what, wanted, there, usual)
        return found.id if found else None

    def _pick(
        self,
        what: str,
        wanted: str | None,
        there: Sequence[ArrChoice],
        usual: Sequence[ArrChoice],
    ) -> ArrChoice | None:
        """Find what *wanted* names: in the server's settings (*usual*), else at the service."""
        if wanted is None:
            return None
        found = _exactly(wanted, usual) or _fitting(wanted, there) or _fitting(wanted, usual)
        found = found or [one for one in there if str(one.id) == wanted.strip()]
        if len(found) == 1:
            return found[0]
        if self._offer is None or (not found and self._may_be_there()):
            raise self._not_known(what, wanted)
        raise self._not_one(what, wanted, found, there)

    def _may_be_there(self) -> bool:
        """Tell whether what is known of the service may be too old for this selection."""
        is_new = self._key not in self._names.sought
        return is_new or (self._service is not None and self._service.id in self._names.failures)

    def _not_known(self, what: str, wanted: str) -> _OpenError:
        number = self._service.id if self._service else None
        failure = self._names.failures.get(number) if number is not None else None
        if failure is None:
            why = _unknown_words(what, wanted)
            return _OpenError(WhyOpen.UNKNOWN, why, number)
        why = f"{self._called} could not be asked for {what} {_shown(wanted)}: {failure.why}"
        why += f"; see that {self._called} runs" if failure.went_away else ""
        return _OpenError(WhyOpen.FAILED, why, number)

    def _not_one(
        self, what: str, wanted: str, found: Sequence[ArrChoice], there: Sequence[ArrChoice]
    ) -> _OpenError:
        number = self._service.id if self._service else None
        if found:
            ids = ", ".join(str(one.id) for one in found)
            why = f"{self._called} has more than one {what} {_shown(wanted)}: use the id, of {ids}"
            return _OpenError(WhyOpen.UNFIT, why, number)
        names = f"there are: {_names(there)}" if there else "there is none at all"
        why = f"{self._called} has no {what} {_shown(wanted)}; {names}"
        return _OpenError(WhyOpen.MISSING, why, number)

    @property
    def _called(self) -> str:
        """Name the service; one called as its program, or the only one, needs no name."""
        program = PROGRAMS[self._wanted.kind]
        service, others = self._service, self._names.services or ()
        if service is None or len(others) == 1 or _folded(service.name) == _folded(program):
            return program
        return f"{program} {_shown(service.name)}"


def _parts(wanted: ArrSelection) -> Iterator[ArrSelection]:
    """Take a selection apart, into one for each name."""
    none = replace(
        wanted, profile=None, root_folder=None, language_profile=None, tags=(), more_tags=()
    )
    yield replace(none, root_folder=wanted.root_folder)
    yield replace(none, profile=wanted.profile)
    yield replace(none, language_profile=wanted.language_profile)
    yield from (replace(none, tags=(tag,)) for tag in wanted.tags)


def _find_service(wanted: ArrSelection, names: ArrNames) -> ArrService:
    program, services = PROGRAMS[wanted.kind], names.services
    if services is None and names.settings_failure:
        why = f"the settings of {program} could not be read: {names.settings_failure}"
        raise _OpenError(WhyOpen.FAILED, why)
    if services is None:
        raise _OpenError(WhyOpen.UNKNOWN, _first_unknown(wanted))
    if wanted.service is not None:
        return _named_service(wanted.service, program, services, four_k=wanted.four_k)
    what = f"{program} for 4K" if wanted.four_k else program
    fitting = [one for one in services if one.four_k == wanted.four_k]
    if not fitting:
        others = " that is not for 4K" if services and not wanted.four_k else ""
        raise _missing(f"the server has no {what}{others}")
    found = next((one for one in fitting if one.is_default), None)
    if found is None:
        there = _names(fitting)
        why = f"no {what} is the default: name one as service; there are: {there}"
        raise _OpenError(WhyOpen.UNFIT, why)
    return found


def _named_service(
    name: str, program: str, services: Sequence[ArrService], *, four_k: bool
) -> ArrService:
    """Find a service of that name; one that is not for this quality is told as such."""
    number = _number(name)
    if number is not None:
        found = [one for one in services if one.id == number]
    else:
        found = _fitting(name, [one for one in services if one.four_k == four_k])
        found = found or _fitting(name, services)
    if len(found) > 1:
        ids = ", ".join(str(one.id) for one in found)
        why = f"more than one {program} is called {_shown(name)}: use the id, of {ids}"
        raise _OpenError(WhyOpen.UNFIT, why)
    if not found:
        there = f"there are: {_names(services)}" if services else "there is none at all"
        raise _missing(f"the server has no {program} {_shown(name)}; {there}")
    if found[0].four_k != four_k:
        raise _OpenError(WhyOpen.UNFIT, _wrong_quality(program, found[0], services))
    return found[0]


def _wrong_quality(program: str, service: ArrService, services: Sequence[ArrService]) -> str:
    others = [one for one in services if one.four_k != service.four_k]
    there = f", or name one that is not: {_names(others)}" if others else ""
    if service.four_k:
        return f"{program} {_shown(service.name)} is for 4K: set four_k: true for the list{there}"
    there = f", or name one that is: {_names(others)}" if others else ""
    return f"{program} {_shown(service.name)} is not for 4K: set four_k: false for the list{there}"


def _missing(why: str) -> _OpenError:
    return _OpenError(WhyOpen.MISSING, why)


def _first_unknown(wanted: ArrSelection) -> str:
    tags = (("tag", tag) for tag in (*wanted.tags, *wanted.more_tags))
    what, name = next(iter((*wanted.named, *tags)))
    return _unknown_words(what, name)


def _unknown_words(what: str, name: str) -> str:
    return f"{what} not looked up yet: {_shown(name)}"


def _number(name: str) -> int | None:
    text = name.strip()
    is_number = text.isascii() and text.isdigit() and int(text[:12]) <= _BIGGEST_ID
    return int(text) if is_number else None


def _exactly(wanted: str, choices: Iterable[ArrChoice]) -> list[ArrChoice]:
    return [one for one in choices if one.name == wanted.strip()]


def _fitting(wanted: str, choices: Sequence[Any]) -> list[Any]:
    """Find what bears the name, to the letter or else nearly so."""
    exactly = [one for one in choices if one.name == wanted.strip()]
    return exactly or [one for one in choices if _folded(one.name) == _folded(wanted)]


def _folded(name: str) -> str:
    """Fold a name; a path may end in a slash or not."""
    return name.strip().rstrip("/\\").casefold()


def _shown(name: str) -> str:
    cut = name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…"
    return repr(cut)


def _names(choices: Sequence[ArrChoice | ArrService]) -> str:
    names = [one.name[:_MOST_LETTERS] for one in choices[:_MOST_NAMES]]
    return ", ".join([*names, "…"] if len(choices) > _MOST_NAMES else names)
