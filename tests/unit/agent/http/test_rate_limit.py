from __future__ import annotations

import threading
import time

from listsync.cancellation import CancelToken
from listsync.http.rate_limit import host_turn, in_parallel


def test_a_host_gets_so_many_questions_at_a_time_from_all_lists() -> None:
    lock, pair = threading.Lock(), threading.Barrier(2)
    now = most = 0

    def ask(_: int) -> bool:
        nonlocal now, most
        with host_turn("pace-1.example", at_once=2, apart_s=0, token=CancelToken()):
            with lock:
                now += 1
                most = max(most, now)
            pair.wait(30)
            time.sleep(0.02)
            with lock:
                now -= 1
        return True

    with in_parallel(ask, range(8), at_once=8) as done:
        assert all(done)
    assert most == 2


def test_questions_to_one_host_begin_apart() -> None:
    began: list[float] = []
    start = time.monotonic()

    def ask(_: int) -> bool:
        with host_turn("pace-2.example", at_once=4, apart_s=0.05, token=CancelToken()):
            began.append(time.monotonic())
        return True

    with in_parallel(ask, range(4), at_once=4) as done:
        assert all(done)
    for number, at in enumerate(sorted(began)):
        assert at - start > 0.05 * number - 0.01


def test_hosts_do_not_wait_for_each_other() -> None:
    with host_turn("pace-3.example", at_once=1, apart_s=60, token=CancelToken()):
        start = time.monotonic()
        with host_turn("pace-4.example", at_once=1, apart_s=60, token=CancelToken()):
            assert time.monotonic() - start < 30


def test_whoever_is_told_to_end_waits_for_no_turn() -> None:
    token = CancelToken()
    token.set()
    start = time.monotonic()
    for _ in range(3):
        with host_turn("pace-5.example", at_once=1, apart_s=60, token=token):
            pass
    assert time.monotonic() - start < 30
