"""Entries that were acted on, and looks for new seasons (`handled`, `season_looks`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries, Handling
from listsync.store import row_codec as rows
from listsync.store.database import Database


class SqliteHandledTitles:
    """Implements `ports.titles.HandledTitles`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self) -> HandledEntries:
        sources = dict(map(tuple, self._database.read("SELECT id, source FROM followed")))
        found = self._database.read(
            f"SELECT {rows.HANDLED_COLUMNS} FROM handled WHERE server = ?",  # noqa: S608 - constant
            self._server(),
        )
        return rows.handled_from(found, sources)

    def series_to_watch(self, now: datetime) -> Mapping[Definition, date]:
        return series_to_watch(self._database, self._server(), now)


def series_to_watch(database: Database, server: int, now: datetime) -> Mapping[Definition, date]:
    """Return handled series that are due for a look, with the day when they were handled."""
    found = database.read(
        "SELECT handled.tmdb, handled.four_k, min(at) AS since FROM handled"
        " LEFT JOIN season_looks AS looks ON looks.server = handled.server"
        "   AND looks.tmdb = handled.tmdb AND looks.four_k = handled.four_k"
        " WHERE handled.server = ? AND kind = ? AND (next_on IS NULL OR next_on <= ?)"
        " GROUP BY handled.tmdb, handled.four_k",
        server,
        MediaType.TV,
        now.date().isoformat(),
    )
    return {
        Definition(TitleKey(MediaType.TV, row["tmdb"]), bool(row["four_k"])): (
            datetime.fromisoformat(row["since"]).date()
        )
        for row in found
    }


def put(connection: sqlite3.Connection, server: int, handled: Iterable[Handling], at: str) -> None:
    connection.executemany(
        "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, season_rules, seasons,"
        " aired_before, at)"
        " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM followed WHERE source = ?"
        " ON CONFLICT DO UPDATE SET season_rules = excluded.season_rules,"
        " seasons = excluded.seasons, aired_before = excluded.aired_before,"
        # New seasons are those since it was acted on for this title first.
        " at = iif(kind = excluded.kind AND tmdb = excluded.tmdb, at, excluded.at),"
        " kind = excluded.kind, tmdb = excluded.tmdb",
        [(server, *rows.handled_columns(one), at, one.member.rules.source) for one in handled],
    )


def put_looks(
    connection: sqlite3.Connection, server: int, looked: Mapping[Definition, date]
) -> None:
    """Note when series are looked at again for new seasons."""
    connection.executemany(
        "INSERT OR REPLACE INTO season_looks (server, tmdb, four_k, next_on) VALUES (?, ?, ?, ?)",
        [(server, one.key.tmdb_id, one.four_k, day.isoformat()) for one, day in looked.items()],
    )
