from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.agent.active_config import ConfigState
from listsync.agent.notices import AgentNotices, notices_of_agent
from listsync.domain.notices import Notice, NoticeKind, Origin
from listsync.domain.runs import Condition, PendingChange, ServiceStatus
from listsync.errors import StateError
from tests.fakes import FakeNotices
from tests.unit.agent.agent.world import config_snapshot

INVALID = Notice(kind=NoticeKind.CONFIG_INVALID, text="the configuration is invalid")
TROUBLE = Notice(kind=NoticeKind.STATE_TROUBLE, text="the disk is full")


def kinds(log: FakeNotices) -> list[NoticeKind]:
    return [one.notice.kind for one in log.open(Origin.AGENT)]


def test_what_is_so_is_open_from_when_it_was_so_first() -> None:
    notices = AgentNotices(FakeNotices())
    (first,) = notices.emit([INVALID])
    _, again = notices.emit([TROUBLE, INVALID])
    assert again == first


def test_what_is_so_is_written_down_and_ends_when_it_is_so_no_more() -> None:
    log = FakeNotices()
    notices = AgentNotices(log)
    notices.emit([INVALID])
    notices.write()
    assert kinds(log) == [NoticeKind.CONFIG_INVALID]
    notices.emit([])
    notices.write()
    assert kinds(log) == []
    assert [one.notice for one in log.over] == [INVALID]


def test_what_was_so_before_a_restart_keeps_its_time() -> None:
    log = FakeNotices()
    notices = AgentNotices(log)
    (before,) = notices.emit([INVALID])
    notices.write()
    assert AgentNotices(log).emit([INVALID]) == (before,)


def test_nothing_is_written_while_nothing_changes() -> None:
    log = FakeNotices()
    notices = AgentNotices(log)
    notices.emit([INVALID])
    notices.write()
    log.fails = StateError("the disk is full")
    notices.emit([INVALID])
    notices.write()


def test_trouble_with_the_state_is_noted_when_it_is_over() -> None:
    log = FakeNotices()
    notices = AgentNotices(log)
    log.fails = StateError("the disk is full")
    notices.emit([TROUBLE])
    with pytest.raises(StateError):
        notices.write()
    log.fails = None
    notices.emit([])
    notices.write()
    assert kinds(log) == []
    assert [one.notice for one in log.over] == [TROUBLE]


def test_what_is_not_in_force_waits_for_a_person() -> None:
    pending = (PendingChange(key="control.group", why="no right to do that"),)
    current = ConfigState(
        snapshot=config_snapshot("first"), loaded_at=datetime.now(UTC), pending=pending
    )
    (notice,) = notices_of_agent(current, permission_warnings=(), state_errors=(), watcher="")
    assert (notice.kind, notice.subject) == (NoticeKind.CONFIG_PENDING, "configuration")
    assert notice.text == "not in force yet: control.group: no right to do that"
    assert notice.needs_person


@pytest.mark.parametrize(("minutes", "waits"), [(1, False), (61, True)])
def test_a_service_that_has_failed_waits_for_a_person_when_that_lasts(
    minutes: int, *, waits: bool
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    well = ServiceStatus(name="control", is_vital=True, condition=Condition.RUNNING, since=since)
    failed = ServiceStatus(
        name="http", is_vital=False, condition=Condition.FAILED, since=since, why="port taken"
    )
    current = ConfigState(snapshot=config_snapshot("first"), loaded_at=since)
    (notice,) = notices_of_agent(
        current, permission_warnings=(), state_errors=(), watcher="", services=(well, failed)
    )
    assert (notice.kind, notice.subject) == (NoticeKind.SERVICE_FAILED, "agent")
    assert notice.text == "the http service has failed: port taken"
    assert notice.needs_person is waits
