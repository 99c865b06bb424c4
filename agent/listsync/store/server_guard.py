"""Which request server the memory belongs to, and what is known of it (`servers`, `arr_names`)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from msgspec import DecodeError, json

from listsync.domain.arr_services import NO_ARR_NAMES, ArrNames
from listsync.domain.media import MediaType
from listsync.domain.server import ServerInfo
from listsync.domain.server_knowledge import NOTHING_LEARNED, KnownServer, Learned
from listsync.errors import StateError
from listsync.parsing.decoding import prepared
from listsync.store.database import Database
from listsync.store.imported_titles import belong_to
from listsync.store.key_value import lift_doubt, load_doubt
from listsync.store.row_codec import iso_now

logger = logging.getLogger(__name__)


def load_learned(database: Database, server: int | None) -> Learned:
    """Return what was saved last; nothing where another version wrote it in another form."""
    found = database.read("SELECT learned FROM servers WHERE id = ?", server)
    if not found or found[0]["learned"] is None:
        return NOTHING_LEARNED
    try:
        return json.decode(found[0]["learned"], type=prepared(Learned))
    except DecodeError:
        return NOTHING_LEARNED


def save_learned(database: Database, server: int, learned: Learned) -> None:
    text = json.encode(learned).decode()
    with database.write() as connection:
        connection.execute("UPDATE servers SET learned = ? WHERE id = ?", (text, server))


class SqliteServerGuard:
    """Implements `ports.server.ServerGuard`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._number: int | None = None

    def number(self) -> int:
        """Give the server's row; raises StateError before `use`."""
        if self._number is None:
            raise StateError("no server was named yet")
        return self._number

    def chosen(self) -> int | None:
        return self._number

    def use(self, info: ServerInfo, run_id: str | None = None) -> KnownServer:
        """Choose the server; a new one is not confirmed where others have a memory."""
        known = self._database.read("SELECT id, identity FROM servers ORDER BY last_seen")
        now = iso_now()
        identities = [row["identity"] for row in known]
        with self._database.write() as connection:
            self._number = connection.execute(
                "INSERT INTO servers (identity, product, version, first_seen, last_seen)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET product ="
                " excluded.product, version = excluded.version, last_seen = excluded.last_seen"
                " RETURNING id",
                (info.identity, info.product, info.version, now, now),
            ).fetchone()[0]
            belong_to(connection, self._number)
            connection.execute("UPDATE runs SET server = ? WHERE id = ?", (self._number, run_id))
            if known and info.identity not in identities:
                connection.execute(
                    "UPDATE servers SET confirmed = NOT EXISTS (SELECT 1 FROM handled WHERE"
                    " server != ?1) WHERE id = ?1",
                    (self._number,),
                )
        if not known or identities[-1] == info.identity:
            return KnownServer.SAME
        return KnownServer.KNOWN if info.identity in identities else KnownServer.NEW

    def state_doubt(self) -> str:
        doubt = load_doubt(self._database)
        return doubt.why if doubt else ""

    def handled_elsewhere(self) -> int:
        """Count what was handled at the last other server that has any; see the port."""
        found = self._database.read(
            "SELECT count(*) FROM handled WHERE server = (SELECT id FROM servers WHERE id != ?1"
            "   AND EXISTS (SELECT 1 FROM handled WHERE server = servers.id)"
            "   ORDER BY last_seen DESC LIMIT 1)"
            " AND NOT (SELECT confirmed FROM servers WHERE id = ?1)",
            self.number(),
        )
        count: int = found[0][0]
        return count

    def confirm(self) -> None:
        confirm(self._database, self.number())

    def learned(self) -> Learned:
        return load_learned(self._database, self.number())

    def save_learned(self, learned: Learned) -> None:
        save_learned(self._database, self.number(), learned)


class SqliteArrNames:
    """Implements `ports.titles.ArrNamesStore`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, server: str, kind: MediaType) -> ArrNames:
        """Return what is remembered; what cannot be read any more is looked up anew."""
        found = self._database.read(
            "SELECT names FROM arr_names WHERE server = ? AND kind = ?", server, kind
        )
        try:
            return json.decode(found[0][0], type=prepared(ArrNames)) if found else NO_ARR_NAMES
        except ValueError as error:
            logger.warning("names of Radarr or Sonarr are looked up anew: %s", error)
            return NO_ARR_NAMES

    def save(self, server: str, kind: MediaType, names: ArrNames) -> None:
        text = json.encode(names).decode()
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO arr_names (server, kind, names) VALUES (?, ?, ?)",
                (server, kind, text),
            )


class SqliteServerRecords:
    """Implements `ports.server.ServerRecords`: of the server that was reached last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def number(self) -> int | None:
        """Give the server's row; None before the first one was reached."""
        found = self._database.read("SELECT id FROM servers ORDER BY last_seen DESC LIMIT 1")
        return found[0]["id"] if found else None

    def last(self) -> tuple[str, str] | None:
        found = self._database.read(
            "SELECT product, version FROM servers ORDER BY last_seen DESC LIMIT 1"
        )
        return (found[0]["product"], found[0]["version"]) if found else None

    def learned(self) -> Learned:
        return load_learned(self._database, self.number())

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        found = self._database.read("SELECT identity FROM servers WHERE id = ?", self.number())
        store = SqliteArrNames(self._database)
        return {kind: store.load(row["identity"], kind) for row in found for kind in MediaType}


def confirm(database: Database, server: int | None) -> None:
    """Note that the server, its index and the state are meant to be as they are now."""
    lift_doubt(database)
    with database.write() as connection:
        connection.execute(
            "UPDATE servers SET confirmed = 1, confirmed_at = ? WHERE id = ?", (iso_now(), server)
        )
