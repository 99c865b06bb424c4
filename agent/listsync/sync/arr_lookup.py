"""When the names of Radarr and Sonarr are looked up, and what is remembered of that.

Reading what a Radarr offers can end the server's process: the servers do not catch what goes wrong
there (Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live). So a selection is looked up once,
when it is new in the configuration, and remembered. The server's settings answer first: they name
the services, with the profile and folder that each uses, and ask no Radarr.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from listsync.domain.arr_services import (
    NO_ARR_NAMES,
    PROGRAMS,
    ArrFailure,
    ArrNames,
    ArrOffer,
    ArrSelection,
)
from listsync.domain.decisions import Member
from listsync.domain.media import MediaType
from listsync.domain.server import AS_SERVER_DECIDES, Asking, Destination
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.server import ArrServices
from listsync.ports.titles import ArrNamesStore
from listsync.sync.arr_selection import (
    OpenSelection,
    WhyOpen,
    key_of,
    left_out,
    needs_nothing,
    resolve,
    without_names,
)

logger = logging.getLogger(__name__)

Way = tuple[Asking, MediaType, bool]
"""How titles of a kind are requested, in 4K or not."""

WENT_AWAY_FOR = timedelta(days=1)
"""A server that went away on a look-up is not asked again for so long."""
MISSING_FOR = timedelta(days=1)
FAILED_FOR = timedelta(hours=1)
_WENT_AWAY = "the server went away when it was queried; it is queried again after a day"


class ArrDirectory:
    """What is known of all Radarrs and Sonarrs of the server, for one run.

    `is_tentative`: nothing was looked up for it, so that what is not known is an open question.
    """

    def __init__(
        self, names: Mapping[MediaType, ArrNames] | None = None, *, is_tentative: bool = False
    ) -> None:
        self._names = dict(names or {})
        self._is_tentative = is_tentative
        self._left_out: set[tuple[MediaType, str]] = set()

    def hold_reason(self, asking: Asking, kind: MediaType, *, four_k: bool) -> str | None:
        """Say why nothing can be requested so; None if it can, or if nobody looked."""
        found = self._find_open((asking, kind, four_k))
        return found.why if found is not None and not self._is_question(found) else None

    def open_reason(self, asking: Asking, kind: MediaType, *, four_k: bool) -> str | None:
        """Say what nobody looked up that this depends on."""
        found = self._find_open((asking, kind, four_k))
        return found.why if found is not None and self._is_question(found) else None

    def _find_open(self, way: Way) -> OpenSelection | None:
        asking, kind, four_k = way
        found = self.find(ArrSelection.of(asking, kind, four_k=four_k))
        return found if isinstance(found, OpenSelection) else None

    def _is_question(self, found: OpenSelection) -> bool:
        return self._is_tentative and found.reason is WhyOpen.UNKNOWN

    def destination(
        self, asking: Asking, kind: MediaType, *, four_k: bool, more_tags: tuple[str, ...] = ()
    ) -> Destination:
        """Give the numbers for *asking*, which has no `hold_reason`.

        Of *more_tags*, those that its service does not have are left out.
        """
        wanted = ArrSelection.of(asking, kind, four_k=four_k)
        united = replace(wanted, more_tags=more_tags)
        self._tell_left_out(united)
        for one in (united, replace(wanted, more_tags=without_names(more_tags))):
            found = self.find(one)
            if not isinstance(found, OpenSelection):
                return found
        return AS_SERVER_DECIDES

    def find(self, wanted: ArrSelection) -> Destination | OpenSelection:
        """Give the numbers for *wanted*, or say why there are none."""
        return resolve(wanted, self._names.get(wanted.kind, NO_ARR_NAMES))

    def _tell_left_out(self, wanted: ArrSelection) -> None:
        names = self._names.get(wanted.kind, NO_ARR_NAMES)
        for tag in left_out(wanted, names) if wanted.more_tags else ():
            if (wanted.kind, tag) not in self._left_out:
                self._left_out.add((wanted.kind, tag))
                logger.warning(
                    "tag %r is left out where a list before names another %s, without such a tag",
                    tag,
                    PROGRAMS[wanted.kind],
                    extra={"action": "tag_left_out"},
                )


def ways_of_asking(members: Iterable[Member]) -> list[Way]:
    """Gather how titles may be requested, by the kinds that each list has (or may have)."""
    kinds = {(member.rules.name, member.entry.kind): member.rules for member in members}
    ways = {
        (rules.asking_for(kind), kind, rules.four_k): None
        for (_, there), rules in kinds.items()
        for kind in (MediaType if there is None else (there,))
        if rules.kind in (None, kind)
    }
    return list(ways)


def selections_of(ways: Iterable[Way]) -> list[ArrSelection]:
    """Gather what the lists name, each once.

    A title of several lists gets the tags of all: those of lists that name another service are
    looked for at this one, too.
    """
    found = [ArrSelection.of(asking, kind, four_k=four_k) for asking, kind, four_k in ways]
    more = [replace(one, more_tags=_tags_of_others(one, found)) for one in found]
    return [one for one in dict.fromkeys((*found, *more)) if not one.is_empty]


def _tags_of_others(one: ArrSelection, others: Sequence[ArrSelection]) -> tuple[str, ...]:
    alike = (other for other in others if (other.kind, other.four_k) == (one.kind, one.four_k))
    tags = dict.fromkeys(
        tag for other in alike if other.service != one.service for tag in other.tags
    )
    return tuple(tag for tag in tags if tag not in one.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrLookup:
    """Looks names up at one server (`identity`), and remembers them.

    `again`: somebody says that what was not found may be there now. Not `careful`: somebody
    insists, so that also a server that went away lately is asked.
    """

    server: ArrServices
    store: ArrNamesStore
    identity: str
    now: datetime
    again: bool = False
    careful: bool = True

    def remembered(self) -> ArrDirectory:
        """Give what is known without a look-up."""
        names = {kind: self.store.load(self.identity, kind) for kind in MediaType}
        return ArrDirectory(names, is_tentative=True)

    def compared(self, wanted: Iterable[ArrSelection]) -> ArrDirectory:
        """Give what is known, with the server's settings as of now; nothing is remembered."""
        kinds = {one.kind for one in wanted if not (one.is_empty or needs_nothing(one))}
        names = {kind: self.store.load(self.identity, kind) for kind in MediaType}
        return ArrDirectory(
            {
                kind: self._with_settings(kind, one) if kind in kinds else one
                for kind, one in names.items()
            }
        )

    def look_up(self, wanted: Sequence[ArrSelection]) -> ArrDirectory:
        """Look up what is new in *wanted*, or due again; the rest is remembered.

        Raises:
            UnavailableError: the server cannot be reached, or has gone away and is not back.
        """
        return ArrDirectory(
            {
                kind: self._names(kind, [one for one in wanted if one.kind is kind])
                for kind in MediaType
            }
        )

    def doubt(self, kind: MediaType) -> None:
        """Have the names of *kind* looked up anew next time: a request made with them failed."""
        names = self.store.load(self.identity, kind)
        self.store.save(self.identity, kind, replace(names, sought={}))

    def _names(self, kind: MediaType, wanted: Sequence[ArrSelection]) -> ArrNames:
        names = self.store.load(self.identity, kind)
        due = [one for one in wanted if self._is_due(one, names)]
        if not due:
            return names
        sought = {**names.sought, **{key_of(one): self.now for one in due}}
        names = self._with_settings(kind, replace(names, sought=sought))
        for service_id in _services_to_ask(due, names):
            names = self._with_offer(kind, service_id, names)
        self.store.save(self.identity, kind, names)
        return names

    def _is_due(self, wanted: ArrSelection, names: ArrNames) -> bool:
        if wanted.is_empty or needs_nothing(wanted):
            return False
        at = names.sought.get(key_of(wanted))
        found = resolve(wanted, names)
        if at is None or self.again:
            return at is None or isinstance(found, OpenSelection)
        return isinstance(found, OpenSelection) and abs(self.now - at) >= _pause(found, names)

    def _with_settings(self, kind: MediaType, names: ArrNames) -> ArrNames:
        try:
            services = self.server.list_services(kind)
        except (RefusedError, ResponseChangedError) as error:
            logger.warning(
                "the settings of %s cannot be read: %s",
                PROGRAMS[kind],
                error,
                extra={"action": "arr_settings_unreadable"},
            )
            return replace(names, settings_failure=error.why)
        return replace(names, services=services, settings_failure="")

    def _with_offer(self, kind: MediaType, service_id: int, names: ArrNames) -> ArrNames:
        """Ask one service, unless the server went away on such a look-up lately."""
        gone_at = self._went_away_at(names)
        failure = ArrFailure(why=_WENT_AWAY, went_away=True)
        if gone_at is not None:
            is_known = service_id in names.failures
            return names if is_known else names.with_failure(service_id, failure, gone_at)
        # Noted before: this process may end together with the server, and must not ask again.
        noted = names.with_failure(service_id, failure, self.now)
        self.store.save(self.identity, kind, noted)
        try:
            answer = self.server.read_offer(kind, service_id)
        except UnavailableError:
            self.store.save(self.identity, kind, names)
            raise
        if isinstance(answer, ArrOffer):
            return names.with_offer(service_id, answer, self.now)
        if not answer.went_away:
            return names.with_failure(service_id, answer, self.now)
        logger.warning(
            "the server went away when it was asked what a %s offers (%s); lists that name "
            "something there are on hold, the others go on when the server is back",
            PROGRAMS[kind],
            answer.why,
            extra={"action": "arr_lookup_failed"},
        )
        self.server.wait_until_back()
        return noted

    def _went_away_at(self, names: ArrNames) -> datetime | None:
        if not self.careful:
            return None
        times = [names.asked_at[number] for number, one in names.failures.items() if one.went_away]
        return next((at for at in times if abs(self.now - at) < WENT_AWAY_FOR), None)


def _services_to_ask(due: Iterable[ArrSelection], names: ArrNames) -> list[int]:
    """Name the services that know what the settings alone do not tell."""
    unasked = replace(names, offers={}, failures={})
    found = (resolve(one, unasked) for one in due)
    numbers = [one.service_id for one in found if isinstance(one, OpenSelection)]
    return list(dict.fromkeys(number for number in numbers if number is not None))


def _pause(found: OpenSelection, names: ArrNames) -> timedelta:
    """Say after what time a look-up that did not help is made again."""
    failure = names.failures.get(found.service_id) if found.service_id is not None else None
    if failure is not None and failure.went_away:
        return WENT_AWAY_FOR
    is_known = found.reason in (WhyOpen.MISSING, WhyOpen.UNFIT)
    return MISSING_FOR if is_known else FAILED_FOR
