from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.store.database import Database
from listsync.store.match_cache import SqliteFacts

KEY = TitleKey(MediaType.MOVIE, 603)
FACTS = TitleFacts(
    ids=ExternalIds(imdb="tt0133093", tmdb=603),
    year=1999,
    genres=frozenset({"action", "science fiction"}),
    rating=8.2,
    votes=26_000,
    language="en",
)


def grow_old(database: Database, days: int) -> None:
    at = (datetime.now(UTC) - timedelta(days=days, minutes=1)).isoformat()
    with database.write() as connection:
        connection.execute("UPDATE facts SET at = ?", (at,))


def test_facts_are_kept_as_they_were(database: Database) -> None:
    facts = SqliteFacts(database)
    facts.put(KEY, FACTS)
    assert facts.get(KEY) == FACTS
    assert facts.get(TitleKey(MediaType.TV, 603)) is None
    nothing = TitleFacts(ids=ExternalIds())
    facts.put(KEY, nothing)
    assert facts.get(KEY) == nothing


@pytest.mark.parametrize(
    ("year", "days", "is_good"),
    [
        (1999, 29, True),
        (1999, 30, False),
        (datetime.now(UTC).year, 2, True),
        (datetime.now(UTC).year, 3, False),
        (None, 3, False),
    ],
)
def test_facts_grow_old_those_of_new_titles_soon(
    database: Database, year: int | None, days: int, *, is_good: bool
) -> None:
    facts = SqliteFacts(database)
    facts.put(KEY, TitleFacts(ids=ExternalIds(), year=year))
    grow_old(database, days)
    assert (facts.get(KEY) is not None) is is_good
