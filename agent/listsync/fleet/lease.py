"""The lease of a fleet: one row in PostgreSQL that says who leads, in which epoch, until when.

Whether it has run out PostgreSQL alone says, by its own clock. Beside it the leader keeps a clock
of its own, by which it stops before the lease does, also when PostgreSQL is away, and when the
process or the machine stood still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from listsync.domain.fleet import Lease, LeaseTimes, fleet_channel
from listsync.errors import LeaseLostError, ListsyncError
from listsync.fleet.schema import CREATE, FORMAT
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from psycopg import Connection

_Found = TypeVar("_Found")

FREE = "free"
"""What wakes the others when nobody leads any more."""
_LONGEST_NAME = 100
_SLACK_S = 1.0
_LOST = "another agent leads the fleet, or may by now: nothing more is requested from here"
_MAKE_LOCK = 5_021_947_803_116_224_017
"""Of the transaction that makes the tables: any number, as long as it is always the same."""
_HAS_TABLES = """
SELECT count(*) = 2 FROM pg_class LEFT JOIN pg_attribute ON attrelid = oid AND attname = 'pruned'
WHERE (relname = 'listsync_rows_revision' OR relname = 'listsync_fleets' AND attname = 'pruned')
    AND pg_table_is_visible(oid)
"""
"""Not to_regclass: within a transaction it remembers what was not there (measured)."""
_LOOK = """
SELECT epoch, left(owner, 100), left(leader, 100), since,
    extract(epoch FROM expires_at - clock_timestamp())::float8, format
FROM listsync_fleets WHERE name = %s
"""
_SET_BACK = """
UPDATE listsync_fleets SET expires_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE name = %(fleet)s AND expires_at > clock_timestamp() + make_interval(secs => %(most_s)s)
"""
"""No lease is longer: the clock of PostgreSQL was set back. It may hold as long as a new one."""
_ACQUIRE = """
UPDATE listsync_fleets
SET epoch = epoch + 1, owner = %(owner)s, leader = %(leader)s, since = clock_timestamp(),
    expires_at = clock_timestamp() + make_interval(secs => %(lease_s)s),
    format = greatest(format, %(format)s)
WHERE name = %(fleet)s AND expires_at <= clock_timestamp() AND format <= %(format)s
RETURNING epoch, owner, leader, since, %(lease_s)s::float8, format
"""
_RENEW = """
UPDATE listsync_fleets
SET expires_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE name = %(fleet)s AND owner = %(owner)s AND epoch = %(epoch)s
    AND expires_at > clock_timestamp()
RETURNING epoch, owner, leader, since, %(lease_s)s::float8, format
"""
_NOT_IDLE = "set_config('idle_in_transaction_session_timeout', %(idle)s, true)"
"""In the statement that locks the fleet's row: who stands still with it is put out, by PostgreSQL.
Else nobody could take over from a process that was stopped, or whose network is gone."""
_RELEASE = f"""
UPDATE listsync_fleets SET expires_at = clock_timestamp()
WHERE name = %(fleet)s AND owner = %(owner)s AND expires_at > clock_timestamp()
RETURNING 1, {_NOT_IDLE}
"""  # noqa: S608 - constants
_FENCED = f"""
UPDATE listsync_fleets SET revision = revision + 1
WHERE name = %(fleet)s AND owner = %(owner)s AND epoch = %(epoch)s
    AND expires_at > clock_timestamp() + make_interval(secs => %(need_s)s)
RETURNING revision, extract(epoch FROM expires_at - clock_timestamp())::float8, {_NOT_IDLE}
"""  # noqa: S608 - constants
_UNFENCED = f"""
UPDATE listsync_fleets SET revision = revision + 1 WHERE name = %(fleet)s
RETURNING revision, {_NOT_IDLE}
"""  # noqa: S608 - constants


class FleetFormatError(ListsyncError):
    """A newer listsync keeps this fleet: take no part until this one is updated."""

    def __init__(self, known: int) -> None:
        super().__init__(
            f"a newer listsync leads or led this fleet (format {known}, known here: {FORMAT}): "
            "update this one"
        )


def _elapsed_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LeaseClock:
    """Until when our lease surely holds, by a clock that counts sleep. Any thread may use it."""

    def __init__(
        self, times: LeaseTimes | None = None, elapsed_s: Callable[[], float] = _elapsed_s
    ) -> None:
        self._times = times or LeaseTimes()
        self.elapsed_s = elapsed_s
        self._lock = threading.Lock()
        self._epoch = 0
        self._ends_at = 0.0

    @property
    def epoch(self) -> int:
        """In which epoch we lead, or led until this clock ran out; 0: in none."""
        return self._epoch

    def set(self, epoch: int, sent_at: float) -> None:
        """Note that we lead by what was sent at *sent_at* of `elapsed_s`."""
        with self._lock:
            self._epoch, self._ends_at = epoch, sent_at + self._times.lease_s

    def renew(self, epoch: int, sent_at: float) -> None:
        """Note that the lease was renewed, unless another thread has given it back meanwhile."""
        with self._lock:
            if epoch == self._epoch:
                self._ends_at = max(self._ends_at, sent_at + self._times.lease_s)

    def end(self) -> None:
        """Note that we lead no more."""
        with self._lock:
            self._epoch, self._ends_at = 0, 0.0

    def left_s(self) -> float:
        """Say for how long the lease holds; 0: we do not lead."""
        with self._lock:
            return max(0.0, self._ends_at - self.elapsed_s()) if self._epoch else 0.0

    def check(self, epoch: int | None = None) -> None:
        """Let a write begin that ends under our lease, in *epoch* (None: whichever it is).

        Raises:
            LeaseLostError: it may outlast it.
        """
        is_same = epoch is None or epoch == self._epoch
        if not is_same or self.left_s() < self._times.post_s:
            raise LeaseLostError(_LOST)


class _Row(NamedTuple):
    epoch: int
    owner: str
    leader: str
    since: datetime
    left_s: float
    format: int


class FleetLease:
    """The lease of *fleet* as the process *owner* sees it, which people call *name*.

    Each method uses the connection that it is given, and waits as long as its `within` lets it.
    What is held is known to any thread; `clock` says for how long.
    """

    def __init__(
        self,
        fleet: str,
        owner: str,
        name: str,
        times: LeaseTimes | None = None,
        clock: LeaseClock | None = None,
    ) -> None:
        self.fleet = fleet
        self.owner = owner
        self.name = name
        self.times = times or LeaseTimes()
        self.clock = clock or LeaseClock(self.times)

    @property
    def epoch(self) -> int:
        """In which epoch we lead, as far as we know; 0: in none."""
        return self.clock.epoch

    @property
    def is_due(self) -> bool:
        """Tell whether it is time to renew it."""
        return self.clock.left_s() <= self.times.lease_s - self.times.renew_s

    def prepare(self, connection: Connection) -> str:
        """Make the tables and the fleet's row where they are not there; returns the fleet's id.

        Raises:
            FleetFormatError: this listsync is too old for the fleet.
        """
        if not _has_tables(connection):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKE_LOCK,))
                if not _has_tables(connection):  # else another was quicker
                    connection.execute(CREATE)
                    # Where a fleet is there, its rows were not: all bring theirs again.
                    connection.execute("UPDATE listsync_fleets SET id = gen_random_uuid()")
        connection.execute(
            "INSERT INTO listsync_fleets (name, format) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (self.fleet, FORMAT),
        )
        self.look(connection)
        wanted = "SELECT id::text FROM listsync_fleets WHERE name = %s"
        return str(_found(connection.execute(wanted, (self.fleet,)).fetchone())[0])

    def look(self, connection: Connection) -> Lease:
        """Say who leads, or led last.

        Raises:
            FleetFormatError: this listsync is too old for the fleet.
        """
        row = self._read(connection)
        if row.format > FORMAT:
            raise FleetFormatError(row.format)
        if row.left_s > (most_s := self.times.lease_s + _SLACK_S):
            connection.execute(_SET_BACK, {**self._values(), "most_s": most_s})
            row = self._read(connection)
        return _lease(row)

    def _read(self, connection: Connection) -> _Row:
        return _Row(*_found(connection.execute(_LOOK, (self.fleet,)).fetchone()))

    def acquire(self, connection: Connection) -> Lease | None:
        """Take the lease if it has run out; None: another has it."""
        return self._hold(connection, _ACQUIRE, self.clock.set)

    def renew(self, connection: Connection) -> Lease | None:
        """Let it hold from now on; None: it is not ours any more, or has run out."""
        return self._hold(connection, _RENEW, self.clock.renew)

    def renew_if_due(self, connection: Connection) -> None:
        """Renew it within what takes long, if it is time to.

        Raises:
            LeaseLostError: it is not ours any more.
        """
        if self.is_due and self.renew(connection) is None:
            raise LeaseLostError(_LOST)

    def release(self, connection: Connection) -> None:
        """Let another lead at once, and wake those who would."""
        values = self._values()
        self.clock.end()
        with connection.transaction():
            if connection.execute(_RELEASE, values).fetchone() is not None:
                self.wake(connection, FREE)

    def wake(self, connection: Connection, payload: str) -> None:
        """Tell all agents of the fleet *payload*, at most 7,999 bytes."""
        connection.execute("SELECT pg_notify(%s, %s)", (fleet_channel(self.fleet), payload))

    def fenced(self, connection: Connection, need_s: float = 0.0, epoch: int | None = None) -> int:
        """Begin what is shared under our lease, which holds for *need_s* more.

        The first statement of a transaction: the row's lock, held until its end, makes revisions
        come in the order of commits. *epoch*: the one in which it must be; None = the current one.

        Raises:
            LeaseLostError: it does not hold; the transaction is to be rolled back.
        """
        values = {**self._values(), "need_s": need_s}
        if epoch is not None:
            values["epoch"] = epoch
        row = connection.execute(_FENCED, values).fetchone()
        # Once more: it was looked at before the row's lock was waited for.
        if row is None or row[1] <= need_s:
            raise LeaseLostError(_LOST)
        return int(row[0])

    def unfenced(self, connection: Connection) -> int:
        """Begin what a person said, at any agent: the first statement of a transaction, too."""
        row = _found(connection.execute(_UNFENCED, self._values()).fetchone())
        return int(row[0])

    def _hold(
        self, connection: Connection, statement: str, note: Callable[[int, float], None]
    ) -> Lease | None:
        sent_at = self.clock.elapsed_s()  # before: what comes late is worth less
        row = connection.execute(statement, self._values()).fetchone()
        if row is None:
            return None
        lease = _lease(_Row(*row))
        note(lease.epoch, sent_at)
        return lease

    def _values(self) -> dict[str, str | float]:
        return {
            "fleet": self.fleet,
            "owner": self.owner,
            "leader": self.name,
            "epoch": self.epoch,
            "format": FORMAT,
            "lease_s": self.times.lease_s,
            "idle": f"{self.times.idle_s * 1000:.0f}",
        }


def _lease(row: _Row) -> Lease:
    return Lease(
        epoch=row.epoch,
        owner=row.owner,
        leader=one_line(row.leader, _LONGEST_NAME),
        since=row.since.astimezone(UTC),
        left_s=row.left_s,
    )


def _has_tables(connection: Connection) -> bool:
    return bool(_found(connection.execute(_HAS_TABLES).fetchone())[0])


def _found(row: _Found | None) -> _Found:
    if row is None:  # somebody has deleted it
        raise LeaseLostError("the fleet is not in PostgreSQL any more")
    return row
