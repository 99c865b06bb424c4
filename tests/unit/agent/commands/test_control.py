from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from listsync.domain.runs import Pause, PendingChange
from listsync.errors import Problem
from listsync.protocol import Reason
from tests.unit.agent.commands.world import BROKEN, World


@pytest.fixture
def _level_as_it_was() -> Iterator[None]:
    ours = logging.getLogger("listsync")
    before = ours.level
    ours.setLevel(logging.WARNING)
    yield
    ours.setLevel(before)


# -- trigger -----------------------------------------------------------------------------------


def test_a_trigger_starts_a_sync_of_all_lists(world: World) -> None:
    reply = world.ask("trigger")
    running = world.queue.state.running
    assert running is not None
    assert reply == {"run_id": running.run_id, "state": "started"}
    assert (running.scope, running.origin, running.dry_run) == (None, "a command", False)


def test_lists_are_named_as_the_user_calls_them(world: World) -> None:
    world.ask("trigger", lists=["Trending Movies", "one"])
    running = world.queue.state.running
    assert running is not None
    assert running.scope == frozenset({"file:/Trending Movies", "file:/one"})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Trending Movie", ": did you mean 'Trending Movies'?", id="nearly"),
        pytest.param("tow", ": did you mean 'two'?", id="swapped"),
        pytest.param("Ωμέγα", "", id="nothing-like-it"),
    ],
)
def test_an_unknown_list_is_refused_with_a_hint(world: World, name: str, hint: str) -> None:
    refused = world.refusal("trigger", lists=["one", name])
    assert refused.reason is Reason.NOT_FOUND
    assert refused.message == f"no list is called {name!r}{hint}"
    assert world.queue.state.running is None


def test_what_is_no_name_at_all_is_not_repeated_at_length(world: World) -> None:
    assert len(world.refusal("trigger", lists=["x" * 60_000]).message) < 200


def test_a_dry_run_is_ordered_as_such(world: World) -> None:
    world.ask("trigger", dry_run=True)
    running = world.queue.state.running
    assert running is not None
    assert running.dry_run


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        pytest.param("listsyncctl", "listsyncctl", id="a-word"),
        pytest.param("a\nforged\tline ", "a forged line", id="on-one-line"),
        pytest.param("x" * 1000, "x" * 63 + "…", id="cut"),
        pytest.param("", "a command", id="empty"),
    ],
)
def test_who_asked_is_kept(world: World, given: str, origin: str) -> None:
    world.ask("trigger", origin=given)
    running = world.queue.state.running
    assert running is not None
    assert running.origin == origin


@pytest.mark.parametrize(
    ("before", "state"), [(1, "queued"), (2, "coalesced")], ids=["one-runs", "one-waits"]
)
def test_a_trigger_beside_a_sync_says_what_became_of_it(
    world: World, before: int, state: str
) -> None:
    for _ in range(before):
        world.ask("trigger")
    assert world.ask("trigger")["state"] == state


def test_a_trigger_in_a_pause_is_refused(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.refusal("trigger").reason is Reason.PAUSED


def test_a_dry_run_is_made_in_a_pause(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.ask("trigger", dry_run=True)["state"] == "started"


def test_force_syncs_in_a_pause(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.ask("trigger", force=True)["state"] == "started"


def test_a_trigger_that_may_wait_is_taken_in_a_pause(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.refusal("trigger").reason is Reason.PAUSED
    assert world.ask("trigger", await_resume=True)["state"] == "queued"
    world.queue.resume()
    assert world.queue.state.running is not None


def test_no_queue_is_refused_beside_a_sync(world: World) -> None:
    world.run()
    assert world.refusal("trigger", no_queue=True).reason is Reason.BUSY


# -- pause and resume --------------------------------------------------------------------------


def test_a_pause_lasts_for_good(world: World) -> None:
    assert world.ask("pause") == {"until": None}
    assert world.queue.state.pause == Pause(None)


@pytest.mark.parametrize("for_s", [90, 0.5, 3650 * 86400], ids=["whole", "half", "ten-years"])
def test_a_pause_lasts_for_a_while(world: World, for_s: float) -> None:
    before = datetime.now(UTC)
    reply = world.ask("pause", for_s=for_s)
    pause = world.queue.state.pause
    assert pause is not None
    assert pause.until is not None
    assert for_s <= (pause.until - before).total_seconds() <= for_s + 60
    told = datetime.fromisoformat(reply["until"])
    assert 0 <= (pause.until - told).total_seconds() < 0.001


@pytest.mark.parametrize("for_s", [0, -1, 3650 * 86400 + 1, 1e300])
def test_a_pause_that_makes_no_sense_is_refused(world: World, for_s: float) -> None:
    assert world.refusal("pause", for_s=for_s).reason is Reason.INVALID
    assert world.queue.state.pause is None


def test_resume_ends_the_pause(world: World) -> None:
    world.queue.pause(Pause(None))
    assert world.ask("resume") == {"ok": True, "message": "Resumed."}
    assert world.queue.state.pause is None


def test_resume_without_a_pause_is_no_error(world: World) -> None:
    assert world.ask("resume") == {"ok": True, "message": "The agent was not paused."}


# -- cancel, reload, log level -----------------------------------------------------------------


def test_cancel_says_which_sync_ends_which_is_so_even_if_that_was_its_last_title(
    world: World,
) -> None:
    world.run("abc")
    reply = {
        "ok": True,
        "message": "Sync abc ends after its current title, within 5 s.",
        "run_id": "abc",
    }
    assert world.ask("cancel") == reply


def test_cancel_of_nothing_is_no_error(world: World) -> None:
    assert world.ask("cancel") == {"ok": True, "message": "No sync is running."}


def test_a_reload_of_a_file_that_is_being_written_says_when_it_is_read(world: World) -> None:
    world.loader.is_being_written = True
    refused = world.refusal("reload")
    assert refused.reason is Reason.BUSY
    assert refused.message.endswith("when the program that writes it has closed it, or in 10 s")


def test_a_reload_of_a_good_file(world: World) -> None:
    message = "The configuration is valid and in force."
    assert world.ask("reload") == {"ok": True, "message": message, "pending": []}


def test_a_reload_says_what_of_a_good_file_is_not_in_force(world: World) -> None:
    world.loader.pending = (
        PendingChange(key="control.group", why="no right to do that"),
        PendingChange(key="a.key", why="waits", needs_restart=True),
    )
    reloaded = world.ask("reload")
    assert reloaded["message"] == (
        "The configuration is valid and in force, but not yet all of it. "
        "control.group: no right to do that. a.key: waits."
    )
    shapes = [
        {"key": "control.group", "why": "no right to do that", "needs_restart": False},
        {"key": "a.key", "why": "waits", "needs_restart": True},
    ]
    assert reloaded["pending"] == world.ask("status")["config"]["pending"] == shapes
    world.loader.pending = ()
    assert world.ask("reload")["pending"] == world.ask("status")["config"]["pending"] == []


@pytest.mark.parametrize(
    ("problems", "message"),
    [
        pytest.param(
            (BROKEN,),
            "listsync.yaml:3:2: unknown key; the last good configuration stays in force",
            id="one",
        ),
        pytest.param(
            (BROKEN,) * 3,
            "listsync.yaml:3:2: unknown key (and 2 more);"
            " the last good configuration stays in force",
            id="three",
        ),
    ],
)
def test_a_reload_of_a_bad_file_says_what_is_wrong(
    world: World, problems: tuple[Problem, ...], message: str
) -> None:
    world.loader.problems = problems
    refused = world.refusal("reload")
    assert (refused.reason, refused.message) == (Reason.CONFIG_INVALID, message)
    assert refused.data == {
        "problems": ["listsync.yaml:3:2: unknown key"] * len(problems),
        "problems_total": len(problems),
        "next": None,
    }


@pytest.mark.usefixtures("_level_as_it_was")
@pytest.mark.parametrize(
    ("params", "level"),
    [
        pytest.param({}, "warning", id="only-asked"),
        pytest.param({"level": "debug"}, "debug", id="changed"),
        pytest.param({"level": "ERROR"}, "error", id="in-capitals"),
    ],
)
def test_the_log_level_is_told(world: World, params: dict[str, Any], level: str) -> None:
    reply = world.ask("log_level", **params)
    assert reply == {"ok": True, "message": f"The log level is {level}.", "level": level}
    assert logging.getLogger("listsync").level == getattr(logging, level.upper())


@pytest.mark.usefixtures("_level_as_it_was")
def test_an_unknown_log_level_is_refused(world: World) -> None:
    refused = world.refusal("log_level", level="loud")
    assert refused.reason is Reason.INVALID
    assert "unknown log level 'loud', expected one of" in refused.message
