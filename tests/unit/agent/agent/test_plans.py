from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from listsync.agent.recent_runs import (
    MOST_ITEMS,
    RecentRuns,
    ended_of,
    plan_of,
    would_be_requested,
)
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.report import ItemReport, SyncReport, Verdict
from listsync.domain.server import AS_USUAL, RequestBody
from tests.unit.agent.agent.test_recent_runs import _END, a_report

_DUNE, _HEAT = TitleKey(MediaType.MOVIE, 438631), TitleKey(MediaType.MOVIE, 949)


def item(label: str, verdict: Verdict, list_name: str = "one", **more: Any) -> ItemReport:
    return ItemReport(list_name=list_name, label=label, verdict=verdict, why="why", **more)


def body(key: TitleKey = _DUNE, **more: Any) -> RequestBody:
    return RequestBody(key=key, **{"four_k": False, **more})


def report(*items: ItemReport, requested: tuple[RequestBody, ...] = ()) -> SyncReport:
    made = a_report(*requested)
    verdicts = Counter(one.verdict for one in items)
    return replace(made, items=items, lists=(replace(made.lists[0], verdicts=verdicts),))


def test_the_worst_comes_first() -> None:
    items = [item(verdict.value, verdict) for verdict in Verdict]
    found = [one.verdict for one in plan_of(report(*items)).items]
    assert found[:3] == [Verdict.FAILED, Verdict.REVIEW, Verdict.REQUESTED]
    assert Verdict.ALREADY not in found
    assert Verdict.HANDLED not in found


def test_what_is_on_hold_is_told_by_name_behind_what_would_change() -> None:
    held = item("Gladiator (2000)", Verdict.ON_HOLD)
    wanted = item("Dune", Verdict.REQUESTED, key=_DUNE)
    told = plan_of(report(held, wanted, requested=(body(),))).items
    assert [one.label for one in told] == ["Dune", "Gladiator (2000)"]


def test_a_title_that_several_lists_want_is_told_once() -> None:
    made = report(
        item("Dune", Verdict.REQUESTED, key=_DUNE),
        item("Dune (2021)", Verdict.SHARED, "two", key=_DUNE),
        item("Dune", Verdict.SHARED, "three", key=_DUNE),
        requested=(body(),),
    )
    plan = plan_of(made)
    (one,) = plan.items
    assert (one.label, one.lists, one.body, one.why) == (
        "Dune",
        ("one", "two", "three"),
        body(),
        "",
    )
    assert plan.counts[Verdict.REQUESTED] == 1
    assert plan.counts[Verdict.SHARED] == 2


def test_both_editions_of_a_title_are_told() -> None:
    made = report(
        item("Dune", Verdict.REQUESTED, key=_DUNE),
        item("Dune", Verdict.REQUESTED, "two", key=_DUNE),
        requested=(body(), body(four_k=True)),
    )
    assert [one.body.four_k for one in plan_of(made).items if one.body] == [False, True]


def test_more_seasons_of_a_title_are_no_second_one() -> None:
    seasons = body(seasons=(1, 2))
    made = report(
        item("Dune", Verdict.REQUESTED, key=_DUNE),
        item("Dune", Verdict.REQUESTED, "two", key=_DUNE),
        requested=(seasons,),
    )
    assert [one.body for one in plan_of(made).items] == [seasons]


def test_what_no_entry_explains_is_told_by_its_number() -> None:
    (one,) = plan_of(report(requested=(body(_HEAT),))).items
    assert (one.label, one.lists, one.body) == ("movie/949", (), body(_HEAT))


def test_a_plan_that_is_too_long_keeps_the_worst() -> None:
    many = [item(str(number), Verdict.NOT_FOUND) for number in range(MOST_ITEMS)]
    plan = plan_of(report(*many, item("bad", Verdict.FAILED)))
    assert (len(plan.items), plan.left_out) == (MOST_ITEMS, 1)
    assert plan.items[0].label == "bad"


def test_only_the_last_two_plans_are_kept() -> None:
    runs = RecentRuns()
    for name in ("a", "b", "c"):
        made = report(item("Dune", Verdict.REVIEW))
        runs.add(ended_of(replace(made, run=replace(made.run, run_id=name)), _END))
    real = report(item("Dune", Verdict.REVIEW))
    runs.add(ended_of(replace(real, run=replace(real.run, run_id="d", dry_run=False)), _END))
    found = [runs.find(name) for name in ("a", "b", "c", "d")]
    assert [one.plan is not None for one in found if one] == [False, True, True, False]


@pytest.mark.parametrize("user", [None, "family"])
def test_as_whom_a_dry_run_would_ask_is_told(user: str | None) -> None:
    asked = body(asking=replace(AS_USUAL, user=user))
    made = report(item("Dune", Verdict.REQUESTED, key=_DUNE), requested=(asked,))
    (one,) = would_be_requested(ended_of(made, _END))
    assert one.requested_as == user
