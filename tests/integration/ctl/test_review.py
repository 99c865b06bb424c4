"""Choosing for titles that wait, against a scripted agent."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from listsync.protocol import Exit, Reason, RefusedCommand
from tests.integration.ctl.conftest import Agent, Ctl, environment

_CRASH = {
    "id": "4f1c9a",
    "title": "Crash",
    "lists": "films",
    "since": "2020-01-01T00:00:00Z",
    "score": 1.0,
    "why": "no year, and 2 titles of this name",
    "candidates": [
        {"number": 1, "key": "movie/1640", "title": "Crash", "year": 2005, "evidence": "same"},
        {"number": 2, "key": "movie/884", "title": "Crash", "year": 1996, "evidence": "same"},
    ],
    "choice": None,
    "lookup": "title:crash||movie",
}
_HEAT = {**_CRASH, "id": "77aa01", "title": "Heat", "lookup": "title:heat||movie"}
_DONE = {"ok": True, "message": "It is done.", "key": "movie/884", "lists": ["films"]}
_STARTED = {"run_id": "5b", "state": "started"}


def test_what_waits_is_told(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"review": {"total": 1, "reviews": [_CRASH]}}
    text = ctl("review").out
    assert text.startswith("4f1c9a  Crash on films, since ")
    assert "  2  Crash (1996) [movie/884]   same\n" in text
    assert ctl("review", "--json").json["reviews"] == [_CRASH]
    assert ctl("review", "-o", "plain").out.startswith("4f1c9a\tCrash\tfilms\t")
    assert agent.asked == [("review", {})] * 3


def test_what_was_decided_is_asked_for(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"review": {"total": 0, "reviews": []}}
    ctl("review", "--decided", "--limit", "3", "--offset", "6")
    assert agent.asked == [("review", {"decided": True, "limit": 3, "offset": 6})]


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("review accept 4f1c9a 2", {"id": "4f1c9a", "choice": "2"}),
        ("review accept 4f1c9a movie/884", {"id": "4f1c9a", "choice": "movie/884"}),
        ("review accept 4f1c9a tt0375679", {"id": "4f1c9a", "choice": "tt0375679"}),
        ("review reject 4f1c9a", {"id": "4f1c9a", "choice": "reject"}),
        ("review undo 4f1c9a", {"id": "4f1c9a", "choice": "undo"}),
    ],
)
def test_one_is_decided(agent: Agent, ctl: Ctl, line: str, params: dict[str, str]) -> None:
    agent.script = {"review_decide": _DONE}
    ran = ctl(*line.split())
    assert ran.code == Exit.OK
    assert ran.out.startswith("It is done.")
    assert agent.asked == [("review_decide", params)]


def test_what_was_accepted_is_synced_if_wanted(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"review_decide": _DONE, "trigger": _STARTED}
    ran = ctl("review", "accept", "4f1c9a", "2", "--sync")
    assert ran.out.startswith("It is done.\nSync 5b started")
    assert agent.asked[1] == ("trigger", {"lists": ["films"], "origin": "listsyncctl review"})
    assert ctl("review", "accept", "4f1c9a", "2", "--sync", "--json").json["sync"] == _STARTED


def test_what_was_accepted_is_told_though_no_sync_may_start(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"review_decide": _DONE, "trigger": RefusedCommand(Reason.PAUSED, "paused")}
    ran = ctl("review", "accept", "4f1c9a", "2", "--sync")
    assert (ran.code, ran.out) == (Exit.PAUSED, "It is done.\n")
    assert ran.err == "listsyncctl: paused: use `listsyncctl resume`, or --force to sync anyway\n"


def test_a_refused_choice_is_told(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"review_decide": RefusedCommand(Reason.NOT_FOUND, "nothing has that id")}
    ran = ctl("review", "accept", "zzzz", "1")
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert ran.err == "listsyncctl: nothing has that id: see `listsyncctl review`\n"


@pytest.mark.parametrize("line", ["review accept 4f1c9a", "review reject", "review nonsense"])
def test_wrong_usage_is_said(ctl: Ctl, line: str) -> None:
    assert ctl(*line.split()).code == Exit.USAGE


# -- one by one --------------------------------------------------------------------------------


def test_without_a_terminal_nobody_is_asked(agent: Agent, ctl: Ctl) -> None:
    ran = ctl("review", "--interactive")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "review accept" in ran.err
    assert agent.asked == []


Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(path: Path) -> Typed:
    """Run `review --interactive` on a terminal; each answer is typed when it is asked for."""

    def run(*answers: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
        leader, follower = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-m", "listsyncctl", "review", "--interactive", *options],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment(path, TERM="dumb", COLUMNS="200"),
        )
        os.close(follower)
        left, seen, read = list(answers), b"", 0
        end = time.monotonic() + 15
        try:
            while time.monotonic() < end:
                if not select.select([leader], [], [], 0.1)[0]:
                    continue
                try:
                    seen += os.read(leader, 65536)
                except OSError:  # the other end is closed
                    break
                if left and b"q(uit): " in seen[read:]:
                    read = len(seen)
                    os.write(leader, left.pop(0).encode())
            return child.wait(30), seen.decode().replace("\r\n", "\n")
        finally:
            os.close(leader)
            child.kill()
            child.wait()

    return run


@pytest.fixture
def two(agent: Agent) -> Agent:
    pages: list[Any] = [{"total": 2, "reviews": [_CRASH, _HEAT]}, {"total": 2, "reviews": []}]
    agent.script = {"review": pages, "review_decide": _DONE, "trigger": _STARTED}
    return agent


def decided(agent: Agent) -> list[tuple[str, str]]:
    return [
        (params["id"], params["choice"])
        for method, params in agent.asked
        if method == "review_decide"
    ]


@pytest.mark.parametrize(
    ("answers", "choices"),
    [
        pytest.param(("2\n", "1\n"), [("crash", "2"), ("heat", "1")], id="numbers"),
        pytest.param(("\n", "s\n"), [], id="skipped"),
        pytest.param(("r\n", "skip\n"), [("crash", "reject")], id="rejected"),
        pytest.param(("movie/7\n", "tv/8\n"), [("crash", "movie/7"), ("heat", "tv/8")], id="ids"),
        pytest.param(
            ("tt0375679\n", "https://www.imdb.com/title/tt0113277/\n"),
            [("crash", "tt0375679"), ("heat", "https://www.imdb.com/title/tt0113277/")],
            id="imdb",
        ),
        pytest.param(("q\n",), [], id="left-at-once"),
        pytest.param(("1\n", "quit\n"), [("crash", "1")], id="left-later"),
        pytest.param(("\x04",), [], id="end-of-input"),
    ],
)
def test_titles_are_gone_through_one_by_one(
    two: Agent, typed: Typed, answers: tuple[str, ...], choices: list[tuple[str, str]]
) -> None:
    code, seen = typed(*answers)
    assert code == Exit.OK, seen
    assert decided(two) == [(f"title:{name}||movie", choice) for name, choice in choices]
    assert "  2  Crash (1996) [movie/884]   same\n" in seen


def test_what_says_no_title_is_asked_for_again(two: Agent, typed: Typed) -> None:
    refused = RefusedCommand(Reason.INVALID, "'9' says no title")
    two.script["review_decide"] = [refused, _DONE]
    _, seen = typed("9\n", "1\n", "q\n")
    assert "'9' says no title" in seen
    assert [choice for _, choice in decided(two)] == ["9", "1"]


def test_what_was_accepted_one_by_one_is_synced_once(two: Agent, typed: Typed) -> None:
    _, seen = typed("1\n", "2\n", options=("--sync",))
    assert "Sync 5b started" in seen
    triggers = [params for method, params in two.asked if method == "trigger"]
    assert triggers == [{"lists": ["films"], "origin": "listsyncctl review"}]


@pytest.mark.parametrize(
    "many",
    [{"lists": [], "lists_total": 51}, {"lists": ["films"], "lists_total": 2}, {"lists": []}],
    ids=["none-named", "not-all-named", "none-known"],
)
def test_all_lists_are_synced_where_not_all_that_want_a_title_are_named(
    two: Agent, typed: Typed, many: dict[str, object]
) -> None:
    two.script["review_decide"] = [{**_DONE, **many}, _DONE]
    typed("1\n", "2\n", options=("--sync",))
    triggers = [params for method, params in two.asked if method == "trigger"]
    assert triggers == [{"origin": "listsyncctl review"}]


def test_a_title_that_waits_no_more_is_said_and_left_out(two: Agent, typed: Typed) -> None:
    gone = RefusedCommand(Reason.NOT_FOUND, "nothing to choose has \x1b[31m'4f1c'")
    two.script["review_decide"] = [_DONE, gone]
    code, seen = typed("1\n", "2\n", options=("--sync",))
    assert code == Exit.OK
    assert "nothing to choose has \N{REPLACEMENT CHARACTER}[31m'4f1c'" in seen
    assert "Sync 5b started" in seen


def test_an_imdb_id_counts_as_accepted(two: Agent, typed: Typed) -> None:
    two.script["review_decide"] = {**_DONE, "key": None, "imdb_id": "tt0375679"}
    _, seen = typed("tt0375679\n", "s\n")
    assert "1 accepted: the next sync requests what is missing." in seen


def test_without_a_sync_the_next_one_is_named(two: Agent, typed: Typed) -> None:
    _, seen = typed("1\n", "2\n")
    assert "2 accepted: the next sync requests what is missing." in seen
    assert "trigger" not in {method for method, _ in two.asked}


def test_nothing_to_go_through_is_said(agent: Agent, typed: Typed) -> None:
    agent.script = {"review": {"total": 0, "reviews": []}}
    assert typed()[1] == "No titles to review.\n"
