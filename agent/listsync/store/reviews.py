"""Lookups that need a person, and what was chosen for them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice, Key, Page, ReviewRow, words_of_lookup
from listsync.domain.media import TitleKey, lookups_of_imdb
from listsync.store.database import Database
from listsync.store.match_cache import candidates_of, choice_of
from listsync.store.row_codec import entry_of, iso, key_of, page_of

_COLUMNS = """
    SELECT matches.lookup AS lookup, matches.reasons, matches.candidates, matches.score,
        NULL AS kind, NULL AS tmdb, NULL AS title, NULL AS at, NULL AS imdb
"""
_WAITING = """
    WITH open AS MATERIALIZED (
        SELECT matches.lookup AS lookup, (
            SELECT min(first_seen) FROM entries
            WHERE entries.lookup = matches.lookup AND absent_reads = 0 AND NOT EXISTS (
                SELECT 1 FROM handled WHERE handled.server = :server
                    AND handled.list = entries.list AND handled.entry = entries.entry
            ) AND (entries.list IN (
                SELECT followed.id FROM followed JOIN configured_lists USING (source)
            ) OR NOT EXISTS (SELECT 1 FROM configured_lists))
        ) AS since
        FROM matches INDEXED BY matches_open
        WHERE matches.server = :server AND matches.found != 'found' AND matches.found = 'review'
            AND NOT EXISTS (SELECT 1 FROM choices WHERE choices.lookup = matches.lookup)
    )
"""
"""Both conditions on what was found: the first is that of the index `matches_open`.

Who has no entry that waits has no `since`.
"""
_COUNT_WAITING = f"{_WAITING} SELECT count(*) FROM open WHERE since NOT NULL"  # noqa: S608 - constant
_DECIDED = """
    SELECT choices.lookup AS lookup, matches.reasons, matches.candidates, matches.score,
        choices.kind AS kind, choices.tmdb AS tmdb, choices.title AS title, choices.at AS at,
        choices.imdb AS imdb
    FROM choices
    LEFT JOIN matches ON matches.lookup = choices.lookup AND matches.server = :server
"""
_FORGET_TAKEN_OVER = "DELETE FROM matches WHERE how = ? AND tmdb NOT NULL"
"""What a choice was taken over for that was made for another lookup; it is looked up anew."""


class SqliteReviews:
    """Implements `ports.titles.Reviews`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        server = self._server()
        since, lookup = after or ("", "")
        found = self._database.look_up(
            f"{_WAITING}, page AS MATERIALIZED ("  # noqa: S608 - constants
            "   SELECT lookup, since FROM open"
            "   WHERE since NOT NULL AND (since, lookup) > (:since, :lookup)"
            "   ORDER BY since, lookup LIMIT :limit + 1 OFFSET :skip"
            f") {_COLUMNS}, since, (SELECT count(*) FROM open WHERE since NOT NULL) AS total"
            " FROM page"
            " JOIN matches ON matches.server = :server AND matches.lookup = page.lookup"
            " ORDER BY since, page.lookup",
            {"server": server, "limit": limit, "skip": skip, "since": since, "lookup": lookup},
        )
        total = None if after else self._total(found, server, is_beyond=skip > 0)
        return page_of(total, [*map(self._row, found[:limit])], found, "since", "lookup")

    def _total(self, found: Sequence[sqlite3.Row], server: int | None, *, is_beyond: bool) -> int:
        """Tell how many wait in all: what was *found* knows, if that is not beyond the last."""
        if found:
            return int(found[0]["total"])
        return self._count(_COUNT_WAITING, server) if is_beyond else 0

    def count_waiting(self) -> int:
        return self._count(_COUNT_WAITING, self._server())

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        server = self._server()
        at, lookup = after or ("~", "")  # behind all times
        found = self._database.look_up(
            f"{_DECIDED} WHERE choices.at < :at OR (choices.at = :at AND choices.lookup > :lookup)"
            " ORDER BY choices.at DESC, choices.lookup LIMIT :limit + 1 OFFSET :skip",
            {"server": server, "limit": limit, "skip": skip, "at": at, "lookup": lookup},
        )
        total = None if after else self._count("SELECT count(*) FROM choices", server)
        return page_of(total, [*map(self._row, found[:limit])], found, "at", "lookup")

    def _count(self, sql: str, server: int | None) -> int:
        count: int = self._database.look_up(sql, {"server": server})[0][0]
        return count

    def find(self, name: str) -> tuple[ReviewRow, ...]:
        server = self._server()
        known = self._database.read(
            "SELECT lookup FROM matches WHERE server = ? AND found != ?"
            " UNION SELECT lookup FROM choices",
            server,
            Found.FOUND,
        )
        named = [row["lookup"] for row in known if _is_named(row["lookup"], name)]
        return tuple(self._one(server, lookup) for lookup in named)

    def choice(self, lookup: str) -> Choice | None:
        found = self._database.read("SELECT * FROM choices WHERE lookup = ?", lookup)
        return choice_of(found[0]) if found else None

    def choose(self, lookup: str, choice: Choice) -> None:
        key = choice.key
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO choices (lookup, kind, tmdb, title, at, imdb)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    lookup,
                    key.kind if key else None,
                    key.tmdb_id if key else None,
                    choice.title,
                    iso(choice.at),
                    choice.imdb,
                ),
            )
            connection.execute(_FORGET_TAKEN_OVER, (How.CHOICE,))

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        """Look where ids were looked up, chosen, and read with what the catalogue says."""
        server = self._server()
        found = self._database.read(
            "SELECT kind, tmdb, title FROM choices WHERE imdb = ? AND tmdb NOT NULL"
            " UNION ALL SELECT kind, tmdb, title FROM matches WHERE server = ? AND how = ?"
            " AND tmdb NOT NULL AND lookup IN (SELECT value FROM json_each(?))",
            *(imdb, server, How.IMDB_ID, json.dumps(lookups_of_imdb(imdb))),
        )
        titles = {key_of(row): row["title"] for row in found} or self._described(imdb)
        return next(iter(titles.items())) if len(titles) == 1 else None

    def _described(self, imdb: str) -> dict[TitleKey, str]:
        described = self._database.read(
            # The ids stand first in a row: most are told apart without reading it as JSON.
            "SELECT kind, tmdb, json_extract(facts, '$.title') AS title,"
            " json_extract(facts, '$.year') AS year FROM facts"
            " WHERE instr(facts, ?) AND json_extract(facts, '$.ids[0]') = ?",
            *(imdb, imdb),
        )
        return {
            key_of(row): f"{row['title']} ({row['year']})" if row["year"] else row["title"]
            for row in described
        }

    def withdraw(self, lookup: str) -> bool:
        with self._database.write() as connection:
            done = connection.execute("DELETE FROM choices WHERE lookup = ?", (lookup,))
            connection.execute(_FORGET_TAKEN_OVER, (How.CHOICE,))
            return done.rowcount > 0

    def _one(self, server: int | None, lookup: str) -> ReviewRow:
        values = {"server": server, "lookup": lookup}
        found = self._database.look_up(f"{_DECIDED} WHERE choices.lookup = :lookup", values)
        found = found or self._database.look_up(
            f"{_COLUMNS} FROM matches WHERE server = :server AND lookup = :lookup", values
        )
        return self._row(found[0])

    def _row(self, row: sqlite3.Row) -> ReviewRow:
        entries = self._database.read(
            "SELECT entries.*, followed.name AS list_name FROM entries"
            " JOIN followed ON followed.id = entries.list"
            " WHERE lookup = ? AND absent_reads = 0 ORDER BY list, rank",
            row["lookup"],
        )
        first_seen = min((one["first_seen"] for one in entries), default=None)
        return ReviewRow(
            lookup=row["lookup"],
            label=entry_of(entries[0]).label if entries else words_of_lookup(row["lookup"]),
            lists=tuple(dict.fromkeys(one["list_name"] for one in entries)),
            since=datetime.fromisoformat(first_seen) if first_seen else None,
            reasons=tuple(json.loads(row["reasons"] or "[]")),
            candidates=candidates_of(row["candidates"] or "[]"),
            score=row["score"] or 0.0,
            choice=choice_of(row) if row["at"] else None,
        )


def note_chosen(connection: sqlite3.Connection, chosen: Iterable[Match]) -> None:
    """Note what ids led to that a person chose; one that led nowhere is no choice any more.

    What the person says meanwhile stays: only the id that was looked up is replaced.
    """
    for match in chosen:
        key, one = match.key, match.chosen
        if one is None:
            continue
        where = "WHERE lookup = ? AND imdb = ? AND tmdb IS NULL"
        if key is None:
            connection.execute(f"DELETE FROM choices {where}", (one.lookup, one.imdb))  # noqa: S608 - constant
        else:
            connection.execute(
                f"UPDATE choices SET kind = ?, tmdb = ?, title = ? {where}",  # noqa: S608 - constant
                (key.kind, key.tmdb_id, match.title, one.lookup, one.imdb),
            )


def _is_named(lookup: str, name: str) -> bool:
    bare = ReviewRow(lookup=lookup, label="", lists=(), since=None)
    return lookup == name or bare.long_id.startswith(name.lower())
