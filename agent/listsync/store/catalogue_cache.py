"""What services say of titles: facts, ids of films, names of Radarr and Sonarr."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from listsync.domain.arr_services import NO_ARR_NAMES, ArrNames
from listsync.domain.media import ExternalIds, FilmRecord, MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.store.database import Database

logger = logging.getLogger(__name__)


_GOOD_FOR = timedelta(days=30)
_NEW_GOOD_FOR = timedelta(days=3)
"""Ratings and votes of a title of this year or a later one still move."""


class SqliteFacts:
    """Implements `ports.titles.FactsCache`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: TitleKey) -> TitleFacts | None:
        found = self._database.read(
            "SELECT facts, at FROM facts WHERE kind = ? AND tmdb = ?", key.kind, key.tmdb_id
        )
        if not found:
            return None
        facts, now = _facts_of(json.loads(found[0]["facts"])), datetime.now(UTC)
        is_new = facts.year is None or facts.year >= now.year
        age = now - datetime.fromisoformat(found[0]["at"])
        return facts if age <= (_NEW_GOOD_FOR if is_new else _GOOD_FOR) else None

    def put(self, key: TitleKey, facts: TitleFacts) -> None:
        row = (key.kind, key.tmdb_id, _text_of(facts), datetime.now(UTC).isoformat())
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO facts (kind, tmdb, facts, at) VALUES (?, ?, ?, ?)", row
            )


def _text_of(facts: TitleFacts) -> str:
    ids = facts.ids
    return json.dumps(
        {
            "ids": [ids.imdb, ids.tmdb, ids.tvdb],
            "year": facts.year,
            "genres": sorted(facts.genres),
            "rating": facts.rating,
            "votes": facts.votes,
            "language": facts.language,
            "title": facts.title,
            "original_title": facts.original_title,
        },
        ensure_ascii=False,
    )


def _facts_of(row: dict[str, Any]) -> TitleFacts:
    imdb, tmdb, tvdb = row["ids"]
    return TitleFacts(
        ids=ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb),
        year=row["year"],
        genres=frozenset(row["genres"]),
        rating=row["rating"],
        votes=row["votes"],
        language=row["language"],
        title=row.get("title", ""),
        original_title=row.get("original_title", ""),
    )


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
