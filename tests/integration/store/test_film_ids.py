from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.store.database import Database
from listsync.store.match_cache import SqliteFilmIds

DUNE = FilmRecord(MediaType.MOVIE, ExternalIds(imdb="tt1160419", tmdb=438631))
NUMBERLESS = FilmRecord()


def test_what_was_learnt_comes_back(database: Database) -> None:
    SqliteFilmIds(database, "letterboxd").put("dune", DUNE)
    again = SqliteFilmIds(database, "letterboxd")
    assert again.get_many(["dune", "unknown"]) == {"dune": DUNE}
    assert SqliteFilmIds(database, "other").get_many(["dune"]) == {}


def test_many_are_looked_up_at_a_time(database: Database) -> None:
    films = SqliteFilmIds(database, "letterboxd")
    for number in range(20):
        films.put(f"film-{number}", DUNE)
    assert len(films.get_many(f"film-{number}" for number in range(2000))) == 20


def test_a_film_without_ids_is_looked_at_again_after_a_week(database: Database) -> None:
    films = SqliteFilmIds(database, "letterboxd")
    films.put("new", NUMBERLESS)
    assert films.get_many(["new"]) == {"new": NUMBERLESS}
    with database.write() as connection:
        old = (datetime.now(UTC) - timedelta(days=8)).isoformat()
        connection.execute("UPDATE films SET at = ?", (old,))
    assert films.get_many(["new"]) == {}
