"""A person at a real terminal (a pty), who waits for each question and types an answer."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

_PATIENCE_S = 50.0
CTRL_C = "^C"
"""As an answer: the person has had enough."""


class Hidden(str):
    """An answer that must not be seen when it is typed."""

    __slots__ = ()


_STEERING = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(slots=True)
class Conversation:
    """What was on the screen, and how it ended; `unasked` are questions that never came."""

    code: int
    seen: str
    unasked: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """All that was said, in one line and without what steers the terminal."""
        return " ".join(_STEERING.sub(" ", self.seen).split())


def converse(
    command: Sequence[str],
    environment: Mapping[str, str],
    answers: Sequence[tuple[str, str]],
    *,
    columns: int = 80,
) -> Conversation:
    """Run *command* on a terminal, and give each of *answers* when its question has come."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    child = subprocess.Popen(
        command,
        env={name: text for name, text in environment.items() if name != "COLUMNS"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    try:
        return _talk(leader, child, [*answers])
    finally:
        os.close(leader)
        child.kill()
        child.wait(_PATIENCE_S)


def _talk(
    leader: int, child: subprocess.Popen[bytes], answers: list[tuple[str, str]]
) -> Conversation:
    seen, after, end = "", 0, time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        if select.select([leader], [], [], 0.2)[0]:
            try:
                seen += os.read(leader, 65536).decode(errors="replace")
            except OSError:  # the other side is closed
                break
        if answers and (found := _asked(*answers[0]).search(seen, after)):
            after = found.end()
            _answer(leader, child, answers.pop(0)[1])
    else:
        pytest.fail(f"no {answers[:1]} within {_PATIENCE_S:g} s: {seen}")
    code = child.wait(_PATIENCE_S)
    return Conversation(code, seen, [question for question, _ in answers])


def _asked(question: str, answer: str) -> re.Pattern[str]:
    """Find a question whose answer is read: its last space comes when nothing is lost any more."""
    rest = "" if answer == CTRL_C else r"[^\r\n]*: "
    return re.compile(re.escape(question) + rest)


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C, again if nothing happens: the question may have been shown a moment early."""
    end = time.monotonic() + _PATIENCE_S
    while child.poll() is None and time.monotonic() < end:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(5)


def _answer(leader: int, child: subprocess.Popen[bytes], answer: str) -> None:
    if answer == CTRL_C:
        _interrupt(child)
        return
    if isinstance(answer, Hidden):
        assert not termios.tcgetattr(leader)[3] & termios.ECHO, "the answer would be seen"
    os.write(leader, f"{answer}\n".encode(errors="surrogateescape"))
