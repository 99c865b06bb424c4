"""Guards over all commands: none is missing, none answers too much, none hides the trouble."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from listsync.commands.desk import COMMANDS
from listsync.control.desk import MAX_REPLY
from listsync.domain.running import Order
from listsync.domain.syncing import Phase
from listsync.errors import Problem, StateError
from listsync.protocol import METHODS, Code, result_reply
from listsyncctl.cli import ctl
from tests.unit.agent.commands.world import World, a_list, a_request, a_run, an_item, rules

_LONG = "\N{CJK UNIFIED IDEOGRAPH-9F8D}\N{GRINNING FACE}é" * 100
_NAMES = [f"{number} {_LONG}"[:100] for number in range(500)]
_SUB_COMMANDS = {"trigger": "sync-now", "log_level": "log-level"}


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
        ("exclude", {"item": "tvdb:81189"}),
        ("forget", {"item": "tvdb:81189"}),
        ("forget", {"all": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_that_cannot_be_used_is_said(
    world: World, method: str, params: dict[str, Any]
) -> None:
    world.books.fails = StateError("cannot read /state: disk I/O error")
    refused = world.refusal(method, **params)
    assert refused.code is Code.UNAVAILABLE
    assert refused.message == "cannot read /state: disk I/O error"


def test_commands_that_answer_from_memory_need_no_books(world: World) -> None:
    world.books.fails = StateError("gone")
    for method in ("ping", "version", "status", "progress", "lists"):
        assert world.ask(method)


# -- sizes -------------------------------------------------------------------------------------


def in_the_middle_of_a_sync(world: World) -> None:
    world.run("abc")
    world.board.start("abc", tuple(_NAMES))
    world.board.phase(Phase.ADD, 10_000)


def with_lists_in_trouble(world: World) -> None:
    world.show(*(a_list(name, outcome="blocked", why=_LONG * 9) for name in _NAMES))


def with_everything(world: World) -> None:
    """Let all be as bad as it can be."""
    world.end(
        a_run("before", message=_LONG * 9, why=_LONG * 9, origin=_LONG * 99),
        server={"product": "Seerr", "version": "3.1.0"},
    )
    in_the_middle_of_a_sync(world)
    with_lists_in_trouble(world)
    every = frozenset(f"file:/{name}" for name in _NAMES)
    world.queue.submit(
        Order(run_id="b", scope=every, origins=tuple(f"{one} {_LONG}"[:64] for one in range(500)))
    )
    world.notes = (_LONG * 9,)
    world.loader.problems = tuple(
        Problem(file="listsync.yaml", what=f"{number} {_LONG}", line=number)
        for number in range(500)
    )
    world.configuration.reload()
    world.books.told_runs = [
        a_run(f"{number}", message=_LONG * 9, why=_LONG * 9, origin=_LONG * 99)
        for number in range(1, 300)
    ] + [a_run("abc")]
    world.books.requests = {
        "abc": tuple(a_request(_LONG, lists=tuple(_NAMES)) for _ in range(200))
    }
    world.books.told_items = [an_item(_LONG, list_name=_NAMES[0])] * 10_000


@pytest.fixture
def crowded() -> World:
    world = World()
    world.follow(*map(rules, _NAMES))
    return world


def size(reply: Mapping[str, Any]) -> int:
    """Measure an answer as it is sent."""
    return len(json.dumps(result_reply("x" * 128, reply), ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "fill",
    [in_the_middle_of_a_sync, with_lists_in_trouble, with_everything],
    ids=["syncing", "lists-in-trouble", "everything"],
)
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("status", {}),
        ("progress", {}),
        ("lists", {}),
        ("runs", {"limit": 200}),
        ("runs", {"run_id": "abc"}),
        ("items", {"limit": 200}),
    ],
    ids=["status", "progress", "lists", "runs", "one-run", "items"],
)
def test_an_answer_fits_into_one_message(
    crowded: World, fill: Callable[[World], None], method: str, params: dict[str, Any]
) -> None:
    fill(crowded)
    crowded.books.told_runs = crowded.books.told_runs or [a_run("abc")]
    assert size(crowded.ask(method, **params)) < MAX_REPLY


def test_rows_that_fit_are_all_told(crowded: World) -> None:
    crowded.books.told_items = [an_item("The Matrix (1999)", list_name="one")] * 10_000
    found = crowded.ask("items", limit=200)
    assert (found["total"], len(found["items"])) == (10_000, 200)


def test_the_status_of_many_lists_in_trouble_tells_some(crowded: World) -> None:
    with_lists_in_trouble(crowded)
    assert crowded.ask("status")["notes"]
