from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.store.database import Database
from listsync.store.match_cache import SqliteFilmIds
from tests.integration.store.conftest import OldDatabase

DUNE = FilmRecord(MediaType.MOVIE, ExternalIds(imdb="tt1160419", tmdb=438631))
NUMBERLESS = FilmRecord(MediaType.MOVIE, title="Dune", year=1984)


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


def test_films_of_the_version_before_have_their_ids_and_no_name(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(32) as old, old.write() as connection:
        connection.execute(
            "INSERT INTO films (service, name, kind, imdb, tmdb, at)"
            " VALUES ('letterboxd', 'dune', 'movie', 'tt1160419', 438631, '2026-11-01T00:00:00Z')"
        )
    database = Database(path)
    assert SqliteFilmIds(database, "letterboxd").get_many(["dune"]) == {"dune": DUNE}
    database.close()
