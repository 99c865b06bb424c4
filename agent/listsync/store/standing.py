"""What was requested at a server, beside what it has, and what has left its list.

For `SqliteMemory` and `SqliteBooks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.memory import Departure
from listsync.domain.server import RequestAnswer, TitleState
from listsync.domain.syncing import SyncRun
from listsync.domain.trust import Trust
from listsync.store import rows
from listsync.store.database import Database
from listsync.store.request_log import is_gone, requested_at
from listsync.store.server_requests import lapse

LAST_NOTICES = (
    "SELECT notices FROM runs WHERE notices IS NOT NULL ORDER BY started_at DESC, id LIMIT 1"
)
"""What stood after the last run that ended with a report."""


def trust(database: Database, server: int, index: Mapping[TitleKey, TitleState]) -> Trust:
    """Compare with the servers known, and the index with what was requested and not cancelled."""
    place = database.read("SELECT confirmed FROM servers WHERE id = ?", server)[0]
    elsewhere = 0
    if not place["confirmed"]:
        elsewhere = database.read(
            "SELECT count(*) FROM handled WHERE server = (SELECT id FROM servers WHERE id != ?"
            " ORDER BY last_seen DESC LIMIT 1)",
            server,
        )[0][0]
    definitions = requested_at(database, server)
    gone = sum(is_gone(one, index) for one in definitions)
    return Trust(asked_elsewhere=elsewhere, asked=len(definitions), gone=gone)


def confirm(database: Database, server: int | None) -> None:
    """Note that the server and its index are meant to be as they are now."""
    with database.write() as connection:
        connection.execute(
            "UPDATE servers SET confirmed = 1, confirmed_at = ? WHERE id = ?", (rows.now(), server)
        )


def departed(database: Database, server: int) -> tuple[Departure, ...]:
    """Return what has left its list; `is_wanted` by another list that had it requested."""
    found = database.read(
        "SELECT departed.*, source, name, (SELECT request_id FROM requests WHERE"
        "   requests.server = departed.server AND requests.kind = departed.kind"
        "   AND requests.tmdb = departed.tmdb AND requests.four_k = departed.four_k"
        "   AND answer = ? ORDER BY id DESC LIMIT 1) AS request_id,"
        " EXISTS (SELECT 1 FROM handled WHERE handled.server = departed.server"
        "   AND handled.kind = departed.kind AND handled.tmdb = departed.tmdb"
        "   AND handled.four_k = departed.four_k) AS wanted"
        " FROM departed JOIN followed ON followed.id = departed.list WHERE server = ?"
        " ORDER BY list, kind, tmdb, four_k",
        RequestAnswer.REQUESTED,
        server,
    )
    return tuple(
        Departure(
            source=row["source"],
            list_name=row["name"],
            label=row["label"],
            definition=rows.definition_of(row),
            request_id=row["request_id"],
            is_wanted=bool(row["wanted"]),
        )
        for row in found
    )


def settle(
    database: Database, server: int, one: Departure, run: SyncRun, *, cancelled: bool
) -> None:
    """Forget a departure; a request that was cancelled is told among the requests."""
    key, four_k = one.definition.key, one.definition.four_k
    title = (key.kind, key.tmdb_id, four_k)
    with database.write() as connection:
        connection.execute(
            "DELETE FROM departed WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?"
            " AND list = (SELECT id FROM followed WHERE source = ?)",
            (server, *title, one.source),
        )
        lapse(connection, server, title)
        if cancelled:
            connection.execute(
                "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                " answer, detail, request_id, at)"
                " VALUES (?, ?, ?, json_array(?), ?, ?, ?, '[]', ?, ?, ?, ?)",
                (
                    *(server, run.run_id, one.label, one.list_name, *title),
                    *(RequestAnswer.CANCELLED, "it has left the list", one.request_id, rows.now()),
                ),
            )


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


def requested_since(database: Database, server: int, since: datetime) -> Mapping[str, int]:
    """Count titles by the list that had them requested, which is the first one named."""
    found = database.read(
        "SELECT json_extract(lists, '$[0]') AS name, count(DISTINCT kind || tmdb || four_k)"
        " AS titles FROM requests WHERE server = ? AND answer = ? AND at > ? GROUP BY name",
        server,
        RequestAnswer.REQUESTED,
        rows.iso(since),
    )
    return {row["name"]: row["titles"] for row in found if row["name"] is not None}
