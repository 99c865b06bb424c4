"""Writes rows that others share: by their natural keys, with the numbers that they have here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from listsync.domain.fleet import SharedRow
from listsync.store.row_codec import iso
from listsync.store.shared_checks import BadRowError, checked_content, checked_key
from listsync.store.shared_tables import ORDINAL, PARENTS, SharedTable

_REQUESTS = "requests"
_MOVED = (
    "UPDATE requests SET id = ?1 WHERE id = ?2",
    "UPDATE request_lists SET request = ?1 WHERE request = ?2",
)
_MOST = 2**48
"""Of a request's number: after it there are still some."""
_Values = Mapping[str, object]


class RowWriter:
    """Writes into *connection*, in whose transaction changes are not noted.

    What cannot be used is left out, and `bad` says why.
    """

    def __init__(self, connection: sqlite3.Connection, *, is_joining: bool) -> None:
        self._connection = connection
        self._is_joining = is_joining
        self._now = datetime.now(UTC)
        self._numbers: dict[tuple[str, object], int] = {}
        self.bad: list[tuple[SharedRow, str]] = []

    def put(self, table: SharedTable, rows: Sequence[SharedRow]) -> None:
        put = self._put_request if table.noun == _REQUESTS else self._put
        self._each(table, sorted(rows, key=_place), put)

    def remove(self, table: SharedTable, rows: Sequence[SharedRow]) -> None:
        # The last first: what is gone changes the ordinals of those behind it.
        self._each(table, sorted(rows, key=_place, reverse=True), self._remove)

    def _each(
        self,
        table: SharedTable,
        rows: Sequence[SharedRow],
        write: Callable[[SharedTable, SharedRow, Sequence[str | int]], None],
    ) -> None:
        for row in rows:
            try:
                write(table, row, checked_key(table, row))
            except BadRowError as error:
                self.bad.append((row, str(error)))
            except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError) as error:
                self.bad.append((row, f"it does not fit: {error}"))

    def _put(self, table: SharedTable, row: SharedRow, key: Sequence[str | int]) -> None:
        named = dict(zip(table.key, key, strict=True))
        content = dict(checked_content(table, row))
        if table.noun == "intents":
            # How old it is, by the one clock that all share.
            content["at"] = iso(self._now - timedelta(seconds=max(0.0, row.age_s)))
        values = self._with_numbers(table, {**named, **content})
        updates = ", ".join(f"{name} = excluded.{name}" for name in content)
        self._connection.execute(
            # Called otherwise, as one of the tables is called `excluded`.
            f"INSERT INTO {table.noun} AS t ({', '.join(values)})"  # noqa: S608 - names of the schema
            f" VALUES ({', '.join('?' * len(values))}) ON CONFLICT ({', '.join(named)})"
            f" DO {f'UPDATE SET {updates}' if updates else 'NOTHING'}",
            tuple(values.values()),
        )

    def _remove(self, table: SharedTable, row: SharedRow, key: Sequence[str | int]) -> None:
        del key  # it was looked at
        self._connection.execute(
            f"DELETE FROM {table.noun} AS t WHERE {table.is_row('t', '?1')}",  # noqa: S608 - names of the schema
            (row.at.key,),
        )

    def _put_request(self, table: SharedTable, row: SharedRow, key: Sequence[str | int]) -> None:
        content = dict(checked_content(table, row))
        wanted = content.pop("id", None)
        found = self._connection.execute(
            f"SELECT id FROM requests AS t WHERE {table.is_row('t', '?1')}",  # noqa: S608 - names of the schema
            (row.at.key,),
        ).fetchone()
        if found is not None:
            # Each by itself: the triggers that count requests expect that of their columns.
            for name, value in content.items():
                self._connection.execute(
                    f"UPDATE requests SET {name} = ?1 WHERE id = ?2 AND {name} IS NOT ?1",  # noqa: S608 - names of the schema
                    (value, found[0]),
                )
            return
        named = dict(zip(table.key, key, strict=True))
        del named[ORDINAL]
        values = self._with_numbers(table, {"id": self._free_number(wanted), **named, **content})
        self._connection.execute(
            f"INSERT INTO requests ({', '.join(values)})"  # noqa: S608 - names of the schema
            f" VALUES ({', '.join('?' * len(values))})",
            tuple(values.values()),
        )

    def _free_number(self, wanted: object) -> object:
        """Give the number that a request has elsewhere, so that all have them in one order.

        Where it is taken, who comes later takes the next: who joins brings its requests.
        """
        if not isinstance(wanted, int) or not 0 < wanted < _MOST:
            return None
        (taken,) = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM requests WHERE id = ?)", (wanted,)
        ).fetchone()
        if not taken:
            return wanted
        if not self._is_joining:
            return None
        (last,) = self._connection.execute("SELECT max(id) FROM requests").fetchone()
        self._connection.execute("PRAGMA defer_foreign_keys = ON")
        for sql in _MOVED:
            self._connection.execute(sql, (last + 1, wanted))
        return wanted

    def _with_numbers(self, table: SharedTable, values: _Values) -> _Values:
        return {
            name: self._number(name, value) if name in table.parents else value
            for name, value in values.items()
        }

    def _number(self, name: str, known_by: object) -> int | None:
        """Give the number of whom a row belongs to; None: it is not there."""
        if (name, known_by) not in self._numbers:
            parent, column = PARENTS[name]
            found = self._connection.execute(
                f"SELECT id FROM {parent} WHERE {column} = ?",  # noqa: S608 - constants
                (known_by,),
            ).fetchone()
            if found is None:
                return None
            self._numbers[name, known_by] = found[0]
        return self._numbers[name, known_by]


def _place(row: SharedRow) -> tuple[int, str]:
    """Say where *row* stands among those of its table: 10 comes after 9 of the same ordinals."""
    return len(row.at.key), row.at.key
