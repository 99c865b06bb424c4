"""What is not told in full says so: with a mark, or with how much more there is."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from uuid import uuid4

import pytest

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
from tests.unit.agent.commands.world import AT, BROKEN, World, a_list, a_request, rules

_FILM = TitleKey(MediaType.MOVIE, 438631)


def an_entry(list_name: str) -> EntryRow:
    entry = ListEntry(rank=1, title="Dune", kind=_FILM.kind, ids=ExternalIds(tmdb=_FILM.tmdb_id))
    return EntryRow(row=a_list(list_name), entry=entry, entry_id="1", first_seen=AT)


def test_older_requests_of_a_title_are_counted_and_told_from_a_cursor_on(world: World) -> None:
    requests = tuple(
        a_request(key=_FILM, run_id=f"r{number}", number=23 - number) for number in range(10)
    )
    world.state.kept.told_entries = [an_entry("one")]
    world.state.kept.overviews[_FILM] = replace(
        NOTHING_KNOWN, requests=requests, requests_total=23
    )
    (title,) = world.ask("explain", query="dune")["titles"]
    assert (len(title["requests"]), title["more_requests"]) == (5, 18)
    world.state.kept.requests = {
        "abc": tuple(a_request(key=_FILM, run_id=f"r{number}") for number in range(23))
    }
    others = world.ask("requests", title="movie/438631", cursor=title["requests_next"])
    assert others["total"] == 23
    assert [one["run_id"] for one in others["requests"]] == [f"r{n}" for n in range(5, 23)]


def test_older_requests_of_a_list_are_counted_and_told_from_a_cursor_on(world: World) -> None:
    asked = tuple(a_request(lists=("one",), run_id=f"r{number}") for number in range(13))
    world.state.kept.requests = {"abc": asked}
    found = world.ask("lists", name="one")
    assert (len(found["requests"]), found["requests_total"]) == (10, 13)
    others = world.ask("requests", list="one", cursor=found["requests_next"])
    told = [one["run_id"] for one in (*found["requests"], *others["requests"])]
    assert told == [f"r{number}" for number in range(13)]
    assert (others["total"], others["next"]) == (13, None)


def test_a_list_with_few_requests_has_no_others(world: World) -> None:
    world.state.kept.requests = {"abc": (a_request(lists=("one",)),) * 10}
    found = world.ask("lists", name="one")
    assert (len(found["requests"]), found["requests_next"]) == (10, None)


@pytest.mark.parametrize("said", ["movie/438631", "tmdb:movie/438631", " Movie/438631 "])
def test_the_requests_of_a_title_are_told_in_pages(world: World, said: str) -> None:
    asked = tuple(a_request(key=_FILM, run_id=f"r{number}") for number in range(7))
    other = a_request(key=TitleKey(MediaType.TV, _FILM.tmdb_id))
    world.state.kept.requests = {"abc": (*asked, other)}
    first = world.ask("requests", title=said, limit=5)
    later = world.ask("requests", title=said, limit=5, cursor=first["next"])
    told = [one["run_id"] for one in (*first["requests"], *later["requests"])]
    assert (first["total"], later["next"]) == (7, None)
    assert told == [f"r{number}" for number in range(7)]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        pytest.param({"title": "movie/1", "list": "one"}, Reason.INVALID, id="both"),
        pytest.param({"title": "Dune"}, Reason.INVALID, id="no-key"),
        pytest.param({"title": "imdb:tt1160419"}, Reason.INVALID, id="no-key-of-tmdb"),
        pytest.param({"list": "nix"}, Reason.NOT_FOUND, id="no-list"),
    ],
)
def test_whose_requests_are_wanted_is_said_by_a_title_or_a_list(
    world: World, params: dict[str, str], reason: Reason
) -> None:
    assert world.refusal("requests", **params).reason is reason


def test_all_requests_are_told_where_nobody_says_whose(world: World) -> None:
    world.state.kept.requests = {"r1": tuple(a_request(f"Film {n}") for n in range(4))}
    first = world.ask("requests", limit=3)
    later = world.ask("requests", limit=3, cursor=first["next"])
    told = [one["title"] for one in (*first["requests"], *later["requests"])]
    assert (first["total"], later["next"]) == (4, None)
    assert told == [f"Film {n}" for n in range(4)]


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


def test_all_problems_of_a_reload_are_told_page_by_page() -> None:
    """Also where they are as long as can be, and the file is good when half of them are told."""
    world = World()
    world.follow(rules("one"))
    world.loader.problems = tuple(
        Problem(file="listsync.yaml", what=f"{number} " + '"\N{GRINNING FACE}' * 200, line=1)
        for number in range(90)
    )
    handler = RpcHandler(world.commands.call, group=None)
    told: list[str] = []
    params: dict[str, str] = {}
    while True:
        message = request("reload", params, id_=uuid4().hex, deadline=time.time() + 60)
        sent = handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1))
        assert len(sent) < MAX_REPLY
        data = json.loads(sent)["error"]["data"]
        assert data["problems_total"] == 90
        told += data["problems"]
        if data["next"] is None:
            break
        params = {"cursor": data["next"]}
    assert [one.split()[1] for one in told] == [str(number) for number in range(90)]
    assert all(problem.endswith("…") for problem in told)
    assert world.loader.loads == 1


def test_a_file_that_was_mended_meanwhile_has_no_more_problems() -> None:
    world = World()
    world.follow(rules("one"))
    world.loader.problems = (BROKEN,) * 40
    refused = world.refusal("reload")
    world.loader.problems = ()
    world.ask("reload")
    assert world.ask("reload", cursor=refused.data["next"])["ok"]
