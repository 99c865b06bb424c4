"""Which tables of the state several agents share, what names their rows, how changes are noted.

A row is known to all by its natural key: numbers that a table gives are one state's own. Triggers
note the key of each row that changes. They are made when a state joins a fleet and are gone when
it leaves: every row that is written pays for them (a tenth to a half more of its time, measured).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass

ORDINAL = "ordinal"
"""No column: how many rows are before it that agree in all else of the key."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "servers": ("identity",),
    "followed": ("source",),
    "entries": ("list", "entry"),
    "choices": ("lookup",),
    "excluded": ("item",),
    "excluded_entries": ("list", "entry"),
    "films": ("service", "name"),
    "arr_names": ("server", "kind"),
    "runs": ("id",),
    "imported": ("kind", "tmdb", "four_k"),
    "matches": ("server", "lookup"),
    "handled": ("server", "list", "entry", "four_k"),
    "departed": ("server", "list", "kind", "tmdb", "four_k"),
    "cancel_warnings": ("server", "list", "kind", "tmdb", "four_k"),
    "setbacks": ("server", "kind", "tmdb", "four_k", "tvdb"),
    "season_looks": ("server", "tmdb", "four_k"),
    "server_requests": ("server", "kind", "tmdb", "four_k", "status"),
    "requests": ("server", "run", "kind", "tmdb", "four_k", "answer", "seasons", ORDINAL),
    "intents": ("server", "kind", "tmdb", "four_k"),
}
"""What names a row of each shared table; whom it belongs to comes before it.

What gives a reason not to request comes before the intents, which are one until they go.
"""
NOT_SHARED: Mapping[str, str] = {
    "configured_lists": "what this agent's configuration names",
    "notebook": "this agent's own: pause, owed syncs, due times, doubt",
    "notices": "what this agent has to say",
    "messages": "what this agent sends",
    "deliveries": "what this agent sends",
    "notify_targets": "to whom this agent sends",
    "index_pages": "read again from the server",
    "title_status": "made of the index at the end of a run",
    "facts": "read again from the server",
    "known_titles": "read again from the server",
    "feeds": "made anew by a sync",
    "feed_pages": "made anew by a sync",
    "request_lists": "made of requests by a trigger",
    "request_counts": "made of requests by triggers",
    "fleet": "what this state knows of the fleet",
    "fleet_changes": "what this state knows of the fleet",
    "webhook_events": "copies are of this machine's disks",
    "event_jobs": "copies are of this machine's disks",
    "transfer_jobs": "copies are of this machine's disks",
    "transfer_attempts": "copies are of this machine's disks",
    "forgotten_jobs": "copies are of this machine's disks",
    "copied_files": "copies are of this machine's disks",
    "library_scans": "scans follow copies",
    "scan_servers": "scans follow copies",
}
"""Every other table, and why."""
_OWN = frozenset({("servers", "id"), ("followed", "id"), ("intents", "at")})
"""Columns that are not shared. When an intent was written, the clock of PostgreSQL says."""
PARENTS = {"server": ("servers", "identity"), "list": ("followed", "source")}
"""Numbers of rows of other tables, and by what these are known to all."""
_TRIGGER = "shared_"
_NOTE = """
    UPDATE fleet SET number = number + 1;
    INSERT INTO fleet_changes (noun, key, number, is_gone, is_said)
    SELECT '{noun}', {key}, number, {is_gone}, is_said FROM fleet WHERE true
    ON CONFLICT (noun, key) DO UPDATE SET number = excluded.number, is_gone = excluded.is_gone,
        is_said = max(is_said, excluded.is_said);
"""
_WHEN = "EXISTS (SELECT 1 FROM fleet WHERE NOT is_applying)"


class SharedColumn(NamedTuple):
    """A column of a table.

    `is_required`: a row must say it. `is_parent`: it has the number of another table's row.
    """

    name: str
    type: str
    is_not_null: bool
    is_required: bool
    is_parent: bool


@dataclass(frozen=True, slots=True)
class SharedTable:
    """A table as all agents know it: what names its rows, and what else is in them."""

    noun: str
    columns: Mapping[str, SharedColumn]

    @property
    def key(self) -> tuple[str, ...]:
        return KEYS[self.noun]

    @property
    def parents(self) -> frozenset[str]:
        return frozenset(name for name, one in self.columns.items() if one.is_parent)

    @property
    def content(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name not in self.key)

    def value_of(self, name: str, row: str) -> str:
        """Give the expression of what all know a column of *row* by."""
        if name == ORDINAL:
            same = " AND ".join(f"o.{one} = {row}.{one}" for one in self.key if one != ORDINAL)
            before = f"FROM {self.noun} AS o WHERE {same} AND o.id < {row}.id"
            return f"(SELECT count(*) {before})"
        if self.columns[name].is_parent:
            table, known_by = PARENTS[name]
            return f"(SELECT {known_by} FROM {table} WHERE {table}.id = {row}.{name})"  # noqa: S608 - names of the schema
        return f"{row}.{name}"

    def key_of(self, row: str) -> str:
        return f"json_array({', '.join(self.value_of(name, row) for name in self.key)})"

    def is_row(self, row: str, key: str) -> str:
        """Give the condition that *row* is the one that the JSON array *key* names."""
        return " AND ".join(
            f"{self.value_of(name, row)} = json_extract({key}, '$[{at}]')"
            if name == ORDINAL
            else f"{row}.{name} = " + self._number_of(name, f"json_extract({key}, '$[{at}]')")
            for at, name in enumerate(self.key)
        )

    def _number_of(self, name: str, value: str) -> str:
        if not self.columns[name].is_parent:
            return value
        table, known_by = PARENTS[name]
        return f"(SELECT id FROM {table} WHERE {known_by} = {value})"  # noqa: S608 - names of the schema

    def triggers(self) -> Iterator[tuple[str, str]]:
        """Give the triggers that note changes, each with its name."""
        here = _NOTE.format(noun=self.noun, key=self.key_of("NEW"), is_gone=0)
        gone = _NOTE.format(noun=self.noun, key=self.key_of("OLD"), is_gone=1)
        keys = [name for name in self.key if name in self.columns]
        moved = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in keys)
        for name, event, when, note in (
            ("added", "INSERT", _WHEN, here),
            ("changed", f"UPDATE OF {', '.join(self.columns)}", _WHEN, here),
            ("renamed", f"UPDATE OF {', '.join(keys)}", f"({moved}) AND {_WHEN}", gone),
            ("removed", "DELETE", _WHEN, gone),
        ):
            trigger = f"{_TRIGGER}{self.noun}_{name}"
            on = f"AFTER {event} ON {self.noun} WHEN {when}"
            yield trigger, f"CREATE TRIGGER {trigger} {on} BEGIN{note}END"


def shared_tables(connection: sqlite3.Connection) -> Mapping[str, SharedTable]:
    """Give all of them, those to whom others belong first."""
    return {noun: SharedTable(noun, _columns(connection, noun)) for noun in KEYS}


def _columns(connection: sqlite3.Connection, noun: str) -> Mapping[str, SharedColumn]:
    return {
        name: SharedColumn(
            name=name,
            type=type_,
            is_not_null=bool(not_null),
            is_required=bool(not_null) and default is None,
            is_parent=name in PARENTS and type_ == "INTEGER",
        )
        for name, type_, not_null, default in connection.execute(
            'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?) ORDER BY cid',
            (noun,),
        )
        if (noun, name) not in _OWN
    }


def _wanted(connection: sqlite3.Connection) -> dict[str, str]:
    tables = shared_tables(connection).values()
    return {name: sql for table in tables for name, sql in table.triggers()}


def _made(connection: sqlite3.Connection) -> dict[str, str]:
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ?",
        (f"{_TRIGGER}*",),
    )
    return dict(map(tuple, found))


def shape_of(connection: sqlite3.Connection) -> str:
    """Give a digest of what is shared, and how; empty where changes are not noted so."""
    wanted = _wanted(connection)
    if wanted != _made(connection):
        return ""
    return hashlib.sha256("".join(sorted(wanted.values())).encode()).hexdigest()


def note_changes(connection: sqlite3.Connection) -> None:
    """Have the changes of shared rows noted from now on."""
    note_no_changes(connection)
    for sql in _wanted(connection).values():
        connection.execute(sql)


def note_no_changes(connection: sqlite3.Connection) -> None:
    """Have changes not noted any more; also for a migration, which may change the tables."""
    for name in _made(connection):
        connection.execute(f"DROP TRIGGER {name}")


@contextmanager
def saying(connection: sqlite3.Connection) -> Iterator[None]:
    """Have what is written in the block known as what a person says: it is never dropped."""
    connection.execute("UPDATE fleet SET is_said = 1")
    yield
    connection.execute("UPDATE fleet SET is_said = 0")


def join_anew(connection: sqlite3.Connection) -> None:
    """Have this state join its fleet again, since it may not be what it was."""
    connection.execute("UPDATE fleet SET shape = ''")


def note_all(connection: sqlite3.Connection) -> None:
    """Note every row as changed."""
    connection.execute("UPDATE fleet SET number = number + 1")
    _note_each(connection, "number", "UPDATE SET number = excluded.number, is_gone = 0")


def note_for_comparison(connection: sqlite3.Connection) -> None:
    """Note every row that has not changed, as number 0: it is to be compared with the fleet's."""
    connection.execute("DELETE FROM fleet_changes WHERE number = 0")
    _note_each(connection, "0", "NOTHING")


def _note_each(connection: sqlite3.Connection, number: str, or_else: str) -> None:
    for table in shared_tables(connection).values():
        connection.execute(
            "INSERT INTO fleet_changes (noun, key, number, is_gone, is_said)"  # noqa: S608 - constants
            f" SELECT '{table.noun}', {table.key_of('t')}, {number}, 0, 0"
            f" FROM {table.noun} AS t, fleet WHERE true ON CONFLICT DO {or_else}"
        )
