"""The table `listsync_triggers`: triggers that are written down, so that none is lost.

Its numbers are given out before they are committed, so a smaller one may appear later: numbers
that were left out are asked for again, while they are among the last thousand.
`contrib/postgres/triggers.sql` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from listsync.lean_dataclasses import dataclass
from listsync.ports.state import KeyValueStore
from listsync.postgres.connection import PostgresLink

if TYPE_CHECKING:
    from psycopg import Connection

_NAME = "postgres_table"
_READ_S = 10.0
_PAGE = 1000
_TRAILING = 1000
_MOST_LISTS = 500
_IS_THERE = """SELECT has_table_privilege(to_regclass('listsync_triggers'), 'SELECT')"""
_LAST = "SELECT coalesce(max(id), 0) FROM listsync_triggers"
_IDS = "SELECT id FROM listsync_triggers WHERE id > %s AND id <= %s"
_ROWS = """SELECT id, left(source, 256), lists[1:%s], coalesce(dry_run, false)
    FROM listsync_triggers WHERE id > %s OR id = ANY(%s) ORDER BY id LIMIT %s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A trigger as it was written down; `lists` empty: all of them."""

    number: int
    source: str = ""
    lists: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class KnownRows:
    """Up to which number rows were read, and which numbers before it were not there."""

    last: int
    missing: frozenset[int] = frozenset()

    def holds(self, number: int) -> bool:
        return number <= self.last and number not in self.missing

    def and_those(self, found: Iterable[int]) -> KnownRows:
        """Know what a reading of all others has found."""
        found = frozenset(found)
        last = max(self.last, *found, 0)
        skipped = frozenset(range(max(self.last, last - _TRAILING) + 1, last + 1))
        missing = (self.missing | skipped) - found
        return KnownRows(last, frozenset(one for one in missing if one > last - _TRAILING))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReading:
    """What is new, and what is known then. `is_new`: the table was made, or begun, anew."""

    rows: tuple[TableRow, ...] = ()
    known: KnownRows
    is_new: bool = False
    has_more: bool = False


class TriggerTable:
    """Reads what is new in the table. For one thread; all that asks the server raises as it does.

    What `read` gives is new until it was told `know`.
    """

    def __init__(self, key_values: KeyValueStore) -> None:
        self._key_values = key_values

    def known(self) -> KnownRows | None:
        """Return which rows are known; None: nobody has read any. Raises StateError."""
        kept = self._key_values.load(_NAME)
        return KnownRows(kept["last"], frozenset(kept["missing"])) if kept else None

    def know(self, known: KnownRows) -> None:
        """Keep which rows are known; raises StateError."""
        self._key_values.save(_NAME, {"last": known.last, "missing": sorted(known.missing)})

    def is_there(self, link: PostgresLink) -> bool | None:
        """Tell whether the table may be read; None: there is none."""
        with link.within(_READ_S) as connection:
            row = connection.execute(_IS_THERE, prepare=False).fetchone()
        return None if row is None or row[0] is None else bool(row[0])

    def read(self, link: PostgresLink, known: KnownRows | None) -> TableReading:
        """Read what is new, the oldest first and not all at once.

        Who knows nothing begins at the end, as does who knows more than there is.
        """
        with link.within(_READ_S) as connection:
            last = _one_number(connection, _LAST)
            if known is None or 0 < last < known.last:
                return TableReading(known=_at_end(connection, last), is_new=known is not None)
            asked = (_MOST_LISTS, known.last, sorted(known.missing), _PAGE)
            found = connection.execute(_ROWS, asked, prepare=False).fetchall()
        rows = tuple(
            TableRow(
                number=number,
                source=source or "",
                lists=tuple(one for one in lists or () if one),
                dry_run=dry_run,
            )
            for number, source, lists, dry_run in found
        )
        known = known.and_those([one.number for one in rows])
        return TableReading(rows=rows, known=known, has_more=len(rows) == _PAGE)


def _one_number(connection: Connection, words: str) -> int:
    rows: Sequence[tuple[int]] = connection.execute(words.encode(), prepare=False).fetchall()
    return rows[0][0]


def _at_end(connection: Connection, last: int) -> KnownRows:
    """Know all that is there, and that numbers which are not there may be committed yet."""
    begin = max(0, last - _TRAILING)
    there = connection.execute(_IDS, (begin, last), prepare=False).fetchall()
    return KnownRows(begin).and_those([*(one for (one,) in there), last])
