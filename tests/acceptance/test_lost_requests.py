"""Requests whose answer nobody saw: whoever is killed meanwhile, each title is requested once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from listsync.sandbox.process import SandboxProcess
from tests.acceptance.conftest import Home, titles_csv

FIRST = 20_000_001
DUNE = 438631


def configure(home: Home, content: str, *, timeout_s: float) -> None:
    """Follow one list, at a server whose answers are waited for so long."""
    server = {
        "url": home.sandbox.url,
        "api_key": home.sandbox.api_key,
        "timeout_s": timeout_s,
    }
    home.write_config([home.write_list("l.csv", content)], server=server)


def requested(sandbox: SandboxProcess) -> list[int]:
    """Give the titles of all requests that the server has."""
    _, page = sandbox.api("GET", "/request?take=100")
    return sorted(one["media"]["tmdbId"] for one in page["results"])


def posts(sandbox: SandboxProcess) -> int:
    """Count the requests that have arrived, answered or not."""
    calls: dict[str, int] = sandbox.admin("log")["calls"]
    return calls.get("POST /request", 0)


def open_intents(home: Home) -> int:
    with closing(sqlite3.connect(home.state / "listsync.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM intents").fetchone()[0])


def sync_until_nothing_is_open(home: Home) -> None:
    until = time.monotonic() + 30
    while home.once().code != 0 or open_intents(home):
        assert time.monotonic() < until
        time.sleep(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "title"),
    [("slow_before", "tv,1396"), ("slow_midway", f"movie,{DUNE}")],
    ids=["series-nothing-there-yet", "film-row-there-already"],
)
def test_a_sync_killed_inside_a_slow_request_and_started_at_once_does_not_repeat_it(
    start_home: Callable[..., Home], kind: str, title: str
) -> None:
    home = start_home()
    configure(home, f"kind,tmdb_id\n{title}\n", timeout_s=5)
    home.sandbox.admin("faults", {"kind": kind, "method": "POST", "seconds": 4})
    home.kill_once(lambda: posts(home.sandbox) > 0)
    sync_until_nothing_is_open(home)
    assert posts(home.sandbox) == 1
    assert requested(home.sandbox) == [int(title.partition(",")[2])]


def test_a_server_killed_inside_a_request_has_every_title_once_in_the_end(tmp_path: Path) -> None:
    films = [FIRST + number for number in range(3)]
    with SandboxProcess(titles=3, state=tmp_path / "server.json") as sandbox:
        home = Home(tmp_path, sandbox)
        configure(home, titles_csv(films), timeout_s=1)
        sandbox.admin("faults", {"kind": "die_midway", "method": "POST", "after": 1})
        assert home.once().code != 0
        sandbox.wait(5)
        sandbox.restart()
        _, index = sandbox.api("GET", "/media?take=100")
        assert len(index["results"]) == 2
        assert requested(sandbox) == films[:1]
        sync_until_nothing_is_open(home)
        assert requested(sandbox) == films


def test_a_new_installation_does_not_request_what_was_declined(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(titles=3)
    films = [FIRST + number for number in range(3)]
    for film, deed in zip(films[:2], ("decline", "fail"), strict=True):
        body = {"mediaType": "movie", "mediaId": film, "is4k": False}
        assert home.sandbox.api("POST", "/request", body)[0] == 201
        home.sandbox.admin("requests", {"kind": "movie", "tmdbId": film, "do": deed})
    home.sandbox.admin("reset-log", {})
    configure(home, titles_csv(films), timeout_s=30)
    ran = home.once()
    assert ran.requested == [f"movie/{films[2]}"]
    assert [*ran.verdicts("handled_before").values()] == ["declined at the server"]
    assert "failed at Radarr or Sonarr" in str(ran.report["notices"])
    assert home.sandbox.admin("log")["calls"]["GET /request"] == 1
    home.once()
    assert home.sandbox.admin("log")["calls"]["GET /request"] == 1


def test_requests_that_the_server_rolled_back_are_made_again(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(titles=12)
    films = [FIRST + number for number in range(12)]
    configure(home, titles_csv(films), timeout_s=30)
    home.sandbox.admin("faults", {"kind": "roll_back", "method": "POST", "nth": [2, 7]})
    ran = home.once()
    assert ran.code == 0
    assert len(ran.requested) == 12
    assert requested(home.sandbox) == films
    log = home.sandbox.admin("log")
    assert (log["lost"], posts(home.sandbox)) == (2, 14)
    assert home.once().requested == []
    assert posts(home.sandbox) == 14
