"""Films by their names at a list service, so that each film's page is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.store.database import Database

_BATCH = 500
_WITHOUT_IDS_FOR = timedelta(days=7)


class SqliteFilmIds:
    """Remembers the films of *service*. Any thread may use it; raises StateError."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        """Return what is known; films without ids are due for another look after a while."""
        wanted = list(slugs)
        since = (datetime.now(UTC) - _WITHOUT_IDS_FOR).isoformat()
        found = {}
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ", ".join("?" for _ in batch)
            for row in self._database.read(
                "SELECT name, kind, imdb, tmdb, tvdb FROM films WHERE service = ?"  # noqa: S608 - marks
                " AND (imdb IS NOT NULL OR tmdb IS NOT NULL OR tvdb IS NOT NULL OR at > ?)"
                f" AND name IN ({marks})",
                self._service,
                since,
                *batch,
            ):
                kind = MediaType(row["kind"]) if row["kind"] else None
                ids = ExternalIds(imdb=row["imdb"], tmdb=row["tmdb"], tvdb=row["tvdb"])
                found[row["name"]] = FilmRecord(kind, ids)
        return found

    def put(self, slug: str, record: FilmRecord) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO films (service, name, kind, imdb, tmdb, tvdb, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._service,
                    slug,
                    record.kind,
                    record.ids.imdb,
                    record.ids.tmdb,
                    record.ids.tvdb,
                    datetime.now(UTC).isoformat(),
                ),
            )
