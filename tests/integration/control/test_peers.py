"""Who may do what, tried with every command there is, by the users that the kernel names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from listsync.control.server import ControlSocket
from listsync.protocol import METHODS, Access, Code
from tests.integration.control.conftest import Scripted, running

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else"),
    pytest.mark.usefixtures("forked_scripts"),
]

_SOMEBODY, _GROUP = 65533, 65532
_ASK = """
import json, os, sys
from pathlib import Path
from listsync.protocol import METHODS
from tests.integration.control.conftest import Talker, body
path, groups = Path(sys.argv[1]), json.loads(sys.argv[2])
os.setgroups(groups[1:]); os.setgid(groups[0]); os.setuid(65533)
talker = Talker(path)
told = {}
for method in METHODS:
    reply = talker.exchange(body(method), wait_s=30)
    told[method] = reply and reply.get("error", {}).get("code", 0)
print(json.dumps(told))
"""


def asked(path: Path, *groups: int) -> dict[str, int | None]:
    """Ask everything as a user in *groups*, the first of which is its own."""
    child = subprocess.run(
        [sys.executable, "-c", _ASK, str(path), json.dumps(groups)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told: dict[str, int | None] = json.loads(child.stdout)
    assert told.keys() == METHODS.keys()
    return told


def test_a_member_of_the_group_may_look_and_nothing_else(path: Path, answer: Scripted) -> None:
    answer.checks = False
    with running(ControlSocket(path, answer, group=_GROUP)):
        told = asked(path, _GROUP)
    for method, access in METHODS.items():
        assert told[method] == (0 if access is Access.READ else Code.FORBIDDEN), method
    done = {method for method, _ in answer.asked}
    assert done == {name for name, access in METHODS.items() if access is Access.READ}


def test_another_user_may_nothing_even_if_the_file_lets_it_in(
    path: Path, answer: Scripted
) -> None:
    with running(ControlSocket(path, answer, group=_GROUP)):
        path.parent.chmod(0o755)
        path.chmod(0o666)
        assert set(asked(path, _SOMEBODY).values()) == {Code.FORBIDDEN}
    assert answer.asked == []


def test_what_changes_something_is_for_its_owner() -> None:
    changing = {name for name, access in METHODS.items() if access is Access.CONTROL}
    assert changing >= {
        *("trigger", "plan", "pause", "resume", "cancel", "reload", "exclude", "forget"),
        *("backup", "log_level", "review_decide"),
    }
