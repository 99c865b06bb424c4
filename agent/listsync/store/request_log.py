"""Requests: answered, being sent, and put off (`requests`, `intents`, `setbacks`)."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import Decoder

from listsync.domain.history import (
    DayOfRequests,
    Key,
    Page,
    RequestRow,
    TitleStatus,
)
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.run_notes import FailedRequest, Intent, Sent
from listsync.domain.server import RequestBody, ResponseKind
from listsync.store.database import Database
from listsync.store.row_codec import edition_of, iso, key_of, looking_for, page_of, title_key

_NUMBERS = Decoder(tuple[int, ...])
_NAMES = Decoder(tuple[str, ...])
_NEWER_THAN_ALL = 2**63 - 1
_FIRST = (_NEWER_THAN_ALL,)
_OF_LIST_SQL = (
    "FROM request_lists CROSS JOIN requests ON requests.id = request WHERE server = ? AND list = ?"
)
_OF_LIST = _OF_LIST_SQL, "request"
"""Which requests, and what numbers them in the index by which they are found.

CROSS has SQLite look through those of the list, and not through all there are.
"""
_OF_TITLE = "FROM requests WHERE server = ? AND kind = ? AND tmdb = ?", "id"
_OF_ALL = "FROM requests WHERE +server = ?", "id"
"""The sign has SQLite begin with the newest, and not look up all of a server to put them in order:
3 ms a page instead of 59 with 50,000 of them (measured)."""
_COUNTED = "SELECT coalesce(sum(number), 0) FROM request_counts WHERE server = ? AND slot = -1"


class SqliteRequestLog:
    """Implements `ports.runs.RequestLog`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def open_intents(self) -> tuple[Intent, ...]:
        found = self._database.read("SELECT * FROM intents WHERE server = ?", self._server())
        return tuple(_intent_of(row) for row in found)

    def requested(self) -> frozenset[Edition]:
        return requested_at(self._database, self._server())

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        return requested_since(self._database, self._server(), since)


class SqliteRequestHistory:
    """Implements `ports.runs.RequestHistory` and `RequestSequence`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def since(self, since: datetime) -> Mapping[str, int]:
        return requested_since(self._database, self._server(), since)

    def of_day(
        self, start: datetime, end: datetime, *, slow_before: datetime, limit: int
    ) -> DayOfRequests:
        titles = self._database.look_up(_OF_DAY, {"start": iso(start), "end": iso(end)})
        counts = Counter((row["answer"], row["kind"]) for row in titles)
        requested = [row["id"] for row in titles if row["answer"] == ResponseKind.REQUESTED]
        failed = [row["id"] for row in titles if row["answer"] in _FAILED]
        slow = self._database.look_up(
            _NOT_THERE,
            {
                "server": self._server(),
                "status": TitleStatus.REQUESTED,
                "before": iso(slow_before),
                "limit": limit,
            },
        )
        return DayOfRequests(
            requested=self._rows(requested[:limit]),
            films=counts[ResponseKind.REQUESTED, MediaType.MOVIE],
            series=counts[ResponseKind.REQUESTED, MediaType.TV],
            cancelled=sum(row["answer"] == ResponseKind.CANCELLED for row in titles),
            failed=self._rows(failed[:limit]),
            failures=len(failed),
            slow=self._rows([row["id"] for row in slow]),
            slow_total=slow[0]["total"] if slow else 0,
        )

    def _rows(self, numbers: Sequence[int]) -> tuple[RequestRow, ...]:
        found = self._database.read(
            "SELECT * FROM requests WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            json.dumps(numbers),
        )
        return tuple(map(request_of, found))

    def of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        (number,) = after or (0,)
        found = self._database.read(
            "SELECT * FROM requests WHERE run = ? AND id > ? ORDER BY id LIMIT ? + 1 OFFSET ?",
            *(run_id, number, limit, skip),
        )
        count = "SELECT count(*) FROM requests WHERE run = ?"
        total = None if after else self._database.read(count, run_id)[0][0]
        return page_of(total, [*map(request_of, found[:limit])], found, "id")

    def later_than(self, number: int, *, limit: int) -> tuple[RequestRow, ...]:
        found = self._database.read(
            "SELECT * FROM requests WHERE id > ? ORDER BY id LIMIT ?", number, limit
        )
        return tuple(map(request_of, found))

    def for_list(
        self, list_name: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        values = self._server(), list_name
        return self._newest(_OF_LIST, values, limit=limit, after=after, skip=skip)

    def for_title(
        self, key: TitleKey, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        values = self._server(), key.kind, key.tmdb_id
        return self._newest(_OF_TITLE, values, limit=limit, after=after, skip=skip)

    def latest(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RequestRow]:
        values = (self._server(),)
        page = self._newest(_OF_ALL, values, limit=limit, after=after or _FIRST, skip=skip)
        return page if after else page._replace(total=self._database.read(_COUNTED, *values)[0][0])

    def _newest(
        self,
        wanted: tuple[str, str],
        values: tuple[object, ...],
        *,
        limit: int,
        after: Key | None,
        skip: int,
    ) -> Page[RequestRow]:
        (last,) = after or _FIRST
        which, number = wanted
        found = self._database.read(
            f"SELECT requests.* {which} AND {number} < ?"
            f" ORDER BY {number} DESC LIMIT ? + 1 OFFSET ?",
            *(*values, last, limit, skip),
        )
        count = f"SELECT count(*) {which}"
        total = None if after else self._database.read(count, *values)[0][0]
        return page_of(total, [*map(request_of, found[:limit])], found, "id")

    def for_query(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        values = looking_for(query)
        is_key = values["kind_number"] is not None
        ways = [
            "kind = :kind AND tmdb = :kind_number" if is_key else "label LIKE :like ESCAPE '\\'"
        ]
        if not query.strip("0123456789"):
            # A label may be a number itself, in which another number is found by chance.
            ways = ["(label LIKE :like ESCAPE '\\' AND label NOT GLOB 't[mv]db:*')"]
        if values["number"] is not None:
            ways.append("tmdb = :number")
        found = self._database.look_up(
            "SELECT * FROM requests WHERE id IN (SELECT max(id) FROM requests"  # noqa: S608 - constants
            f"   WHERE server = :server AND ({' OR '.join(ways)})"
            "   GROUP BY kind, tmdb, four_k) ORDER BY id DESC LIMIT :limit",
            {"server": self._server(), "limit": limit, **values},
        )
        return tuple(map(request_of, found))


_FAILED = (ResponseKind.IMPOSSIBLE, ResponseKind.UNSURE)
_OF_DAY = (
    "SELECT max(id) AS id, kind, answer FROM requests INDEXED BY requests_at"
    " WHERE at >= :start AND at < :end GROUP BY server, kind, tmdb, four_k ORDER BY 1"
)
"""The last answer of each title: what failed first and was requested then has not failed."""
_NOT_THERE = (  # the constants are those of the index
    "SELECT id, count(*) OVER () AS total FROM ("
    "   SELECT max(requests.id) AS id FROM requests INDEXED BY requests_not_there"
    "   CROSS JOIN title_status USING (server, kind, tmdb, four_k)"
    "   WHERE server = :server AND answer = 'requested' AND is_available = 0 AND status = :status"
    "   GROUP BY requests.kind, requests.tmdb, requests.four_k HAVING max(at) < :before"
    " ) ORDER BY id LIMIT :limit"
)


def requested_at(database: Database, server: int) -> frozenset[Edition]:
    """Name what was requested and not cancelled, since the index was confirmed last."""
    found = database.read(
        "SELECT DISTINCT kind, tmdb, four_k FROM requests WHERE server = ?1 AND answer = ?2"
        " AND at > (SELECT confirmed_at FROM servers WHERE id = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM requests AS later"
        "   WHERE later.server = requests.server AND later.kind = requests.kind"
        "   AND later.tmdb = requests.tmdb AND later.four_k = requests.four_k"
        "   AND later.answer = ?3 AND later.id > requests.id)",
        server,
        ResponseKind.REQUESTED,
        ResponseKind.CANCELLED,
    )
    return frozenset(map(edition_of, found))


def requested_since(database: Database, server: int | None, since: datetime) -> Mapping[str, int]:
    """Count titles by the list that had them requested, which is the first one named."""
    found = database.read(
        "SELECT json_extract(lists, '$[0]') AS name, count(DISTINCT kind || tmdb || four_k)"
        " AS titles FROM requests INDEXED BY requests_at"
        " WHERE server = ? AND answer = ? AND at > ? GROUP BY name",
        server,
        ResponseKind.REQUESTED,
        iso(since),
    )
    return {row["name"]: row["titles"] for row in found if row["name"] is not None}


def put_sent(connection: sqlite3.Connection, server: int, sent: Iterable[Sent], at: str) -> None:
    connection.executemany(
        "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
        " answer, detail, request_id, asked_as, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(server, *_sent_columns(one), at) for one in sent],
    )


def put_intents(
    connection: sqlite3.Connection, server: int, intents: Iterable[Intent], at: str
) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO intents (server, label, lists, kind, tmdb, four_k,"
        " seasons, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(server, *_intent_columns(one), at) for one in intents],
    )


def drop_intents(
    connection: sqlite3.Connection, server: int, bodies: Collection[RequestBody]
) -> None:
    connection.executemany(
        "DELETE FROM intents WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?",
        [(server, *_body_columns(body)[:3]) for body in bodies],
    )


_Failed = Mapping[tuple[Edition, int | None], FailedRequest]


class SqliteFailedRequests:
    """Implements `ports.titles.FailedRequests`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self) -> _Failed:
        return _failed_from(
            self._database.read("SELECT * FROM setbacks WHERE server = ?", self._server())
        )


def failed_for(database: Database, server: int | None, key: TitleKey) -> _Failed:
    """Return what of one title failed."""
    return _failed_from(
        database.read(
            "SELECT * FROM setbacks WHERE server = ? AND kind = ? AND tmdb = ?",
            *(server, key.kind, key.tmdb_id),
        )
    )


def put_failed(connection: sqlite3.Connection, server: int, failed: _Failed) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO setbacks (server, kind, tmdb, four_k, tvdb, why, tries, retry_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(server, title.key.kind, title.key.tmdb_id, title.four_k, tvdb or 0),
                *(one.why, one.tries, iso(one.retry_at)),
            )
            for (title, tvdb), one in failed.items()
        ],
    )


def _failed_from(found: Iterable[sqlite3.Row]) -> _Failed:
    return {
        (edition_of(row), row["tvdb"] or None): FailedRequest(
            row["why"], row["tries"], datetime.fromisoformat(row["retry_at"])
        )
        for row in found
    }


def _body_columns(body: RequestBody) -> tuple[object, ...]:
    """Give kind, tmdb, four_k, seasons."""
    return (body.key.kind, body.key.tmdb_id, body.four_k, json.dumps(body.seasons))


def body_of(row: sqlite3.Row) -> RequestBody:
    return RequestBody(
        key=key_of(row), four_k=bool(row["four_k"]), seasons=tuple(json.loads(row["seasons"]))
    )


def _intent_columns(intent: Intent) -> tuple[object, ...]:
    """Give label, lists, the columns of the body."""
    return (intent.label, _lists_text(intent.lists), *_body_columns(intent.body))


def _intent_of(row: sqlite3.Row) -> Intent:
    at = datetime.fromisoformat(row["at"])
    return Intent(row["label"], tuple(json.loads(row["lists"])), body_of(row), at)


def _sent_columns(sent: Sent) -> tuple[object, ...]:
    """Give run, label, lists, the columns of the body, answer, detail, request_id, asked_as."""
    return (
        sent.run_id,
        sent.label,
        _lists_text(sent.lists),
        *_body_columns(sent.body),
        sent.answered.kind,
        sent.answered.detail,
        sent.answered.request_id,
        sent.body.asking.user,
    )


def _lists_text(lists: tuple[str, ...]) -> str:
    return json.dumps(lists, ensure_ascii=False)


REQUEST_NAMES = (
    "label",
    "kind",
    "tmdb",
    "four_k",
    "seasons",
    "lists",
    "answer",
    "detail",
    "at",
    "asked_as",
    "run",
    "id",
)


def request_of(row: sqlite3.Row) -> RequestRow:
    return request_from([row[name] for name in REQUEST_NAMES])


def request_from(values: Sequence[Any]) -> RequestRow:
    """Make a request of the values of REQUEST_NAMES."""
    label, kind, tmdb, four_k, seasons, lists, answer, detail, at, requested_as, run, number = (
        values
    )
    return RequestRow(
        title=label,
        key=title_key(kind, tmdb),
        four_k=bool(four_k),
        seasons=_NUMBERS.decode(seasons),
        lists=_NAMES.decode(lists),
        answer=answer,
        detail=detail,
        at=datetime.fromisoformat(at),
        requested_as=requested_as,
        run_id=run,
        number=number,
    )
