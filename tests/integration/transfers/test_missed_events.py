"""Imports whose webhook never came: found in the history, taken once, and none that was told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from listsync.config_types import SecretStr
from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import ImportApp, TransferJob
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from listsync.store.database import Database
from listsync.store.imported_jobs import SqliteImportedJobs
from listsync.store.job_history import SqliteJobHistory
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers import missed_events
from listsync.transfers.intake import WebhookIntake
from listsync.transfers.missed_events import MissedEvents, MissedMeans
from listsync.transfers.options import ArrOptions
from listsync.transfers.settings import NamedArr, TransferSettings
from tests.arr_server import KEY, ArrFake, arr_serving
from tests.integration.app.test_added_service import until

NOW = datetime.now(UTC).replace(microsecond=0)
MAPPINGS = (
    PathMapping(
        sender="/movies", source=PurePosixPath("/src/m"), destination=PurePosixPath("/dst/m")
    ),
    PathMapping(
        sender="/tv", source=PurePosixPath("/src/tv"), destination=PurePosixPath("/dst/tv")
    ),
)


class House:
    """A state, the way into it, and what looks for what has not come that way."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "state.db")
        self.kept = SqliteKeyValueStore(self.database)
        settings = TransferSettings(mappings=MAPPINGS)
        inbox = SqliteWebhookInbox(self.database)
        self.intake = WebhookIntake(inbox, lambda: settings, lambda: None)
        self.means = MissedMeans(
            intake=self.intake, is_known=SqliteImportedJobs(self.database).knows, kept=self.kept
        )

    def jobs(self) -> list[TransferJob]:
        rows = SqliteJobHistory(self.database).page(None, 100, None).rows
        return sorted(rows, key=lambda one: one.number)

    def paths(self) -> list[str]:
        return [str(one.wanted.place.destination) for one in self.jobs()]

    def looked(self, arr: ArrFake, since: datetime | None = NOW, key: str = KEY) -> int:
        name = arr.app.capitalize()
        if since is not None:
            self.kept.save(f"missed:{name}", since.isoformat())
        return MissedEvents([], self.means).look(named(arr, key), NOW)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path)
    yield one
    one.database.close()


def named(arr: ArrFake, key: str = KEY) -> NamedArr:
    options = ArrOptions(url=arr.url, api_key=SecretStr(key))
    return NamedArr(name=arr.app.capitalize(), app=ImportApp(arr.app), options=options)


def film(number: int, minutes: int = 5, path: str = "", **data: Any) -> dict[str, Any]:
    path = path or f"/movies/Film {number}/film.mkv"
    return {
        "id": number,
        "movieId": number,
        "date": (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z"),
        "eventType": "downloadFolderImported",
        "data": {"importedPath": path, "droppedPath": "/downloads/x", **data},
        "movie": {"title": f"Film {number}", "year": 1999, "path": f"/movies/Film {number}"},
    }


def episode(number: int, path: str, **data: Any) -> dict[str, Any]:
    return {
        **{
            name: value
            for name, value in film(number, path=path, **data).items()
            if name != "movie"
        },
        "movieId": None,
        "episodeId": number,
        "series": {"title": "Dark", "year": 2017, "path": "/tv/Dark", "tvdbId": 334824},
        "episode": {"seasonNumber": 1, "episodeNumber": number, "title": f"Part {number}"},
    }


def test_what_was_imported_while_nobody_listened_is_copied(house: House) -> None:
    with arr_serving() as radarr:
        radarr.history = [film(1), film(2, path="/elsewhere/x.mkv"), {**film(3), "date": "never"}]
        assert house.looked(radarr) == 1
        (job,) = house.jobs()
        assert house.paths() == ["/dst/m/Film 1/film.mkv"]
        assert (job.wanted.app, job.wanted.label.title, job.wanted.label.year) == (
            ImportApp.RADARR,
            "Film 1",
            1999,
        )
        assert house.looked(radarr, None) == 0
        assert len(house.jobs()) == 1


def test_what_a_webhook_told_of_is_not_taken_again(house: House) -> None:
    with arr_serving() as radarr:
        radarr.history = [film(1), film(2)]
        body = {"eventType": "Download", "movieFile": {"path": "/movies/Film 1/film.mkv"}}
        house.intake.take(ImportApp.RADARR, "", body, NOW)
        assert house.looked(radarr) == 1
    assert house.paths() == ["/dst/m/Film 1/film.mkv", "/dst/m/Film 2/film.mkv"]
    assert [one.event_count for one in house.jobs()] == [1, 1]


def test_a_file_of_two_episodes_is_one_job_with_both(house: House) -> None:
    with arr_serving("sonarr") as sonarr:
        path = "/tv/Dark/Season 01/Dark - S01E01-E02.mkv"
        sonarr.history = [episode(1, path), episode(2, path)]
        assert house.looked(sonarr) == 1
    (job,) = house.jobs()
    assert house.paths() == ["/dst/tv/Dark/Season 01/Dark - S01E01-E02.mkv"]
    label = job.wanted.label
    assert (label.title, label.season, label.episodes) == ("Dark", 1, (1, 2))


def test_of_a_film_that_was_imported_twice_the_last_file_is_taken(house: House) -> None:
    with arr_serving() as radarr:
        old = film(1, minutes=50, path="/movies/Film 1/old.mkv")
        radarr.history = [{**film(1), "id": 9}, old]
        assert house.looked(radarr) == 1
    assert house.paths() == ["/dst/m/Film 1/film.mkv"]


def test_a_file_that_is_gone_is_left_and_one_that_was_renamed_is_found(house: House) -> None:
    with arr_serving() as radarr:
        radarr.files = {7: {"id": 7, "path": "/movies/Film 1/renamed.mkv", "size": 700}}
        radarr.history = [film(1, fileId="7"), film(2, fileId="8")]
        assert house.looked(radarr) == 1
    (job,) = house.jobs()
    assert house.paths() == ["/dst/m/Film 1/renamed.mkv"]
    assert job.wanted.size == 700


def test_none_of_many_missed_imports_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(house.intake, "take", lambda *given: taken.append(given))
    with arr_serving() as radarr:
        radarr.history = [film(number, minutes=number % 60) for number in range(5001)]
        assert house.looked(radarr) == len(taken) == 5001


def test_of_a_history_that_no_answer_may_hold_the_newer_half_is_read_and_that_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("listsync.parsing.decoding._MOST_VALUES", 200)
    long_ago = NOW - timedelta(days=8)
    with arr_serving() as radarr:
        radarr.history = [film(number, minutes=6 * 24 * 60 + number) for number in range(100)]
        radarr.history += [film(200, minutes=60)]
        assert house.looked(radarr, long_ago) == 1
        assert house.paths() == ["/dst/m/Film 200/film.mkv"]
        assert house.kept.load("missed:Radarr") == NOW.isoformat()
    (said,) = [one.message for one in caplog.records if "is not looked for" in one.message]
    assert "more than 200 values" in said
    assert f"before {NOW - timedelta(days=4, minutes=30):%Y-%m-%d %H:%M} UTC" in said


def test_a_history_that_is_of_no_known_form_is_not_asked_for_again_and_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("listsync.parsing.decoding._MOST_VALUES", 2)
    with arr_serving() as radarr:
        radarr.history = [film(1)]
        with pytest.raises(ResponseChangedError):
            house.looked(radarr, NOW - timedelta(days=30))
        assert len(radarr.asked) < 12
        assert "is not looked for" not in caplog.text
        assert house.kept.load("missed:Radarr") == (NOW - timedelta(days=30)).isoformat()


def test_the_first_look_only_notes_when_it_was(house: House) -> None:
    with arr_serving() as radarr:
        radarr.history = [film(1)]
        assert house.looked(radarr, None) == 0
        assert not radarr.asked
        assert house.kept.load("missed:Radarr") == NOW.isoformat()


@pytest.mark.parametrize(
    ("change", "key", "error"),
    [
        ({"status": 503}, KEY, UnavailableError),
        ({}, "anotherKeyAltogether", RefusedError),
        ({"hosts": frozenset({"radarr"})}, KEY, RefusedError),
    ],
    ids=["down", "key", "allowed-hosts"],
)
def test_a_look_that_fails_is_made_up_for_by_the_next(
    tmp_path: Path,
    change: dict[str, object],
    key: str,
    error: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("listsync.http.response.PAUSES_S", (0.0, 0.0))
    house = House(tmp_path)
    with arr_serving() as radarr:
        radarr.history = [film(1)]
        for name, value in change.items():
            setattr(radarr, name, value)
        with pytest.raises(error):
            house.looked(radarr, key=key)
        radarr.status, radarr.hosts = None, None
        assert house.looked(radarr, None) == 1
    house.database.close()


def test_it_looks_at_the_start_says_why_it_cannot_and_stops_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed_events, "_AGAIN_S", 0.02)
    house.kept.save("missed:Radarr", NOW.isoformat())
    with arr_serving() as radarr:
        radarr.history, radarr.hosts = [film(1)], frozenset({"radarr"})
        one, stop = MissedEvents([named(radarr)], house.means), threading.Event()
        thread = threading.Thread(target=one.run, args=(stop,))
        thread.start()
        until(lambda: "Allowed Hosts" in one.note())
        radarr.hosts = None
        until(lambda: not one.note())
        assert house.paths() == ["/dst/m/Film 1/film.mkv"]
        stop.set()
        one.wake()
        thread.join(10)
        assert not thread.is_alive()
