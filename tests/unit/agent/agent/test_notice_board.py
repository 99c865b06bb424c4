from __future__ import annotations

import pytest

from listsync.agent.notice_board import NoticeBoard
from listsync.domain.notices import Notice, NoticeKind, Origin
from listsync.errors import StateError
from tests.fakes import FakeNoticeLog

INVALID = Notice(kind=NoticeKind.CONFIG_INVALID, text="the configuration is invalid")
TROUBLE = Notice(kind=NoticeKind.STATE_TROUBLE, text="the disk is full")


def kinds(log: FakeNoticeLog) -> list[NoticeKind]:
    return [one.notice.kind for one in log.open(Origin.AGENT)]


def test_what_is_so_is_open_from_when_it_was_so_first() -> None:
    board = NoticeBoard(FakeNoticeLog())
    (first,) = board.keep([INVALID])
    _, again = board.keep([TROUBLE, INVALID])
    assert again == first


def test_what_is_so_is_written_down_and_ends_when_it_is_so_no_more() -> None:
    log = FakeNoticeLog()
    board = NoticeBoard(log)
    board.keep([INVALID])
    board.write()
    assert kinds(log) == [NoticeKind.CONFIG_INVALID]
    board.keep([])
    board.write()
    assert kinds(log) == []
    assert [one.notice for one in log.over] == [INVALID]


def test_what_was_so_before_a_restart_keeps_its_time() -> None:
    log = FakeNoticeLog()
    board = NoticeBoard(log)
    (before,) = board.keep([INVALID])
    board.write()
    assert NoticeBoard(log).keep([INVALID]) == (before,)


def test_nothing_is_written_while_nothing_changes() -> None:
    log = FakeNoticeLog()
    board = NoticeBoard(log)
    board.keep([INVALID])
    board.write()
    log.fails = StateError("the disk is full")
    board.keep([INVALID])
    board.write()


def test_trouble_with_the_state_is_noted_when_it_is_over() -> None:
    log = FakeNoticeLog()
    board = NoticeBoard(log)
    log.fails = StateError("the disk is full")
    board.keep([TROUBLE])
    with pytest.raises(StateError):
        board.write()
    log.fails = None
    board.keep([])
    board.write()
    assert kinds(log) == []
    assert [one.notice for one in log.over] == [TROUBLE]
