from __future__ import annotations

import threading

import pytest

from listsync.errors import UnavailableError
from listsync.http.rate_limit import RateLimit
from tests.builders import film_body
from tests.unit.agent.seerr.playback import Clockless, Playback, created, json_reply

FILM = film_body()


def server() -> Playback:
    return (
        Playback()
        .on("GET /search", json_reply({"page": 1, "results": []}))
        .on("POST /request", created())
    )


def test_reads_and_writes_share_the_calls_of_a_second() -> None:
    playback = server()
    seerr = playback.seerr(max_per_second=0.01)  # a turn each 100 s, of which none is waited for
    seerr.search("Dune")
    seerr.request(FILM)
    seerr.search("Dune")
    first, second = playback.stop.pauses
    assert 90 < first <= 100
    assert 190 < second <= 200


def test_without_a_limit_nobody_waits() -> None:
    playback = server()
    seerr = playback.seerr()
    for _ in range(3):
        seerr.search("Dune")
    assert playback.stop.pauses == []


def test_turns_that_nobody_took_are_not_saved_up() -> None:
    stop, times = Clockless(), iter([10.0, 99.0, 99.0])
    limit = RateLimit(lambda: next(times))
    for _ in range(3):
        assert limit.wait(0.02, stop)
    assert stop.pauses == [pytest.approx(0.02)]


def test_a_stop_ends_the_wait_and_nothing_is_sent() -> None:
    playback = server()
    seerr = playback.seerr(max_per_second=0.01)
    seerr.search("Dune")
    playback.stop.set()
    with pytest.raises(UnavailableError, match="stopped while waiting for its turn"):
        seerr.request(FILM)
    assert playback.posted == []


def test_who_waits_keeps_nobody_from_taking_a_turn_or_from_being_stopped() -> None:
    stop = threading.Event()
    limit = RateLimit()
    limit.wait(100, stop)
    got: list[bool] = []
    waiting = [
        threading.Thread(target=lambda: got.append(limit.wait(100, stop))) for _ in range(4)
    ]
    for one in waiting:
        one.start()
    stop.set()
    for one in waiting:
        one.join(30)
    assert got == [False] * 4
