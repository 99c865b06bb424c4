"""Guards over all commands: none is missing, none answers too much, none hides the trouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from listsync.commands.dispatch import COMMANDS, Dispatcher
from listsync.errors import StateError, UnavailableError
from listsync.protocol import METHODS, Reason
from listsyncctl.commands import ctl
from tests.unit.agent.commands.world import (
    World,
)

_SUB_COMMANDS = {
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


def test_every_method_has_a_command_and_no_other() -> None:
    assert set(COMMANDS) == set(METHODS)


def test_every_method_has_a_sub_command_of_the_client() -> None:
    assert {_SUB_COMMANDS.get(name, name) for name in METHODS} <= set(ctl.commands)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("runs", {}),
        ("runs", {"run_id": "abc"}),
        ("items", {}),
        ("lists", {"name": "one"}),
        ("explain", {"query": "dune"}),
        ("review", {}),
        ("review", {"decided": True}),
        ("review_decide", {"id": "4f1c9a", "choice": "1"}),
        ("exclude", {"item": "tvdb:81189"}),
        ("forget", {"item": "tvdb:81189"}),
        ("forget", {"all": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_that_cannot_be_used_is_said(
    world: World, method: str, params: dict[str, Any]
) -> None:
    world.state.kept.fails = StateError("cannot read /state: disk I/O error")
    refused = world.refusal(method, **params)
    assert refused.reason is Reason.UNAVAILABLE
    assert refused.message == "cannot read /state: disk I/O error"


def test_commands_that_answer_from_memory_need_no_books(world: World) -> None:
    world.state.kept.fails = StateError("gone")
    for method in ("ping", "version", "status", "progress", "lists"):
        assert world.ask(method)


# -- sizes -------------------------------------------------------------------------------------


class _Shared:
    """Lets commands write, and remembers it; or is PostgreSQL that does not answer."""

    def __init__(self, world: World, *, answers: bool = True) -> None:
        self.entered = 0
        self._answers = answers
        world.commands = Dispatcher(replace(world.context, shared_memory=self.memory))

    @contextmanager
    def memory(self) -> Iterator[None]:
        if not self._answers:
            raise UnavailableError("PostgreSQL", "no answer within 2 s")
        self.entered += 1
        yield


def test_what_changes_the_memory_is_written_for_all_agents(world: World) -> None:
    shared = _Shared(world)
    world.ask("status")
    assert shared.entered == 0
    world.ask("exclude", item="tmdb:movie/603")
    world.ask("forget", item="tmdb:movie/603")
    assert shared.entered == 2
    assert {name for name, one in COMMANDS.items() if one.changes_memory} == {
        "exclude",
        "forget",
        "review_decide",
    }


def test_what_the_others_would_not_know_is_refused(world: World) -> None:
    _Shared(world, answers=False)
    refused = world.refusal("exclude", item="tmdb:movie/603")
    assert refused.reason is Reason.UNAVAILABLE
    assert "nothing was changed" in str(refused)
    assert "PostgreSQL: no answer within 2 s" in str(refused)
    assert not world.state.exclusions.all()
