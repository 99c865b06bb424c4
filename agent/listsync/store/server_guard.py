"""What was requested at a server, beside what it has, and what has left its list.

For `SqliteMemory` and `SqliteBooks`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.run_notes import Departure
from listsync.domain.server import RequestAnswer, TitleState
from listsync.domain.server_guard import Trust
from listsync.domain.sync_records import SyncRun
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.request_log import is_gone, requested_at
from listsync.store.server_requests import lapse
from listsync.store.state_doubt import lift_doubt, load_doubt

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
    doubt = load_doubt(database)
    return Trust(
        state=doubt.why if doubt else "",
        asked_elsewhere=elsewhere,
        asked=len(definitions),
        gone=gone,
    )


def confirm(database: Database, server: int | None) -> None:
    """Note that the server, its index and the state are meant to be as they are now."""
    lift_doubt(database)
    with database.write() as connection:
        connection.execute(
            "UPDATE servers SET confirmed = 1, confirmed_at = ? WHERE id = ?", (rows.now(), server)
        )


_MISSING = (
    "SELECT server, list, kind, tmdb, four_k, label, 1 AS is_gone FROM departed UNION ALL"
    " SELECT handled.server, handled.list, handled.kind, handled.tmdb, handled.four_k,"
    "   min(coalesce(title || iif(year IS NULL, '', ' (' || year || ')'), entries.entry)), 0"
    " FROM entries INDEXED BY entries_absent CROSS JOIN handled"
    "   ON handled.list = entries.list AND handled.entry = entries.entry"
    " WHERE absent_reads > 0"
    " GROUP BY handled.server, handled.list, handled.kind, handled.tmdb, handled.four_k"
)
_SAME_TITLE = (
    "{0}.server = gone.server AND {0}.kind = gone.kind AND {0}.tmdb = gone.tmdb"
    " AND {0}.four_k = gone.four_k"
)


def departed(database: Database, server: int) -> tuple[Departure, ...]:
    """Return what has left its list or is missing; `is_wanted` by an entry that is not."""
    found = database.read(
        "SELECT gone.*, source, name, (SELECT request_id FROM requests"  # noqa: S608 - constant
        f"   WHERE {_SAME_TITLE.format('requests')}"
        "   AND answer = ? ORDER BY id DESC LIMIT 1) AS request_id,"
        f" EXISTS (SELECT 1 FROM handled WHERE {_SAME_TITLE.format('handled')}"
        "   AND (gone.is_gone OR NOT EXISTS (SELECT 1 FROM entries"
        "     WHERE entries.list = handled.list AND entries.entry = handled.entry"
        "     AND absent_reads > 0))) AS wanted,"
        " EXISTS (SELECT 1 FROM cancel_warnings AS warned"
        f"   WHERE {_SAME_TITLE.format('warned')} AND warned.list = gone.list) AS was_reported"
        f" FROM ({_MISSING}) AS gone JOIN followed ON followed.id = gone.list WHERE server = ?"
        " ORDER BY list, kind, tmdb, four_k, is_gone",
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
            is_gone=bool(row["is_gone"]),
            was_reported=bool(row["was_reported"]),
        )
        for row in found
    )


def save_cancel_warnings(database: Database, server: int, reported: Collection[Departure]) -> None:
    """Remember what was reported, and forget it of what is not missing any more."""
    values = [
        (
            server,
            one.source,
            one.definition.key.kind,
            one.definition.key.tmdb_id,
            one.definition.four_k,
        )
        for one in reported
    ]
    if not values and not database.read("SELECT 1 FROM cancel_warnings LIMIT 1"):
        return
    with database.write() as connection:
        connection.execute(
            "DELETE FROM cancel_warnings AS warned WHERE server = ? AND NOT EXISTS ("  # noqa: S608 - constant
            f"SELECT 1 FROM ({_MISSING}) AS gone WHERE gone.list = warned.list"
            f" AND {_SAME_TITLE.format('warned')})",
            (server,),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO cancel_warnings (server, list, kind, tmdb, four_k)"
            " SELECT ?, id, ?3, ?4, ?5 FROM followed WHERE source = ?2",
            values,
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
