"""The agent's log as its readers need it, and what a long life leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable

import psutil

from tests.acceptance.agent_process import (
    AgentProcess,
    config_of,
    requested,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_MDBLIST_KEY = "mdblistkeyofnobody0123456"


def _follow(home: Home, *numbers: int, **more: object) -> None:
    config = {"sync": {"every": 0}, **more}
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], **config)


def test_each_line_of_a_run_names_the_run(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=45)
    _follow(home, *range(20_000_001, 20_000_046))
    agent = start_agent(home, "--log-level", "debug", "--log-format", "json")
    home.sandbox.admin("faults", {"kind": "status", "status": 503, "method": "GET"})
    run_id = agent.ask("trigger")["run_id"]
    agent.until_logged("sync_ended")
    until_requested(home, 45)
    records = [json.loads(line) for line in agent.log.splitlines()]
    actions = [one.get("action") for one in records]
    begin, end = actions.index("sync_started"), actions.index("sync_ended")
    of_the_run = records[begin : end + 1]
    assert actions[begin:end].count("batch") == 3
    assert any(one["level"] == "debug" for one in of_the_run)
    assert [one for one in of_the_run if one.get("run") != run_id] == []
    assert "run" not in records[0]


def test_text_lines_name_the_run_too(home: Home, start_agent: StartAgent) -> None:
    _follow(home, 603)
    agent = start_agent(home)
    run_id = agent.ask("trigger")["run_id"]
    agent.until_synced(1)
    lines = [line for line in agent.log.splitlines() if line.endswith(f" [run {run_id}]")]
    assert "Background sync started (dry_run=False), triggered by a command" in lines[0]
    assert "API connection successful: " in lines[1]
    assert "Found 1 items in file list l.csv" in lines[2]
    assert "Adding batch 1/1" in lines[3]
    assert "Background sync completed: Successfully synced" in lines[-1]


def test_json_is_one_object_a_line(home: Home, start_agent: StartAgent) -> None:
    _follow(home, 603)
    agent = start_agent(home, "--log-format", "json", "--log-level", "debug")
    assert agent.ctl("sync-now", "--wait").code == 0
    config_of(home).write_text("oops", encoding="utf-8")
    assert agent.ctl("reload").code == 78
    refusal = {"kind": "status", "status": 403, "times": None, "path": "/api/"}
    home.sandbox.admin("faults", refusal)
    assert agent.ctl("sync-now", "--wait").code == 1
    assert agent.terminate() == 0
    records = [json.loads(line) for line in agent.log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= one.keys() for one in records)
    levels = {one["level"] for one in records}
    assert {"debug", "info", "warning", "error"} >= levels >= {"info", "warning", "error"}
    assert records[-1]["action"] == "ended"


def test_the_log_file_is_for_the_owner_only(home: Home, start_agent: StartAgent) -> None:
    _follow(home, 603)
    file = home.folder / "own.log"
    agent = start_agent(home, "--log-file", str(file))
    assert agent.ctl("sync-now", "--wait").code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Background sync completed" in file.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8") in agent.log


def test_a_log_file_that_cannot_be_written_is_told_and_the_agent_runs(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home, 603)
    agent = start_agent(home, "--log-file", str(home.folder / "nowhere" / "own.log"))
    assert "cannot write the log file" in agent.log
    assert agent.ctl("sync-now", "--wait").code == 0
    why = "log.file: cannot be written: No such file or directory"
    assert why in agent.ctl("status").out
    assert why in agent.ctl("reload").out


def test_no_key_is_in_any_log(home: Home, start_agent: StartAgent) -> None:
    home.write_list("l.csv", titles_csv([603]))
    key = home.sandbox.api_key

    def text(api_key: str, more: str = "") -> str:
        return (
            f"server:\n  url: {home.sandbox.url}\n  api_key: {api_key}\n"
            "sync: {every: 0}\n"
            "providers:\n  mdblist:\n    base_url: http://127.0.0.1:9\n"
            f"    web_url: http://127.0.0.1:9\n    api_key: {_MDBLIST_KEY}\n"
            f"lists:\n  - file: l.csv\n  - mdblist: someone/something\n{more}"
        )

    config_of(home).write_text(text(key), encoding="utf-8")
    file = home.folder / "own.log"
    # JSON has all that text has, and the fields besides.
    options = ("--log-level", "debug", "--log-format", "json", "--log-file", str(file))
    agent = start_agent(home, *options)
    seen = [agent.ctl("sync-now", "--wait", "-o", "json")]
    assert seen[0].code == 8  # one list fails
    # A wrong key, a key at a wrong place, a file that is none.
    for content in (text("wrongkeywrongkey"), text(key, f"  - {key}\n"), text(key, "oops\n")):
        config_of(home).write_text(content, encoding="utf-8")
        seen += [agent.ctl("reload"), agent.ctl("status")]
    config_of(home).write_text(text("wrongkeywrongkey"), encoding="utf-8")
    assert agent.ctl("reload").code == 0
    seen.append(agent.ctl("sync-now", "--wait"))
    assert seen[-1].code == 1
    assert agent.terminate() == 0
    told = "".join(one.out + one.err for one in seen)
    for log in (agent.log, file.read_text(encoding="utf-8"), told):
        assert len(log) > 500
        for secret in (key, _MDBLIST_KEY, "wrongkeywrongkey"):
            assert secret not in log


def test_thirty_syncs_leave_nothing_behind(home: Home, start_agent: StartAgent) -> None:
    home.write_list("l.csv", titles_csv([603, 27205]))
    _follow(home, 603, 27205)
    agent = start_agent(home)

    def sync(count: int) -> None:
        for _ in range(count):
            agent.ask("trigger")
            until("the end of a sync", agent.is_at_rest)

    def held() -> tuple[int, int]:
        return agent.process.num_fds(), agent.process.num_threads()

    sync(3)
    files, threads = held()
    memory = agent.process.memory_info().rss
    sync(30)
    until("no more files", lambda: held()[0] <= files + 2)
    until("no more threads", lambda: held()[1] <= threads)
    assert agent.process.memory_info().rss - memory < 8 * 2**20
    assert agent.process.children(recursive=True) == []
    assert len(agent.runs) == 33
    assert requested(home) == [603, 27205]


def test_the_built_in_server_is_not_left_behind(lone_home: Home, start_agent: StartAgent) -> None:
    agent = start_agent(lone_home)
    assert agent.ctl("sync-now", "--wait").code == 0
    until("no more children", lambda: not agent.process.children(recursive=True))
    until("rest", agent.is_at_rest)
    # Nor is it when the agent is killed beside it.
    agent.ask("trigger")
    children = until("the child", agent.process.children)
    agent.kill()
    until("its end", lambda: not any(_lives(one) for one in children))
    again = start_agent(lone_home)
    until("the sync that is owed", lambda: again.is_at_rest() and len(again.runs) >= 2)
    assert (again.runs[-1]["origin"], again.runs[-1]["result"]) == ("a command, resumed", "ok")


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_agent_that_follows_no_list_says_so(home: Home, start_agent: StartAgent) -> None:
    home.write_config([], sync={"every": 0})
    agent = start_agent(home, environment={"IMDB_LISTS": ""})
    agent.until_logged("it names no list")
    (said, note) = (line for line in agent.log.splitlines() if "WARNING" in line)
    assert "no lists are followed" in said
    assert "IMDB_LISTS: is empty: it names no list" in note
    assert len(agent.ask("status")["notices"]) == 2
    elsewhere = str(home.folder / "elsewhere")
    for command in ("check", "once"):
        ran = home.run(command, LISTSYNC_STATE_DIR=elsewhere)
        assert "no lists are followed" in ran.err
