"""What the server's catalogue says of titles, so that filters cost one call a title."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import TitleFacts
from listsync.store.database import Database

_GOOD_FOR = timedelta(days=30)
_NEW_GOOD_FOR = timedelta(days=3)
"""Ratings and votes of a title of this year or a later one still move."""


class SqliteFacts:
    """Implements `ports.FactsCache`; see there."""

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
