"""The diary of what was requested, as a person finds it beside the state."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.agent_process import (
    AgentProcess,
    config_of,
    set_latency,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_FIRST, _TITLES = 20_000_001, 40
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d  requested  .+, film, from \"l\.csv\"")


def _follow(home: Home, *numbers: int, **more: object) -> None:
    config = {"sync": {"every": 0}, **more}
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], **config)


def _known(home: Home) -> list[str]:
    """Give the titles of all requests that the state knows, in their order."""
    with closing(sqlite3.connect(home.state / "listsync.db")) as connection:
        return [one for (one,) in connection.execute("SELECT label FROM requests ORDER BY id")]


def _told(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    assert [one for one in lines if not _LINE.fullmatch(one)] == []
    return [one[29:].rpartition(", film, ")[0] for one in lines]


@pytest.mark.slow
def test_every_request_stands_in_it_once_however_often_the_agent_is_killed(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=_TITLES)
    server = {"url": home.sandbox.url, "api_key": home.sandbox.api_key, "timeout_s": 1}
    _follow(home, *range(_FIRST, _FIRST + _TITLES), server=server)
    history = home.state / "history.log"
    set_latency(home, 30)
    for turn in range(3):
        agent = start_agent(home)
        agent.ask("trigger")
        until_requested(home, 8 * turn + 8)
        agent.kill()
    set_latency(home, 0)
    agent = start_agent(home)

    def all_are_known() -> bool:
        """Sync until what was cut off is believed to be over."""
        if agent.is_at_rest() and len(set(_known(home))) < _TITLES:
            agent.ask("trigger")
        return agent.is_at_rest() and len(set(_known(home))) == _TITLES

    until("all requests in the state", all_are_known)
    until("the last line", lambda: _told(history) == _known(home))
    assert history.stat().st_mode & 0o777 == 0o600
    assert agent.terminate() == 0
    assert _told(history) == _known(home)


def test_once_writes_it_too_and_a_dry_run_does_not(home: Home) -> None:
    _follow(home, 603, 27205, log={"history": "diary.txt"})
    diary = home.folder / "diary.txt"
    assert home.once("--dry-run").code == 0
    assert not diary.exists()
    assert home.once().code == 0
    assert _told(diary) == _known(home) != []


def test_the_folder_of_the_original_holds_both_logs(home: Home, start_agent: StartAgent) -> None:
    _follow(home, 603)
    folder = home.folder / "logs"
    folder.mkdir()
    agent = start_agent(home, environment={"SYNC_LOG_PATH": str(folder)})
    assert agent.ctl("sync-now", "--wait").code == 0
    until("the line", lambda: _told(folder / "history.log") == _known(home))
    assert "Background sync completed" in (folder / "listsync.log").read_text(encoding="utf-8")
    assert not (home.state / "history.log").exists()


def test_one_that_cannot_be_written_is_told_in_the_status_and_mended_by_a_reload(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home, 603, log={"history": "/dev/full"})
    agent = start_agent(home)
    assert agent.ctl("sync-now", "--wait").code == 0
    agent.until_logged("the history log cannot be written: No space left on device")
    services = {one["name"]: one for one in agent.status["services"]}
    assert services["history-log"]["note"] == "cannot be written: No space left on device"
    mended = config_of(home).read_text().replace("/dev/full", "diary.txt")
    config_of(home).write_text(mended)
    assert agent.ctl("reload").code == 0
    until("the line", lambda: _told(home.folder / "diary.txt") == _known(home))
