"""Guards over all commands: none is missing, none answers too much, none hides the trouble."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from listsync.commands.dispatch import COMMANDS
from listsync.control.rpc import MAX_REPLY
from listsync.domain.history import EntryRow, ReviewRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.plans import Plan, PlanItem
from listsync.domain.runs import Order, PlannedRetry
from listsync.domain.server import Asking, Candidate, RequestBody
from listsync.domain.sync_records import Phase, Verdict
from listsync.errors import Problem, StateError
from listsync.protocol import METHODS, Code, result_reply
from listsyncctl.cli import ctl
from tests.fakes import NOTHING_KNOWN
from tests.unit.agent.commands.test_review import a_review
from tests.unit.agent.commands.world import (
    AT,
    SEERR,
    World,
    a_list,
    a_request,
    a_run,
    an_item,
    rules,
)

_LONG = "\N{CJK UNIFIED IDEOGRAPH-9F8D}\N{GRINNING FACE}é" * 100
_NAMES = [f"{number} {_LONG}"[:100] for number in range(500)]
_KEY = TitleKey(MediaType.MOVIE, 438631)
_SUB_COMMANDS = {
    "trigger": "sync-now",
    "log_level": "log-level",
    "review_decide": "review",
    "plan_result": "plan",
    "backup_result": "backup",
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
        server=SEERR,
    )
    in_the_middle_of_a_sync(world)
    with_lists_in_trouble(world)
    every = frozenset(f"file:/{name}" for name in _NAMES)
    world.queue.submit(
        Order(run_id="b", scope=every, origins=tuple(f"{one} {_LONG}"[:64] for one in range(500)))
    )
    world.retry = PlannedRetry(at=AT, why=_LONG * 9, scope=every, number=1)
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
    world.books.reviews = [a_long_review(number) for number in range(200)]
    world.books.told_entries = [a_long_entry(number) for number in range(300)]
    world.books.standings[_KEY] = replace(
        NOTHING_KNOWN, requests=(a_request(_LONG, detail=_LONG * 9, lists=tuple(_NAMES)),) * 10
    )


def plan_at_length(world: World) -> None:
    asking = Asking(user=_LONG, profile=_LONG, root_folder=_LONG, tags=(_LONG,) * 20)
    body = RequestBody(key=_KEY, four_k=True, seasons=tuple(range(300)), asking=asking)
    item = PlanItem(
        verdict=Verdict.REVIEW,
        label=_LONG * 9,
        lists=tuple(_NAMES),
        why=_LONG * 9,
        title=_LONG * 9,
        body=body,
        candidates=(_LONG * 9,) * 20,
    )
    plan = Plan(items=(item,) * 500, counts={})
    world.end(
        a_run("dry", dry_run=True),
        plan=plan,
        notices=(Notice(kind=NoticeKind.ON_HOLD, text=_LONG * 9),) * 99,
    )


def a_long_review(number: int) -> ReviewRow:
    candidate = Candidate(key=_KEY, title=_LONG, original_title=_LONG, year=2021)
    return a_review(
        f"{number} {_LONG}",
        lists=tuple(_NAMES),
        reasons=(_LONG * 9, f"{_LONG} [{_KEY}]: {_LONG * 9}"),
        candidates=(candidate,) * 10,
        lookup=f"title:{number} {_LONG * 9}",
    )


def a_long_entry(number: int) -> EntryRow:
    """Give one of many entries that are one title."""
    entry = ListEntry(
        rank=1, title=f"{number} {_LONG}", kind=_KEY.kind, ids=ExternalIds(tmdb=_KEY.tmdb_id)
    )
    row = a_list(f"{number} {_LONG}"[:100], outcome="blocked", why=_LONG * 9)
    return EntryRow(row=row, entry=entry, entry_id=f"{number}", first_seen=AT)


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
        ("lists", {"name": _NAMES[0]}),
        ("plan_result", {"run_id": "dry"}),
        ("review", {"limit": 200}),
        ("explain", {"query": "9", "limit": 20}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_an_answer_fits_into_one_message(
    crowded: World, fill: Callable[[World], None], method: str, params: dict[str, Any]
) -> None:
    fill(crowded)
    plan_at_length(crowded)
    crowded.books.told_runs = crowded.books.told_runs or [a_run("abc")]
    assert size(crowded.ask(method, **params)) < MAX_REPLY


def test_rows_that_fit_are_all_told(crowded: World) -> None:
    crowded.books.told_items = [an_item("The Matrix (1999)", list_name="one")] * 10_000
    found = crowded.ask("items", limit=150)
    assert (found["total"], len(found["items"])) == (10_000, 150)


def test_the_status_of_many_lists_in_trouble_tells_some(crowded: World) -> None:
    with_lists_in_trouble(crowded)
    assert crowded.ask("status")["notices"]


@pytest.mark.parametrize(
    ("method", "params", "rows"),
    [
        ("review", {}, "reviews"),
        ("explain", {"query": "9"}, "titles"),
        ("plan_result", {"run_id": "dry"}, "items"),
        ("lists", {"name": _NAMES[0]}, "requests"),
    ],
    ids=["review", "explain", "plan", "one-list"],
)
def test_of_titles_told_at_length_one_always_fits(
    crowded: World, method: str, params: dict[str, Any], rows: str
) -> None:
    with_everything(crowded)
    plan_at_length(crowded)
    assert crowded.ask(method, **params)[rows]
