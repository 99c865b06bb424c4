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
from listsync.postgres.connection import PostgresLink, PostgresServerError
from listsync.postgres.notifications import Notification
from listsync.postgres.trigger_table import TableReading, TableRow, TriggerTable
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
    """One trigger; `lists` are names as they were sent, empty: all lists.

    `number`: it is written down under that in the table `listsync_triggers`.
    """

    source: str = NOBODY
    lists: tuple[str, ...] = ()
    dry_run: bool = False
    number: int | None = None


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
    dry_run, number = content.get("dry_run"), content.get("listsync_trigger")
    return PostgresTrigger(
        source=_source_of(content.get("source")),
        lists=tuple(_names_in(content.get("lists"))),
        dry_run=(dry_run.strip().casefold() if isinstance(dry_run, str) else dry_run) not in _NO,
        number=number if type(number) is int else None,
    )


def _trigger_of_row(row: TableRow) -> PostgresTrigger:
    return PostgresTrigger(
        source=_source_of(row.source), lists=row.lists, dry_run=row.dry_run, number=row.number
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
    without a connection is made up for: by one sync, or exactly where the triggers are written
    down in a table, which is read over the *link* that listens.
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
        self._table = TriggerTable(key_values)
        self._read: set[int] = set()
        """Rows that were read over this connection: their notifications may be on the way."""
        self._lock = threading.Lock()
        self.count = TriggerCount()
        self.has_table = False
        """Whether triggers were found to be written down when we connected last."""

    def take(self, *found: Notification, link: PostgresLink | None = None) -> None:
        """Have synced what *found* ask for: in one sync, and one dry run where any wants that."""
        triggers = [trigger_of(one.payload) for one in found]
        if link is not None and any(one.number is not None for one in triggers):
            self._look_up(triggers, link)
        else:
            self._take(triggers)

    def tell_rest(self) -> None:
        """Say how many triggers the log has left out, once it is time. Called now and then."""
        with self._lock:
            self._tell(())
        self._read.clear()

    def connected(self, at: datetime, link: PostgresLink | None = None) -> None:
        """Make up for the time before *at*, when LISTEN was on again.

        A state in which nobody ever listened has missed nothing.

        Raises:
            PostgresServerError: *link* is of no use any more.
        """
        try:
            self._read.clear()
            before = self._key_values.load(_NAME)
            is_exact = link is not None and self._catch_up_exactly(link)
            if before is not None and not is_exact and self._catches_up():
                self._catch_up(str(before))
            self._key_values.save(_NAME, at.isoformat())
        except StateError as error:
            _warn_of_state(error)

    def disconnected(self, at: datetime) -> None:
        """Note until when notifications were heard."""
        try:
            self._key_values.save(_NAME, at.isoformat())
        except StateError as error:
            _warn_of_state(error)

    def _catch_up(self, since: str) -> None:
        words = "triggers may have been missed in PostgreSQL since %s: syncing once"
        logger.info(words, since[:19], extra={"action": "catch_up"})
        self._place(SyncJob.own(None, CATCH_UP))

    def _catch_up_exactly(self, link: PostgresLink) -> bool:
        """Take what was written down meanwhile; returns whether that is known to be all."""
        try:
            is_there = self._table.is_there(link)
            self.has_table = bool(is_there)
            if is_there:
                return self._read_table(link)
            if is_there is not None:
                words = "the table listsync_triggers may not be read: GRANT SELECT to the agent"
                logger.warning(words, extra={"action": "trigger_table"})
        except PostgresServerError as error:
            self.has_table = False
            if not link.is_open:
                raise
            words = "the table listsync_triggers is of no use: %s"
            logger.warning(words, error, extra={"action": "trigger_table"})
        return False

    def _read_table(self, link: PostgresLink) -> bool:
        known = self._table.known()
        has_more = True
        while has_more:
            read = self._table.read(link, known)
            rows = self._rows_of(read)
            if self._catches_up():
                self._take(rows)
                if read.is_new:
                    self._catch_up("the table listsync_triggers was begun anew")
            self._table.know(read.known)
            if known is None:
                return False
            known, has_more = read.known, read.has_more
        return True

    def _look_up(self, triggers: Sequence[PostgresTrigger], link: PostgresLink) -> None:
        """Take triggers of which some are written down: as they are there, each once."""
        try:
            read = self._table.read(link, self._table.known())
        except (PostgresServerError, StateError):  # whoever waits for the next ones learns of it
            self._take(triggers)
            return
        rows = self._rows_of(read)
        self._take([*(one for one in triggers if one.number not in self._read), *rows])
        try:
            self._table.know(read.known)
        except StateError as error:
            _warn_of_state(error)

    def _rows_of(self, read: TableReading) -> list[PostgresTrigger]:
        self._read |= {row.number for row in read.rows}
        return [_trigger_of_row(row) for row in read.rows]

    def _take(self, triggers: Sequence[PostgresTrigger]) -> None:
        if not triggers:
            return
        with self._lock:
            total = self.count.total + len(triggers)
            self.count = TriggerCount(total, datetime.now(UTC), triggers[-1].source)
            self._tell([one.source for one in triggers])
        for is_dry in (False, True):
            self._order([one for one in triggers if one.dry_run is is_dry], is_dry=is_dry)

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
