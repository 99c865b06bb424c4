"""Guards: nothing is missing, nothing heavy is imported."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from listsync.domain.transfers import JobKind, JobState, ScanState
from listsync.protocol import (
    METHODS,
    Code,
    Exit,
    job_words,
    messages,
    notifications,
    transfers,
)
from listsyncctl import replies
from listsyncctl.agents import is_agent
from listsyncctl.client import refusal
from listsyncctl.commands import ctl
from tests.unit.ctl.test_zmtp import HANDSHAKE, MORE, short

_NAMES = {
    "trigger": "sync-now",
    "log_level": "log-level",
    "review_decide": "review",
    "plan_result": "plan",
    "backup_result": "backup",
    "targets": "notify",
    "notify_test": "notify",
    "notify_test_result": "notify",
    "summary_send": "summary",
    "job_retry": "jobs",
    "jobs_retry_failed": "jobs",
    "job_cancel": "jobs",
    "scan_retry": "scans",
}
_HEAVY = {"asyncio", "dataclasses", "http", "pathlib", "sqlite3", "ssl"}
_OURS = {"interrupts", "protocol", "terminal", "text_cleaning"}
_LIGHT = {"click", "listsync", "listsyncctl", *(f"listsync.{one}" for one in _OURS)}
_LOOK = """
import sys
sys.argv[1:] = {arguments!r}
import listsyncctl.__main__
try:
    listsyncctl.__main__.run()
except SystemExit:
    pass
top = {{name.split(".")[0] for name in sys.modules}}
parts = {{".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("listsync.")}}
print("MODULES", *sorted(top - sys.stdlib_module_names - {{"__main__"}} | top & {heavy!r} | parts))
"""


def imported(*arguments: str, says: str = "", **env: str) -> set[str]:
    """Run listsyncctl, which prints *says* among other things; give what it imports."""
    script = _LOOK.format(arguments=list(arguments), heavy=_HEAVY)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"LISTSYNC_SOCKET": "/nowhere", **env},
    )
    assert says in done.stdout
    line = next(one for one in done.stdout.splitlines() if one.startswith("MODULES"))
    # Start-up files of an environment may bring these; they are none of ours.
    return set(line.split()[1:]) - {"_distutils_hack", "distutils-precedence", "coverage"}


def test_every_method_has_a_command() -> None:
    assert {_NAMES.get(name, name) for name in METHODS} <= set(ctl.commands)


def test_every_command_has_help_and_examples() -> None:
    for name, command in ctl.commands.items():
        assert command.help, name
        assert f"listsyncctl {name}" in (command.epilog or ""), name


def test_every_code_has_an_exit_that_is_not_ok() -> None:
    for code in Code:
        assert refusal("status", code, "no").exit != 0


@pytest.mark.parametrize("line", ["--help", "status", "sync-now --wait", "pause --for 2h"])
def test_without_an_agent_only_click_is_imported(line: str) -> None:
    assert imported(*line.split()) == _LIGHT


@pytest.mark.parametrize(
    "words", ["listsyncctl sy", "listsyncctl status --", "listsyncctl lists "]
)
def test_completion_imports_no_more(words: str) -> None:
    env = {
        "_LISTSYNCCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    assert imported(**env) == _LIGHT


def test_no_more_is_imported_to_ask_and_tell() -> None:
    """No zmq above all: it takes longer to import than the whole command should."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as agent:
        path = f"{folder}/s"
        agent.bind(path)
        agent.listen()
        answered = threading.Thread(target=_answer_once, args=(agent,))
        answered.start()
        assert imported("status", says="pid 4711", LISTSYNC_SOCKET=path) == _LIGHT
        answered.join()


def _answer_once(agent: socket.socket) -> None:
    connection, _ = agent.accept()
    with connection:
        reply = b'{"result": {"pid": 4711, "state": "idle"}}'
        connection.sendall(HANDSHAKE + short(MORE, b"") + short(0, reply))
        while connection.recv(4096):
            pass


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("listsync run", True),
        ("/usr/local/bin/listsync run --config /etc/x.yaml", True),
        ("/usr/bin/python3 /usr/local/bin/listsync run", True),
        ("python -m listsync run", True),
        ("python3.12 -u -X dev -m listsync --verbose run", True),
        ("python -m listsync", False),
        ("python -m listsync once", False),
        ("python -m listsync sandbox run", False),
        ("python -m listsyncctl run", False),
        ("python -m pytest listsync run", False),
        ("python -c listsync run", False),
        ("python", False),
        ("listsyncctl sync-now", False),
        ("vim listsync run", False),
        ("sudo listsync run", False),
        ("", False),
    ],
)
def test_agents_are_known_by_their_command_line(line: str, expected: bool) -> None:
    assert is_agent(line.split()) is expected


def test_a_command_looks_for_no_garbage_in_the_program_itself() -> None:
    script = """
import gc, os, sys
from listsyncctl.__main__ import main
sys.argv[1:] = ["--version"]
os._exit = lambda code: print(code, gc.isenabled(), gc.get_freeze_count() > 10_000)
main()
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "0 True True", done.stderr


def test_what_cannot_be_written_is_said_in_one_line() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "listsyncctl", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == Exit.FAILED
    assert done.stderr == "listsyncctl: the output cannot be written: No space left on device\n"


def test_what_is_understood_of_a_reply_is_what_the_protocol_says() -> None:
    """The client keeps it as plain data: the classes would cost each command their making."""
    for method, shape in replies._SHAPES.items():
        for name, what in _REPLIES[method]:
            assert_same(shape if name is None else getattr(replies, name), what, method)


def test_the_states_that_can_be_asked_for_are_those_that_there_are() -> None:
    assert tuple(JobState) == job_words.STATES
    assert tuple(JobKind) == job_words.KINDS
    assert tuple(ScanState) == job_words.SCAN_STATES


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("tmdb_id", 10**16, id="a-number-that-no-title-has"),
        pytest.param("tmdb_id", True, id="no-number"),
        pytest.param("title", 7, id="no-text"),
        pytest.param("year", float("nan"), id="not-a-number"),
    ],
)
def test_what_is_strange_in_one_of_many_plain_rows_is_named(field: str, value: object) -> None:
    rows = [{"title": "Dune", "tmdb_id": 438631, "year": 2021}] * 9
    assert replies.strange_in("items", {"items": rows}) is None
    found = replies.strange_in("items", {"items": [*rows, {**rows[0], field: value}]})
    assert found == f"items.{field}"


_REPLIES: dict[str, list[tuple[str | None, Any]]] = {
    "ping": [(None, messages.PingReply)],
    "version": [(None, messages.VersionReply)],
    "describe": [(None, messages.DescribeReply)],
    "status": [(None, messages.StatusReply)],
    "config": [(None, messages.ConfigReply)],
    "progress": [(None, messages.ProgressReply)],
    "lists": [(None, messages.ListsReply)],
    "notices": [(None, messages.NoticesReply)],
    "stats": [(None, messages.StatsReply)],
    "runs": [(None, messages.RunsReply), ("_ONE_RUN", messages.RunReply)],
    "items": [(None, messages.ItemsReply)],
    "requests": [(None, messages.RequestsReply)],
    "explain": [(None, messages.ExplainReply)],
    "review": [(None, messages.ReviewReply)],
    "review_decide": [(None, messages.ReviewDecideReply)],
    "trigger": [(None, messages.OrderReply)],
    "plan": [(None, messages.OrderReply)],
    "plan_result": [
        ("_PLAN", messages.PlanReply),
        ("_ORDERED", messages.PlanWaitsReply),
    ],
    "pause": [(None, messages.PauseReply)],
    "resume": [(None, messages.DoneReply)],
    "cancel": [(None, messages.CancelReply)],
    "reload": [(None, messages.ReloadReply)],
    "exclude": [(None, messages.DoneReply)],
    "forget": [(None, messages.ForgetReply)],
    "backup": [(None, messages.BackupReply)],
    "backup_result": [(None, messages.BackupReply)],
    "log_level": [(None, messages.LogLevelReply)],
    "targets": [(None, notifications.TargetsReply)],
    "notify_test": [(None, notifications.NotifyTestReply)],
    "notify_test_result": [(None, notifications.NotifyTestResultReply)],
    "summary": [(None, notifications.SummaryReply)],
    "summary_send": [(None, messages.DoneReply)],
    "jobs": [(None, transfers.JobsReply), ("ONE_JOB", transfers.JobReply)],
    "job_retry": [(None, transfers.JobsRetryReply)],
    "jobs_retry_failed": [(None, transfers.JobsRetryReply)],
    "job_cancel": [(None, messages.DoneReply)],
    "scans": [(None, transfers.ScansReply)],
    "scan_retry": [(None, messages.DoneReply)],
    "webhooks": [(None, transfers.WebhooksReply)],
    "mapping": [(None, transfers.MappingReply)],
}
_OF_TYPE = {str: str, bool: bool, int: float, float: float}


def assert_same(shape: Any, said: Any, name: str) -> None:
    """Hold what the client checks against a type of `protocol.messages`."""
    origin, inner = get_origin(said), get_args(said)
    if isinstance(shape, list):
        assert origin is list, name
        assert_same(shape[0], inner[0], name)
    elif isinstance(shape, Mapping):
        fields = get_type_hints(said) if origin is None else {}
        for key, one in shape.items():
            field = key.removesuffix("!")
            if field == "*":
                assert origin is dict, name
                assert_same(one, inner[1], name)
            else:
                assert field in fields, f"{name}.{field}"
                assert_same(one, _bare(fields[field]), f"{name}.{field}")
    elif shape is not object:
        assert (str if origin is Literal else _OF_TYPE.get(said)) is shape, name


def _bare(said: Any) -> Any:
    """Leave None out of a union."""
    kinds = [one for one in get_args(said) if one is not type(None)]
    return kinds[0] if get_origin(said) in (Union, UnionType) and len(kinds) == 1 else said
