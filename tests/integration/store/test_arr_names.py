"""What Radarr and Sonarr call things, in memory (the fake) and in SQLite."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.domain.arr_services import (
    NO_ARR_NAMES,
    ArrChoice,
    ArrFailure,
    ArrNames,
    ArrOffer,
    ArrService,
)
from listsync.domain.media import MediaType
from listsync.ports.titles import ArrNamesStore
from listsync.store import database as database_module
from listsync.store.database import FILE_NAME, Database
from listsync.store.server_guard import SqliteArrNames
from tests.fakes import FakeArrNames

MOVIE, TV = MediaType.MOVIE, MediaType.TV
NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, tzinfo=UTC)
CHOICES = (ArrChoice(1, "Ω & 'more'"), ArrChoice(2, ""))
NAMES = (
    ArrNames(
        services=(
            ArrService(id=0, name="Main", is_default=True, profile=CHOICES[0], folder="/films"),
            ArrService(id=4, name="Ultra", four_k=True),
        ),
        sought={'[false, null, "é"]': NOON},
    )
    .with_offer(0, ArrOffer(profiles=CHOICES, root_folders=CHOICES, tags=CHOICES), NOON)
    .with_failure(4, ArrFailure(why="no", went_away=True), NOON)
)


@pytest.fixture(params=["fake", "sqlite"])
def store(request: pytest.FixtureRequest, database: Database) -> ArrNamesStore:
    return FakeArrNames() if request.param == "fake" else SqliteArrNames(database)


def test_nothing_is_remembered_at_first(store: ArrNamesStore) -> None:
    assert store.load("one", MOVIE) == NO_ARR_NAMES


def test_what_was_saved_last_is_remembered_by_server_and_kind(store: ArrNamesStore) -> None:
    store.save("one", MOVIE, ArrNames(settings_failure="no"))
    store.save("one", MOVIE, NAMES)
    assert store.load("one", MOVIE) == NAMES
    assert store.load("one", TV) == NO_ARR_NAMES
    assert store.load("two", MOVIE) == NO_ARR_NAMES


def test_what_cannot_be_read_is_looked_up_anew(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO arr_names VALUES ('one', 'movie', '{\"services\": 5}')")
    assert SqliteArrNames(database).load("one", MOVIE) == NO_ARR_NAMES
    assert "looked up anew" in caplog.text


def test_a_state_of_the_version_before_gains_the_table(tmp_path: Path) -> None:
    path, scripts = tmp_path / FILE_NAME, database_module._scripts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_module, "_scripts", lambda: [one for one in scripts if one[0] < 8])
        Database(path).close()
    database = Database(path)
    store = SqliteArrNames(database)
    store.save("one", MOVIE, NAMES)
    assert store.load("one", MOVIE) == NAMES
    database.close()
