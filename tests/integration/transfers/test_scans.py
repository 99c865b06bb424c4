"""Scans on their way to media servers: how often, when, and what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath

import pytest

from listsync.cancellation import CancelToken
from listsync.domain.transfers import LibraryScan, NewScan, RootHealth, ScanState
from listsync.store import library_scans
from listsync.store.database import Database
from listsync.store.library_scans import SqliteScanQueue, put_scans
from listsync.transfers import scans
from listsync.transfers.media_servers import open_media_server
from listsync.transfers.media_servers.base import HttpMediaServer, MediaServer
from listsync.transfers.media_servers.jellyfin import JellyfinServer
from listsync.transfers.scans import LibraryScans
from tests.integration.app.test_added_service import until
from tests.integration.transfers.test_media_servers import options_for, put
from tests.media_servers import (
    TOKEN,
    Fault,
    JellyfinFake,
    MediaServerFake,
    PlexFake,
    serving,
    two_libraries,
)

FILM = "/data/movies/Alien (1979)/Alien.mkv"
SEASON = "/data/tv/Dark/Season 01"
ROOT = PurePosixPath("/mnt/media")
WELL = RootHealth(root=ROOT, is_healthy=True)
GONE = RootHealth(root=ROOT, is_healthy=False, why="not mounted")


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_scans, "QUIET", timedelta())
    monkeypatch.setattr(scans, "_PAUSES_S", (0.02, 0.05))
    monkeypatch.setattr(scans, "_BLOCKED_S", 0.02)
    for kind in (HttpMediaServer, JellyfinServer):
        monkeypatch.setattr(kind, "checks_s", (0.02, 0.05, 0.1))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "scans.db")
    yield one
    one.close()


@pytest.fixture
def queue(database: Database) -> SqliteScanQueue:
    one = SqliteScanQueue(database)
    one.follow(["den"], datetime.now(UTC))
    return one


@pytest.fixture
def plex(tmp_path: Path) -> Iterator[PlexFake]:
    with serving(PlexFake, *two_libraries(tmp_path / "disk")) as one:
        yield one


def ask(database: Database, *files: str) -> None:
    """Have the folder of each file scanned, as the end of its copy does."""
    for file in files:
        scan = NewScan(folder=file.rpartition("/")[0], health_root=ROOT, expects=(file,))
        with database.write() as connection:
            put_scans(connection, [scan], datetime.now(UTC))


def opening(fake: MediaServerFake, key: str = TOKEN) -> Callable[[CancelToken], MediaServer]:
    return partial(open_media_server, "den", options_for(fake, key, timeout_s=5))


@contextmanager
def scanning(
    queue: SqliteScanQueue,
    fake: MediaServerFake,
    *,
    key: str = TOKEN,
    health: Callable[[PurePosixPath], RootHealth] = lambda _: WELL,
    changed: Callable[[], None] = lambda: None,
) -> Iterator[LibraryScans]:
    one = LibraryScans(queue, {"den": opening(fake, key)}, health, changed=changed)
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield one
    finally:
        stop.set()
        thread.join()


def all_of(queue: SqliteScanQueue) -> Sequence[LibraryScan]:
    return queue.page(None, 100, None).rows


def states(queue: SqliteScanQueue) -> list[ScanState]:
    return [one.state for one in all_of(queue)]


@pytest.mark.parametrize("kind", [PlexFake, JellyfinFake])
def test_a_season_is_one_scan_after_which_all_of_it_is_shown(
    kind: type[MediaServerFake], database: Database, queue: SqliteScanQueue, tmp_path: Path
) -> None:
    season = [f"{SEASON}/Dark - S01E{number:02}.mkv" for number in range(1, 25)]
    put(tmp_path, *season)
    ask(database, *season)
    with serving(kind, *two_libraries(tmp_path)) as fake:
        with scanning(queue, fake):
            until(lambda: states(queue) == [ScanState.SHOWN])
        assert fake.scans == [SEASON]
        assert fake.shown.keys() == {*season}


def test_one_that_fails_keeps_no_other_waiting(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    other = f"{SEASON}/Dark - S01E01.mkv"
    put(tmp_path / "disk", FILM, other)
    ask(database, FILM, other)
    plex.faulty = lambda one: "movies" in one.query.get("path", "")
    plex.faults.extend([Fault(status=500)] * 1000)
    with scanning(queue, plex) as work:
        until(lambda: ScanState.SHOWN in states(queue))
        until(lambda: all_of(queue)[1].tries > 2)
        assert states(queue) == [ScanState.SHOWN, ScanState.WAITING]
        assert "HTTP 500" in all_of(queue)[1].why
        plex.faults.clear()
        until(lambda: states(queue) == [ScanState.SHOWN] * 2)
        until(lambda: not work.troubles)
    assert plex.scans == [SEASON, FILM.rpartition("/")[0]]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=524, body=b"<html><title>A timeout occurred</title>"),
        Fault(status=404),
        Fault(status=200, body=b"<html><title>Sign in</title>"),
        Fault(status=503, body=b"{}"),
    ],
)
def test_what_may_pass_is_tried_again(fault: Fault, tmp_path: Path) -> None:
    database = Database(tmp_path / "scans.db")
    queue = SqliteScanQueue(database)
    queue.follow(["den"], datetime.now(UTC))
    put(tmp_path, FILM)
    ask(database, FILM)
    with serving(PlexFake, *two_libraries(tmp_path)) as plex:
        plex.faults.extend([fault] * 3)
        with scanning(queue, plex):
            until(lambda: states(queue) == [ScanState.SHOWN])
        assert len(plex.scans) == 1
    database.close()


def test_what_fails_for_days_is_for_a_person_in_the_end(
    database: Database,
    queue: SqliteScanQueue,
    plex: PlexFake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scans, "_MOST_TRIES", 3)
    ask(database, FILM)
    plex.faults.extend([Fault(status=500)] * 3)
    with scanning(queue, plex):
        until(lambda: states(queue) == [ScanState.NEEDS_ATTENTION])
    assert "given up after 3 tries: HTTP 500" in all_of(queue)[0].why
    assert not plex.scans


def test_a_refused_token_waits_for_a_person_and_another_one_sends_it(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    ask(database, FILM)
    changes: list[int] = []
    with scanning(queue, plex, key="wrongToken", changed=lambda: changes.append(1)) as work:
        until(lambda: states(queue) == [ScanState.NEEDS_ATTENTION])
        (trouble,) = work.troubles
        assert trouble.needs_person
        assert "token" in trouble.why
        assert changes == [1]
    assert not plex.scans
    with scanning(queue, plex) as work:
        until(lambda: states(queue) == [ScanState.SHOWN])
        assert not work.troubles


def test_a_folder_of_no_library_is_for_a_person_and_says_nothing_of_the_server(
    database: Database, queue: SqliteScanQueue, plex: PlexFake
) -> None:
    ask(database, "/mnt/media/Alien (1979)/Alien.mkv")
    with scanning(queue, plex) as work:
        until(lambda: states(queue) == [ScanState.NEEDS_ATTENTION])
        assert not work.troubles
    assert "Films: /data/movies" in all_of(queue)[0].why


def test_nothing_is_scanned_while_its_disk_is_gone(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    ask(database, FILM)
    health = [GONE]
    with scanning(queue, plex, health=lambda _: health[0]):
        until(lambda: "waits for /mnt/media: not mounted" in all_of(queue)[0].why)
        assert states(queue) == [ScanState.WAITING]
        assert not plex.asked
        health[0] = WELL
        until(lambda: states(queue) == [ScanState.SHOWN])
    assert all_of(queue)[0].why == ""
    assert len(plex.scans) == 1


def test_a_scan_whose_mapping_is_gone_is_put_off_longer_and_longer(
    database: Database, queue: SqliteScanQueue, plex: PlexFake
) -> None:
    """As for a disk that is not there it would be looked at twice a minute for ever."""
    ask(database, FILM)
    with scanning(queue, plex, health=lambda _: replace(GONE, is_mapped=False)):
        until(lambda: all_of(queue)[0].tries == 1)
    assert all_of(queue)[0].why == (
        "/mnt/media is no source and no destination of a mapping any more"
    )


def test_what_is_shown_late_is_shown(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    ask(database, FILM)
    plex.works = False
    with scanning(queue, plex):
        until(lambda: all_of(queue)[0].tries == 1)
        plex.catch_up()
        until(lambda: states(queue) == [ScanState.SHOWN])
    assert len(plex.scans) == 1


def test_that_it_was_scanned_and_is_not_shown_is_a_state_of_its_own(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    here, missing = f"{SEASON}/Dark - S01E01.mkv", f"{SEASON}/Dark - S01E02.mkv"
    put(tmp_path / "disk", here)
    ask(database, here, missing)
    with scanning(queue, plex):
        until(lambda: states(queue) == [ScanState.NOT_SHOWN])
    (scan,) = all_of(queue)
    assert scan.why == "1 of 2 shown; not Dark - S01E02.mkv"
    assert scan.sent_at is not None


def test_where_it_cannot_be_asked_nothing_is_claimed(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    ask(database, FILM)
    plex.faulty = lambda one: one.path.endswith("/all")
    plex.faults.extend([Fault(status=500)] * 10)
    with scanning(queue, plex):
        until(lambda: states(queue) == [ScanState.UNVERIFIED])
    assert "HTTP 500" in all_of(queue)[0].why


def test_a_scan_that_expects_no_file_ends_when_it_is_sent(
    database: Database, queue: SqliteScanQueue, plex: PlexFake
) -> None:
    with database.write() as connection:
        put_scans(connection, [NewScan(folder=SEASON, health_root=ROOT)], datetime.now(UTC))
    with scanning(queue, plex):
        until(lambda: states(queue) == [ScanState.UNVERIFIED])
    assert plex.scans == [SEASON]


def test_a_stop_breaks_off_what_hangs_and_the_next_start_sends_it(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    ask(database, FILM)
    over = threading.Event()
    plex.faults.append(Fault(status=200, hold=over))
    with scanning(queue, plex):
        plex.wait(lambda: bool(plex.asked))
    assert states(queue) == [ScanState.WAITING]
    assert all_of(queue)[0].tries == 0
    over.set()
    with scanning(queue, plex):
        until(lambda: states(queue) == [ScanState.SHOWN])


def test_what_comes_while_it_sleeps_wakes_it(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    put(tmp_path / "disk", FILM)
    with scanning(queue, plex) as work:
        (worker,) = work._workers
        assert worker._step() is None  # until woken
        ask(database, FILM)
        work.wake()
        until(lambda: states(queue) == [ScanState.SHOWN])
        assert worker._step() is None


def test_a_fault_of_our_own_keeps_no_other_waiting(
    database: Database, queue: SqliteScanQueue, plex: PlexFake, tmp_path: Path
) -> None:
    other = f"{SEASON}/Dark - S01E01.mkv"
    put(tmp_path / "disk", FILM, other)
    ask(database, FILM, other)
    opened = opening(plex)

    def open_odd(token: CancelToken) -> MediaServer:
        server = opened(token)
        scan = server.scan

        def odd(folder: str) -> None:
            if "movies" in folder:
                raise ZeroDivisionError
            scan(folder)

        server.scan = odd  # type: ignore[method-assign]
        return server

    work, stop = LibraryScans(queue, {"den": open_odd}, lambda _: WELL), threading.Event()
    thread = threading.Thread(target=work.run, args=(stop,))
    thread.start()
    until(lambda: ScanState.SHOWN in states(queue))
    stop.set()
    thread.join()
    assert "a fault in listsync itself (ZeroDivisionError)" in all_of(queue)[1].why
