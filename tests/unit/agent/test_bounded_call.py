from __future__ import annotations

import threading
import time

import pytest

from listsync.cancellation import CancelToken, call_bounded


def test_what_comes_in_time_is_given() -> None:
    assert call_bounded(lambda: 7, 5, CancelToken()) == 7
    assert call_bounded(lambda: None, 5, CancelToken()) is None


def test_an_error_is_that_of_the_call() -> None:
    def fail() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError):
        call_bounded(fail, 30, CancelToken())


def test_what_comes_too_late_is_discarded() -> None:
    go_on, discarded = threading.Event(), list[int]()
    gone = threading.Event()

    def work() -> int:
        assert go_on.wait(30)
        return 7

    def discard(given: int) -> None:
        discarded.append(given)
        gone.set()

    with pytest.raises(TimeoutError):
        call_bounded(work, 0.02, CancelToken(), discard)
    go_on.set()
    assert gone.wait(30)
    assert discarded == [7]


def test_a_cut_ends_the_waiting() -> None:
    go_on, token = threading.Event(), CancelToken()
    threading.Timer(0.05, token.cut).start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        call_bounded(lambda: go_on.wait(60), 60, token)
    go_on.set()
    assert time.monotonic() - began < 30


def test_without_room_for_a_thread_it_is_called_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert call_bounded(lambda: 7, 5, CancelToken()) == 7
