from __future__ import annotations

import threading
import time

import pytest

from listsync import cancellation
from listsync.cancellation import CancelToken, Heartbeat


def test_a_pause_ends_at_once_when_the_run_is_to_end() -> None:
    token = CancelToken()
    threading.Timer(0.05, token.set).start()
    began = time.monotonic()
    assert token.wait(60)
    assert time.monotonic() - began < 30


def test_what_waits_is_broken_off_by_cut_and_not_by_set() -> None:
    token, broken = CancelToken(), list[str]()
    with (
        token.breaking(lambda: broken.append("one")),
        token.breaking(lambda: broken.append("two")),
    ):
        token.set()
        assert broken == []
        token.cut()
    assert sorted(broken) == ["one", "two"]


def test_what_has_ended_is_not_broken_off() -> None:
    token, broken = CancelToken(), list[str]()
    with token.breaking(lambda: broken.append("one")):
        pass
    token.cut()
    assert broken == []


def test_what_begins_after_the_cut_is_broken_off_at_once() -> None:
    token, broken = CancelToken(), list[str]()
    token.cut()
    with token.breaking(lambda: broken.append("one")):
        assert broken == ["one"]


def test_a_run_that_is_revoked_is_cut_and_told_to_end() -> None:
    token = CancelToken()
    token.revoke()
    assert (token.is_revoked, token.is_cut, token.is_set()) == (True, True, True)


def test_a_run_is_late_when_it_was_silent_beyond_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(cancellation, "COMPUTING_S", 10.0)
    heartbeat = Heartbeat()
    heartbeat.beat(wait_s=100)
    now[0] += 110
    assert not heartbeat.is_late
    now[0] += 0.1
    assert heartbeat.is_late
    heartbeat.beat()
    assert not heartbeat.is_late


def test_a_pause_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "COMPUTING_S", -0.01)
    token = CancelToken()
    threading.Timer(0.1, token.set).start()
    assert token.wait(60)
    assert not token.heartbeat.is_late
