"""What an agent remembers, exchanged with its fleet: a copy of each row is in PostgreSQL.

All that shares something begins with the fleet's row, whose lock makes revisions come in the order
of commits. So who knows a revision has missed nothing before it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.json import encode

from listsync.domain.fleet import SharedKey, SharedRow
from listsync.fleet.membership import CHANGED
from listsync.fleet.rows import MOST_ROWS, RowReader, digest_of
from listsync.postgres.connection import PostgresServerError

if TYPE_CHECKING:
    from psycopg import Connection

    from listsync.fleet.lease import FleetLease
    from listsync.ports.fleet import SharedRows
    from listsync.postgres.connection import PostgresLink

logger = logging.getLogger(__name__)

_Row = TypeVar("_Row")

_ANSWER_S = 15.0
_COMMAND_S = 2.0
_ROWS_EACH_SECOND = 5_000
"""So many more a command may take a second longer for."""
_PRUNED_AFTER_DAYS = 30
_PRUNE_EVERY_S = 24 * 3600.0
_MOST_PRUNED = 10_000
"""At a time: all others wait meanwhile."""
_FLEET = """
SELECT id::text, revision, pruned, epoch, left(owner, 100) FROM listsync_fleets WHERE name = %s
"""
_ANEW = "UPDATE listsync_fleets SET id = gen_random_uuid() WHERE name = %s AND id::text = %s"
_WENT_BACK = "what the fleet remembers is not what it was: it was made anew, or restored"
_AWAY = "what the fleet has forgotten since is not known here: this agent joins anew"
_PRUNE = """
WITH old AS (
    SELECT noun, digest FROM listsync_rows
    WHERE fleet = %(fleet)s AND content IS NULL
        AND at < clock_timestamp() - make_interval(days => %(days)s)
    ORDER BY revision LIMIT %(most)s
), gone AS (
    DELETE FROM listsync_rows AS r USING old
    WHERE r.fleet = %(fleet)s AND r.noun = old.noun AND r.digest = old.digest
    RETURNING r.revision
)
UPDATE listsync_fleets SET pruned = greatest(pruned, (SELECT max(revision) FROM gone))
WHERE name = %(fleet)s
"""
_PUT = """
INSERT INTO listsync_rows AS r
    (fleet, noun, digest, key, content, revision, epoch, owner, number)
SELECT %(fleet)s, noun, digest, key, content::json, %(revision)s, %(epoch)s, %(owner)s, number
FROM unnest(
    %(nouns)s::text[], %(digests)s::bytea[], %(keys)s::text[], %(contents)s::text[],
    %(numbers)s::bigint[]
) AS given (noun, digest, key, content, number)
ON CONFLICT (fleet, noun, digest) DO UPDATE
SET content = excluded.content, revision = excluded.revision, epoch = excluded.epoch,
    owner = excluded.owner, number = excluded.number, at = clock_timestamp()
WHERE r.owner = excluded.owner AND r.number <= excluded.number
    OR r.revision <= %(known)s OR %(is_said)s
RETURNING noun, key
"""
"""What another has written since we looked last stays."""


class _Fleet(NamedTuple):
    """The fleet's row, as far as it says what there is to know."""

    id: str
    revision: int
    pruned: int
    epoch: int
    owner: str


class Exchange:
    """Exchanges *rows* with the fleet of *lease*, on the connection that it is given.

    Any thread may use it, with a connection of its own; one does at a time.

    All methods raise:
        PostgresServerError: it does not answer; what was shared may be known there, or not.
        StateError: our own state cannot be used.
    """

    def __init__(self, rows: SharedRows, lease: FleetLease) -> None:
        self._rows = rows
        self._lease = lease
        self._reader = RowReader(lease.fleet, rows.nouns)
        self._lock = threading.Lock()
        self._fleet = ""
        """The one that was joined; empty: none yet."""
        self._has_own_name = False
        """What the fleet calls this state was made up in this process."""
        self._prune_at = 0.0

    def join(self, link: PostgresLink) -> None:
        """Take part: bring what the fleet lacks the first time, take what it has each time."""
        with self._lock:
            self._fleet = self._look(link).id
            if self._is_member(link):
                self._pull(link)
                if self._push_said(link):
                    self._pull(link)
                return
            self._rows.join(self._fleet, self._look(link).pruned)
            found = self._pull(link, is_whole=True)
            gone = self._rows.drop_gone()
            self._push(link, self._lease.unfenced, 0)
            self._rows.joined(has_memory=found > 0)
            self._has_own_name = True
        logger.info(
            "joined the fleet %s, which remembered %d rows%s",
            *(self._lease.fleet, found, f", and has forgotten {gone} of ours" if gone else ""),
            extra={"action": "fleet_joined", "rows": found, "gone": gone},
        )

    def push(self, link: PostgresLink, need_s: float = 0.0, epoch: int | None = None) -> None:
        """Share all that has changed here, under our lease, as `FleetLease.fenced` says.

        Raises:
            LeaseLostError: another agent leads; what was not shared stays here.
        """
        held = self._lease.epoch if epoch is None else epoch
        begin = partial(self._lease.fenced, need_s=need_s, epoch=epoch)
        with self._lock:
            self._push(link, begin, held)

    @contextmanager
    def command(self, link: PostgresLink) -> Iterator[None]:
        """Let a person change the memory in the block: here and for all, or not at all.

        The block's writes in this thread are one transaction.

        Raises:
            UnavailableError: nothing was changed here, as PostgreSQL did not answer.
        """
        if not self._lock.acquire(timeout=_COMMAND_S):
            raise PostgresServerError("what the fleet remembers is still being read")
        try:
            self._pull(link, _COMMAND_S)
            with self._rows.saying(partial(self._share_said, link)):
                yield
        finally:
            self._lock.release()

    def pull(self, link: PostgresLink) -> int:
        """Take what others have shared since the last time; returns how many rows that were."""
        with self._lock:
            return self._pull(link)

    def drop_left_over(self, link: PostgresLink) -> None:
        """Forget what a run of ours wrote and never shared, if another has led since."""
        with self._lock:
            self._drop_left_over(link)

    def prune(self, link: PostgresLink) -> None:
        """Have the fleet forget once a day which rows are gone for long, under our lease.

        Raises:
            LeaseLostError: another agent leads.
        """
        if (now := self._lease.clock.elapsed_s()) < self._prune_at:
            return
        self._prune_at = now + _PRUNE_EVERY_S
        values = {"fleet": self._lease.fleet, "days": _PRUNED_AFTER_DAYS, "most": _MOST_PRUNED}
        with self._lock:
            self._pull(link)  # who has it forgotten must know it
            with link.within(_ANSWER_S) as connection, connection.transaction():
                revision = self._lease.fenced(connection)
                connection.execute(_PRUNE, values)
            self._rows.note_shared((), revision)

    def _is_member(self, link: PostgresLink) -> bool:
        """Tell whether all that is new to us can be taken from it."""
        if self._rows.fleet() != self._fleet or self._has_gone_back(link):
            return False
        return self._rows.revision() >= self._look(link).pruned

    def _has_gone_back(self, link: PostgresLink) -> bool:
        """Tell whether it lacks what we know of it; then it is another, which all join anew."""
        fleet = self._look(link)
        if fleet.revision >= self._rows.revision():
            return False
        with link.within(_ANSWER_S) as connection:
            connection.execute(_ANEW, (self._lease.fleet, fleet.id))
        self._fleet = self._look(link).id
        return True

    def _look_at_ours(self, link: PostgresLink, limit_s: float = _ANSWER_S) -> _Fleet:
        """Look at the fleet that was joined: another one says nothing of what we know."""
        fleet = self._look(link, limit_s)
        if fleet.id != (self._fleet or fleet.id) or fleet.revision < self._rows.revision():
            raise PostgresServerError(_WENT_BACK)
        return fleet

    def _look(self, link: PostgresLink, limit_s: float = _ANSWER_S) -> _Fleet:
        with link.within(limit_s) as connection:
            row = connection.execute(_FLEET, (self._lease.fleet,)).fetchone()
        if row is None:
            raise PostgresServerError("the fleet is not there any more")
        return _Fleet(*row)

    def _push(self, link: PostgresLink, begin: Callable[[Connection], int], epoch: int) -> None:
        while rows := self._rows.changed(MOST_ROWS):
            with link.within(_ANSWER_S) as connection, connection.transaction():
                revision = begin(connection)
                if revision <= self._rows.revision():
                    raise PostgresServerError(_WENT_BACK)
                taken = self._put(connection, rows, revision, epoch)
            self._rows.note_shared([row for row in rows if row.at in taken], revision)
            if len(taken) < len(rows):
                self._pull(link)
            if self._lease.epoch:
                with link.within(_ANSWER_S) as connection:
                    self._lease.renew_if_due(connection)

    def _push_said(self, link: PostgresLink) -> bool:
        """Share what a person has said; tells whether there was anything."""
        if rows := self._rows.said():
            self._rows.note_shared(rows, self._share_said(link, rows))
        return bool(rows)

    def _share_said(self, link: PostgresLink, rows: Sequence[SharedRow]) -> int:
        limit_s = _COMMAND_S + len(rows) / _ROWS_EACH_SECOND
        with link.within(limit_s) as connection, connection.transaction():
            revision = self._lease.unfenced(connection)
            for some in _batches(rows):
                self._put(connection, some, revision, 0, is_said=True)
            self._lease.wake(connection, CHANGED)
        return revision

    def _put(
        self,
        connection: Connection,
        rows: Sequence[SharedRow],
        revision: int,
        epoch: int,
        *,
        is_said: bool = False,
    ) -> set[SharedKey]:
        values = {
            "fleet": self._lease.fleet,
            "revision": revision,
            "epoch": epoch,
            "owner": self._rows.owner(),
            "known": self._rows.revision(),
            "is_said": is_said,
            "nouns": [row.at.noun for row in rows],
            "digests": [digest_of(row.at) for row in rows],
            "keys": [row.at.key for row in rows],
            "contents": [_written(row) for row in rows],
            "numbers": [row.number for row in rows],
        }
        return {SharedKey(*found) for found in connection.execute(_PUT, values)}

    def _pull(
        self, link: PostgresLink, limit_s: float = _ANSWER_S, *, is_whole: bool = False
    ) -> int:
        """Take all rows of one point in time: so what others belong to is there before them."""
        known = self._rows.revision()
        count = 0
        if self._look_at_ours(link, limit_s).revision > known:
            with link.within(limit_s) as connection:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                count = self._take(link, known, limit_s, is_whole=is_whole)
            finally:
                with suppress(PostgresServerError), link.within(limit_s) as connection:
                    connection.rollback()
        self._has_own_name = self._has_own_name or self._rows.name_anew()
        return count

    def _take(self, link: PostgresLink, known: int, limit_s: float, *, is_whole: bool) -> int:
        fleet = self._look_at_ours(link, limit_s)
        if known < fleet.pruned and not is_whole:
            raise PostgresServerError(_AWAY)
        count = 0
        for rows in self._reader.newer(link, known, limit_s):
            self._rows.apply(rows, known)
            count += len(rows)
            self._keep_lead(link, limit_s)
        self._rows.apply((), fleet.revision)
        return count

    def _keep_lead(self, link: PostgresLink, limit_s: float) -> None:
        """Renew the lease while all that is new is read, in a transaction that only reads."""
        if self._lease.epoch and self._lease.is_due:
            with closing(link.another()) as other, other.within(limit_s) as connection:
                self._lease.renew_if_due(connection)

    def _drop_left_over(self, link: PostgresLink) -> None:
        keys = sorted(self._rows.left_over(), key=lambda key: self._rows.nouns.index(key.noun))
        if not keys:
            return
        fleet = self._look_at_ours(link)
        led_by_others = fleet.epoch - (fleet.owner == self._lease.owner)
        if led_by_others <= self._rows.held_epoch():
            return
        for some in _batches(keys):
            self._rows.discard(self._reader.named(link, some, _ANSWER_S))
        logger.warning(
            "%d rows of a sync that was cut off were never shared; what the fleet has counts",
            len(keys),
            extra={"action": "fleet_rows_dropped", "rows": len(keys)},
        )


def _batches(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    return (rows[start : start + MOST_ROWS] for start in range(0, len(rows), MOST_ROWS))


def _written(row: SharedRow) -> str | None:
    return None if row.content is None else encode(row.content).decode()
