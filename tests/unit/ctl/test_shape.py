"""Guards: nothing is missing, nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from listsync.domain.transfers import JobKind, JobState, ScanState
from listsync.protocol import (
    METHODS,
    Code,
    job_words,
    messages,
    notifications,
    transfers,
)
from listsyncctl import replies
from listsyncctl.agents import is_agent
from listsyncctl.client import refusal
from listsyncctl.commands import ctl

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


def test_every_method_has_a_command() -> None:
    assert {_NAMES.get(name, name) for name in METHODS} <= set(ctl.commands)


def test_every_command_has_help_and_examples() -> None:
    for name, command in ctl.commands.items():
        assert command.help, name
        assert f"listsyncctl {name}" in (command.epilog or ""), name


def test_every_code_has_an_exit_that_is_not_ok() -> None:
    for code in Code:
        assert refusal("status", code, "no").exit != 0


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
