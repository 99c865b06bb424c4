"""What became of the entries of lists, looked up in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime

from listsync.domain.history import ItemRow, RequestRow
from listsync.domain.lists import ListEntry
from listsync.domain.sync_records import Found, SkipReason
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.reviews import Reviews

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
"""What could not be requested, and waits for its own time; not what has nothing to request yet."""
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
            SELECT iif(coalesce(tmdb, imdb) IS NULL, 'rejected', 'open') FROM choices
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


class Items:
    """The part of `ports.Books` that lists entries; see there."""

    def __init__(self, database: Database, reviews: Reviews) -> None:
        self._database = database
        self._reviews = reviews

    def items(
        self, server: int | None, query: str, *, list_name: str | None, limit: int, offset: int
    ) -> tuple[int, tuple[ItemRow, ...]]:
        values = {
            "server": server,
            "list": list_name,
            "limit": limit,
            "offset": offset,
            **rows.looking_for(query),
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
            self._item(row, server, requests.get(row["last_request"])) for row in found
        )

    def counts(self, server: int | None, list_name: str) -> Mapping[str, int]:
        found = self._database.look_up(
            f"SELECT {_STATUS} AS status, count(*) AS entries {_ITEMS} GROUP BY status"
            " ORDER BY entries DESC, status",
            {"server": server, "list": list_name, **rows.looking_for("")},
        )
        return {row["status"]: row["entries"] for row in found}

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
        from listsync.sync.titles.lookup_keys import lookup_of_entry  # noqa: PLC0415

        lookup = lookup_of_entry(entry)
        choice = self._reviews.choice(lookup) if lookup else None
        if choice is not None:
            return "open" if choice.key or choice.is_open else "rejected"
        found = self._database.read(
            "SELECT found FROM matches WHERE server = ? AND lookup = ?", server, lookup
        )
        if not found:
            return _NEW
        return "open" if found[0]["found"] == Found.FOUND else str(found[0]["found"])
