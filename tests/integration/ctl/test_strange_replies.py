"""An agent that answers anything: every command says so in one line and never breaks."""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from listsync.protocol import METHODS, Exit, Reason, RefusedCommand
from listsyncctl import __main__ as program
from listsyncctl import interactive, job_following
from tests import job_replies
from tests.integration.ctl.conftest import Agent
from tests.integration.ctl.test_commands import (
    BUSY,
    DONE,
    IDLE,
    ITEM,
    LIST,
    LISTS,
    REQUEST,
    RUN,
    STATUS,
)
from tests.integration.ctl.test_plan import _DONE as PLAN
from tests.integration.ctl.test_plan import _DUNE, _HEAT
from tests.integration.ctl.test_review import _CRASH
from tests.seeds import drawing
from tests.thorough import tries

Call = Callable[..., tuple[int, str, str]]
_ORDERED = {"run_id": "4f1c", "state": "started"}
_EXPLAINED = {
    "title": "Alien",
    "kind": "movie",
    "tmdb_id": 348,
    "four_k": False,
    "decision": {"verdict": "skipped", "why": "there already", "conditions": []},
    "lists": [{"list": "films", "rank": 1, "since": RUN["started_at"], "followed": True}],
    "more_lists": 2,
    "match": {
        "found": "review",
        "how": "title",
        "why": "two of them",
        "candidates": _CRASH["candidates"],
        "at": RUN["started_at"],
        "again_at": RUN["ended_at"],
        "review_id": "4f1c9a",
    },
    "choice": {"key": "movie/348", "title": "Alien", "at": RUN["ended_at"]},
    "server": {"status": "available", "status_4k": "not there", "requested_since": True},
    "requests": [REQUEST],
}
_NEXT = {**_CRASH, "choice": {"key": None, "title": "", "at": RUN["ended_at"]}}
_BACKUP = {"id": "b1", "state": "done", "file": "/x", "size": 5, "took_s": 0.1, "why": ""}
_COMMAND = {
    "name": "pause",
    "access": "control",
    "summary": "Pause syncing",
    "parameters": [{"name": "for_s", "required": False, "about": "seconds", "schema": {}}],
    "pages": False,
    "reasons": ["invalid"],
    "reply": {},
}
_SETTING = {"path": "log.level", "value": "info", "origin": "the file", "is_secret": False}
_TARGET = {
    "name": "discord",
    "waiting": 2,
    "dead": 1,
    "failures": 3,
    "failing_since": RUN["ended_at"],
    "paused_until": RUN["ended_at"],
    "sent_at": RUN["ended_at"],
    "answer": "HTTP 500",
    "failed_test": "HTTP 500",
}
_DAY = {
    "title": "Sunday, 1 March 2026: nothing requested",
    "lines": ["Syncs: 4"],
    "facts": ["Time zone: UTC"],
    "titles": ["Dune (2021)"],
    "more": 2,
}
_TESTED = {
    "id": "4f1c",
    "done": True,
    "results": [{"target": "discord", "state": "sent", "answer": "HTTP 204"}],
}
_TOTALS = {"service": "file", "today": 1, "days_7": 2, "days_30": 3, "total": 4}
_PERIOD = {"name": "today", "since": RUN["ended_at"], "requested": 1, "movies": 1, "failed": 0}
STATISTICS = {
    "timezone": "Europe/Vienna",
    "periods": [_PERIOD],
    "days": [{"day": "2026-06-01", "requested": 1, "available": 0}],
    "services": [_TOTALS],
    "lists": [{**_TOTALS, "list": "films", "is_followed": True}],
    "total": 1,
}
_GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "ping": ("ping", {"pong": True, "pid": 1}),
    "version": ("version", {"version": "1.0", "protocol": 1}),
    "describe": ("describe", {"commands": [_COMMAND], "total": 1, "next": None}),
    "status": ("status", {**STATUS, "retry": {"at": RUN["ended_at"], "why": "no answer"}}),
    "status --check": ("status", STATUS),
    "config": ("config", {"settings": [_SETTING], "total": 1, "next": None}),
    "progress": ("progress", BUSY),
    "progress --follow": ("progress", IDLE),
    "lists": ("lists", LISTS),
    "lists films": ("lists", LIST),
    "runs": ("runs", {"runs": [RUN, {**RUN, "ended_at": None, "result": None}]}),
    "runs 4f1c": ("runs", {"run": RUN, "notices": STATUS["notices"], "requests": [REQUEST]}),
    "notices": ("notices", {"notices": STATUS["notices"], "total": 2}),
    "summary": ("summary", _DAY),
    "summary --send": ("summary_send", DONE),
    "notify": ("targets", {"targets": [_TARGET], "total": 1}),
    "notify test": ("notify_test_result", _TESTED),
    "stats": ("stats", STATISTICS),
    "items": ("items", {"items": [ITEM], "total": 1}),
    "items --export -": ("items", {"items": [ITEM], "total": 1}),
    "requests movie/348": ("requests", {"requests": [REQUEST], "total": 3}),
    "explain alien": ("explain", {"titles": [_EXPLAINED], "total": 3, "cut": True}),
    "review": ("review", {"reviews": [_CRASH, _NEXT], "total": 5}),
    "review accept 4f1c9a 1 --sync": ("review_decide", {**DONE, "lists": ["films"]}),
    "review reject 4f1c9a": ("review_decide", DONE),
    "sync-now": ("trigger", _ORDERED),
    "sync-now --wait": ("runs", {"run": RUN, "notices": [], "requests": [REQUEST]}),
    "plan": ("plan_result", {**PLAN, "items": [_DUNE, _HEAT], "next": None}),
    "plan --no-wait": ("plan", _ORDERED),
    "plan --id 4f1c": ("plan_result", {**PLAN, "next": None}),
    "pause": ("pause", {"until": RUN["ended_at"]}),
    "resume": ("resume", DONE),
    "cancel": ("cancel", {**DONE, "run_id": "4f1c"}),
    "reload": ("reload", DONE),
    "exclude x": ("exclude", DONE),
    "forget x": ("forget", {**DONE, "count": 1}),
    "log-level": ("log_level", {**DONE, "level": "info"}),
    "backup x": ("backup", _BACKUP),
    "jobs": ("jobs", {**job_replies.jobs(), "next": None}),
    "jobs show 12": ("jobs", {**job_replies.one_job()}),
    "jobs retry 12": ("job_retry", {**job_replies.retried(12)}),
    "jobs retry-failed": ("jobs_retry_failed", {**job_replies.retried(12, 13)}),
    "jobs cancel 12": ("job_cancel", DONE),
    "jobs follow": ("jobs", {**job_replies.jobs(), "next": None, "active": 0}),
    "jobs follow 12": ("jobs", {**job_replies.one_job("succeeded")}),
    "scans": ("scans", {**job_replies.scans()}),
    "scans retry 7": ("scan_retry", DONE),
    "webhooks": ("webhooks", {**job_replies.webhooks()}),
    "mapping explain": ("mapping", {**job_replies.mapping()}),
}
_REST = {
    "trigger": _ORDERED,
    "plan": _ORDERED,
    "progress": IDLE,
    "runs": {"run": {**RUN, "dry_run": True}, "requests": []},
    "backup_result": _BACKUP,
    "notify_test": {"id": "4f1c", "targets": ["discord"]},
    "notify_test_result": _TESTED,
    "plan_result": {**PLAN, "next": None},
    "status": STATUS,
}
_UNUSED = {"pong", "ok"}
_ODD: list[Any] = [
    None,
    True,
    7,
    -1,
    1e300,
    0.5,
    "",
    "x",
    "\ud800\x1b[2J",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+14:00",
    [],
    [None],
    ["x"],
    [[]],
    {},
    {"x": 1},
    [{}],
]


@pytest.fixture
def call(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command line here, over the real socket: what it lets escape fails the test."""
    for module, name in (
        (interactive, "_EVERY_S"),
        (interactive, "_LET_GO_S"),
        (interactive, "_LOOK_S"),
        (job_following, "EVERY_S"),
    ):
        monkeypatch.setattr(module, name, 0.001)
    monkeypatch.setenv("LISTSYNC_SOCKET", str(path))

    def run(line: str, *more: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["listsyncctl", *line.split(), *more])
        with pytest.raises(SystemExit) as ended:
            program.run()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_every_method_is_asked_by_one_of_the_commands() -> None:
    assert {method for method, _ in _GOOD.values()} | set(_REST) == set(METHODS)


@pytest.mark.parametrize("line", _GOOD)
def test_a_good_reply_is_understood(agent: Agent, call: Call, line: str) -> None:
    method, good = _GOOD[line]
    agent.script = {**_REST, method: good}
    code, _, err = call(line)
    assert (code, err) == (Exit.PARTLY if line == "status --check" else Exit.OK, "")


@pytest.mark.parametrize("line", _GOOD)
def test_a_field_of_a_wrong_type_is_said_in_one_line(agent: Agent, call: Call, line: str) -> None:
    method, good = _GOOD[line]
    for name in set(good) - _UNUSED:
        agent.script = {**_REST, method: {**good, name: [[7]]}}
        code, out, err = call(line)
        assert (code, out) == (Exit.FAILED, "")
        assert err.count("\n") == 1
        assert "the agent answered something this listsyncctl does not understand" in err
        assert f"({name}" in err


@pytest.mark.parametrize("line", _GOOD)
def test_an_empty_reply_is_not_understood(agent: Agent, call: Call, line: str) -> None:
    method, _ = _GOOD[line]
    agent.script = {**_REST, method: {}}
    code, _, err = call(line)
    assert (code, err.count("\n")) == ((Exit.OK, 0) if method == "pause" else (Exit.FAILED, 1))


@pytest.mark.fuzz
def test_whatever_is_changed_in_a_reply_no_command_breaks(agent: Agent, call: Call) -> None:
    dice = drawing()
    lines = list(_GOOD)
    for _ in range(tries(400, 5_000)):
        line = dice.choice(lines)
        method, good = _GOOD[line]
        changed = copy.deepcopy(good)
        for _ in range(dice.randrange(1, 4)):
            _change(changed, dice)
        found = RefusedCommand(Reason.NOT_FOUND, "x") if not dice.randrange(20) else changed
        agent.script = {**_REST, method: found}
        code, _, err = call(
            line, "-o", dice.choice(["text", "text", "json", "plain"]), "--timeout", "2"
        )
        assert code in set(Exit)
        assert err.count("\n") <= 1, (line, changed)


def _change(value: Any, dice: random.Random) -> None:
    """Put something odd in a place of *value*, at any depth, or take something away."""
    places = list(_places(value))
    inside, key = dice.choice(places) if places else (value, "x")
    if dice.randrange(5):
        inside[key] = copy.deepcopy(dice.choice(_ODD))
    elif places:
        del inside[key]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs: Any = enumerate(value) if isinstance(value, list) else value.items()
    for key, one in pairs:
        yield value, key
        if isinstance(one, (list, dict)):
            yield from _places(one)


@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b'"x"', b"7", b'{"result": null}', b'{"result": []}', b'{"result": "x"}']
    + [json.dumps({"error": odd}).encode() for odd in _ODD[:9]]
    + [b'{"result": {"pid": NaN, "state": "x"}}', b'{"result": {"pid": 1e999, "state": "x"}}'],
)
def test_a_reply_that_is_no_result_is_said_in_one_line(
    path: Path, call: Call, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert path.parent.is_dir()
    monkeypatch.setattr("listsyncctl.client.zmtp.ask", lambda *_, **__: body)
    monkeypatch.setattr("listsyncctl.client._connect", lambda _: _Line())
    code, out, err = call("status")
    assert (code, out, err.count("\n")) == (Exit.FAILED, "", 1)


class _Line:
    def close(self) -> None:
        return
