from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from listsync.agent.active_config import ConfigState
from listsync.agent.notices import AgentFindings, AgentNotices, notices_of_agent
from listsync.domain.notices import Notice, NoticeKind, Origin
from listsync.domain.runs import Condition, PendingChange, ServiceStatus
from listsync.errors import Problem, StateError
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


def test_what_is_new_is_logged_once_as_long_as_it_is_open_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "listsync")
    notices = AgentNotices(FakeNotices())
    for found in ([INVALID], [INVALID], [], [INVALID]):
        notices.emit(found)
    said = "configuration: the configuration is invalid"
    over = "configuration: resolved: the configuration is invalid"
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("ERROR", said),
        ("INFO", over),
        ("ERROR", said),
    ]
    assert {getattr(one, "kind", None) for one in caplog.records} == {"config_invalid"}


def test_what_was_open_before_a_restart_is_logged_by_the_next_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = FakeNotices()
    before = AgentNotices(log)
    before.emit([INVALID])
    before.write()
    caplog.clear()
    AgentNotices(log).emit([INVALID])
    assert caplog.messages == ["configuration: the configuration is invalid"]


def test_a_warning_that_has_only_moved_in_the_file_is_not_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notices = AgentNotices(FakeNotices())
    for line in (1, 7):
        idle = Problem(file="listsync.yaml", what="no lists are followed", line=line, column=1)
        notices.emit([Notice(kind=NoticeKind.CONFIG_WARNING, text=str(idle))])
    assert caplog.messages == ["configuration: listsync.yaml:1:1: no lists are followed"]


def test_of_several_warnings_the_one_that_has_gone_is_the_one_that_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "listsync")
    first, second = (Notice(kind=NoticeKind.CONFIG_WARNING, text=text) for text in ("1", "2"))
    log = FakeNotices()
    notices = AgentNotices(log)
    (_, since) = notices.emit([first, second])
    notices.write()
    caplog.clear()
    assert notices.emit([second]) == (since,)
    notices.write()
    assert caplog.messages == ["configuration: resolved: 1"]
    assert [one.notice for one in log.over] == [first]


def test_what_waits_for_review_is_one_notice_however_much_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = FakeNotices()
    notices = AgentNotices(log)
    current = ConfigState(snapshot=config_snapshot("first"), loaded_at=datetime.now(UTC))
    notices.emit(notices_of_agent(current, AgentFindings(waiting=1)))
    (one,) = notices.emit(notices_of_agent(current, AgentFindings(waiting=3)))
    notices.write()
    assert one.notice.text == "3 titles wait for you to choose: `listsyncctl review`"
    assert (len(caplog.messages), log.over) == (1, [])


def test_what_is_not_in_force_waits_for_a_person() -> None:
    pending = (PendingChange(key="control.group", why="no right to do that"),)
    current = ConfigState(
        snapshot=config_snapshot("first"), loaded_at=datetime.now(UTC), pending=pending
    )
    (notice,) = notices_of_agent(current, AgentFindings())
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
    (notice,) = notices_of_agent(current, AgentFindings(services=(well, failed)))
    assert (notice.kind, notice.subject) == (NoticeKind.SERVICE_FAILED, "agent")
    assert notice.text == "the http service has failed: port taken"
    assert notice.needs_person is waits
