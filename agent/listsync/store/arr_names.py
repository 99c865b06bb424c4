"""What Radarr and Sonarr call things (`ports.ArrNamesStore`) in SQLite."""

from __future__ import annotations

import logging

import msgspec

from listsync.domain.arr_services import NO_ARR_NAMES, ArrNames
from listsync.domain.media import MediaType
from listsync.store.database import Database

logger = logging.getLogger(__name__)


class SqliteArrNames:
    """Implements `ports.ArrNamesStore`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, server: str, kind: MediaType) -> ArrNames:
        """Return what is remembered; what cannot be read any more is looked up anew."""
        found = self._database.read(
            "SELECT names FROM arr_names WHERE server = ? AND kind = ?", server, kind
        )
        try:
            return msgspec.json.decode(found[0][0], type=ArrNames) if found else NO_ARR_NAMES
        except ValueError as error:
            logger.warning("names of Radarr or Sonarr are looked up anew: %s", error)
            return NO_ARR_NAMES

    def save(self, server: str, kind: MediaType, names: ArrNames) -> None:
        text = msgspec.json.encode(names).decode()
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO arr_names (server, kind, names) VALUES (?, ?, ?)",
                (server, kind, text),
            )
