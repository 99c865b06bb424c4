"""Killed again and again in the middle of its work, listsync asks for every title once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.acceptance.agent_process import requested
from tests.acceptance.conftest import Home, titles_csv

FIRST = 20_000_001
TITLES = 60
LATENCY_MS = 20
TIMEOUT_S = 1
"""What may be running still is waited for so long."""


def kill_after(home: Home, posts: int, delay_s: float) -> None:
    """Run a sync and kill it *delay_s* after the server got *posts* more requests."""
    before = len(requested(home))
    home.kill_once(lambda: len(requested(home)) >= before + posts, delay_s)


@pytest.mark.slow
def test_a_sync_that_is_killed_again_and_again_asks_for_every_title_once(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(latency_ms=LATENCY_MS, titles=TITLES)
    numbers = [FIRST + n for n in range(TITLES)]
    server = {"url": home.sandbox.url, "api_key": home.sandbox.api_key, "timeout_s": TIMEOUT_S}
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], server=server)
    for turn in range(8):
        kill_after(home, posts=1 + turn % 4, delay_s=turn * LATENCY_MS / 8 / 1000)
    home.once()
    time.sleep(TIMEOUT_S)
    assert home.once().code == 0
    assert sorted(requested(home)) == numbers
    with closing(sqlite3.connect(home.state / "listsync.db")) as connection:
        assert connection.execute("SELECT count(*) FROM intents").fetchone() == (0,)
        known = connection.execute("SELECT DISTINCT tmdb FROM requests ORDER BY tmdb").fetchall()
    assert [number for (number,) in known] == numbers
    assert home.once().report["requested"] == []
