"""What is said of commands is so, and what they are called with is checked by it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from listsync.commands.context import Caller
from listsync.commands.dispatch import COMMANDS
from listsync.commands.schema import parameters_of, reasons_of
from listsync.protocol import METHODS, Access, Reason, RefusedCommand
from listsyncctl.commands import ctl
from tests.unit.agent.commands.world import TESTER, World

_README = Path(__file__).parents[4] / "README.md"
_SUB_COMMANDS = {
    "trigger": "sync-now",
    "log_level": "log-level",
    "review_decide": "review accept",
    "plan_result": "plan",
    "backup_result": "backup",
    "targets": "notify",
    "notify_test": "notify test",
    "notify_test_result": "notify test",
    "summary_send": "summary",
    "job_retry": "jobs retry",
    "jobs_retry_failed": "jobs retry-failed",
    "job_cancel": "jobs cancel",
    "scan_retry": "scans retry",
    "mapping": "mapping explain",
}
_READER = Caller("a reader", may_control=False)


def test_every_command_is_described_once(world: World) -> None:
    described = world.ask("describe")
    assert [one["name"] for one in described["commands"]] == list(METHODS)
    assert described["total"] == len(METHODS)
    assert json.dumps(described)
    for one in described["commands"]:
        assert one["access"] == METHODS[one["name"]].value
        assert re.fullmatch(r"[A-Z][^.\n]{7,90}", one["summary"])
        assert {"invalid", "forbidden", "failed", "unavailable"} <= set(one["reasons"])


def test_a_parameter_is_described_with_what_it_means_and_may_be(world: World) -> None:
    described = {one["name"]: one for one in world.ask("describe")["commands"]}
    (for_s,) = described["pause"]["parameters"]
    assert for_s == {
        "name": "for_s",
        "required": False,
        "about": "seconds until it ends by itself",
        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 315_360_000},
    }
    lists = described["trigger"]["parameters"][0]["schema"]
    assert lists == {"type": "array", "items": {"type": "string"}}
    needed = {
        name: [one["name"] for one in command["parameters"] if one["required"]]
        for name, command in described.items()
    }
    assert {name: one for name, one in needed.items() if one} == {
        "explain": ["query"],
        "review_decide": ["id", "choice"],
        "plan_result": ["run_id"],
        "exclude": ["item"],
        "notify_test_result": ["id"],
        "backup_result": ["id"],
        "job_retry": ["id"],
        "job_cancel": ["id"],
        "scan_retry": ["id"],
    }


def test_a_reply_is_described_with_all_that_is_in_it(world: World) -> None:
    described = {one["name"]: one for one in world.ask("describe")["commands"]}
    assert {name for name, one in described.items() if one["pages"]} == {
        *("describe", "status", "config", "progress", "lists", "runs", "items", "explain"),
        *("notices", "targets", "stats", "review", "plan_result", "requests", "reload"),
        *("jobs", "scans", "webhooks"),
    }
    schema = described["runs"]["reply"]
    assert schema["anyOf"] == [{"$ref": "#/$defs/RunsReply"}, {"$ref": "#/$defs/RunReply"}]
    assert schema["$defs"]["RunShape"]["properties"]["dry_run"] == {"type": "boolean"}
    for one in described.values():
        refs = set(re.findall(r"#/\$defs/(\w+)", json.dumps(one["reply"])))
        assert refs <= set(one["reply"]["$defs"]), one["name"]


def test_descriptions_come_in_pages(world: World) -> None:
    first = world.ask("describe", limit=3)
    assert [one["name"] for one in first["commands"]] == list(METHODS)[:3]
    later = world.ask("describe", limit=200, cursor=first["next"])
    assert [one["name"] for one in later["commands"]] == list(METHODS)[3:]


def test_every_command_is_a_row_of_the_readme_and_a_command_of_the_client() -> None:
    text = _README.read_text(encoding="utf-8")
    table = text[text.index("| `listsyncctl` | does |") :].split("\n\n")[0]
    rows = " ".join(line.split("|")[1] for line in table.splitlines())
    shown = {re.sub(r" [\[A-Z-].*", "", one) for one in re.findall(r"`([^`]+)`", rows)}
    wanted = {_SUB_COMMANDS.get(name, name) for name in METHODS}
    assert wanted <= shown
    assert {one.split()[0] for one in wanted} | {"agents"} == set(ctl.commands)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("ping", {"a": 1}, "ping does not take a; it takes nothing"),
        ("pause", {"until": 1}, "pause does not take until; it takes for_s"),
        ("pause", {"for_s": "long"}, "pause: for_s must be a number"),
        ("pause", {"for_s": True}, "pause: for_s must be a number"),
        ("pause", {"for_s": float("nan")}, "pause: for_s must be a number"),
        ("pause", {"for_s": 0}, "pause: for_s must be more than 0 and at most 315360000"),
        ("runs", {"limit": 0}, "runs: limit must be at least 1"),
        ("runs", {"limit": 1.5}, "runs: limit must be a whole number"),
        ("items", {"query": 7}, "items: query must be text"),
        ("notices", {"open": 1}, "notices: open must be true or false"),
        ("trigger", {"lists": "one"}, "trigger: lists must be a list of texts"),
        ("trigger", {"lists": [1]}, "trigger: lists must be a list of texts"),
        ("backup_result", {}, "backup_result: id is missing: the backup's id"),
        ("explain", {"query": None}, "explain: query must be text"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_named_with_what_is_right(
    world: World, method: str, params: dict[str, Any], words: str
) -> None:
    refused = world.refusal(method, **params)
    assert (refused.reason, refused.message) == (Reason.INVALID, words)
    assert world.queue.state.running is None
    assert world.queue.state.pause is None


def test_all_wrong_names_are_told_or_counted(world: World) -> None:
    refused = world.refusal("ping", **dict.fromkeys("abcdefg"))
    assert refused.message == "ping does not take a, b, c, d, e (and 2 more); it takes nothing"


def test_an_unknown_command_is_told_what_there_is(world: World) -> None:
    refused = world.commands.call("shutdown", {}, TESTER)
    assert isinstance(refused, RefusedCommand)
    assert refused.reason is Reason.UNKNOWN_METHOD
    assert refused.data["known"] == sorted(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_who_may_only_look_changes_nothing(world: World, method: str) -> None:
    needed = [one for one in parameters_of(COMMANDS[method].takes) if one.is_required]
    params = {one.name: 1 if one.kind is int else "x" for one in needed}
    reply = world.commands.call(method, params, _READER)
    is_refused = isinstance(reply, RefusedCommand) and reply.reason is Reason.FORBIDDEN
    assert is_refused is (METHODS[method] is Access.CONTROL)


def test_a_fault_of_ours_is_data_too_and_logged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(world.queue, "resume", lambda: 1 // 0)
    reply = world.commands.call("resume", {}, TESTER)
    assert isinstance(reply, RefusedCommand)
    assert (reply.reason, reply.message) == (
        Reason.FAILED,
        "resume failed in the agent: see its log",
    )
    assert "ZeroDivisionError" in caplog.text
    assert reply.__traceback__ is None


def test_who_changed_something_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world.ask("pause")
    world.ask("status")
    assert [one.getMessage() for one in caplog.records] == ["pause requested by a test"]


def test_no_reason_is_given_twice() -> None:
    for entry in COMMANDS.values():
        assert len(set(reasons_of(entry))) == len(reasons_of(entry))
