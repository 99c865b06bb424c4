from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from unittest.mock import Mock

import pytest

from listsync.agent import backups, services
from listsync.agent import notices as agent_notices
from listsync.agent.active_config import ConfigState
from listsync.agent.backups import BackupFolder, DailyBackups
from listsync.agent.notices import AgentFindings, notices_of_agent
from listsync.agent.services import AgentService, Services, ServiceWork
from listsync.app.http_service import HttpService, http_service
from listsync.app.service_table import daily_backup_service
from listsync.config.configuration import Config, check
from listsync.config.yaml_document import parse_document
from listsync.domain.notices import Notice
from listsync.domain.runs import Condition, PendingChange, RestartPolicy
from listsync.errors import StateError
from tests.unit.agent.agent.world import config_snapshot

_AT_ONCE = RestartPolicy(first_s=0.001, longest_s=0.002)
_NOT_NOW = RestartPolicy(first_s=3600, longest_s=3600)
_FOLDER = BackupFolder(newest=lambda: None, name=lambda _: Path("/b.db"), prune=lambda: None)


def config(timeout_s: int = 1, level: str = "info") -> Config:
    """Give a configuration whose differences stand for those of any service."""
    text = f"server: {{url: sandbox, timeout_s: {timeout_s}}}\nlog: {{level: {level}}}\n"
    return check(parse_document(text, "f"), {}, Path("/"))


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.001)


@dataclass
class ExtraService:
    """A service that listens, on a port that the configuration names; 0 = nobody wants it."""

    is_vital: bool = False
    opened: list[int] = field(default_factory=list)
    closed: SimpleQueue[int] = field(default_factory=SimpleQueue)
    trouble: Exception | None = None
    breaks: threading.Event = field(default_factory=threading.Event)

    def start(self, config: Config) -> ServiceWork:
        if self.trouble is not None:
            raise self.trouble
        port = self.needs(config)
        assert port is not None
        self.opened.append(port)

        def work(stop: threading.Event) -> None:
            while not stop.wait(0.002):
                if self.breaks.is_set():
                    self.breaks.clear()
                    raise ValueError("what went wrong")
            self.closed.put(port)

        return work

    @staticmethod
    def needs(config: Config) -> int | None:
        return int(config.server.timeout_s) - 1 or None

    def has_opened(self, times: int) -> bool:
        return len(self.opened) == times

    def row(
        self, follow: Callable[[Config], None] | None = None, *, at_start_only: bool = False
    ) -> AgentService[Config]:
        row = AgentService(
            name="extra",
            start=self.start,
            needs=self.needs,
            keys=("extra.port",),
            is_vital=self.is_vital,
            at_start_only=at_start_only,
        )
        if follow is None:
            return row
        is_wanted = lambda new: None if self.needs(new) is None else ()  # noqa: E731
        return replace(row, needs=is_wanted, follows=self.needs, follow=follow)


class Bench:
    """A table of one row, and whether the agent was told to end."""

    def __init__(self, row: AgentService[Config], policy: RestartPolicy = _NOT_NOW) -> None:
        self.ended = threading.Event()
        self.services = Services([row], self.ended.set, policy)

    @property
    def condition(self) -> Condition:
        return self.services.statuses[0].condition

    def start(self, timeout_s: int, condition: Condition = Condition.RUNNING) -> None:
        self.services.start(config(timeout_s))
        until(lambda: self.condition is condition)


@pytest.fixture
def extra() -> ExtraService:
    return ExtraService()


@pytest.fixture
def bench(extra: ExtraService) -> Bench:
    return Bench(extra.row())


# -- what a changed configuration does -----------------------------------------------------------


def test_what_needs_nothing_else_is_left_alone(bench: Bench, extra: ExtraService) -> None:
    bench.start(81)
    since = bench.services.statuses[0].since
    assert bench.services.reconcile(config(81)) == ()
    assert (extra.opened, extra.closed.qsize()) == ([80], 0)
    assert bench.services.statuses[0].since == since
    assert bench.services.stop(5)


def test_what_needs_something_else_is_stopped_and_started(
    bench: Bench, extra: ExtraService
) -> None:
    bench.start(81)
    assert bench.services.reconcile(config(82)) == ()
    assert extra.closed.get(timeout=30) == 80
    assert extra.opened == [80, 81]
    assert bench.condition is Condition.RUNNING
    assert bench.services.stop(5)


def test_what_nobody_wants_is_off_until_somebody_does(bench: Bench, extra: ExtraService) -> None:
    bench.start(1, Condition.OFF)
    assert bench.services.reconcile(config(82)) == ()
    assert extra.opened == [81]
    assert bench.services.reconcile(config(1)) == ()
    assert extra.closed.get(timeout=30) == 81
    assert bench.condition is Condition.OFF
    assert bench.services.stop(5)


def test_what_can_follow_is_not_stopped(extra: ExtraService) -> None:
    followed: list[int | None] = []
    bench = Bench(extra.row(lambda new: followed.append(ExtraService.needs(new))))
    bench.start(81)
    assert bench.services.reconcile(config(82)) == ()
    assert bench.services.reconcile(config(82)) == ()
    assert (followed, extra.opened, extra.closed.qsize()) == ([81], [80], 0)
    assert bench.services.stop(5)


def test_what_has_failed_starts_with_what_it_followed(extra: ExtraService) -> None:
    bench = Bench(extra.row(lambda _: None), _AT_ONCE)
    bench.start(81)
    assert bench.services.reconcile(config(82)) == ()
    extra.breaks.set()
    until(partial(extra.has_opened, 2))
    assert extra.opened == [80, 81]
    assert bench.services.stop(5)


def test_what_follows_some_keys_starts_anew_for_others(extra: ExtraService) -> None:
    followed: list[str] = []
    row = replace(
        extra.row(),
        follows=lambda new: new.log.level,
        follow=lambda new: followed.append(new.log.level),
    )
    bench = Bench(row)
    bench.start(81)
    assert bench.services.reconcile(config(81, level="debug")) == ()
    assert (followed, extra.opened) == (["debug"], [80])
    assert bench.services.reconcile(config(82, level="error")) == ()
    assert (followed, extra.opened) == (["debug"], [80, 81])
    assert bench.services.reconcile(config(82, level="error")) == ()
    assert (followed, extra.opened) == (["debug"], [80, 81])
    assert bench.services.stop(5)


def test_what_cannot_follow_stays_as_it_was_and_is_asked_again(extra: ExtraService) -> None:
    troubles = [StateError("no such port"), StateError("still no such port")]

    def follow(_: Config) -> None:
        if troubles:
            raise troubles.pop(0)

    bench = Bench(extra.row(follow))
    bench.start(81)
    for why in ("no such port", "still no such port"):
        (pending,) = bench.services.reconcile(config(82))
        assert pending.key == "extra.port"
        assert pending.why == f"{why}; what was in force before stays"
        assert not pending.needs_restart
    assert bench.services.reconcile(config(82)) == ()
    assert bench.condition is Condition.RUNNING
    assert bench.services.stop(5)


def test_what_follows_at_a_start_only_is_said_until_it_is_as_before(extra: ExtraService) -> None:
    bench = Bench(extra.row(at_start_only=True))
    bench.start(81)
    waits = PendingChange(
        key="extra.port",
        why="takes force when the agent is started again",
        needs_restart=True,
    )
    assert bench.services.reconcile(config(82)) == (waits,)
    assert bench.services.reconcile(config(82)) == (waits,)
    assert bench.services.reconcile(config(81)) == ()
    assert (extra.opened, extra.closed.qsize()) == ([80], 0)
    assert bench.services.stop(5)


# -- what fails ----------------------------------------------------------------------------------


def test_what_fails_is_started_again_and_again(extra: ExtraService) -> None:
    bench = Bench(extra.row(), _AT_ONCE)
    bench.start(81)
    for times in (2, 3, 4):
        extra.breaks.set()
        until(partial(extra.has_opened, times))
    assert not bench.ended.is_set()
    assert bench.services.stop(5)


def test_what_has_failed_is_shown_with_its_next_try(bench: Bench, extra: ExtraService) -> None:
    bench.start(81)
    extra.breaks.set()
    until(lambda: bench.condition is Condition.FAILED)
    status = bench.services.statuses[0]
    assert status.why == "ValueError: what went wrong"
    assert status.next_try is not None
    assert 0.8 * 3600 <= (status.next_try - status.since).total_seconds() < 3601
    assert bench.services.stop(5), "a pause ends with the agent"


def test_what_ends_by_itself_has_failed() -> None:
    def end(_: threading.Event) -> None:
        """End without having been told to."""

    bench = Bench(AgentService(name="short", start=lambda _: end, is_vital=False))
    bench.start(81, Condition.FAILED)
    assert bench.services.statuses[0].why == "it ended by itself"
    assert bench.services.stop(5)


def test_a_new_configuration_is_told_what_cannot_start(bench: Bench, extra: ExtraService) -> None:
    bench.start(1, Condition.OFF)
    extra.trouble = StateError("port 81 is taken")
    (pending,) = bench.services.reconcile(config(82))
    assert str(pending) == "extra.port: port 81 is taken; it is tried again by itself"
    extra.trouble = None
    assert bench.services.reconcile(config(82)) == (), "a reload tries at once"
    assert bench.condition is Condition.RUNNING
    assert bench.services.stop(5)


def notices(table: Services[Config]) -> list[Notice]:
    current = ConfigState(snapshot=config_snapshot("first"), loaded_at=datetime.now(UTC))
    return list(notices_of_agent(current, AgentFindings(services=table.statuses)))


def test_what_fails_again_and_again_has_failed_since_the_first_time_and_waits_for_a_person(
    extra: ExtraService, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(extra.row(), _AT_ONCE)
    bench.start(81)
    for times in (2, 3, 4):
        extra.breaks.set()
        until(partial(extra.has_opened, times))
    until(lambda: bench.condition is Condition.RUNNING)
    (first,) = notices(bench.services)
    assert (first.text, first.needs_person) == (
        "the extra service has failed: ValueError: what went wrong",
        False,
    )
    monkeypatch.setattr(agent_notices, "_LASTS", timedelta(seconds=0.1))
    extra.trouble = StateError("port 80 is taken")
    extra.breaks.set()
    until(lambda: any(one.needs_person for one in notices(bench.services)))
    assert bench.services.stop(5)


def test_a_failure_is_over_when_the_service_has_run_for_long_enough(extra: ExtraService) -> None:
    told = threading.Semaphore(0)
    table: Services[Config] = Services(
        [replace(extra.row(), steady_s=0.05)], lambda: None, _AT_ONCE, changed=told.release
    )
    table.start(config(81))
    extra.breaks.set()
    for _ in range(3):
        assert told.acquire(timeout=30)
    assert notices(table) == []
    assert table.stop(5)


def test_other_needs_begin_anew(bench: Bench, extra: ExtraService) -> None:
    bench.start(81)
    extra.breaks.set()
    until(lambda: bench.condition is Condition.FAILED)
    assert bench.services.reconcile(config(82)) == ()
    assert notices(bench.services) == []
    assert bench.services.stop(5)


def test_a_service_that_first_waits_is_not_steady_before_its_first_look() -> None:
    daily = daily_backup_service(DailyBackups(lambda *_: 1, _FOLDER))
    assert daily.steady_s > backups.FIRST_S


def test_a_vital_one_that_fails_ends_the_agent(caplog: pytest.LogCaptureFixture) -> None:
    extra = ExtraService(is_vital=True)
    bench = Bench(extra.row(), _AT_ONCE)
    bench.start(81)
    extra.breaks.set()
    assert bench.ended.wait(30)
    assert bench.services.stop(5)
    assert extra.opened == [80]
    assert "the extra service failed: the agent ends: ValueError: what went wrong" in caplog.text
    assert "Traceback" in caplog.text


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let the system have no room for a thread, until that is undone."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        yield patch


def test_what_has_no_room_for_a_thread_has_failed_until_a_reload(
    bench: Bench, extra: ExtraService, no_room: pytest.MonkeyPatch
) -> None:
    bench.services.start(config(81))
    assert bench.condition is Condition.FAILED
    (pending,) = bench.services.reconcile(config(81))
    assert str(pending) == "extra.port: can't start new thread; a reload tries again"
    no_room.undo()
    assert bench.services.reconcile(config(81)) == ()
    assert extra.opened == [80]
    assert bench.services.stop(5)


def test_a_vital_one_that_has_no_room_for_a_thread_ends_the_agent(
    no_room: pytest.MonkeyPatch,
) -> None:
    bench = Bench(ExtraService(is_vital=True).row())
    bench.services.start(config(81))
    assert bench.ended.is_set()
    assert bench.services.stop(5)
    no_room.undo()


@pytest.mark.parametrize("trouble", [None, StateError("port 80 is taken")], ids=["well", "taken"])
def test_what_comes_before_the_agent_is_ready_has_started_or_failed_then(
    extra: ExtraService, trouble: StateError | None
) -> None:
    may_open = threading.Timer(0.05, lambda: None)
    may_open.start()

    def start(new: Config) -> ServiceWork:
        may_open.join()
        return extra.start(new)

    extra.trouble = trouble
    bench = Bench(replace(extra.row(), start=start, before_ready=True))
    bench.services.start(config(81))
    assert bench.condition is (Condition.FAILED if trouble else Condition.RUNNING)
    assert bench.services.stop(5)


def test_what_hangs_at_its_start_keeps_the_agent_from_being_ready_for_a_moment_only(
    extra: ExtraService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_WAIT_S", 0.01)
    may_open = threading.Event()

    def start(new: Config) -> ServiceWork:
        may_open.wait(30)
        return extra.start(new)

    bench = Bench(replace(extra.row(), start=start, before_ready=True))
    bench.services.start(config(81))
    assert bench.condition is Condition.OFF
    may_open.set()
    assert bench.services.stop(5)


def test_one_that_may_take_long_to_stop_is_waited_for() -> None:
    def slow(stop: threading.Event) -> None:
        stop.wait(30)
        time.sleep(0.05)

    bench = Bench(AgentService(name="slow", start=lambda _: slow, stop_s=5))
    bench.start(81)
    assert bench.services.stop(0.0)


def test_where_one_is_reached_is_told_while_it_runs(extra: ExtraService) -> None:
    row = replace(
        extra.row(), address=lambda: "http://127.0.0.1:80", note=lambda: "its token is in t"
    )
    bench = Bench(row)
    before = bench.services.statuses[0]
    bench.start(81)
    during = bench.services.statuses[0]
    extra.breaks.set()
    until(lambda: bench.condition is Condition.FAILED)
    after = bench.services.statuses[0]
    assert (during.address, during.note) == ("http://127.0.0.1:80", "its token is in t")
    assert [(one.address, one.note) for one in (before, after)] == [("", "")] * 2
    assert bench.services.stop(5)


def test_the_others_go_on_when_one_has_failed() -> None:
    broken, well = ExtraService(), ExtraService()
    broken.trouble = StateError("broken")
    services = Services([broken.row(), well.row()], lambda: None, _NOT_NOW)
    services.start(config(81))
    until(lambda: services.statuses[1].condition is Condition.RUNNING)
    until(lambda: services.statuses[0].condition is Condition.FAILED)
    assert services.stop(5)


def test_one_that_hangs_is_left_behind_and_said() -> None:
    may_end = threading.Event()

    def hang(_: threading.Event) -> None:
        may_end.wait(30)

    bench = Bench(AgentService(name="stuck", start=lambda _: hang))
    bench.start(81)
    assert not bench.services.stop(0.02)
    may_end.set()
    assert bench.services.stop(5)


def test_a_successor_waits_for_what_it_follows_and_is_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "_WAIT_S", 0.01)
    may_end = threading.Event()
    begun: list[int] = []

    def start(config: Config) -> ServiceWork:
        begun.append(int(config.server.timeout_s))

        def work(stop: threading.Event) -> None:
            stop.wait(30)
            if len(begun) == 1:
                may_end.wait(30)
                raise ValueError("late")

        return work

    bench = Bench(AgentService(name="slow", start=start, needs=ExtraService.needs, is_vital=False))
    bench.start(81)
    for _ in range(2):
        (pending,) = bench.services.reconcile(config(82))
        assert pending.why == "the one before has not ended yet"
    assert bench.services.statuses[0].condition is Condition.OFF
    assert begun == [81], "the first still holds the port"
    may_end.set()
    until(lambda: begun == [81, 82])
    until(lambda: bench.condition is not Condition.OFF)
    assert bench.services.reconcile(config(82)) == ()
    assert bench.condition is Condition.RUNNING
    assert bench.services.stop(5)


@pytest.mark.parametrize(("start_s", "why"), [(0.0, "it has not started yet"), (30.0, None)])
def test_one_that_imports_much_when_it_starts_is_waited_for_by_a_reload(
    monkeypatch: pytest.MonkeyPatch, start_s: float, why: str | None
) -> None:
    monkeypatch.setattr(services, "_WAIT_S", 0.01)
    is_loaded = threading.Event()

    def start(new: Config) -> ServiceWork:
        if new.server.timeout_s == 82:
            is_loaded.wait(0.2 if start_s else 30)

        def work(stop: threading.Event) -> None:
            stop.wait(30)

        return work

    row = AgentService(
        name="slow", start=start, needs=ExtraService.needs, start_s=start_s, is_vital=False
    )
    bench = Bench(row)
    bench.start(81)
    assert [one.why for one in bench.services.reconcile(config(82))] == ([why] if why else [])
    is_loaded.set()
    assert bench.services.stop(30)


def test_the_http_server_has_time_for_its_imports(tmp_path: Path) -> None:
    assert http_service(HttpService(Mock(), Mock(), tmp_path, Mock())).start_s >= 3


def test_one_that_nobody_wants_and_that_goes_on_is_said_until_it_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "_WAIT_S", 0.01)
    may_end = threading.Event()

    def hang(_: threading.Event) -> None:
        may_end.wait(30)

    bench = Bench(AgentService(name="slow", start=lambda _: hang, needs=ExtraService.needs))
    bench.start(81)
    for _ in range(2):
        (pending,) = bench.services.reconcile(config(1))
        assert pending.why == "the one before has not ended yet"
    assert not bench.services._all[0]._has_ended(0.0)
    may_end.set()
    assert bench.services._all[0]._has_ended(5)
    assert bench.services.reconcile(config(1)) == ()
    assert bench.services.stop(5)


def test_a_stop_that_comes_late_does_not_hide_what_runs_now(bench: Bench) -> None:
    bench.start(81)
    (supervised,) = bench.services._all
    stale = supervised._worker
    bench.services.reconcile(config(82))
    supervised._note(stale, Condition.FAILED, "of before")
    assert bench.condition is Condition.RUNNING
    assert bench.services.stop(5)


def test_a_failure_and_its_end_are_told_at_once(extra: ExtraService) -> None:
    told = threading.Semaphore(0)
    table = Services([extra.row()], lambda: None, _AT_ONCE, changed=told.release)
    table.start(config(81))
    extra.breaks.set()
    assert told.acquire(timeout=30)
    assert told.acquire(timeout=30)
    assert table.stop(5)
    assert not told.acquire(blocking=False), "only these"


def test_nothing_follows_before_the_start(bench: Bench, extra: ExtraService) -> None:
    assert bench.services.reconcile(config(82)) == ()
    bench.start(81)
    assert extra.opened == [80]
    assert bench.services.stop(5)


def test_a_reload_that_comes_during_the_start_waits_until_all_are_started(
    extra: ExtraService,
) -> None:
    done: list[str] = []

    def reload() -> None:
        table.reconcile(config(81))
        done.append("reload")

    def needs(_: Config) -> object:
        if reloader.ident is None:
            reloader.start()
            reloader.join(0.02)
            done.append("start")
        return ()

    reloader = threading.Thread(target=reload)
    table = Services([replace(extra.row(), needs=needs), extra.row()], lambda: None, _NOT_NOW)
    table.start(config(81))
    reloader.join()
    assert done == ["start", "reload"]
    until(partial(extra.has_opened, 2))
    assert table.stop(5)


def test_nothing_is_started_when_all_has_been_stopped(bench: Bench, extra: ExtraService) -> None:
    bench.start(81)
    assert bench.services.stop(5)
    assert bench.services.reconcile(config(82)) == ()
    assert extra.opened == [80]


def test_pauses_double_up_to_a_bound_and_are_never_the_same_for_all() -> None:
    longest = RestartPolicy(first_s=1, longest_s=300, draw=lambda: 0.0)
    assert [longest.pause_s(n) for n in (1, 2, 3, 9, 10, 10_000)] == [1, 2, 4, 256, 300, 300]
    assert RestartPolicy(draw=lambda: 1.0).pause_s(1) == pytest.approx(0.8)
