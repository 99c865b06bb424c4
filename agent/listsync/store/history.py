"""What was noted in the past (`ports.Books`), looked up in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from listsync.domain.arr_services import ArrNames
from listsync.domain.exclusions import Exclusion
from listsync.domain.history import (
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
from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.notices import NoticeRecord, Origin
from listsync.domain.pages import Key, Page
from listsync.domain.server_knowledge import Learned
from listsync.store import row_codec as rows
from listsync.store import server_knowledge as learned
from listsync.store.arr_names import SqliteArrNames
from listsync.store.database import Database
from listsync.store.exclusions import Exclusions
from listsync.store.items import Items
from listsync.store.notices import SqliteNoticeLog, put_open
from listsync.store.request_log import requested_since
from listsync.store.reviews import Reviews
from listsync.store.title_history import Stories


class SqliteBooks:
    """Implements `ports.Books`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reviews = Reviews(database)
        self._items = Items(database, self._reviews)
        self._exclusions = Exclusions(database)
        self._stories = Stories(database)

    def runs(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        at, run_id = after or ("~", "")  # behind all times
        found = self._database.look_up(
            "SELECT * FROM runs WHERE started_at < :at OR (started_at = :at AND id > :id)"
            " ORDER BY started_at DESC, id LIMIT :limit + 1 OFFSET :skip",
            {"limit": limit, "skip": skip, "at": at, "id": run_id},
        )
        total = None if after else self._database.read("SELECT count(*) FROM runs")[0][0]
        last = found[limit - 1] if limit and len(found) > limit else None
        return Page(
            total,
            tuple(map(_run, found[:limit])),
            (last["started_at"], last["id"]) if last else None,
        )

    def run(self, run_id: str) -> RunRow | None:
        # By comparison and not by LIKE, in which a % would stand for anything.
        found = self._database.read(
            "SELECT * FROM runs WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", run_id
        )
        return _run(found[0]) if len(found) == 1 else None

    def requests_of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        (number,) = after or (0,)
        found = self._database.read(
            "SELECT * FROM requests WHERE run = ? AND id > ? ORDER BY id LIMIT ? + 1 OFFSET ?",
            *(run_id, number, limit, skip),
        )
        count = "SELECT count(*) FROM requests WHERE run = ?"
        total = None if after else self._database.read(count, run_id)[0][0]
        last = found[limit - 1] if limit and len(found) > limit else None
        rows_ = tuple(map(rows.request_of, found[:limit]))
        return Page(total, rows_, (last["id"],) if last else None)

    def note_end(self, row: RunRow, notices: Sequence[NoticeRecord] = ()) -> None:
        began, ended = (rows.iso(at) if at else None for at in (row.started_at, row.ended_at))
        with self._database.write() as connection:
            noted = connection.execute(
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
            if noted.rowcount:
                put_open(connection, Origin.SYNC, notices, row.ended_at or row.started_at)

    def last_server(self) -> tuple[str, str] | None:
        found = self._database.read(
            "SELECT product, version FROM servers ORDER BY last_seen DESC LIMIT 1"
        )
        return (found[0]["product"], found[0]["version"]) if found else None

    def notices(self) -> tuple[NoticeRecord, ...]:
        return SqliteNoticeLog(self._database).open(Origin.SYNC)

    def close_cut_off_runs(self, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = 'cut_off',"
                " message = 'cut off: the process ended' WHERE result IS NULL",
                (rows.iso(at),),
            )

    def items(
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
    ) -> Page[ItemRow]:
        return self._items.items(
            self._server(), query, list_name=list_name, limit=limit, after=after, skip=skip
        )

    def counts(self, list_name: str) -> Mapping[str, int]:
        return self._items.counts(self._server(), list_name)

    def requests_for(self, list_name: str, *, limit: int) -> tuple[RequestRow, ...]:
        found = self._database.read(
            "SELECT requests.* FROM request_lists JOIN requests ON requests.id = request"
            " WHERE server = ? AND list = ? ORDER BY request DESC LIMIT ?",
            self._server(),
            list_name,
            limit,
        )
        return tuple(map(rows.request_of, found))

    def lists(self) -> tuple[ListRow, ...]:
        return tuple(map(rows.list_of, self._database.read("SELECT * FROM followed ORDER BY id")))

    def exclude(self, item: str, at: datetime) -> None:
        self._exclusions.exclude(item, at)

    def excluded(self) -> tuple[str, ...]:
        return self._exclusions.excluded()

    def forget(self, item: str, wanted: Exclusion) -> int:
        return self._exclusions.forget(self._server(), item, wanted)

    def entries(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        return self._stories.entries(self._server(), query, limit=limit)

    def entries_with(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        return self._stories.entries_with(self._server(), one, limit=limit)

    def entries_alike(
        self, source: str, one: ListEntry, key: TitleKey | None
    ) -> Mapping[str, ListEntry]:
        return self._stories.entries_alike(self._server(), source, one, key)

    def kinds_before(self, source: str, entry_id: str) -> Mapping[MediaType | None, int]:
        return self._stories.kinds_before(source, entry_id)

    def requested_titles(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        found = self._database.look_up(
            "SELECT * FROM requests WHERE server = :server AND id IN (SELECT max(id) FROM requests"
            "   WHERE server = :server AND ((label LIKE :like ESCAPE '\\'"
            # A label may be a number itself, in which another number is found by chance.
            "     AND NOT (:query NOT GLOB '*[^0-9]*' AND label GLOB 't[mv]db:*'))"
            "     OR kind || '/' || tmdb = :query OR CAST(tmdb AS TEXT) = :query)"
            "   GROUP BY kind, tmdb, four_k) ORDER BY id DESC LIMIT :limit",
            {"server": self._server(), "limit": limit, **rows.looking_for(query)},
        )
        return tuple(map(rows.request_of, found))

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        return requested_since(self._database, self._server(), since)

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

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        return self._reviews.waiting(self._server(), limit=limit, after=after, skip=skip)

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        return self._reviews.decided(self._server(), limit=limit, after=after, skip=skip)

    def find_reviews(self, name: str) -> tuple[ReviewRow, ...]:
        return self._reviews.find(self._server(), name)

    def choose(self, lookup: str, choice: Choice) -> None:
        self._reviews.choose(lookup, choice)

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        return self._reviews.title_of_imdb(self._server(), imdb)

    def withdraw(self, lookup: str) -> bool:
        return self._reviews.withdraw(lookup)

    def forget_all(self) -> int:
        return self._exclusions.forget_all(self._server())

    def _server(self) -> int | None:
        found = self._database.read("SELECT id FROM servers ORDER BY last_seen DESC LIMIT 1")
        return found[0]["id"] if found else None


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
