"""Lets a new state begin as a copy of one that the migrations have made.

To run them all is most of what a short test of the state would do. What is new all the same, and
how it is made, is tested by `tests/integration/store`, whose mark `migrates` leaves this out, and
by whatever starts our programs anew instead of as forks.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from listsync.store import database

REAL = database._migrate


def install() -> None:
    """Copy from now on, in this process and its forks."""
    scripts = database._scripts()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.row_factory = sqlite3.Row
        REAL(made, Path(":memory:"), keeps_copy=False)
        image = made.serialize()

    def migrate(connection: sqlite3.Connection, path: Path, *, keeps_copy: bool) -> None:
        if _has_anything(connection) or database._scripts() != scripts:
            REAL(connection, path, keeps_copy=keeps_copy)
            return
        with closing(sqlite3.connect(":memory:")) as whole:
            whole.deserialize(image)
            connection.execute("PRAGMA synchronous = OFF")
            whole.backup(connection)
            connection.execute("PRAGMA synchronous = FULL")

    database._migrate = migrate


def _has_anything(connection: sqlite3.Connection) -> bool:
    (found,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(found or version)
