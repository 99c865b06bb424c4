"""What is not told in full says so: with a mark, or with how much more there is."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import Any

from listsync.control.authorization import Peer
from listsync.control.rpc import MAX_REPLY, RpcHandler
from listsync.domain.history import EntryRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.report import PlanItem, Verdict, planned_shape
from listsync.errors import Problem
from listsync.protocol import Reason, request
from tests.fakes import NOTHING_KNOWN
from tests.unit.agent.commands.test_review import a_review
from tests.unit.agent.commands.world import AT, World, a_list, a_request, rules

_FILM = TitleKey(MediaType.MOVIE, 438631)


def an_entry(list_name: str) -> EntryRow:
    entry = ListEntry(rank=1, title="Dune", kind=_FILM.kind, ids=ExternalIds(tmdb=_FILM.tmdb_id))
    return EntryRow(row=a_list(list_name), entry=entry, entry_id="1", first_seen=AT)


def test_older_requests_of_a_title_are_counted(world: World) -> None:
    requests = tuple(a_request(key=_FILM, run_id=f"r{number}") for number in range(10))
    world.state.kept.told_entries = [an_entry("one")]
    world.state.kept.overviews[_FILM] = replace(
        NOTHING_KNOWN, requests=requests, requests_total=23
    )
    (title,) = world.ask("explain", query="dune")["titles"]
    assert (len(title["requests"]), title["more_requests"]) == (5, 18)


def test_older_requests_of_a_list_are_counted(world: World) -> None:
    world.state.kept.requests = {"abc": tuple(a_request(lists=("one",)) for _ in range(13))}
    found = world.ask("lists", name="one")
    assert (len(found["requests"]), found["requests_total"]) == (10, 13)


def test_lists_that_were_not_read_yet_are_counted(world: World) -> None:
    world.show(a_list("one"))
    world.state.kept.told_entries = [an_entry("one")]
    (title,) = world.ask("explain", query="dune")["titles"]
    unread = [one for one in title["decision"]["conditions"] if "was not read yet" in one]
    assert unread == ["unless two (and 1 more) says otherwise of it: that list was not read yet"]


def test_all_titles_that_an_id_may_mean_are_told_or_counted(world: World) -> None:
    world.state.kept.reviews = [
        a_review(f"Title {number}", lookup="title:same") for number in range(5)
    ]
    refused = world.refusal("review_decide", id="title:same", choice="1")
    assert "and 2 more" in refused.message


def test_candidates_of_a_plan_that_are_left_out_are_counted() -> None:
    item = PlanItem(
        verdict=Verdict.REVIEW,
        label="Crash",
        lists=("one",),
        why="two of them",
        candidates=("a", "b", "c", "d", "e"),
    )
    shape = planned_shape(item)
    assert (shape["candidates"], shape["more_candidates"]) == (["a", "b", "c"], 2)


def test_problems_of_a_reload_that_are_left_out_are_counted() -> None:
    """Also where they do not fit into a frame of the control socket at all."""
    world = World()
    world.follow(rules("one"))
    world.loader.problems = tuple(
        Problem(file="listsync.yaml", what="é\N{GRINNING FACE}" * 200, line=number)
        for number in range(90)
    )
    refused = world.refusal("reload")
    assert refused.reason is Reason.CONFIG_INVALID
    problems: Any = refused.data["problems"]
    assert (len(problems), refused.data["problems_total"]) == (50, 90)
    assert all(problem.endswith("…") for problem in problems)
    handler = RpcHandler(world.commands.call, group=None)
    message = request("reload", {}, id_="x", deadline=time.time() + 60)
    sent = handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1))
    assert len(sent) < MAX_REPLY
    data = json.loads(sent)["error"]["data"]
    assert data["problems_total"] == 90
    assert data.get("cut") or len(data["problems"]) == 50
