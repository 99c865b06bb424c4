"""What others NOTIFY in PostgreSQL, as syncs: anything is a trigger, and many are one.

The payload is JSON with `source`, `timestamp`, `lists` and `dry_run`, all of which may be missing
or of any kind.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from listsync.domain.list_rules import ListRules
from listsync.domain.notices import few
from listsync.domain.runs import Scope, SyncJob
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.ports.state import KeyValueStore
from listsync.postgres.notifications import Notification
from listsync.protocol import RefusedCommand
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

NOBODY = "PostgreSQL"
"""Who asks where the payload does not say."""
CATCH_UP = "catch-up"
_NAME = "postgres_listened"
_LONGEST_NAME = 64
_MOST_NAMES = 20
"""Of those who asked for one sync."""
_MOST_LINES = 20
_LINES_EACH_S = 60.0
_NO = (False, None, 0, "", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresTrigger:
    """One trigger; `lists` are names as they were sent, empty: all lists."""

    source: str = NOBODY
    lists: tuple[str, ...] = ()
    dry_run: bool = False


def trigger_of(payload: str) -> PostgresTrigger:
    """Read a payload, whatever it is; what is of the wrong kind counts as not given.

    But for `dry_run`: whatever is not clearly "no" changes nothing.
    """
    try:
        content: object = json.loads(payload)
    except (ValueError, RecursionError):
        return PostgresTrigger()
    if not isinstance(content, dict):
        return PostgresTrigger()
    dry_run = content.get("dry_run")
    return PostgresTrigger(
        source=_source_of(content.get("source")),
        lists=tuple(_names_in(content.get("lists"))),
        dry_run=(dry_run.strip().casefold() if isinstance(dry_run, str) else dry_run) not in _NO,
    )


def _source_of(value: object) -> str:
    text = str(value) if isinstance(value, str | int | float) else ""
    return one_line(text, _LONGEST_NAME) or NOBODY


def _names_in(value: object) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return dict.fromkeys(one for one in values if isinstance(one, str) and one.strip())


@dataclass(frozen=True, slots=True)
class TriggerCount:
    """How many triggers came since the agent's start, when the last one did, and whose it was."""

    total: int = 0
    last_at: datetime | None = None
    last_source: str = ""


class TriggerIntake:
    """Makes syncs of triggers. Any thread may use it.

    *lists* gives those that the configuration in force follows, *catches_up* whether a time
    without a connection is made up for.
    """

    def __init__(
        self,
        submit: Callable[[SyncJob], object],
        key_values: KeyValueStore,
        lists: Callable[[], Sequence[ListRules]],
        catches_up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._submit = submit
        self._key_values = key_values
        self._lists = lists
        self._catches_up = catches_up
        self._lines, self._warnings = _LineLimit(), _LineLimit()
        self._lock = threading.Lock()
        self.count = TriggerCount()

    def take(self, *found: Notification) -> None:
        """Have synced what *found* ask for: in one sync, and one dry run where any wants that."""
        triggers = [trigger_of(one.payload) for one in found]
        if not triggers:
            return
        with self._lock:
            total = self.count.total + len(triggers)
            self.count = TriggerCount(total, datetime.now(UTC), triggers[-1].source)
            self._tell([one.source for one in triggers])
        for is_dry in (False, True):
            self._order([one for one in triggers if one.dry_run is is_dry], is_dry=is_dry)

    def tell_rest(self) -> None:
        """Say how many triggers the log has left out, once it is time. Called now and then."""
        with self._lock:
            self._tell(())

    def connected(self, at: datetime) -> None:
        """Make up for the time before *at*, when LISTEN was on again.

        A state in which nobody ever listened has missed nothing.
        """
        try:
            before = self._key_values.load(_NAME)
            if before is not None and self._catches_up():
                words = "triggers may have been missed in PostgreSQL since %s: syncing once"
                logger.info(words, str(before)[:19], extra={"action": "catch_up"})
                self._place(SyncJob.new(None, CATCH_UP, eager=False))
            self._key_values.save(_NAME, at.isoformat())
        except StateError as error:
            _warn_of_state(error)

    def disconnected(self, at: datetime) -> None:
        """Note until when notifications were heard."""
        try:
            self._key_values.save(_NAME, at.isoformat())
        except StateError as error:
            _warn_of_state(error)

    def _tell(self, sources: Sequence[str]) -> None:
        if left_out := self._lines.begin_anew():
            words = "[Sync Worker] Received %s more sync trigger notifications in the last minute"
            logger.info(words, f"{left_out:,}", extra={"action": "triggers_received"})
        for source in sources[: self._lines.room_for(len(sources))]:
            words = "[Sync Worker] Received sync trigger notification from %s"
            logger.info(words, source, extra={"action": "trigger_received", "source": source})

    def _warn(self, action: str, words: str, *facts: object) -> None:
        with self._lock:
            self._warnings.begin_anew()
            has_room = self._warnings.room_for(1)
        if has_room:
            logger.warning(words, *facts, extra={"action": action})

    def _order(self, triggers: Sequence[PostgresTrigger], *, is_dry: bool) -> None:
        if not triggers:
            return
        scope = self._scope_of(triggers)
        if scope is not None and not scope:
            return
        origins = tuple(dict.fromkeys(one.source for one in triggers))
        job = SyncJob.new(scope, NOBODY, dry_run=is_dry, forced=is_dry)
        left_out = len(origins[_MOST_NAMES:])
        self._place(replace(job, origins=origins[:_MOST_NAMES], more_origins=left_out))

    def _place(self, job: SyncJob) -> None:
        try:
            self._submit(job)
        except RefusedCommand as error:
            words = "what %s asked for by NOTIFY is not done: %s"
            self._warn("trigger_refused", words, job.origin, error)

    def _scope_of(self, triggers: Iterable[PostgresTrigger]) -> Scope:
        """Give the lists that are meant; who names only unknown ones wants none of ours."""
        named: set[str] = set()
        for one in triggers:
            if not one.lists:
                return None
            named.update(one.lists)
        known = {one.name: one.source for one in self._lists() if one.is_enabled}
        if unknown := sorted(named - known.keys()):
            names = few([repr(one_line(name, _LONGEST_NAME)) for name in unknown])
            words = "a trigger in PostgreSQL names what is no list that is read: %s"
            self._warn("trigger_unknown_list", words, names)
        return frozenset(source for name, source in known.items() if name in named)


class _LineLimit:
    """Lets so many lines of one kind into the log each minute, and counts the others."""

    def __init__(self) -> None:
        self._since = 0.0
        self._lines = self._left_out = 0

    def room_for(self, lines: int) -> int:
        """Say how many of *lines* may be logged now."""
        room = min(lines, max(0, _MOST_LINES - self._lines))
        self._lines += room
        self._left_out += lines - room
        return room

    def begin_anew(self) -> int:
        """Begin another minute, if it is time; give how many lines were left out in the last."""
        now = time.monotonic()
        if now - self._since < _LINES_EACH_S:
            return 0
        left_out, self._since = self._left_out, now
        self._lines = self._left_out = 0
        return left_out


def _warn_of_state(error: StateError) -> None:
    words = "until when PostgreSQL was listened to could not be noted: %s"
    logger.warning(words, error, extra={"action": "trigger_state"})
