"""Very many and very long rows, page by page over the wire: none is missing, none comes twice."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from listsync.commands.context import Caller
from listsync.commands.dispatch import Reply
from listsync.control.authorization import Peer
from listsync.control.rpc import MAX_REPLY, Call, RpcHandler
from listsync.domain.history import EntryRow, ReviewRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Phase, Plan, PlanItem, Verdict
from listsync.domain.runs import PlannedRetry, SyncJob
from listsync.domain.server import Asking, Candidate, RequestBody
from listsync.errors import Problem
from listsync.protocol import request
from listsyncctl.replies import strange_in
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

_LONG = "\N{CJK UNIFIED IDEOGRAPH-9F8D}\N{GRINNING FACE}é" * 100 + "#"
"""What is cut off it ends with a mark, else with #."""
_MANY = 250
"""Whose names alone fill more than a frame."""
_NAMES = [f"{number} {_LONG}"[:99] + "#" for number in range(_MANY)]
_KEY = TitleKey(MediaType.MOVIE, 438631)


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
        SyncJob(
            run_id="b",
            scope=every,
            origins=tuple(f"{one} {_LONG}"[:63] + "#" for one in range(_MANY)),
        )
    )
    world.retry = PlannedRetry(at=AT, why=_LONG * 9, scope=every, number=1)
    world.notes = (_LONG * 9,)
    world.loader.problems = tuple(
        Problem(file="listsync.yaml", what=f"{number} {_LONG}", line=number)
        for number in range(_MANY)
    )
    world.configuration.reload()
    world.state.kept.told_runs = [
        a_run(f"{number}", message=_LONG * 9, why=_LONG * 9, origin=_LONG * 99)
        for number in range(1, 100)
    ] + [a_run("abc", notices=(Notice(kind=NoticeKind.ON_HOLD, text=_LONG * 9),) * 99)]
    world.state.kept.requests = {
        "abc": tuple(a_request(_LONG, lists=tuple(_NAMES)) for _ in range(150))
    }
    world.state.kept.told_items = [an_item(_LONG, list_name=_NAMES[0])] * 200
    world.state.kept.reviews = [a_long_review(number) for number in range(10)]
    world.state.kept.told_entries = [a_long_entry(number) for number in range(100)]
    world.state.kept.overviews[_KEY] = replace(
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
    plan = Plan(items=(item,) * 15, counts={})  # a page each
    notices = (Notice(kind=NoticeKind.ON_HOLD, text=_LONG * 9),) * 99
    world.end(a_run("dry", dry_run=True, notices=notices), plan=plan, notices=notices)


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
    row = a_list(f"{number} {_LONG}"[:99] + "#", outcome="blocked", why=_LONG * 9)
    return EntryRow(row=row, entry=entry, entry_id=f"{number}", first_seen=AT)


@pytest.fixture
def crowded() -> World:
    world = World()
    world.follow(*map(rules, _NAMES))
    return world


class Client:
    """Asks over the wire, page by page; nothing that does not fit into a frame comes through."""

    def __init__(self, world: World, call: Call | None = None) -> None:
        self._handler = RpcHandler(call or world.commands.call, group=None)

    def pages(self, method: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            asked = {**params, **({"cursor": cursor} if cursor else {})}
            message = request(method, asked, id_=uuid4().hex, deadline=time.time() + 60)
            sent = self._handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1))
            assert len(sent) < MAX_REPLY
            page = json.loads(sent)["result"]
            assert strange_in(method, page) is None
            yield page
            if (cursor := page["next"]) is None:
                return


@pytest.mark.parametrize(
    ("fill", "method", "params", "rows"),
    [
        (in_the_middle_of_a_sync, "progress", {}, {"lists": _MANY}),
        (in_the_middle_of_a_sync, "status", {}, {"running.lists": _MANY}),
        (with_lists_in_trouble, "lists", {}, {"lists": _MANY}),
        (with_lists_in_trouble, "status", {}, {"notices": _MANY}),
        (with_everything, "lists", {}, {"lists": _MANY}),
        (
            with_everything,
            "status",
            {},
            {
                "running.lists": _MANY,
                "pending.lists": _MANY,
                "pending.origins": _MANY,
                "retry.lists": _MANY,
                "config.problems": _MANY,
            },
        ),
        (with_everything, "runs", {}, {"runs": 100}),
        (with_everything, "stats", {}, {"lists": _MANY, "days": 30, "periods": 5}),
        (with_everything, "runs", {"run_id": "abc"}, {"requests": 150, "notices": 99}),
        (with_everything, "items", {}, {"items": 200}),
        (with_everything, "lists", {"name": _NAMES[0]}, {"lists": 1, "requests": 10}),
        (plan_at_length, "plan_result", {"run_id": "dry"}, {"items": 15, "notices": 99}),
        (plan_at_length, "runs", {"run_id": "dry"}, {"requests": 15, "notices": 99}),
        (with_everything, "review", {}, {"reviews": 10}),
        (with_everything, "explain", {"query": "9"}, {"titles": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_row_is_told_however_many_and_long(
    crowded: World,
    fill: Callable[[World], None],
    method: str,
    params: dict[str, Any],
    rows: dict[str, int],
) -> None:
    fill(crowded)
    pages = [*Client(crowded).pages(method, params)]
    told = {name: [row for page in pages for row in at(page, name)] for name in rows}
    assert {name: len(found) for name, found in told.items()} == rows
    totals = {page["total"] for page in pages if "total" in page and method != "progress"}
    assert len(totals) < 2
    assert not [text for text in texts_in(pages) if is_cut_without_a_mark(text)]


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in([*value.values()])
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


def is_cut_without_a_mark(text: str) -> bool:
    return text[-1:] in {*_LONG[:3]}


def at(page: Mapping[str, Any], name: str) -> Sequence[object]:
    found: Any = page
    for part in name.split("."):
        found = found[part]
    rows: Sequence[object] = found
    return rows


def test_nothing_is_told_twice(crowded: World) -> None:
    crowded.state.kept.told_items = [an_item(f"{number} {_LONG}") for number in range(1_000)]
    told = [one["title"] for page in Client(crowded).pages("items", {}) for one in page["items"]]
    assert [title.split()[0] for title in told] == [str(number) for number in range(1_000)]


def test_a_page_that_does_not_fit_is_cut_and_not_made_again(crowded: World) -> None:
    crowded.state.kept.told_items = [an_item(f"{number} {_LONG}") for number in range(500)]
    made = []

    def call(method: str, params: Mapping[str, object], caller: Caller) -> Reply:
        made.append(method)
        return crowded.commands.call(method, params, caller)

    pages = [*Client(crowded, call).pages("items", {"limit": 200})]
    told = [one["title"].split()[0] for page in pages for one in page["items"]]
    assert told == [str(number) for number in range(500)]
    assert len(made) == len(pages) > 500 / 200 + 1


def test_rows_that_fit_are_all_told(crowded: World) -> None:
    crowded.state.kept.told_items = [an_item("The Matrix (1999)", list_name="one")] * 10_000
    found = crowded.ask("items", limit=150)
    assert (found["total"], len(found["items"])) == (10_000, 150)
