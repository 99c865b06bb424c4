"""`listsyncctl jobs`, `scans` and `webhooks`, above all watching copies until they end."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from listsync.protocol import Exit, Reason, RefusedCommand
from listsync.protocol.job_shapes import JobShape
from tests.integration.ctl.conftest import Agent, Ctl, environment, read_terminal
from tests.job_replies import a_job, jobs, one_job, progress, retried


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("jobs", ("jobs", {})),
        ("jobs --failed --limit 5", ("jobs", {"failed": True, "limit": 5})),
        (
            "jobs --state queued --state blocked --kind movie",
            ("jobs", {"state": ["queued", "blocked"], "kind": "movie"}),
        ),
        ("jobs show 12", ("jobs", {"id": 12})),
        ("jobs retry-failed --since 2h", ("jobs_retry_failed", {"since_s": 7200.0})),
        ("jobs retry-failed", ("jobs_retry_failed", {})),
        ("scans --state not_shown", ("scans", {"state": ["not_shown"]})),
        ("webhooks --job 12", ("webhooks", {"job": 12})),
    ],
)
def test_what_is_asked_for_is_asked(
    agent: Agent, ctl: Ctl, line: str, asked: tuple[str, Mapping[str, object]]
) -> None:
    agent.script = {
        "jobs": one_job() if "show" in line else {**jobs(a_job())},
        "jobs_retry_failed": retried(12),
        "scans": {"scans": []},
        "webhooks": {"webhooks": []},
    }
    assert ctl(*line.split()).code == Exit.OK
    assert agent.asked == [asked]


def test_several_are_acted_on_one_after_the_other(agent: Agent, ctl: Ctl) -> None:
    done = {"ok": True, "message": "done"}
    agent.script = {"job_retry": retried(12), "job_cancel": done, "scan_retry": done}
    assert ctl("jobs", "retry", "12", "13").out.count("is queued") == 2
    assert ctl("jobs", "cancel", "14", "15").code == Exit.OK
    assert ctl("scans", "retry", "7").code == Exit.OK
    assert [(method, asked["id"]) for method, asked in agent.asked] == [
        ("job_retry", 12),
        ("job_retry", 13),
        ("job_cancel", 14),
        ("job_cancel", 15),
        ("scan_retry", 7),
    ]


@pytest.mark.parametrize(
    ("refused", "exit_", "words"),
    [
        (Reason.NOT_FOUND, Exit.FAILED, "no: see `listsyncctl jobs`"),
        (Reason.BUSY, Exit.BUSY, "no"),
        (Reason.FORBIDDEN, Exit.FORBIDDEN, "no"),
    ],
)
def test_a_refusal_has_its_exit_code(
    agent: Agent, ctl: Ctl, refused: Reason, exit_: Exit, words: str
) -> None:
    agent.script = {"job_retry": RefusedCommand(refused, "no")}
    ran = ctl("jobs", "retry", "12")
    assert (ran.code, ran.err) == (exit_, f"listsyncctl: {words}\n")


@pytest.mark.parametrize(
    ("typed", "state"),
    [("failed", "retry_wait"), ("Needs you", "needs_attention"), ("running", "running")],
)
def test_copies_are_asked_for_by_their_state_as_it_is_shown(
    agent: Agent, ctl: Ctl, typed: str, state: str
) -> None:
    agent.script = {"jobs": {**jobs(a_job())}}
    assert ctl("jobs", "--state", typed).code == 0
    assert [asked["state"] for _, asked in agent.asked] == [[state]]


def test_a_copy_of_a_strange_name_steers_no_terminal(agent: Agent, ctl: Ctl) -> None:
    strange = "The\x1b[2J \u202eGeneral\n"
    agent.script = {"jobs": {**jobs(a_job(title=strange, why=strange))}}
    out = ctl("jobs").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("state", "exit_", "words"),
    [
        ("succeeded", Exit.OK, "succeeded: 14.0 GB in 2 min 11 s"),
        ("skipped", Exit.OK, "skipped"),
        ("needs_attention", Exit.FAILED, "needs you: no room"),
        ("cancelled", Exit.INTERRUPTED, "cancelled: no room"),
        ("retry_wait", Exit.PARTLY, "failed: no room"),
        ("blocked", Exit.PARTLY, "blocked: no room"),
    ],
)
def test_one_copy_is_watched_until_it_ends(
    agent: Agent, ctl: Ctl, state: str, exit_: Exit, words: str
) -> None:
    why = "" if exit_ is Exit.OK else "no room"
    agent.script = {"jobs": [one_job("queued"), one_job("running"), one_job(state, why=why)]}
    ran = ctl("jobs", "follow", "12")
    assert ran.out.splitlines() == [
        "12  The General (1926): queued",
        "12  The General (1926): running, 40 %",
        f"12  The General (1926): {words}",
    ]
    assert (ran.code, ran.err) == (exit_, "")


class Copies:
    """Copies that go on with each look at them; what runs no more is over as *ends* says.

    Each comes on a page of its own. *failed* are those that have at the start, and at the end.
    """

    def __init__(
        self,
        *looks: list[JobShape],
        failed: tuple[list[JobShape], list[JobShape]] = ([], []),
        **ends: str,
    ) -> None:
        self.looks = [*looks]
        self.failed = [*failed]
        self.ends = {int(name.removeprefix("n")): state for name, state in ends.items()}
        self.rest: list[JobShape] = []

    def __call__(self, _: str, params: Mapping[str, object], __: object) -> Mapping[str, object]:
        if (number := params.get("id")) is not None:
            assert isinstance(number, int)
            return {**one_job(), "job": a_job(number, self.ends[number])}
        if "cursor" not in params:
            assert params.get("failed") or params["state"] == ["queued", "running"]
            self.rest = (self.failed if params.get("failed") else self.looks).pop(0)
        page, self.rest = self.rest[:1], self.rest[1:]
        next_ = str(len(self.rest)) if self.rest else None
        active = len(page) + len(self.looks)
        return {"jobs": page, "active": active, "total": len(page), "next": next_}


def test_all_copies_are_watched_until_none_is_under_way(agent: Agent, ctl: Ctl) -> None:
    one, later = a_job(12, progress=progress(3)), a_job(12, progress=progress(31))
    agent.answer = Copies(
        [], [one], [later, a_job(13)], [a_job(13)], [], n12="succeeded", n13="retry_wait"
    )
    ran = ctl("jobs", "follow")
    assert ran.out.splitlines() == [
        "12  The General (1926): running, 0 %",
        "12  The General (1926): running, 30 %",
        "13  The General (1926): running, 40 %",
        "12  The General (1926): succeeded: 14.0 GB in 2 min 11 s",
        "13  The General (1926): failed",
        "Nothing is copied now; 1 copy ended; 1 waits to be tried again.",
    ]
    assert (ran.code, ran.err) == (Exit.PARTLY, "")


def test_a_copy_that_was_never_seen_running_counts_as_it_ended(agent: Agent, ctl: Ctl) -> None:
    waiting = [a_job(number, "queued") for number in (12, 13)]
    agent.answer = Copies(waiting, [], n12="needs_attention", n13="succeeded")
    ran = ctl("jobs", "follow")
    assert ran.out.splitlines() == [
        "12  The General (1926): needs you",
        "13  The General (1926): succeeded: 14.0 GB in 2 min 11 s",
        "Nothing is copied now; 2 copies ended, 1 of them without success.",
    ]
    assert ran.code == Exit.PARTLY


def test_what_failed_between_two_looks_counts_and_what_had_failed_before_does_not(
    agent: Agent, ctl: Ctl
) -> None:
    long_ago = {"started_at": "2026-11-01T12:00:00+00:00", "ended_at": None}
    before = [a_job(one, "retry_wait", **long_ago) for one in (7, 8)]
    after = [a_job(14, "needs_attention"), a_job(8, "retry_wait"), before[0]]
    agent.answer = Copies([a_job(12)], [], n12="succeeded", failed=(before, after))
    ran = ctl("jobs", "follow")
    *lines, last = ran.out.splitlines()
    assert lines[2:] == ["14  The General (1926): needs you", "8  The General (1926): failed"]
    assert last.endswith("2 copies ended, 1 of them without success; 1 waits to be tried again.")
    assert ran.code == Exit.PARTLY


def test_of_a_copy_that_is_tried_twice_meanwhile_the_last_try_counts(
    agent: Agent, ctl: Ctl
) -> None:
    copies = Copies([a_job(12)], [], [a_job(12)], [], n12="succeeded")
    ends = iter(("retry_wait", "succeeded"))

    def answer(method: str, params: Mapping[str, object], more: object) -> Mapping[str, object]:
        if "id" in params:
            copies.ends[12] = next(ends)
        return copies(method, params, more)

    agent.answer = answer
    ran = ctl("jobs", "follow")
    assert ran.out.splitlines()[-1] == "Nothing is copied now; 1 copy ended."
    assert ran.code == Exit.OK


def test_where_nothing_is_copied_watching_ends_at_once(agent: Agent, ctl: Ctl) -> None:
    agent.answer = Copies([])
    ran = ctl("jobs", "follow")
    assert ran.out == "Nothing is copied now; 0 copies ended.\n"
    assert ran.code == Exit.OK


def test_programs_get_each_news_as_json(agent: Agent, ctl: Ctl) -> None:
    agent.answer = Copies([a_job(12)], [], n12="succeeded")
    lines = [json.loads(line) for line in ctl("jobs", "follow", "--json").out.splitlines()]
    assert [one["job"]["state"] for one in lines] == ["running", "succeeded"]


def test_watching_ends_when_the_time_for_it_is_over(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"jobs": one_job("running")}
    ran = ctl("jobs", "follow", "12", "--timeout", "0.1")
    assert ran.code == Exit.NO_ANSWER
    assert "job 12 is still running; see `listsyncctl jobs`" in ran.err


def test_a_bar_is_drawn_on_a_terminal(agent: Agent, path: Path) -> None:
    agent.answer = Copies([a_job(12)], [], n12="succeeded")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "listsyncctl", "jobs", "follow"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env=environment(path, TERM="xterm", COLUMNS="80"),
    ) as watching:
        out, _ = watching.communicate(timeout=30)
    os.close(theirs)
    drawn = read_terminal(ours)
    os.close(ours)
    assert "] The General (1926): 45 %, 110.0 MB/s, 1 min left; 1 wait" in drawn
    assert drawn.endswith("\r\x1b[K")
    assert out.splitlines()[0] == "12  The General (1926): succeeded: 14.0 GB in 2 min 11 s"
