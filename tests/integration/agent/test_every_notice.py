"""Each kind of notice, from where it comes about to the record, the status and the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest

from listsync.agent.active_config import ActiveConfig
from listsync.agent.notices import AgentNotices
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.services import AgentService, Services, ServiceWork
from listsync.agent.sync_worker import SyncWorker
from listsync.agent.systemd import Systemd, SystemdStatus
from listsync.app.postgres_listener import PostgresListener
from listsync.config_types import SecretStr
from listsync.domain.fleet import FleetMember, FleetRole, FleetStatus, Lease
from listsync.domain.lists import Fetched, ListEntry
from listsync.domain.media import ExternalIds
from listsync.domain.message_texts import message_of_test
from listsync.domain.messages import MessageKind, TargetRules
from listsync.domain.notices import Notice, NoticeKind, Origin
from listsync.domain.report import Result, SyncReport, SyncRun
from listsync.domain.runs import Condition, PendingChange, RestartPolicy, SyncJob
from listsync.domain.transfers import MediaServerTrouble, RootHealth, RootTrouble
from listsync.errors import Refusal, RefusedError, StateError, UnavailableError
from listsync.notify.notifier import Notifier
from listsync.notify.sender import Sender
from listsync.store.history import SqliteNotices
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.outbox import SqliteOutbox
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import sync
from listsync.sync.run_recorder import note_end
from listsync.triggers.postgres import TriggerIntake
from tests.builders import sync_report
from tests.fakes import Reading
from tests.integration.web.feed_house import FeedHouse
from tests.unit.agent.commands.world import BROKEN

WHY = "said by nobody else"


class House(FeedHouse):
    """An agent whose syncs and notices are in a real state."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept = SqliteNotices(self.database)
        self.agent.notices = self.kept  # type: ignore[assignment]  # the real one
        self.agent.agent_notices = AgentNotices(self.kept)
        self.agent.follow()

    def look(self) -> None:
        """Have the agent look at itself, as after each event."""
        self.agent.standing = self.kept.open(Origin.SYNC)
        self.agent.shown = {row.source: row for row in self.state.lists.all()}
        self.agent.ask("status")
        self.agent.agent_notices.write()

    def work(self, perform: Callable[[SyncRun], SyncReport]) -> None:
        """Let a sync run as the agent does, to its end."""
        job = SyncJob(run_id=uuid4().hex, scope=None, origins=("test",))
        snapshot = self.agent.configuration.current.snapshot
        work = SyncWorker(job, snapshot, lambda run, *_: perform(run), lambda _: None)
        work.start()
        assert work.wait(30)

    def read(self, *readings: Reading) -> None:
        """Let one list be read so, by a sync for each."""
        for reading in readings:
            self.play(reading)
            self.work(lambda run: sync(run, self.parts()))

    def find(self, *notices: Notice, failure: NoticeKind | None = None) -> None:
        """Let a sync end with *notices*, or as *failure* says."""

        def perform(run: SyncRun) -> SyncReport:
            memory = self.parts().memory
            memory.runs.begin(run)
            report = sync_report(
                run=run,
                result=Result.FAILED if failure else Result.PARTLY,
                why=WHY if failure else "",
                duration_s=0.1,
                notices=notices,
                failure=failure or NoticeKind.SYNC_FAILED,
            )
            note_end(memory, report, datetime.now(UTC))
            return report

        self.work(perform)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


def _invalid(house: House) -> str:
    house.agent.loader.problems = (BROKEN,)
    house.agent.configuration.reload()
    return "the configuration is invalid"


def _warned(house: House) -> str:
    house.agent.follow(warnings=(replace(BROKEN, what=WHY),))
    return WHY


def _pending(house: House) -> str:
    agent = house.agent
    agent.loader.pending = (PendingChange(key="control.group", why=WHY),)
    configuration = agent.configuration
    assert isinstance(configuration, ActiveConfig)
    configuration.reload()
    return WHY


def _watched_late(house: House) -> str:
    house.agent.findings = replace(house.agent.findings, watcher=WHY)
    return WHY


def _not_reached_by_triggers(house: House) -> str:
    stop, values = threading.Event(), SqliteKeyValueStore(house.database)
    intake = TriggerIntake(lambda _: None, values, tuple)
    nobody = SecretStr("host=127.0.0.1 port=1 dbname=triggers")
    listener = PostgresListener(nobody, "sync_trigger", intake, stop.set)
    listener.run(stop)
    house.agent.findings = replace(house.agent.findings, postgres=listener.status)
    return "127.0.0.1:1/triggers"


def _kept_from_the_fleet(house: House) -> str:
    fleet = FleetStatus(role=FleetRole.JOINING, name="box", why=WHY)
    house.agent.findings = replace(house.agent.findings, fleet=fleet)
    return WHY


def _other_lists_in_the_fleet(house: House) -> str:
    now = datetime.now(UTC)
    leader, ours = (
        FleetMember(owner=name, name=name, version="1", lists=name, seen_at=now, is_leader=leads)
        for name, leads in (("another", True), (WHY, False))
    )
    lease = Lease(epoch=3, owner="another", leader="another", since=now, left_s=40)
    status = FleetStatus(
        role=FleetRole.STANDBY, name=WHY, lease=lease, members=(leader, ours), lists=WHY
    )
    house.agent.findings = replace(house.agent.findings, fleet=status)
    return WHY


def _another_fleet(house: House) -> str:
    fleet = FleetStatus(role=FleetRole.LEADER, name="box", schema="public", split=WHY)
    house.agent.findings = replace(house.agent.findings, fleet=fleet)
    return WHY


def _open_to_others(house: House) -> str:
    house.agent.findings = replace(house.agent.findings, permission_warnings=(WHY,))
    return WHY


def _to_review(house: House) -> str:
    house.agent.waiting = 3
    return "3 titles wait for you to choose"


def _target_failed(house: House) -> str:
    outbox, stop = SqliteOutbox(house.database), threading.Event()
    kinds = frozenset({MessageKind.CONFIGURATION})
    outbox.follow([TargetRules(name="phone", kinds=kinds)], datetime.now(UTC))
    said = message_of_test("1", "phone", datetime.now(UTC))
    outbox.put([replace(said, kind=MessageKind.CONFIGURATION)], datetime.now(UTC))

    def opened(_: object) -> Sender:
        raise UnavailableError("phone", WHY)

    notifier = Notifier(outbox, {"phone": opened}, stop.set)
    notifier.run(stop)
    house.agent.findings = replace(house.agent.findings, targets=outbox.statuses())
    return WHY


def _root(trouble: RootTrouble) -> Callable[[House], str]:
    def play(house: House) -> str:
        roots = tuple(
            RootHealth(
                root=PurePosixPath("/mnt", name), is_healthy=False, why=WHY, trouble=trouble
            )
            for name in ("Movies", "TV")
        )
        house.agent.findings = replace(house.agent.findings, roots=roots)
        return f"/mnt/Movies, /mnt/TV: {WHY}"

    return play


def _media_server_refused(house: House) -> str:
    passing = MediaServerTrouble(server="den", why="HTTP 500")
    refused = MediaServerTrouble(server="plex", why=WHY, needs_person=True)
    house.agent.findings = replace(house.agent.findings, media_servers=(passing, refused))
    return f"plex {WHY}"


def _service_failed(house: House) -> str:
    def start(_: object) -> ServiceWork:
        raise StateError(WHY)

    row = AgentService(
        name="extra", start=start, needs=lambda _: (), keys=("extra.port",), is_vital=False
    )
    services: Services[object] = Services([row], lambda: None, RestartPolicy(first_s=1000.0))
    services.start(None)
    end = time.monotonic() + 30
    while services.statuses[0].condition is not Condition.FAILED:
        assert time.monotonic() < end, "it did not fail"
        time.sleep(0.001)
    house.agent.findings = replace(house.agent.findings, services=services.statuses)
    services.stop(30)
    return WHY


def _state_trouble(house: House) -> str:
    status = SystemdStatus(Systemd({}), ProgressBoard(), RecentRuns(), lambda: True)
    for _ in range(2):
        status.report_state_error(WHY)
    house.agent.notes = status.state_errors()
    return WHY


def _shrunk(house: House) -> str:
    ids = (f"tt{number:07}" for number in range(1, 60))
    entries = tuple(ListEntry(rank=1, ids=ExternalIds(imdb=one)) for one in ids)
    house.read(*(Fetched(entries=some, declared=len(some)) for some in (entries, entries[:3])))
    return "are gone at once"


def _is_read(reading: Reading, words: str = WHY) -> Callable[[House], str]:
    def play(house: House) -> str:
        house.read(reading)
        return words

    return play


def _refused(refusal: Refusal) -> Callable[[House], str]:
    return _is_read(RefusedError("file", refusal, WHY))


def _fails(kind: NoticeKind) -> Callable[[House], str]:
    def play(house: House) -> str:
        house.find(failure=kind)
        return WHY

    return play


def _found(kind: NoticeKind) -> Callable[[House], str]:
    def play(house: House) -> str:
        house.find(Notice(kind=kind, text=WHY))
        return WHY

    return play


CASES = {
    NoticeKind.CONFIG_INVALID: _invalid,
    NoticeKind.CONFIG_WARNING: _warned,
    NoticeKind.CONFIG_PENDING: _pending,
    NoticeKind.WATCHER_DEGRADED: _watched_late,
    NoticeKind.OPEN_TO_OTHERS: _open_to_others,
    NoticeKind.REVIEW: _to_review,
    NoticeKind.SERVICE_FAILED: _service_failed,
    NoticeKind.TARGET_FAILED: _target_failed,
    NoticeKind.STATE_TROUBLE: _state_trouble,
    NoticeKind.MOUNT_DOWN: _root(RootTrouble.HANGING),
    NoticeKind.MOUNT_UNUSABLE: _root(RootTrouble.FULL),
    NoticeKind.MEDIA_SERVER_REFUSED: _media_server_refused,
    NoticeKind.POSTGRES_TROUBLE: _not_reached_by_triggers,
    NoticeKind.FLEET_TROUBLE: _kept_from_the_fleet,
    NoticeKind.FLEET_LISTS: _other_lists_in_the_fleet,
    NoticeKind.FLEET_SPLIT: _another_fleet,
    NoticeKind.LIST_SHRANK: _shrunk,
    NoticeKind.LIST_FAILED: _is_read(UnavailableError("file", WHY)),
    NoticeKind.LIST_BLOCKED: _refused(Refusal.BLOCKED),
    NoticeKind.LIST_PRIVATE: _refused(Refusal.PRIVATE),
    NoticeKind.LIST_GONE: _refused(Refusal.NOT_FOUND),
    NoticeKind.LIST_DRIFT: _is_read(Fetched(), "nothing says that the list is empty"),
    **{kind: _fails(kind) for kind in NoticeKind if kind.is_failed_sync},
    **{
        kind: _found(kind)
        for kind in (
            NoticeKind.SERVER_CHANGED,
            NoticeKind.SERVER_REPLACED,
            NoticeKind.REQUESTS_GONE,
            NoticeKind.REQUESTS_UNCHECKED,
            NoticeKind.ON_HOLD,
            NoticeKind.LIST_DOUBTED,
            NoticeKind.LOOK_UPS_FAILED,
            NoticeKind.TO_CANCEL,
            NoticeKind.REQUEST_FAILED,
            NoticeKind.STATE_IN_DOUBT,
        )
    },
}
"""How each comes about; what does returns words that only this notice has."""


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_is_recorded_shown_by_the_status_and_logged_once(
    house: House, caplog: pytest.LogCaptureFixture, kind: NoticeKind
) -> None:
    words = CASES[kind](house)
    for _ in range(2):
        house.look()
    shown = [one for one in house.agent.ask("status")["notices"] if one["kind"] == kind]
    recorded = [one for one in house.agent.ask("notices")["notices"] if one["kind"] == kind]
    logged = [one for one in caplog.records if words in one.message]
    assert [len(found) for found in (shown, recorded)] == [1, 1]
    assert words in shown[0]["text"]
    assert words in recorded[0]["text"]
    assert (shown[0]["since"], recorded[0]["ended_at"]) == (recorded[0]["since"], None)
    assert [one.levelno >= logging.WARNING for one in logged] == [True]
