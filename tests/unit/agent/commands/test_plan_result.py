from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.report import Plan, PlanItem, Verdict
from listsync.domain.runs import Pause
from listsync.domain.server import Asking, RequestBody
from listsync.protocol import Reason
from tests.unit.agent.commands.test_items_and_runs import shown
from tests.unit.agent.commands.world import World, a_run

_DUNE, _LOST = TitleKey(MediaType.MOVIE, 438631), TitleKey(MediaType.TV, 4607)
_FAMILY = Asking(user="family", profile="HD-1080p", tags=("kids", "new"))


def requested(label: str, key: TitleKey, **more: Any) -> PlanItem:
    body = RequestBody(key=key, **{"four_k": False, **more})
    lists = ("one", "two")
    return PlanItem(verdict=Verdict.REQUESTED, label=label, lists=lists, key=key, body=body)


_ITEMS = (
    PlanItem(verdict=Verdict.FAILED, label="Heat", lists=("one",), why="no answer"),
    PlanItem(
        verdict=Verdict.REVIEW,
        label="Crash",
        lists=("one",),
        why="waits for review: 2 titles of this name",
        candidates=("Crash (2005) [movie/1640]",),
    ),
    requested("Dune (2021)", _DUNE, four_k=True),
    requested("Lost", _LOST, seasons=(1, 2, 3, 5), asking=_FAMILY),
    PlanItem(verdict=Verdict.NOT_FOUND, label="Zzz", lists=("two",), why="not found"),
)
_COUNTS = {
    Verdict.REQUESTED: 2,
    Verdict.ALREADY: 120,
    Verdict.HANDLED: 3,
    Verdict.REVIEW: 1,
    Verdict.FAILED: 1,
}
_PLAN = Plan(items=_ITEMS, counts=_COUNTS)


def end(world: World, plan: Plan | None = _PLAN, **more: Any) -> None:
    world.end(
        a_run(
            "abc123",
            **{"dry_run": True, "result": "partly", "message": "2 would be requested", **more},
        ),
        plan=plan,
    )


def told(world: World, **params: Any) -> Mapping[str, Any]:
    return world.ask("plan_result", run_id="abc123", **params)


def test_a_plan_is_a_dry_run_of_all_lists_or_some(world: World) -> None:
    assert world.ask("plan")["state"] == "started"
    running = world.queue.state.running
    assert running is not None
    assert (running.dry_run, running.scope, running.origin) == (True, None, "plan")
    assert world.ask("plan", lists=["two"])["state"] == "queued"
    pending = world.queue.state.pending
    assert pending is not None
    assert pending.scope == frozenset({"file:/two"})


def test_a_plan_of_a_list_that_is_not_there_is_refused(world: World) -> None:
    assert world.refusal("plan", lists=["too"]).reason is Reason.NOT_FOUND


def test_a_plan_is_made_in_a_pause_too(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.ask("plan")["state"] == "started"
    assert world.queue.state.pause == Pause(None)


def test_a_plan_that_is_not_made_yet_says_so(world: World) -> None:
    first = world.ask("plan")["run_id"]
    second = world.ask("plan")["run_id"]
    assert world.ask("plan_result", run_id=first) == {"state": "running", "run_id": first}
    assert world.ask("plan_result", run_id=second) == {"state": "waiting", "run_id": second}


def test_a_plan_is_told_with_all_that_would_be_asked_for(world: World) -> None:
    end(world)
    found = told(world)
    assert (found["state"], found["total"], found["left_out"]) == ("done", 5, 0)
    assert found["next"] is None
    assert found["counts"]["already_there"] == 120
    assert found["items"][3] == {
        "verdict": "requested",
        "label": "Lost",
        "kind": "tv",
        "tmdb_id": 4607,
        "title": "",
        "lists": "one, two",
        "why": "",
        "candidates": [],
        "more_candidates": 0,
        "four_k": False,
        "seasons": [1, 2, 3, 5],
        "asking": {"user": "family", "profile": "HD-1080p", "tags": ["kids", "new"]},
    }


def test_the_client_shows_a_plan_as_a_difference(world: World) -> None:
    end(world)
    more = ", profile HD-1080p, tags kids, new"
    assert shown("plan_result", told(world)).splitlines() == [
        "+ Dune (2021) [movie/438631]  for one, two, 4K",
        f"+ Lost [tv/4607]  for one, two, as family, seasons 1-3, 5{more}",
        "- Zzz: not found  (two)",
        "? Crash: waits for review: 2 titles of this name  (one)",
        "    could be Crash (2005) [movie/1640]",
        "! Heat: no answer  (one)",
        "= 3 handled before",
        "Plan: 2 would be requested. Nothing was changed.",
    ]


def test_the_client_says_how_many_more_there_are(world: World) -> None:
    end(world, Plan(items=_ITEMS[:1], counts=_COUNTS, left_out=70))
    assert "... and 70 more" in shown("plan_result", told(world))


def test_a_plan_is_told_in_pages(world: World) -> None:
    many = tuple(requested(f"Film {n}", _DUNE) for n in range(500))
    end(world, Plan(items=many, counts=_COUNTS))
    page = told(world)
    labels = [one["label"] for one in page["items"]]
    while page["next"] is not None:
        page = told(world, cursor=page["next"])
        labels += [one["label"] for one in page["items"]]
    assert labels == [f"Film {n}" for n in range(500)]
    assert len(told(world, limit=3)["items"]) == 3


def test_a_plan_that_failed_says_why(world: World) -> None:
    end(world, None, result="failed", why="the server does not answer")
    found = told(world)
    assert (found["items"], found["run"]["why"]) == ([], "the server does not answer")
    assert shown("plan_result", found) == "Plan failed: the server does not answer"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"dry_run": False}, "was a sync and no plan"),
        ({}, "is not kept any more"),
    ],
    ids=["a-sync", "too-old"],
)
def test_what_is_no_plan_is_refused(world: World, more: dict[str, Any], words: str) -> None:
    end(world, None, **more)
    refused = world.refusal("plan_result", run_id="abc123")
    assert refused.reason is Reason.NOT_FOUND
    assert words in refused.message


@pytest.mark.parametrize("params", [{"run_id": ""}, {"run_id": "zzz"}], ids=str)
def test_a_plan_that_nobody_made_is_refused(world: World, params: dict[str, str]) -> None:
    world.ask("plan")
    assert world.refusal("plan_result", **params).reason is Reason.NOT_FOUND
