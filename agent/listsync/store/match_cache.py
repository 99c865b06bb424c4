"""What lookups were taken for (`matches`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime

from listsync.domain.decisions import Found, Match
from listsync.domain.run_notes import Miss
from listsync.store import row_codec as rows
from listsync.store.database import Database

_PUT = """
    INSERT OR REPLACE INTO matches (server, lookup, found, how, kind, tmdb, title, score, reasons,
        candidates, tries, recheck_at, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteMatchCache:
    """Implements `ports.titles.MatchCache`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        server = self._server()
        found = self._database.read(
            "SELECT lookup, how, kind, tmdb, title, score FROM matches"
            " WHERE server = ? AND kind IS NOT NULL",
            server,
        )
        with_reasons = self._database.read(
            "SELECT * FROM matches WHERE server = ? AND (kind IS NULL"
            "   OR lookup IN (SELECT value FROM json_each(?)))"
            " AND (recheck_at IS NULL OR recheck_at > ?)",
            server,
            json.dumps(list(whole)),
            rows.iso(now),
        )
        chosen = self._database.read("SELECT * FROM choices WHERE tmdb NOT NULL OR imdb IS NULL")
        return (
            {lookup: rows.found_from(values) for lookup, *values in found}
            | {row["lookup"]: rows.whole_match_of(row) for row in with_reasons}
            | {row["lookup"]: rows.choice_of(row).match for row in chosen}
        )

    def misses(self) -> Mapping[str, Miss]:
        found = self._database.read(
            "SELECT lookup, found, tries, recheck_at FROM matches"
            " WHERE server = ? AND kind IS NULL AND recheck_at NOT NULL",
            self._server(),
        )
        return {
            lookup: Miss(Found(word), tries, datetime.fromisoformat(again_at))
            for lookup, word, tries, again_at in found
        }

    def chosen_ids(self) -> dict[str, str]:
        found = self._database.read("SELECT lookup, imdb FROM choices WHERE tmdb IS NULL")
        return {row["lookup"]: row["imdb"] for row in found if row["imdb"]}


def put(
    connection: sqlite3.Connection,
    server: int,
    matches: Mapping[str, Match],
    misses: Mapping[str, Miss],
) -> None:
    """Keep *matches*; what is missed is looked up again when *misses* says so."""
    at = rows.iso(datetime.now(UTC))
    connection.executemany(
        _PUT,
        [
            (server, lookup, *rows.match_columns(match), *_again(misses.get(lookup)), at)
            for lookup, match in matches.items()
        ],
    )


def _again(miss: Miss | None) -> tuple[int, str | None]:
    return (miss.tries, rows.iso(miss.again_at)) if miss else (1, None)
