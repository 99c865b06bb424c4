"""What was noted in the past (`ports.Books`), looked up in SQLite."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from listsync.domain.books import ItemRow, ListRow, RequestRow, RunRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType
from listsync.domain.syncing import Exclusion, Found
from listsync.store import rows
from listsync.store.database import Database

_MOST_REQUESTS = 200
"""Of one run; what is told must fit into one answer."""
_ITEMS = """
    FROM entries
    JOIN followed ON followed.id = entries.list
    LEFT JOIN handled ON handled.list = entries.list AND handled.entry = entries.entry
        AND handled.server = :server AND handled.four_k = (
            SELECT four_k FROM handled AS last WHERE last.server = :server
                AND last.list = entries.list AND last.entry = entries.entry
            ORDER BY at DESC LIMIT 1
        )
    WHERE entries.absent_reads = 0
        AND (:list IS NULL OR followed.name = :list)
        AND (:query = '' OR entries.title LIKE :like ESCAPE '\\'
            OR entries.original_title LIKE :like ESCAPE '\\' OR entries.imdb = :query
            OR CAST(entries.tmdb AS TEXT) = :query OR CAST(entries.tvdb AS TEXT) = :query
            OR handled.kind || '/' || handled.tmdb = :query)
"""
_ITEM_COLUMNS = """
    entries.*, followed.name AS list_name, handled.at AS handled_at, handled.kind AS handled_kind,
    handled.tmdb AS handled_tmdb, (
        SELECT answer FROM requests WHERE requests.server = handled.server
            AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
        ORDER BY requests.id DESC LIMIT 1
    ) AS answer
"""


class SqliteBooks:
    """Implements `ports.Books`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, *, limit: int, offset: int) -> tuple[RunRow, ...]:
        found = self._database.read(
            "SELECT * FROM runs ORDER BY started_at DESC, id LIMIT ? OFFSET ?", limit, offset
        )
        return tuple(map(_run, found))

    def run(self, run_id: str) -> tuple[RunRow, tuple[RequestRow, ...]] | None:
        # By comparison and not by LIKE, in which a % would stand for anything.
        found = self._database.read(
            "SELECT * FROM runs WHERE substr(id, 1, length(?)) = ? LIMIT 2", run_id, run_id
        )
        if len(found) != 1:
            return None
        requests = self._database.read(
            "SELECT * FROM requests WHERE run = ? ORDER BY id LIMIT ?",
            found[0]["id"],
            _MOST_REQUESTS,
        )
        return _run(found[0]), tuple(map(_request, requests))

    def close_cut_off_runs(self, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = 'cut_off',"
                " message = 'cut off: the process ended' WHERE result IS NULL",
                (at.isoformat(timespec="milliseconds"),),
            )

    def items(
        self, query: str, *, list_name: str | None, limit: int, offset: int
    ) -> tuple[int, tuple[ItemRow, ...]]:
        like = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values = {
            "server": self._server(),
            "list": list_name,
            "query": query,
            "like": f"%{like}%",
            "limit": limit,
            "offset": offset,
        }
        total = self._database.look_up(f"SELECT count(*) {_ITEMS}", values)[0][0]
        found = self._database.look_up(
            f"SELECT {_ITEM_COLUMNS} {_ITEMS}"
            " ORDER BY followed.id, entries.rank, entries.entry LIMIT :limit OFFSET :offset",
            values,
        )
        return total, tuple(self._item(row, values["server"]) for row in found)

    def _item(self, row: sqlite3.Row, server: object) -> ItemRow:
        is_handled = row["handled_at"] is not None
        key = rows.title_key(row["handled_kind"], row["handled_tmdb"]) if is_handled else None
        entry = rows.entry_of(row)
        return ItemRow(
            title=entry.label,
            list_name=row["list_name"],
            status=row["answer"] or "handled" if is_handled else self._standing(entry, server),
            at=datetime.fromisoformat(row["handled_at"] or row["first_seen"]),
            key=key,
        )

    def _standing(self, entry: ListEntry, server: object) -> str:
        """Say how far an entry got that was not acted on."""
        # Brings the matching with it, which an idle agent can do without.
        from listsync.sync.resolving import lookup_of_entry  # noqa: PLC0415

        found = self._database.read(
            "SELECT found FROM matches WHERE server = ? AND lookup = ?",
            server,
            lookup_of_entry(entry),
        )
        if not found:
            return "new"
        return "open" if found[0]["found"] == Found.FOUND else str(found[0]["found"])

    def lists(self) -> tuple[ListRow, ...]:
        return tuple(
            ListRow(
                source=row["source"],
                name=row["name"],
                service=row["service"],
                outcome=row["outcome"],
                why=row["why"],
                last_try=datetime.fromisoformat(row["last_try"]),
                last_success=_moment(row["last_success"]),
                read=row["read"],
                declared=row["declared"],
                failures=row["failures"],
            )
            for row in self._database.read("SELECT * FROM followed ORDER BY id")
        )

    def exclude(self, item: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO excluded (item, at) VALUES (?, ?)",
                (item, at.isoformat(timespec="milliseconds")),
            )

    def excluded(self) -> tuple[str, ...]:
        return tuple(row["item"] for row in self._database.read("SELECT item FROM excluded"))

    def forget(self, item: str, wanted: Exclusion) -> int:
        server = self._server()
        with self._database.write() as connection:
            keys = _keys_of(connection, server, item, wanted)
            count: int = connection.execute(
                "DELETE FROM excluded WHERE item = ?", (item,)
            ).rowcount
            count += connection.execute(
                "DELETE FROM matches WHERE server = ? AND lookup IN (?, ?, ?, ?)",
                (server, *_lookups(item)),
            ).rowcount
            if wanted.key is not None:
                # A number without its kind was looked up together with the title.
                begin = f"tmdb:{wanted.key.tmdb_id}|"
                count += connection.execute(
                    "DELETE FROM matches WHERE server = ? AND substr(lookup, 1, ?) = ?",
                    (server, len(begin), begin),
                ).rowcount
            return count + sum(_forget_title(connection, server, key) for key in keys)

    def forget_all(self) -> int:
        server = self._server()
        with self._database.write() as connection:
            return sum(
                connection.execute(
                    f"DELETE FROM {table} WHERE server = ?",  # noqa: S608 - constants
                    (server,),
                ).rowcount
                for table in ("handled", "matches", "setbacks")
            )

    def _server(self) -> int | None:
        found = self._database.read("SELECT id FROM servers ORDER BY last_seen DESC LIMIT 1")
        return found[0]["id"] if found else None


def _keys_of(
    connection: sqlite3.Connection, server: int | None, item: str, wanted: Exclusion
) -> set[tuple[str, int]]:
    """Find the titles meant: by themselves, by what the id was taken for, by who has the id."""
    if wanted.key is not None:
        return {(wanted.key.kind.value, wanted.key.tmdb_id)}
    found = connection.execute(
        "SELECT kind, tmdb FROM matches WHERE server = ? AND lookup IN (?, ?, ?, ?)"
        " AND tmdb IS NOT NULL UNION SELECT handled.kind, handled.tmdb FROM handled JOIN entries"
        " ON entries.list = handled.list AND entries.entry = handled.entry"
        " WHERE handled.server = ? AND (entries.imdb = ? OR entries.tvdb = ?)",
        (server, *_lookups(item), server, wanted.imdb, wanted.tvdb),
    )
    return {(row["kind"], row["tmdb"]) for row in found}


def _forget_title(connection: sqlite3.Connection, server: int | None, key: tuple[str, int]) -> int:
    return sum(
        connection.execute(
            f"DELETE FROM {table} WHERE server = ? AND kind = ? AND tmdb = ?",  # noqa: S608 - constants
            (server, *key),
        ).rowcount
        for table in ("handled", "setbacks", "matches")
    )


def _lookups(item: str) -> tuple[str, ...]:
    """Give the lookups that an id can have been remembered by; an IMDb id's name the kind."""
    return (item, *(f"{item}|{kind}" for kind in ("", *MediaType)))


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(
        run_id=row["id"],
        origin=row["origin"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=_moment(row["ended_at"]),
        result=row["result"],
        why=row["why"] or "",
        message=row["message"] or "",
        requested=row["requested"] or 0,
        calls=row["calls"] or 0,
    )


def _request(row: sqlite3.Row) -> RequestRow:
    return RequestRow(
        title=row["label"],
        key=rows.key_of(row),
        four_k=bool(row["four_k"]),
        seasons=tuple(json.loads(row["seasons"])),
        lists=tuple(json.loads(row["lists"])),
        answer=row["answer"],
        detail=row["detail"],
        at=datetime.fromisoformat(row["at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
