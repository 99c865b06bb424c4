"""Scans in a real file: a folder waits at a media server once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from listsync.domain.transfers import LibraryScan, NewScan, ScanState
from listsync.store.database import Database
from listsync.store.library_scans import QUIET, QUIET_BY, SqliteScanQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from tests.transfer_jobs import AT, decision, event, put_event, scan

LATER = timedelta(minutes=10)


class Scans:
    """A queue of scans for one media server."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queue = SqliteScanQueue(database)
        self.inbox = SqliteWebhookInbox(database)
        self.queue.follow(["plex"], AT)

    def put(self, *scans: NewScan, at: datetime = AT) -> None:
        put_event(self.inbox, event(), decision(scans=scans), at)

    def due(self, at: datetime = AT + LATER) -> tuple[LibraryScan, ...]:
        return self.queue.due("plex", at)

    def settle(self, one: LibraryScan, state: ScanState, **more: object) -> None:
        self.queue.settle([replace(one, state=state, **more)], (), AT)  # type: ignore[arg-type]

    def states(self) -> list[ScanState]:
        return [one.state for one in self.queue.page(None, 99, None).rows[::-1]]


@pytest.fixture
def scans(database: Database) -> Scans:
    return Scans(database)


def test_a_scan_waits_for_others_of_its_folder(scans: Scans) -> None:
    scans.put(scan("/tv/Dark", "/tv/Dark/1.mkv"))
    scans.put(scan("/tv/Dark", "/tv/Dark/2.mkv"), at=AT + QUIET / 2)
    assert scans.queue.next_due("plex", AT) == AT + 3 * QUIET / 2
    assert not scans.due(AT + QUIET)
    (one,) = scans.due()
    assert one.wanted.expects == ("/tv/Dark/1.mkv", "/tv/Dark/2.mkv")


def test_scans_without_end_do_not_put_a_folder_off(scans: Scans) -> None:
    for second in range(0, int(QUIET_BY.total_seconds()) + 60, 10):
        scans.put(scan(), at=AT + timedelta(seconds=second))
    due = scans.queue.next_due("plex", AT)
    assert due is not None
    assert due <= AT + QUIET_BY + timedelta(seconds=60)


def test_a_scan_that_failed_is_not_hurried_by_another(scans: Scans) -> None:
    scans.put(scan())
    (one,) = scans.due()
    scans.settle(one, ScanState.WAITING, tries=1, due_at=AT + LATER, why="is down")
    scans.put(scan())
    assert scans.queue.next_due("plex", AT) == AT + LATER


def test_what_was_sent_is_looked_at_again_and_a_new_scan_of_the_folder_waits(
    scans: Scans,
) -> None:
    scans.put(scan())
    (one,) = scans.due()
    scans.settle(one, ScanState.SENT, sent_at=AT, due_at=AT + LATER)
    scans.put(scan())
    assert scans.states() == [ScanState.SENT, ScanState.WAITING]
    (sent, _) = sorted(scans.due(), key=lambda scan: scan.number)
    scans.settle(sent, ScanState.WAITING)
    assert scans.states() == [ScanState.CANCELLED, ScanState.WAITING]


def test_what_is_over_is_not_due(scans: Scans) -> None:
    scans.put(scan())
    scans.settle(scans.due()[0], ScanState.NOT_SHOWN, why="Plex does not show it")
    assert not scans.due()
    (row,) = scans.queue.page({ScanState.NOT_SHOWN}, 9, None).rows
    assert row.why == "Plex does not show it"
    assert scans.queue.retry([row.number], AT) == (row.number,)
    assert scans.due(AT)[0].number == row.number


def test_what_waits_for_a_media_server_that_is_gone_is_cancelled(scans: Scans) -> None:
    scans.put(scan())
    scans.queue.follow(["jellyfin"], AT)
    assert scans.states() == [ScanState.CANCELLED]
    number = scans.queue.page(None, 9, None).rows[0].number
    assert scans.queue.retry([number], AT) == ()
    scans.queue.follow([], AT)
    scans.put(scan("/other"))
    assert len(scans.states()) == 1, "nobody is to be told"


def test_all_that_needs_attention_at_one_media_server_waits_again(scans: Scans) -> None:
    scans.queue.follow(["plex", "emby"], AT)
    scans.put(*(scan(f"/tv/{number}") for number in range(3)))
    for name in ("plex", "emby"):
        due = scans.queue.due(name, AT + LATER)
        given_up = [replace(one, state=ScanState.NEEDS_ATTENTION, tries=9) for one in due]
        scans.queue.settle(given_up, (), AT)
    scans.put(scan("/tv/1"))  # a folder waits at a server once
    scans.queue.resume("plex", AT)
    states = {(one.server, one.state) for one in scans.queue.page(None, 99, None).rows}
    assert len(scans.queue.due("plex", AT + LATER)) == 3
    assert ("emby", ScanState.NEEDS_ATTENTION) in states


def test_old_scans_are_forgotten(scans: Scans) -> None:
    scans.put(scan())
    scans.settle(scans.due()[0], ScanState.SHOWN)
    scans.queue.settle([], (), AT + timedelta(days=31))
    assert scans.states() == []


def test_a_folder_is_written_to_the_letter(scans: Scans) -> None:
    folder = "//server\\share/a\n\udcff"
    scans.put(scan(folder, folder + "/x"))
    (one,) = scans.due()
    assert (one.wanted.folder, one.wanted.expects) == (folder, (folder + "/x",))
