"""Entries that were acted on, and those that have left (`handled`, `season_looks`, `departed`)."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import Departure, HandledEntries, HandledSeasons, Handling
from listsync.domain.server import ResponseKind
from listsync.store.database import Database
from listsync.store.imported_titles import NOWHERE, load_imported, take_over
from listsync.store.row_codec import KINDS, edition_of, iso_now
from listsync.store.server_index import TitleStatusTable
from listsync.store.server_requests import lapse

_NO_SEASONS = HandledSeasons(None)
_SERIES = MediaType.TV.value
HANDLED_COLUMNS = "list, entry, four_k, kind, tmdb, season_rules, seasons, aired_before"


class SqliteHandledTitles:
    """Implements `ports.titles.HandledTitles`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self) -> HandledEntries:
        sources = dict(map(tuple, self._database.read("SELECT id, source FROM followed")))
        server = self._server()
        found = self._database.read(
            f"SELECT {HANDLED_COLUMNS} FROM handled WHERE server = ?",  # noqa: S608 - constant
            server,
        )
        return handled_from(chain(found, load_imported(self._database, server)), sources)

    def series_to_watch(self, now: datetime) -> Mapping[Edition, date]:
        return series_to_watch(self._database, self._server(), now)


def series_to_watch(database: Database, server: int, now: datetime) -> Mapping[Edition, date]:
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
        Edition(TitleKey(MediaType.TV, row["tmdb"]), bool(row["four_k"])): (
            datetime.fromisoformat(row["since"]).date()
        )
        for row in found
    }


def put(connection: sqlite3.Connection, server: int, handled: Sequence[Handling], at: str) -> None:
    take_over(connection, server, [one.edition for one in handled])
    connection.executemany(
        "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, season_rules, seasons,"
        " aired_before, at)"
        " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM followed WHERE source = ?"
        " ON CONFLICT DO UPDATE SET season_rules = excluded.season_rules,"
        " seasons = excluded.seasons, aired_before = excluded.aired_before,"
        # New seasons are those since it was acted on for this title first.
        " at = iif(kind = excluded.kind AND tmdb = excluded.tmdb, at, excluded.at),"
        " kind = excluded.kind, tmdb = excluded.tmdb",
        [(server, *_handled_columns(one), at, one.member.rules.source) for one in handled],
    )


def put_looks(connection: sqlite3.Connection, server: int, looked: Mapping[Edition, date]) -> None:
    """Note when series are looked at again for new seasons."""
    connection.executemany(
        "INSERT OR REPLACE INTO season_looks (server, tmdb, four_k, next_on) VALUES (?, ?, ?, ?)",
        [(server, one.key.tmdb_id, one.four_k, day.isoformat()) for one, day in looked.items()],
    )


_TITLE_AND_YEAR = re.compile(r"(.+) \((\d{4})\)")
"""A label as `departed` has it: its entry, with title and year apart, is gone."""
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


class SqliteDepartures:
    """Implements `ports.titles.Departures`; see there."""

    def __init__(
        self, database: Database, server: Callable[[], int], statuses: TitleStatusTable
    ) -> None:
        self._database = database
        self._server = server
        self._statuses = statuses

    def load(self) -> tuple[Departure, ...]:
        """Return what has left its list or is missing; `is_wanted` by an entry that is not."""
        found = self._database.read(
            "SELECT gone.*, source, name, (SELECT request_id FROM requests"  # noqa: S608 - constant
            f"   WHERE {_SAME_TITLE.format('requests')}"
            "   AND answer = ? ORDER BY id DESC LIMIT 1) AS request_id,"
            f" EXISTS (SELECT 1 FROM handled WHERE {_SAME_TITLE.format('handled')}"
            "   AND (gone.is_gone OR NOT EXISTS (SELECT 1 FROM entries"
            "     WHERE entries.list = handled.list AND entries.entry = handled.entry"
            "     AND absent_reads > 0))) AS wanted,"
            " EXISTS (SELECT 1 FROM cancel_warnings AS warned"
            f"   WHERE {_SAME_TITLE.format('warned')} AND warned.list = gone.list)"
            " AS was_reported"
            f" FROM ({_MISSING}) AS gone JOIN followed ON followed.id = gone.list"
            " WHERE server = ? ORDER BY list, kind, tmdb, four_k, is_gone",
            ResponseKind.REQUESTED,
            self._server(),
        )
        return tuple(map(_departure_of, found))

    def save_warnings(self, reported: Collection[Departure]) -> None:
        """Remember what was reported, and forget it of what is not missing any more."""
        server = self._server()
        values = [(server, one.source, *_title_of(one)) for one in reported]
        if not values and not self._database.read("SELECT 1 FROM cancel_warnings LIMIT 1"):
            return
        with self._database.write() as connection:
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

    def settle(self, one: Departure, run: SyncRun, *, cancelled: bool) -> None:
        """Forget a departure; a request that was cancelled is told among the requests."""
        server, title = self._server(), _title_of(one)
        self._statuses.is_stale |= cancelled
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM departed WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?"
                " AND list = (SELECT id FROM followed WHERE source = ?)",
                (server, *title, one.source),
            )
            lapse(connection, server, title)
            if cancelled:
                connection.execute(
                    "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                    " answer, detail, request_id, at) VALUES (?, ?, coalesce("
                    "  (SELECT label FROM requests WHERE server = ? AND kind = ? AND tmdb = ?"
                    "    AND four_k = ? ORDER BY id DESC LIMIT 1), ?"
                    " ), json_array(?), ?, ?, ?, '[]', ?, ?, ?, ?)",
                    (
                        *(server, run.run_id, server, *title, one.label, one.list_name, *title),
                        *(ResponseKind.CANCELLED, "it has left the list", one.request_id),
                        iso_now(),
                    ),
                )


def _title_of(one: Departure) -> tuple[object, ...]:
    key = one.edition.key
    return (key.kind, key.tmdb_id, one.edition.four_k)


def _departure_of(row: sqlite3.Row) -> Departure:
    label = row["label"]
    named = _TITLE_AND_YEAR.fullmatch(label)
    return Departure(
        source=row["source"],
        list_name=row["name"],
        label=label,
        title=named[1] if named else label,
        year=int(named[2]) if named else None,
        edition=edition_of(row),
        request_id=row["request_id"],
        is_wanted=bool(row["wanted"]),
        is_gone=bool(row["is_gone"]),
        was_reported=bool(row["was_reported"]),
    )


def _handled_columns(one: Handling) -> tuple[object, ...]:
    """Give entry, four_k, kind, tmdb, season_rules, seasons, aired_before."""
    title, seasons = one.edition, one.seasons or _NO_SEASONS
    return (one.member.entry_id, title.four_k, title.key.kind, title.key.tmdb_id, *seasons)


def handled_from(found: Iterable[Sequence[Any]], sources: Mapping[int, str]) -> HandledEntries:
    """Restore what was handled, of the values of HANDLED_COLUMNS, and what was imported.

    Many entries remember the same of their seasons; they share it, to save memory.
    """
    titles: dict[tuple[int, int], dict[str, Edition]] = defaultdict(dict)
    seasons: dict[tuple[int, int], dict[str, HandledSeasons]] = defaultdict(dict)
    shared: dict[tuple[str | None, str, str | None], HandledSeasons] = {}
    sources = {**sources, NOWHERE: ""}
    for number, entry, four_k, kind, tmdb, rules, numbers, aired_before in found:
        titles[number, four_k][entry] = Edition(TitleKey(KINDS[kind], tmdb), four_k == 1)
        if kind == _SERIES:
            row = (rules, numbers, aired_before)
            if row not in shared:
                shared[row] = HandledSeasons(*row)
            seasons[number, four_k][entry] = shared[row]
    return HandledEntries(
        {(sources[number], bool(four_k)): rows for (number, four_k), rows in titles.items()},
        {(sources[number], bool(four_k)): rows for (number, four_k), rows in seasons.items()},
    )
