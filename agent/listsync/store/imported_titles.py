"""Titles that another program had handled before this one took over (`imported`).

Each counts as handled until an entry of one of our lists is: from then on that entry's memory
decides, as it does for everything else. Then, and when it was forgotten, its row stays and says
so, so that a second import does not bring it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from listsync.domain.media import Edition
from listsync.store.database import Database
from listsync.store.row_codec import iso
from listsync.store.shared_tables import saying

NOWHERE = 0
"""In place of a list's number: no list holds these."""
_COLUMNS = (
    f"{NOWHERE}, kind || '/' || tmdb, four_k, kind, tmdb, 'all', '', substr(at, 1, 10)"
    " FROM imported WHERE NOT is_over AND server = ?"
)
"""As `handled_titles.HANDLED_COLUMNS`: all seasons that had aired by then were requested."""


def import_titles(
    database: Database, titles: Iterable[tuple[Edition, str, datetime]]
) -> tuple[int, int]:
    """Keep titles with their names and when they were handled; returns how many, and of these new.

    What is known already stays as it is. One commit: all of them, or none.
    """
    rows = [(*one.key, one.four_k, title, iso(at)) for one, title, at in titles]
    with database.write() as connection, saying(connection):
        (before,) = connection.execute("SELECT count(*) FROM imported").fetchone()
        connection.executemany(
            "INSERT OR IGNORE INTO imported (kind, tmdb, four_k, title, at)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        (after,) = connection.execute("SELECT count(*) FROM imported").fetchone()
        return len(rows), after - before


def load_imported(database: Database, server: int | None) -> Sequence[Sequence[Any]]:
    """Give what counts as handled, as values of HANDLED_COLUMNS."""
    return database.read(f"SELECT {_COLUMNS}", server)


def imported_of(
    database: Database, server: int | None, kind: str, tmdb: int
) -> Sequence[Sequence[Any]]:
    """Give the same of one title."""
    return database.read(
        f"SELECT {_COLUMNS} AND kind = ? AND tmdb = ?",
        server,
        kind,
        tmdb,
    )


def belong_to(connection: sqlite3.Connection, server: int) -> None:
    """Let what was imported before any server was reached belong to this one."""
    connection.execute("UPDATE imported SET server = ? WHERE server IS NULL", (server,))


def take_over(connection: sqlite3.Connection, server: int, titles: Iterable[Edition]) -> None:
    """Note that entries of lists remember *titles* from now on."""
    is_any = "SELECT 1 FROM imported WHERE NOT is_over AND server = ? LIMIT 1"
    if connection.execute(is_any, (server,)).fetchone() is not None:
        connection.executemany(
            "UPDATE imported SET is_over = 1 WHERE kind = ? AND tmdb = ? AND four_k = ?"
            " AND server = ?",
            [(*one.key, one.four_k, server) for one in titles],
        )


def forget_imported(
    connection: sqlite3.Connection, server: int | None, key: tuple[str, int] | None = None
) -> int:
    """Let titles not count any more: all, or one in both editions; returns how many did."""
    of_one = "" if key is None else " AND kind = ? AND tmdb = ?"
    count: int = connection.execute(
        "UPDATE imported SET is_over = 1"  # noqa: S608 - constants
        f" WHERE NOT is_over AND (server IS NULL OR server = ?){of_one}",
        (server, *(key or ())),
    ).rowcount
    return count
