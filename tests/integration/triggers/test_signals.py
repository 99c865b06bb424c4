"""Signals to a real process, from its first moment on."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from listsync import interrupts
from listsync.protocol import Exit

_CHILD = str(Path(__file__).with_name("signalled.py"))


@contextmanager
def child(start: str = "SHORT") -> Iterator[subprocess.Popen[str]]:
    """Start a process; it holds its signals back, and may not have its handlers yet."""
    with subprocess.Popen(
        [sys.executable, _CHILD, start], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert said(process) == "held back"
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("number", "word"),
    [
        pytest.param(signal.SIGUSR1, "sync", id="USR1"),
        pytest.param(signal.SIGHUP, "reload", id="HUP"),
        pytest.param(signal.SIGTERM, "stop", id="TERM"),
        pytest.param(signal.SIGINT, "stop", id="INT"),
    ],
)
def test_a_signal_is_an_event_while_the_process_sleeps(number: signal.Signals, word: str) -> None:
    with child() as process:
        assert said(process) == "ready"
        time.sleep(0.1)
        process.send_signal(number)
        assert said(process) == word


@pytest.mark.parametrize(
    ("number", "word"),
    [
        pytest.param(signal.SIGUSR1, "sync", id="USR1"),
        pytest.param(signal.SIGHUP, "reload", id="HUP"),
    ],
)
def test_early_signals_wait_for_their_handler(number: signal.Signals, word: str) -> None:
    with child("LONG") as process:
        for _ in range(5):
            process.send_signal(number)
        assert {said(process), said(process)} == {"ready", word}
        assert process.poll() is None


def test_a_storm_of_signals_from_the_start_on_is_never_deadly() -> None:
    with child("LONG") as process:
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            process.send_signal(signal.SIGUSR1)
            process.send_signal(signal.SIGHUP)
            time.sleep(0.005)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        words = set()
        while (word := said(process)) != "stop":
            words.add(word)
        assert words == {"ready", "sync", "reload"}


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_second_stop_ends_it_at_once(first: signal.Signals, second: signal.Signals) -> None:
    with child() as process:
        assert said(process) == "ready"
        process.send_signal(first)
        assert said(process) == "stop"
        process.send_signal(second)
        assert process.wait(30) == Exit.INTERRUPTED


def test_holding_signals_back_needs_nothing_else_of_ours() -> None:
    program = (
        "import sys, signal; before = set(sys.modules);"
        "import listsync.interrupts; print(sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=15
    )
    brought = {name for name in eval(ran.stdout) if name.startswith("listsync")}
    assert brought == {"listsync", "listsync.interrupts"}


@pytest.mark.parametrize(
    ("on_terminal", "ignores", "environ", "session", "ends"),
    [
        pytest.param(True, False, {}, None, True, id="a-shell-in-a-terminal"),
        pytest.param(True, True, {}, None, False, id="nohup"),
        pytest.param(False, False, {}, None, False, id="setsid-or-an-init-script"),
        pytest.param(True, False, {"NOTIFY_SOCKET": "/run/n"}, None, False, id="systemd"),
        pytest.param(True, False, {}, 1, False, id="a-container-with-a-terminal"),
    ],
)
def test_only_on_a_terminal_of_ones_own_a_hangup_is_the_end(
    *, on_terminal: bool, ignores: bool, environ: dict[str, str], session: int | None, ends: bool
) -> None:
    """In a fork: a terminal can be taken by the leader of a new session only."""
    pid = os.fork()
    if not pid:
        os.setsid()
        _leader, follower = pty.openpty()
        if on_terminal:
            fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignores else signal.SIG_DFL)
        if session is not None:
            os.getsid = lambda _: session
        os._exit(int(interrupts.ends_with_terminal(environ)))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == ends
