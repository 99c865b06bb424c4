"""An agent that says anything at all cannot steer the terminal of who asks it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from listsync.protocol import Reason, RefusedCommand
from listsyncctl import __main__ as program
from tests.integration.ctl.conftest import Agent, Ctl, environment

EVIL = "\x1b]8;;http://evil\x07x\x1b[2J\x9b5m\u202e\u2066\r\nINJECTED\x00\x7f\U000e0041"


def _all(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), EVIL)


_RUN = _all("run_id origin started_at ended_at result message why")
_PROGRESS = {"in_progress": True, "phase": EVIL, "lists": [{"name": EVIL, "state": EVIL}]}
_ROW = _all(
    "title kind list status at brought_by requested_as lists answer detail seasons label verdict "
    "why id lookup since key"
)
_NOTICE = {"kind": EVIL, "text": EVIL, "list": EVIL, "since": EVIL}
_CANDIDATES = [{"number": 1, "title": EVIL, "key": EVIL, "evidence": EVIL, "year": 1999}]
_CHOICE = {"key": EVIL, "title": EVIL, "at": EVIL}
_LIST = _all("name service source outcome last_success why advice")
ANSWERS: dict[str, Any] = {
    "status": {
        "state": EVIL,
        "pid": 1,
        "version": EVIL,
        "config": {"file": EVIL, "valid": False, "problems": [EVIL], "loaded_at": EVIL},
        "watcher": EVIL,
        "server": {"product": EVIL, "version": EVIL, "url": EVIL},
        "paused": {"until": EVIL},
        "running": _PROGRESS,
        "pending": {"lists": [EVIL], "origins": [EVIL], "run_id": EVIL},
        "last_run": _RUN,
        "next_due": EVIL,
        "retry": {"at": EVIL, "why": EVIL},
        "notices": [_NOTICE],
    },
    "progress": _PROGRESS,
    "lists": {"lists": [{**_LIST, "notices": [_NOTICE]}], "counts": {EVIL: 1}, "requests": [_ROW]},
    "runs": {"run": _RUN, "notices": [_NOTICE], "requests": [_ROW], "runs": [_RUN]},
    "stats": {
        "timezone": EVIL,
        "periods": [{"name": EVIL}],
        "days": [{"day": EVIL}],
        "services": [{"service": EVIL}],
        "lists": [{"service": EVIL, "list": EVIL, "is_followed": False}],
    },
    "items": {"items": [_ROW], "total": 1},
    "explain": {
        "titles": [
            {
                "title": EVIL,
                "decision": {"why": EVIL},
                "lists": [{"list": EVIL, "rank": 1, "outcome": EVIL, "why": EVIL}],
                "match": {"found": EVIL, "how": EVIL, "why": EVIL, "candidates": _CANDIDATES},
                "choice": _CHOICE,
                "server": {"status": EVIL, "status_4k": EVIL},
                "requests": [_ROW],
            }
        ],
        "total": 1,
    },
    "review": {"reviews": [{**_ROW, "candidates": _CANDIDATES, "choice": _CHOICE}], "total": 1},
    "plan_result": {
        "state": "done",
        "run": _RUN,
        "items": [_ROW | {"seasons": [1]}],
        "notices": [_NOTICE],
    },
    "pause": {"until": EVIL},
    "resume": {"message": EVIL},
    "version": {"version": EVIL, "protocol": 1},
    "cancel": RefusedCommand(Reason.BUSY, EVIL),
    "reload": RefusedCommand(Reason.CONFIG_INVALID, EVIL, {"problems": [EVIL]}),
}
COMMANDS = [
    "status",
    "progress",
    "lists",
    "runs",
    "runs one",
    "items",
    "items --export -",
    "explain x",
    "review",
    "plan --id one",
    "pause",
    "resume",
    "version",
    "cancel",
    "reload",
]


def steering(shown: str) -> set[str]:
    """Give what is in *shown* beside printable text, ends of lines, tabs and our colours."""
    plain = re.sub(r"\x1b\[(?:0|1|2|3[1-6])m", "", shown)
    return {one for one in plain if not one.isprintable()} - {"\n", "\t"}


@pytest.mark.parametrize("form", ["text", "plain", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_an_agent_says_is_shown_harmless(
    agent: Agent,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    command: str,
    form: str,
) -> None:
    agent.script = ANSWERS
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("LISTSYNC_SOCKET", str(path))
    monkeypatch.setattr(sys, "argv", ["listsyncctl", *command.split(), "-o", form])
    with pytest.raises(SystemExit):
        program.run()
    shown = "".join(capsys.readouterr())
    assert agent.asked
    assert "evil" in shown
    assert steering(shown) == set()
    assert not re.search("^INJECTED", shown, re.MULTILINE)


def test_a_shell_is_offered_no_name_that_could_steer_it(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"lists": {"lists": [{"name": f"fi{EVIL}"}, {"name": "films"}]}}
    ran = ctl(
        _LISTSYNCCTL_COMPLETE="bash_complete", COMP_WORDS="listsyncctl lists fi", COMP_CWORD="2"
    )
    assert ran.out == "plain,films\n"


def _typed(path: Path, answer: str, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Run the client with a terminal to type *answer* on; stdout goes elsewhere."""
    leader, follower = pty.openpty()
    os.write(leader, answer.encode())
    done = subprocess.run(
        [sys.executable, "-m", "listsyncctl", *arguments],
        stdin=follower,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(path, **more),
    )
    os.close(leader)
    os.close(follower)
    return done.returncode, done.stdout, done.stderr


_FORGOTTEN = {"forget": {"ok": True, "count": 3, "message": "Forgot all."}}


def test_to_forget_everything_is_asked_about_on_a_terminal(agent: Agent, path: Path) -> None:
    agent.script = _FORGOTTEN
    code, out, err = _typed(path, "\n", "forget", "--all")
    assert (code, out, agent.asked) == (1, "", [])
    assert "may be requested again" in err
    assert err.endswith("listsyncctl: nothing was forgotten\n")
    code, out, _ = _typed(path, "y\n", "forget", "--all")
    assert (code, out) == (0, "Forgot all.\n")
    assert agent.asked == [("forget", {"all": True})]


@pytest.mark.parametrize("line", ["forget --all --yes", "forget movie/348"])
def test_who_is_sure_or_means_one_title_is_asked_nothing(
    agent: Agent, path: Path, line: str
) -> None:
    agent.script = _FORGOTTEN
    assert _typed(path, "", *line.split()) == (0, "Forgot all.\n", "")


def test_a_script_that_forgets_everything_works_as_ever(agent: Agent, ctl: Ctl) -> None:
    agent.script = _FORGOTTEN
    assert ctl("forget", "--all").out == "Forgot all.\n"
    assert agent.asked == [("forget", {"all": True})]
