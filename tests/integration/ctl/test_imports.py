"""What the client imports and does as a program of its own: it must start at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from listsync.protocol import Exit
from tests.unit.ctl.test_zmtp import HANDSHAKE, MORE, short

_HEAVY = {"asyncio", "dataclasses", "http", "pathlib", "sqlite3", "ssl"}
_OURS = {"interrupts", "protocol", "terminal", "text_cleaning"}
_LIGHT = {"click", "listsync", "listsyncctl", *(f"listsync.{one}" for one in _OURS)}
_LOOK = """
import sys
sys.argv[1:] = {arguments!r}
import listsyncctl.__main__
try:
    listsyncctl.__main__.run()
except SystemExit:
    pass
top = {{name.split(".")[0] for name in sys.modules}}
parts = {{".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("listsync.")}}
print("MODULES", *sorted(top - sys.stdlib_module_names - {{"__main__"}} | top & {heavy!r} | parts))
"""


def imported(*arguments: str, says: str = "", **env: str) -> set[str]:
    """Run listsyncctl, which prints *says* among other things; give what it imports."""
    script = _LOOK.format(arguments=list(arguments), heavy=_HEAVY)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"LISTSYNC_SOCKET": "/nowhere", **env},
    )
    assert says in done.stdout
    line = next(one for one in done.stdout.splitlines() if one.startswith("MODULES"))
    # Start-up files of an environment may bring these; they are none of ours.
    return set(line.split()[1:]) - {"_distutils_hack", "distutils-precedence", "coverage"}


@pytest.mark.parametrize("line", ["--help", "status", "sync-now --wait", "pause --for 2h"])
def test_without_an_agent_only_click_is_imported(line: str) -> None:
    assert imported(*line.split()) == _LIGHT


@pytest.mark.parametrize(
    "words", ["listsyncctl sy", "listsyncctl status --", "listsyncctl lists "]
)
def test_completion_imports_no_more(words: str) -> None:
    env = {
        "_LISTSYNCCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    assert imported(**env) == _LIGHT


def test_no_more_is_imported_to_ask_and_tell() -> None:
    """No zmq above all: it takes longer to import than the whole command should."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as agent:
        path = f"{folder}/s"
        agent.bind(path)
        agent.listen()
        answered = threading.Thread(target=_answer_once, args=(agent,))
        answered.start()
        assert imported("status", says="pid 4711", LISTSYNC_SOCKET=path) == _LIGHT
        answered.join()


def _answer_once(agent: socket.socket) -> None:
    connection, _ = agent.accept()
    with connection:
        reply = b'{"result": {"pid": 4711, "state": "idle"}}'
        connection.sendall(HANDSHAKE + short(MORE, b"") + short(0, reply))
        while connection.recv(4096):
            pass


def test_a_command_looks_for_no_garbage_in_the_program_itself() -> None:
    script = """
import gc, os, sys
from listsyncctl.__main__ import main
sys.argv[1:] = ["--version"]
os._exit = lambda code: print(code, gc.isenabled(), gc.get_freeze_count() > 10_000)
main()
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "0 True True", done.stderr


@pytest.mark.cold
def test_what_cannot_be_written_is_said_in_one_line() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "listsyncctl", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == Exit.FAILED
    assert done.stderr == "listsyncctl: the output cannot be written: No space left on device\n"
