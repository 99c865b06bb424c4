from __future__ import annotations

import threading

import pytest

from listsync.app.threads import Threads


def test_a_thread_that_fails_is_told_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = threading.Event()
    threads = Threads(failed.set)

    def wait() -> None:
        threads.stop.wait(10)

    def break_down() -> None:
        raise ValueError("what went wrong")

    threads.start("other", wait)
    threads.start("broken", break_down)
    assert failed.wait(5)
    assert "the broken thread failed: the agent ends" in caplog.text
    assert "what went wrong" in caplog.text
    assert not threads.join(0.05)
    threads.stop.set()
    assert threads.join(5)


def test_a_thread_that_ends_has_not_failed() -> None:
    failed = threading.Event()
    threads = Threads(failed.set)
    threads.start("short", lambda: None)
    assert threads.join(5)
    assert not failed.is_set()
