from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listsync import __version__
from listsync.domain.history import ListRow
from listsync.domain.media import MediaType
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord
from listsync.domain.report import Phase, Verdict
from listsync.domain.runs import (
    Pause,
    PendingChange,
    PlannedRetry,
    Scope,
    ServiceStatus,
    Setting,
    SyncJob,
)
from listsync.domain.server_knowledge import UNLIMITED, Allowance, Quota, UserAllowance
from listsync.errors import Problem
from listsync.protocol import PROTOCOL, Reason
from listsync.terminal.output import PLAIN
from listsyncctl.title_views import Display
from listsyncctl.views import VIEWS
from tests.unit.agent.commands.world import AT, BROKEN, ISO, SEERR, World, a_list, a_run, rules

_LATER = AT + timedelta(hours=2)
_ISO_LATER = "2026-06-01T14:00:00.250+00:00"


def shown(method: str, result: Any) -> str:
    """Give what the client prints."""
    lines: Iterator[str] = VIEWS[method].text(result, Display(AT, PLAIN))
    return "\n".join(lines)


def test_ping_says_who_answers(world: World) -> None:
    assert world.ask("ping") == {"pong": True, "pid": os.getpid()}


def test_version_says_what_answers(world: World) -> None:
    assert world.ask("version") == {"version": __version__, "protocol": PROTOCOL}


# -- status ------------------------------------------------------------------------------------


def test_the_status_of_an_agent_that_has_just_begun(world: World) -> None:
    status = dict(world.ask("status"))
    started_at, loaded_at = status.pop("started_at"), status["config"].pop("loaded_at")
    assert datetime.fromisoformat(started_at) <= datetime.now(UTC)
    assert datetime.fromisoformat(loaded_at) <= datetime.now(UTC)
    assert status == {
        "state": "idle",
        "pid": os.getpid(),
        "version": __version__,
        "uptime_s": 0,
        "config": {"file": "/etc/listsync.yaml", "valid": True, "problems": [], "pending": []},
        "watcher": "active",
        "services": [],
        "server": None,
        "has_server": True,
        "paused": None,
        "running": None,
        "pending": None,
        "last_run": None,
        "next_due": None,
        "retry": None,
        "lists": 3,
        "needs_person": False,
        "notices": [],
        "notices_total": 0,
        "next": None,
    }


def test_the_status_of_a_running_sync(world: World) -> None:
    world.run()
    status = world.ask("status")
    assert status["state"] == "running"
    assert {**status["running"], "next": None} == world.ask("progress")


@pytest.mark.parametrize(
    ("until", "told"), [(None, None), (AT, ISO)], ids=["for-good", "until-a-time"]
)
def test_the_status_of_a_pause(world: World, until: datetime | None, told: str | None) -> None:
    world.queue.pause(Pause(until))
    status = world.ask("status")
    assert (status["state"], status["paused"]) == ("paused", {"until": told})


def test_a_sync_that_runs_in_a_pause_is_running(world: World) -> None:
    world.run()
    world.queue.pause(Pause(None))
    assert world.ask("status")["state"] == "running"


@pytest.mark.parametrize(
    ("scope", "lists"),
    [
        pytest.param(None, None, id="all"),
        pytest.param(frozenset({"file:/two", "file:/one"}), ["one", "two"], id="by-name"),
        pytest.param(frozenset({"file:/gone"}), ["file:/gone"], id="followed-no-more"),
    ],
)
def test_the_status_says_what_waits(
    world: World, scope: frozenset[str] | None, lists: list[str] | None
) -> None:
    world.run()
    world.queue.submit(SyncJob(run_id="b", scope=scope, origins=("config", "SIGUSR1")))
    pending = {"run_id": "b", "lists": lists, "origins": ["config", "SIGUSR1"], "more_origins": 0}
    assert world.ask("status")["pending"] == pending


def test_the_status_tells_the_last_run_and_its_server(world: World) -> None:
    world.end(a_run(), server=SEERR)
    status = world.ask("status")
    assert status["last_run"] == {
        "run_id": "abc123",
        "origin": "schedule",
        "dry_run": False,
        "started_at": ISO,
        "ended_at": "2026-06-01T12:01:00.250+00:00",
        "result": "ok",
        "why": "",
        "message": "1 requested, 2 already there, 0 to review",
        "requested": 1,
        "calls": 9,
        "counts": {
            **{verdict.value: 0 for verdict in Verdict},
            "requested": 1,
            "already_there": 2,
        },
    }
    assert status["server"] == asdict(SEERR)


def test_the_status_tells_what_quotas_have_left(world: World) -> None:
    quotas = {MediaType.MOVIE: Quota(limit=10, remaining=3, days=7)}
    limited = Allowance(user_id=2, name="kid", quotas=quotas)
    world.allowances = (
        UserAllowance(user=None, allowance=UNLIMITED),
        UserAllowance(user="kid", allowance=limited),
    )
    world.end(a_run(), server=SEERR)
    left = {"user": "kid", "kind": "movie", "limit": 10, "remaining": 3, "days": 7}
    assert world.ask("status")["server"] == {**asdict(SEERR), "quotas": [left]}


def test_a_server_that_was_never_reached_is_not_told(world: World) -> None:
    world.end(a_run(result="failed"))
    status = world.ask("status")
    assert status["server"] is None
    assert "  Server    not connected yet" in shown("status", status)


def test_a_server_that_was_reached_before_is_told_while_it_is_away(world: World) -> None:
    world.end(a_run(), server=SEERR)
    world.end(a_run("r2", result="failed"))
    assert world.ask("status")["server"] == asdict(SEERR)


def test_a_server_that_is_meant_no_more_is_not_told(world: World) -> None:
    world.end(a_run(), server=replace(SEERR, url="http://before:5055"))
    assert world.ask("status")["server"] is None


def test_a_server_that_a_running_sync_has_not_reached_yet_is_being_reached(world: World) -> None:
    world.run()
    assert "  Server    connecting" in shown("status", world.ask("status"))


def test_what_the_state_knows_is_told_after_a_restart(world: World) -> None:
    row = a_run(result="failed", message="no answer")
    world.recent.restore(row, SEERR)
    status = world.ask("status")
    assert (status["last_run"]["result"], status["server"]) == ("failed", asdict(SEERR))
    progress = world.ask("progress")
    assert progress["last_result"] == {"success": False, "message": "Sync failed: no answer"}
    assert progress["last_checkpoint"] == "2026-06-01T12:01:00.250+00:00"
    assert progress["run_id"] == "abc123"


def test_a_plan_or_dry_run_is_never_the_last_run(world: World) -> None:
    world.end(a_run(result="failed"))
    world.end(a_run("plan", dry_run=True))
    assert world.ask("status")["last_run"]["run_id"] == "abc123"


def test_before_any_sync_a_dry_run_is_no_last_run(world: World) -> None:
    world.end(a_run("plan", dry_run=True))
    assert world.ask("status")["last_run"] is None


def test_the_status_tells_what_is_due_next(world: World) -> None:
    world.due = {"": _LATER, "file:/one": AT}
    assert world.ask("status")["next_due"] == ISO


@pytest.mark.parametrize(
    ("scope", "lists"),
    [(None, None), (frozenset({"file:/two"}), ["two"])],
    ids=["all", "by-name"],
)
def test_the_status_tells_what_is_tried_again(
    world: World, scope: Scope, lists: list[str] | None
) -> None:
    why = "the server cannot be reached"
    world.retry = PlannedRetry(at=_LATER, why=why, scope=scope, number=2)
    assert world.ask("status")["retry"] == {
        "at": _ISO_LATER,
        "why": why,
        "lists": lists,
        "number": 2,
    }


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ({}, "retry in 2 min: the server cannot be reached\n"),
        (
            {"": _LATER + timedelta(seconds=1)},
            "retry in 2 min: the server cannot be reached; by schedule in 2 h\n",
        ),
    ],
    ids=["without-a-schedule", "with-one"],
)
def test_the_client_tells_when_and_why_it_is_tried_again(
    world: World, due: dict[str, datetime], words: str
) -> None:
    world.due = due
    world.retry = PlannedRetry(
        at=AT + timedelta(seconds=121), why="the server cannot be reached", scope=None, number=1
    )
    assert f"  Next run  {words}" in shown("status", world.ask("status"))


def test_the_status_tells_what_is_wrong_with_the_file(world: World) -> None:
    world.loader.problems = (BROKEN,)
    world.configuration.reload()
    config = world.ask("status")["config"]
    assert (config["valid"], config["problems"]) == (
        False,
        ["listsync.yaml:3:2: unknown key"],
    )


def test_without_a_file_the_environment_is_named(world: World) -> None:
    world.loader.path = None
    assert world.ask("status")["config"]["file"] == "the environment"


def kinds(world: World) -> list[tuple[str, str | None]]:
    """Give what the status says that a person should know, and of which list."""
    return [(one["kind"], one["list"]) for one in world.ask("status")["notices"]]


def standing(kind: NoticeKind, list_name: str | None = None) -> NoticeRecord:
    notice = Notice(kind=kind, text="why, and what to do", list_name=list_name)
    return NoticeRecord(notice=notice, since=AT, run_id="abc123")


def test_notices_tell_of_all_that_stands_in_the_way(world: World) -> None:
    world.notes = ("the disk is full",)
    world.loader.problems = (BROKEN,)
    world.configuration.reload()
    world.end(a_run(result="failed", why="no answer"))
    world.standing = (
        standing(NoticeKind.REQUESTS_GONE),
        standing(NoticeKind.ON_HOLD, "one"),
        standing(NoticeKind.ON_HOLD, "followed no more"),
    )
    world.show(
        a_list("one"),
        a_list("two", outcome="not_found", why="it answers 404"),
        a_list("gone", outcome="private", why="nobody follows this"),
    )
    world.waiting = 2
    assert kinds(world) == [
        ("config_invalid", None),
        ("state_trouble", None),
        ("sync_failed", None),
        ("requests_gone", None),
        ("on_hold", "one"),
        ("list_gone", "two"),
        ("review", None),
    ]


def test_what_has_no_effect_in_the_configuration_is_told(world: World) -> None:
    world.follow(warnings=(Problem(file="listsync.yaml", what="no lists are followed"),))
    (notice,) = world.ask("status")["notices"]
    assert (notice["kind"], notice["needs_person"]) == ("config_warning", False)
    assert notice["text"] == "listsync.yaml: no lists are followed"


def test_a_notice_is_told_with_its_words_and_since_when_it_stands(world: World) -> None:
    world.standing = (standing(NoticeKind.ON_HOLD, "one"),)
    assert world.ask("status")["notices"] == [
        {
            "kind": "on_hold",
            "text": "why, and what to do",
            "list": "one",
            "subject": "one",
            "severity": "error",
            "since": ISO,
            "needs_person": True,
        }
    ]


def test_a_list_is_told_with_what_is_on_hold(world: World) -> None:
    world.standing = (
        standing(NoticeKind.ON_HOLD, "one"),
        standing(NoticeKind.LIST_FAILED, "one"),
        standing(NoticeKind.ON_HOLD, "two"),
    )
    told = world.ask("lists")
    assert [len(one["notices"]) for one in told["lists"]] == [1, 1, 0]
    assert "one: why, and what to do" in shown("lists", told)


def test_how_a_list_is_now_counts_and_not_how_a_run_read_it(world: World) -> None:
    world.standing = (standing(NoticeKind.LIST_FAILED, "one"),)
    world.show(a_list("one"))
    assert kinds(world) == []


def fail_and_retry(world: World, *, number: int, is_slow: bool = False) -> None:
    world.end(a_run(result="failed"))
    world.retry = PlannedRetry(at=_LATER, why="away", scope=None, number=number, is_slow=is_slow)


def unavailable(*, failures: int) -> ListRow:
    row = a_list("one", outcome="unavailable", failures=failures)
    return replace(row, service="trakt")


@pytest.mark.parametrize(
    ("spoil", "needs_person"),
    [
        pytest.param(lambda _: None, False, id="nothing"),
        pytest.param(lambda world: world.end(a_run()), False, id="a-good-run"),
        pytest.param(lambda world: world.end(a_run(result="failed")), True, id="a-failed-run"),
        pytest.param(
            lambda world: world.end(a_run(result="failed", dry_run=True)), False, id="a-dry-run"
        ),
        pytest.param(lambda world: setattr(world, "waiting", 1), True, id="review"),
        pytest.param(
            lambda world: world.show(a_list("one", outcome="blocked")), True, id="a-list"
        ),
        pytest.param(lambda world: fail_and_retry(world, number=1), False, id="tried-again"),
        pytest.param(lambda world: fail_and_retry(world, number=7), True, id="again-and-again"),
        pytest.param(
            lambda world: fail_and_retry(world, number=1, is_slow=True), True, id="hardly-passing"
        ),
        pytest.param(lambda world: world.show(unavailable(failures=6)), False, id="asked-again"),
        pytest.param(lambda world: world.show(unavailable(failures=7)), True, id="for-hours"),
        pytest.param(
            lambda world: world.show(a_list("one", outcome="unavailable")), True, id="a-disk"
        ),
        pytest.param(
            lambda world: setattr(world, "standing", (standing(NoticeKind.ON_HOLD, "one"),)),
            True,
            id="on-hold",
        ),
        pytest.param(
            lambda world: setattr(world, "standing", (standing(NoticeKind.SERVER_CHANGED),)),
            False,
            id="only-to-know",
        ),
    ],
)
def test_the_status_says_whether_anything_waits_for_a_person(
    world: World, spoil: Callable[[World], object], *, needs_person: bool
) -> None:
    spoil(world)
    assert world.ask("status")["needs_person"] is needs_person


def test_the_notices_of_a_status_come_in_pages(world: World) -> None:
    world.standing = (standing(NoticeKind.ON_HOLD, "one"),) * 200
    first = world.ask("status", limit=150)
    second = world.ask("status", limit=150, cursor=first["next"])
    assert [len(page["notices"]) for page in (first, second)] == [150, 50]
    assert (first["notices_total"], second["next"]) == (200, None)
    assert "and 50 more" in shown("status", first)


def test_pages_of_a_status_put_together_are_the_whole_status(world: World) -> None:
    world.standing = (standing(NoticeKind.ON_HOLD, "one"),) * 3
    world.services = tuple(
        ServiceStatus(name=name, is_vital=False, since=AT) for name in ("control", "triggers")
    )
    world.loader.pending = tuple(PendingChange(key=key, why="later") for key in ("log", "control"))
    world.configuration.reload()
    page = world.ask("status", limit=2)
    services, pending = page["services"], page["config"]["pending"]
    while page["next"]:
        page = world.ask("status", limit=2, cursor=page["next"])
        services += page["services"]
        pending += page["config"]["pending"]
    assert [one["name"] for one in services] == ["control", "triggers"]
    assert [one["key"] for one in pending] == ["log", "control"]


def test_the_client_shows_every_row_of_a_status(world: World) -> None:
    world.end(a_run(), server=SEERR)
    world.run("r1")
    world.queue.submit(SyncJob(run_id="r2", scope=frozenset({"file:/one"}), origins=("config",)))
    world.queue.pause(Pause(_LATER))
    world.due = {"": _LATER}
    world.notes = ("a note",)
    world.loader.problems = (BROKEN,)
    world.configuration.reload()
    text = shown("status", world.ask("status"))
    names = ("Paused", "Running", "Queued", "Last run", "Next run", "Lists", "Server", "Config")
    for name in (*names, "Watcher", "To do"):
        assert f"\n  {name} " in text, name
    for words in ("None", "?"):
        assert words not in text
    assert "one (triggered by config; run r2)" in text
    assert "listsync.yaml:3:2: unknown key" in text


# -- progress ----------------------------------------------------------------------------------


def test_the_progress_of_nothing(world: World) -> None:
    progress = world.ask("progress")
    assert progress == {
        "in_progress": False,
        "phase": "idle",
        "progress": 0,
        "total": 0,
        "percent": 0,
        "last_checkpoint": None,
        "last_result": None,
        "run_id": None,
        "sequence": 0,
        "lists": [],
        "eta_s": None,
        "requested": 0,
        "dry_run": False,
        "next": None,
    }


def test_the_progress_of_a_running_sync(world: World) -> None:
    world.run("abc")
    world.board.start("abc", ("one",))
    world.board.read("one", "complete", 8, 4)
    world.board.phase(Phase.ADD, 4)
    world.board.done({"one": 1}, requested=True)
    progress = world.ask("progress")
    assert progress["in_progress"]
    assert (progress["phase"], progress["progress"], progress["total"]) == ("add", 1, 4)
    assert (progress["percent"], progress["requested"], progress["run_id"]) == (25, 1, "abc")
    assert progress["lists"] == [
        {"name": "one", "state": "complete", "read": 8, "done": 1, "total": 4}
    ]
    assert datetime.fromisoformat(progress["last_checkpoint"]) <= datetime.now(UTC)
    assert progress["sequence"] > 0


def test_a_guess_is_made_when_there_is_enough_to_go_by(world: World) -> None:
    world.run("abc")
    world.board.start("abc", ())
    world.board.phase(Phase.ADD, 40)
    for _ in range(20):
        world.board.done({}, requested=False)
    assert world.ask("progress")["eta_s"] == 0


def test_what_is_on_the_board_of_another_run_is_not_shown(world: World) -> None:
    world.board.start("before", ("one",))
    world.board.phase(Phase.ADD, 4)
    world.run("abc")
    progress = world.ask("progress")
    assert (progress["phase"], progress["total"], progress["lists"]) == ("connect", 0, [])
    assert progress["run_id"] == "abc"


@pytest.mark.parametrize(("result", "success"), [("ok", True), ("partly", False)])
def test_the_last_result_is_told_while_nothing_runs(
    world: World, result: str, *, success: bool
) -> None:
    world.end(a_run(result=result))
    progress = world.ask("progress")
    assert progress["last_result"]["success"] is success
    assert "3/3 operations successful" in progress["last_result"]["message"]
    assert progress["run_id"] == "abc123"


def test_a_run_never_idles(world: World) -> None:
    world.run("abc")
    world.board.start("abc", ("one",))
    assert world.ask("progress")["phase"] == "connect"
    world.board.end("abc")
    assert world.ask("progress")["phase"] == "report"


def test_after_the_end_progress_shows_the_end(world: World) -> None:
    world.board.start("abc123", ("one",))
    world.board.read("one", "complete", 8, 4)
    world.board.phase(Phase.ADD, 4)
    for _ in range(4):
        world.board.done({"one": 1}, requested=True)
    world.board.end("abc123")
    world.end(a_run())
    progress = world.ask("progress")
    assert (progress["in_progress"], progress["phase"]) == (False, "idle")
    assert (progress["progress"], progress["total"], progress["percent"]) == (4, 4, 100)
    assert progress["last_result"]["success"] is True
    assert progress["last_checkpoint"] is not None
    assert [one["done"] for one in progress["lists"]] == [4]
    assert progress["eta_s"] is None


def test_after_a_failed_run_progress_shows_how_far_it_came(world: World) -> None:
    world.board.start("abc123", ("one",))
    world.board.phase(Phase.ADD, 40)
    for _ in range(10):
        world.board.done({})
    world.board.end("abc123")
    world.end(a_run(result="failed"))
    progress = world.ask("progress")
    assert (progress["phase"], progress["last_result"]["success"]) == ("idle", False)
    assert (progress["progress"], progress["total"], progress["percent"]) == (10, 40, 25)


def test_a_sync_that_had_nothing_to_do_has_done_all(world: World) -> None:
    world.board.start("abc123", ())
    world.board.end("abc123")
    world.end(a_run())
    assert world.ask("progress")["percent"] == 100


def test_the_end_of_a_run_that_never_came_to_the_board_is_not_that_of_another(
    world: World,
) -> None:
    world.board.start("before", ("one",))
    world.board.phase(Phase.ADD, 4)
    world.board.end("abc123")
    world.end(a_run(result="failed"))
    progress = world.ask("progress")
    assert (progress["total"], progress["lists"]) == (0, [])
    assert progress["last_checkpoint"] == "2026-06-01T12:01:00.250+00:00"


def test_progress_shows_the_end_of_a_dry_run_too(world: World) -> None:
    world.end(a_run())
    world.end(a_run("dry", dry_run=True, result="failed", why="no answer"))
    progress = world.ask("progress")
    assert (progress["run_id"], progress["last_result"]["success"]) == ("dry", False)


def test_the_last_result_is_not_taken_for_that_of_the_running_sync(world: World) -> None:
    world.end(a_run())
    world.run("new")
    assert world.ask("progress")["last_result"] is None


# -- lists -------------------------------------------------------------------------------------


def test_a_list_that_was_read(world: World) -> None:
    world.follow(rules("one", is_exclusion=True))
    row = a_list("one", outcome="partial", why="page 2 failed", read=2, failures=1)
    world.show(row)
    world.due = {"": _LATER}
    assert world.ask("lists")["lists"] == [
        {
            "name": "one",
            "service": "file",
            "source": "file:/one",
            "exclude": True,
            "outcome": "partial",
            "read": 2,
            "declared": 3,
            "last_try": ISO,
            "last_success": ISO,
            "failures": 1,
            "next_due": _ISO_LATER,
            "retry_at": None,
            "why": "page 2 failed",
            "advice": "what was read counts, and it is read again next time",
            "notices": [],
        }
    ]


_SOON = AT.replace(minute=4, second=0, microsecond=0)


@pytest.mark.parametrize(
    ("outcome", "at", "told"),
    [
        pytest.param("unavailable", _SOON, "2026-06-01T12:04:00.000+00:00", id="at-its-own-time"),
        pytest.param(
            "rate_limited",
            _SOON - timedelta(seconds=59),
            "2026-06-01T12:04:00.000+00:00",
            id="with-others-of-that-minute",
        ),
        pytest.param("private", _SOON, None, id="not-before-its-schedule"),
        pytest.param("complete", None, None, id="all-is-well"),
    ],
)
def test_a_list_tells_when_it_is_asked_again(
    world: World, outcome: str, at: datetime | None, told: str | None
) -> None:
    world.show(a_list("one", outcome=outcome, failures=int(at is not None), retry_at=at))
    assert world.ask("lists")["lists"][0]["retry_at"] == told


def test_the_client_tells_when_a_list_is_asked_again(world: World) -> None:
    world.due = {"": _LATER}
    world.show(a_list("one", outcome="unavailable", failures=1, retry_at=_SOON))
    first, second = shown("lists", world.ask("lists")).splitlines()[1:3]
    assert "retry in 4 min" in first
    assert "retry in" not in second


def test_a_list_that_was_never_read(world: World) -> None:
    one = world.ask("lists")["lists"][0]
    assert one["outcome"] == "not read yet"
    assert (one["read"], one["last_success"], one["next_due"]) == (0, None, None)


def test_a_list_with_its_own_schedule_is_due_by_that(world: World) -> None:
    world.due = {"": AT, "file:/one": _LATER}
    due = {one["name"]: one["next_due"] for one in world.ask("lists")["lists"]}
    assert due == {"one": _ISO_LATER, "two": ISO, "Trending Movies": ISO}


def test_only_lists_that_are_followed_are_told_in_their_order(world: World) -> None:
    world.show(a_list("gone"), a_list("two"))
    names = [one["name"] for one in world.ask("lists")["lists"]]
    assert names == ["one", "two", "Trending Movies"]


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("lists", set(VIEWS["lists"].columns) - {"requests"}),  # which one list has
        ("status", {"version", "pid", "uptime_s", "state", "paused", "running", "pending"}),
    ],
)
def test_the_client_finds_what_it_reads(world: World, method: str, keys: set[str]) -> None:
    result = world.ask(method)
    first = result[VIEWS[method].rows or ""][0] if VIEWS[method].rows else result
    assert keys <= set(first)


# -- config ------------------------------------------------------------------------------------


def test_the_configuration_is_told_by_its_keys(world: World) -> None:
    world.settings = (
        Setting("server.url", "http://seerr:5055", "the file"),
        Setting("server.api_key", None, "OVERSEERR_API_KEY", is_secret=True),
        Setting("lists[0].imdb", "top", "the file"),
        Setting("lists[0].limit", None),
    )
    told = world.ask("config")
    assert told["total"] == 4
    assert told["config"]["valid"] is True
    assert told["settings"][1] == {
        "path": "server.api_key",
        "value": None,
        "origin": "OVERSEERR_API_KEY",
        "secret": True,
    }
    assert told["settings"][3]["origin"] is None
    set_ones = world.ask("config", defaults=False)["settings"]
    assert [one["path"] for one in set_ones] == ["server.url", "server.api_key", "lists[0].imdb"]
    below = world.ask("config", path="lists[0]")["settings"]
    assert [one["path"] for one in below] == ["lists[0].imdb", "lists[0].limit"]
    assert world.ask("config", path="lists", defaults=False)["total"] == 1
    for path in ("lists[0].im", "serve", "x"):
        refused = world.refusal("config", path=path)
        assert (refused.reason, refused.message) == (Reason.NOT_FOUND, f"there is no key {path!r}")


def test_the_configuration_is_told_with_what_is_wrong_with_its_file(world: World) -> None:
    world.settings = (Setting("sync.every", "24h"),)
    world.loader.problems = (BROKEN,)
    world.configuration.reload()
    told = world.ask("config")
    assert told["config"]["problems"] == [str(BROKEN)]
    assert str(BROKEN) in shown("config", told)


def test_settings_come_in_pages(world: World) -> None:
    world.settings = tuple(Setting(f"lists[{number}].imdb", "top", "x") for number in range(5))
    first = world.ask("config", limit=3)
    rest = world.ask("config", limit=3, cursor=first["next"])
    assert [one["path"] for one in first["settings"] + rest["settings"]] == [
        one.path for one in world.settings
    ]
    assert rest["next"] is None
