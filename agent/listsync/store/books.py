"""What was noted in the past (`ports.Books`), looked up in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime

from listsync.domain.arr_services import ArrNames
from listsync.domain.books import (
    Choice,
    EntryRow,
    ItemRow,
    ListRow,
    Lookup,
    RequestRow,
    ReviewRow,
    RunRow,
    Standing,
)
from listsync.domain.learned import Learned
from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.notices import StandingNotice
from listsync.domain.syncing import Exclusion, Found, SkipReason
from listsync.store import learned, rows, server_requests, standing
from listsync.store.arr_names import SqliteArrNames
from listsync.store.database import Database
from listsync.store.reviews import Reviews
from listsync.store.stories import Stories

_MOST_REQUESTS = 200
"""Of one run; what is told must fit into one answer."""
_NEW = "new"
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
_HAS_FAILED = f"""
    EXISTS (
        SELECT 1 FROM setbacks WHERE setbacks.server = :server AND setbacks.kind = {{kind}}
            AND setbacks.tmdb = {{tmdb}}
            AND instr(setbacks.why, '{SkipReason.NO_SEASONS.value}') != 1
    )
"""  # noqa: S608 - constants
"""What could not be requested, and waits for its own time; not what has nothing to ask for yet."""
_STATUS = f"""
    CASE
        WHEN handled.at IS NOT NULL THEN coalesce((
            SELECT status FROM title_status WHERE title_status.server = handled.server
                AND title_status.kind = handled.kind AND title_status.tmdb = handled.tmdb
                AND title_status.four_k = handled.four_k
        ), (
            SELECT answer FROM requests WHERE requests.server = handled.server
                AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
                AND requests.four_k = handled.four_k
            ORDER BY requests.id DESC LIMIT 1
        ), 'handled')
        WHEN {_HAS_FAILED.format(kind="entries.kind", tmdb="entries.tmdb")} THEN 'failed'
        WHEN EXISTS (SELECT 1 FROM choices WHERE choices.lookup = entries.lookup) THEN (
            SELECT iif(tmdb IS NULL, 'rejected', 'open') FROM choices
            WHERE choices.lookup = entries.lookup
        )
        ELSE coalesce((
            SELECT CASE
                WHEN {_HAS_FAILED.format(kind="matches.kind", tmdb="matches.tmdb")} THEN 'failed'
                WHEN found = 'found' THEN 'open' ELSE found END
            FROM matches WHERE matches.server = :server AND matches.lookup = entries.lookup
        ), '{_NEW}')
    END
"""  # noqa: S608 - constants
_ITEM_COLUMNS = f"""
    entries.*, followed.name AS list_name, handled.at AS handled_at, handled.kind AS handled_kind,
    handled.tmdb AS handled_tmdb, (
        SELECT max(id) FROM requests WHERE requests.server = handled.server
            AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
            AND requests.four_k = handled.four_k
    ) AS last_request, {_STATUS} AS status
"""  # noqa: S608 - constants
_ENTRIES = """
    FROM entries
    JOIN followed ON followed.id = entries.list
    WHERE entries.absent_reads = 0 AND (
        entries.title LIKE :like ESCAPE '\\' OR entries.original_title LIKE :like ESCAPE '\\'
        OR entries.imdb = :query
        OR CAST(entries.tmdb AS TEXT) = :query OR CAST(entries.tvdb AS TEXT) = :query
        OR entries.kind || '/' || entries.tmdb = :query
        OR EXISTS (
            SELECT 1 FROM handled WHERE handled.server = :server AND handled.list = entries.list
                AND handled.entry = entries.entry AND handled.kind || '/' || handled.tmdb = :query
        )
        OR lookup IN (
            SELECT lookup FROM matches WHERE server = :server AND kind || '/' || tmdb = :query
            UNION SELECT lookup FROM choices WHERE kind || '/' || tmdb = :query
        )
    )
"""
"""Entries that fit a query, also by what they were taken for before anything was done."""


class SqliteBooks:
    """Implements `ports.Books`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reviews = Reviews(database)
        self._stories = Stories(database)

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
        return _run(found[0]), tuple(map(rows.request_of, requests))

    def note_end(self, row: RunRow) -> None:
        began, ended = (rows.iso(at) if at else None for at in (row.started_at, row.ended_at))
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at, ended_at, result, why, message,"
                " requested, calls) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at,"
                " result = excluded.result, why = excluded.why, message = excluded.message,"
                " requested = excluded.requested, calls = excluded.calls WHERE result IS NULL",
                (
                    row.run_id,
                    row.origin,
                    began,
                    ended,
                    row.result,
                    row.why,
                    row.message,
                    row.requested,
                    row.calls,
                ),
            )

    def last_server(self) -> tuple[str, str] | None:
        found = self._database.read(
            "SELECT product, version FROM servers ORDER BY last_seen DESC LIMIT 1"
        )
        return (found[0]["product"], found[0]["version"]) if found else None

    def notices(self) -> tuple[StandingNotice, ...]:
        found = self._database.read(standing.LAST_NOTICES)
        return rows.notices_of(found[0]["notices"]) if found else ()

    def close_cut_off_runs(self, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = 'cut_off',"
                " message = 'cut off: the process ended' WHERE result IS NULL",
                (rows.iso(at),),
            )

    def items(
        self, query: str, *, list_name: str | None, limit: int, offset: int
    ) -> tuple[int, tuple[ItemRow, ...]]:
        values = {
            "server": self._server(),
            "list": list_name,
            "limit": limit,
            "offset": offset,
            **_looking_for(query),
        }
        # In one statement, so that both tell of the same moment.
        found = self._database.look_up(
            f"SELECT (SELECT count(*) {_ITEMS}) AS total, {_ITEM_COLUMNS} {_ITEMS}"
            " ORDER BY followed.id, entries.rank, entries.entry LIMIT :limit OFFSET :offset",
            values,
        )
        if not found:
            # Only beyond the last page is there more than none.
            count = f"SELECT count(*) {_ITEMS}"
            return self._database.look_up(count, values)[0][0] if offset else 0, ()
        requests = self._requests([row["last_request"] for row in found])
        return found[0]["total"], tuple(
            self._item(row, values["server"], requests.get(row["last_request"])) for row in found
        )

    def counts(self, list_name: str) -> Mapping[str, int]:
        found = self._database.look_up(
            f"SELECT {_STATUS} AS status, count(*) AS entries {_ITEMS} GROUP BY status"
            " ORDER BY entries DESC, status",
            {"server": self._server(), "list": list_name, **_looking_for("")},
        )
        return {row["status"]: row["entries"] for row in found}

    def requests_for(self, list_name: str, *, limit: int) -> tuple[RequestRow, ...]:
        found = self._database.read(
            "SELECT * FROM requests WHERE server = ?"
            " AND EXISTS (SELECT 1 FROM json_each(lists) WHERE value = ?)"
            " ORDER BY id DESC LIMIT ?",
            self._server(),
            list_name,
            limit,
        )
        return tuple(map(rows.request_of, found))

    def _requests(self, numbers: Collection[int | None]) -> dict[int, RequestRow]:
        found = self._database.read(
            "SELECT * FROM requests WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps([number for number in numbers if number is not None]),
        )
        return {row["id"]: rows.request_of(row) for row in found}

    def _item(self, row: sqlite3.Row, server: object, request: RequestRow | None) -> ItemRow:
        is_handled = row["handled_at"] is not None
        is_unnoted = row["status"] == _NEW and row["lookup"] is None
        key = rows.title_key(row["handled_kind"], row["handled_tmdb"]) if is_handled else None
        entry = rows.entry_of(row)
        return ItemRow(
            title=entry.label,
            list_name=row["list_name"],
            status=self._looked_up(entry, server) if is_unnoted else row["status"],
            at=datetime.fromisoformat(row["handled_at"] or row["first_seen"]),
            key=key,
            request=request,
            entry=entry,
        )

    def _looked_up(self, entry: ListEntry, server: object) -> str:
        """Say how far an entry got for which no lookup is noted: another may have had the same."""
        # Brings the matching with it, which an idle agent can do without.
        from listsync.sync.resolving import lookup_of_entry  # noqa: PLC0415

        lookup = lookup_of_entry(entry)
        choice = self._reviews.choice(lookup) if lookup else None
        if choice is not None:
            return "open" if choice.key else "rejected"
        found = self._database.read(
            "SELECT found FROM matches WHERE server = ? AND lookup = ?", server, lookup
        )
        if not found:
            return _NEW
        return "open" if found[0]["found"] == Found.FOUND else str(found[0]["found"])

    def lists(self) -> tuple[ListRow, ...]:
        return tuple(map(rows.list_of, self._database.read("SELECT * FROM followed ORDER BY id")))

    def exclude(self, item: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO excluded (item, at) VALUES (?, ?)",
                (item, rows.iso(at)),
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
            count += connection.execute(
                "DELETE FROM choices WHERE lookup IN (?, ?, ?, ?)", _lookups(item)
            ).rowcount
            if wanted.key is not None:
                # A number without its kind was looked up together with the title.
                begin = f"tmdb:{wanted.key.tmdb_id}|"
                count += connection.execute(
                    "DELETE FROM matches WHERE server = ? AND substr(lookup, 1, ?) = ?",
                    (server, len(begin), begin),
                ).rowcount
            for key in keys:
                count += connection.execute(
                    "DELETE FROM choices WHERE kind = ? AND tmdb = ?", key
                ).rowcount
            return count + sum(_forget_title(connection, server, key) for key in keys)

    def entries(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        server = self._server()
        found = self._database.look_up(
            f"SELECT followed.*, entries.* {_ENTRIES} ORDER BY followed.id, entries.rank, entry"
            " LIMIT :limit",
            {"server": server, "limit": limit, **_looking_for(query)},
        )
        return self._stories.entry_rows(server, found)

    def entries_alike(
        self, sources: Collection[str], one: ListEntry, key: TitleKey | None
    ) -> tuple[ListEntry, ...]:
        return self._stories.entries_alike(self._server(), sources, one, key)

    def entries_before(self, source: str, entry_id: str, kind: MediaType | None) -> int:
        return self._stories.entries_before(source, entry_id, kind)

    def requested_titles(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        found = self._database.look_up(
            "SELECT * FROM requests WHERE server = :server AND id IN (SELECT max(id) FROM requests"
            "   WHERE server = :server AND (label LIKE :like ESCAPE '\\'"
            "     OR kind || '/' || tmdb = :query OR CAST(tmdb AS TEXT) = :query)"
            "   GROUP BY kind, tmdb, four_k) ORDER BY id DESC LIMIT :limit",
            {"server": self._server(), "limit": limit, **_looking_for(query)},
        )
        return tuple(map(rows.request_of, found))

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        server = self._server()
        return (
            standing.requested_since(self._database, server, since) if server is not None else {}
        )

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        found = self._database.read("SELECT identity FROM servers WHERE id = ?", self._server())
        store = SqliteArrNames(self._database)
        return {kind: store.load(row["identity"], kind) for row in found for kind in MediaType}

    def learned(self) -> Learned:
        return learned.load(self._database, self._server())

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        return self._stories.lookup(self._server(), name), self._reviews.choice(name)

    def standing(self, key: TitleKey, now: datetime) -> Standing:
        return self._stories.standing(self._server(), key, now)

    def waiting(self, *, limit: int, offset: int) -> tuple[int, tuple[ReviewRow, ...]]:
        return self._reviews.waiting(self._server(), limit=limit, offset=offset)

    def decided(self, *, limit: int, offset: int) -> tuple[int, tuple[ReviewRow, ...]]:
        return self._reviews.decided(self._server(), limit=limit, offset=offset)

    def find_reviews(self, name: str) -> tuple[ReviewRow, ...]:
        return self._reviews.find(self._server(), name)

    def choose(self, lookup: str, choice: Choice) -> None:
        self._reviews.choose(lookup, choice)

    def withdraw(self, lookup: str) -> bool:
        return self._reviews.withdraw(lookup)

    def forget_all(self) -> int:
        server = self._server()
        standing.confirm(self._database, server)
        with self._database.write() as connection:
            server_requests.forget_all(connection, server)
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


def _looking_for(query: str) -> dict[str, str]:
    like = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"query": query, "like": f"%{like}%"}


def _keys_of(
    connection: sqlite3.Connection, server: int | None, item: str, wanted: Exclusion
) -> set[tuple[str, int]]:
    """Find the titles meant: by themselves, by what the id was taken for, by who has the id."""
    if wanted.key is not None:
        return {(wanted.key.kind.value, wanted.key.tmdb_id)}
    found = connection.execute(
        "SELECT kind, tmdb FROM matches WHERE server = ? AND lookup IN (?, ?, ?, ?)"
        " AND tmdb IS NOT NULL UNION SELECT kind, tmdb FROM choices"
        " WHERE lookup IN (?, ?, ?, ?) AND tmdb IS NOT NULL"
        " UNION SELECT handled.kind, handled.tmdb FROM handled JOIN entries"
        " ON entries.list = handled.list AND entries.entry = handled.entry"
        " WHERE handled.server = ? AND (entries.imdb = ? OR entries.tvdb = ?)",
        (server, *_lookups(item), *_lookups(item), server, wanted.imdb, wanted.tvdb),
    )
    return {(row["kind"], row["tmdb"]) for row in found}


def _forget_title(connection: sqlite3.Connection, server: int | None, key: tuple[str, int]) -> int:
    server_requests.forget(connection, server, key)
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
        ended_at=rows.moment(row["ended_at"]),
        result=row["result"],
        why=row["why"] or "",
        message=row["message"] or "",
        requested=row["requested"] or 0,
        calls=row["calls"] or 0,
        counts=rows.counts_of(row["lists"]),
        notices=tuple(
            one.notice for one in rows.notices_of(row["notices"]) if one.run_id == row["id"]
        ),
    )
