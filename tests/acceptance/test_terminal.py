"""What a person sees on a real terminal (a pty): the bar, the question, the colours."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.agent_process import agent_environment, until, until_requested
from tests.acceptance.conftest import Home, titles_csv


def _on_a_terminal(
    home: Home, *arguments: str, answers: dict[str, str], columns: int = 100
) -> tuple[int, str]:
    """Run a command on a pty; type an answer when its question appears."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        home.command(*arguments),
        env=home.environment(TERM="xterm", COLUMNS=str(columns)),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen, deadline = "", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([leader], [], [], 0.2)
        if ready:
            try:
                seen += os.read(leader, 65536).decode(errors="replace")
            except OSError:
                break
        for question in [question for question in answers if question in seen]:
            os.write(leader, f"{answers.pop(question)}\n".encode())
    os.close(leader)
    return child.wait(timeout=60), seen


@pytest.mark.parametrize(
    ("answer", "requests"),
    [pytest.param("y", 201, id="yes"), pytest.param("n", 0, id="no")],
)
def test_a_large_first_sync_asks_before_it_goes_on(
    start_home: Callable[..., Home], answer: str, requests: int
) -> None:
    home = start_home(titles=201, latency_ms=5)
    home.write_config([home.write_list("l.csv", titles_csv(range(20_000_001, 20_000_202)))])
    code, seen = _on_a_terminal(home, "once", answers={"Continue?": answer})
    assert "201 titles" in seen
    assert code == 0
    assert len(home.sandbox.admin("log")["requests"]) == requests
    if answer == "y":
        assert "[###" in seen
        assert "requesting titles " in seen


def test_yes_does_not_ask(start_home: Callable[..., Home]) -> None:
    home = start_home(titles=201)
    home.write_config([home.write_list("l.csv", titles_csv(range(20_000_001, 20_000_202)))])
    code, seen = _on_a_terminal(home, "once", "--yes", answers={})
    assert code == 0
    assert "Continue?" not in seen
    assert "Sync complete: 201 requested" in seen


def test_a_secret_is_asked_for_and_not_shown_nor_is_the_passphrase(home: Home) -> None:
    secret, passphrase = home.sandbox.api_key, "no passphrase of anybody"
    answers = {"Secret key": secret}
    code, seen = _on_a_terminal(home, "secret", "set", "key", answers=answers)
    assert (code, answers) == (0, {}), seen
    answers = {"New passphrase": passphrase, "The same again": passphrase}
    code, more = _on_a_terminal(home, "secret", "rotate", "--passphrase", answers=answers)
    assert (code, answers) == (0, {}), more
    server = {"url": home.sandbox.url, "api_key": {"encrypted": "key"}}
    home.write_config([home.write_list("l.csv", titles_csv([603]))], server=server)
    answers = {"Passphrase of": passphrase}
    code, last = _on_a_terminal(home, "once", answers=answers)
    assert (code, answers) == (0, {}), last
    assert "Sync complete: 1 requested" in last
    assert not [one for one in (secret, passphrase) if one in seen + more + last]


@pytest.mark.slow
def test_the_demo_shows_itself_and_leaves_nothing_behind(home: Home) -> None:
    scratch = home.folder / "scratch"
    scratch.mkdir()
    ran = home.run("demo", TMPDIR=str(scratch))
    assert ran.code == 0, ran.err
    assert "Sync complete: 542 requested" in ran.out
    assert "Sync complete: 0 requested" in ran.out
    for kind in ("Requested:", "Wanted by two lists:", "Waiting for review:", "Not found:"):
        assert kind in ran.out
    assert list(scratch.iterdir()) == []


def _seen_lines(seen: str) -> list[str]:
    """Give the lines as they stand there at the end: what was written over is gone."""
    whole = re.sub("\x1b\\[[0-9;]*m", "", seen.replace("\r\n", "\n"))
    return [line.rpartition("\r\x1b[K")[2] for line in whole.split("\n")]


def test_no_line_of_the_log_stands_behind_the_bar(start_home: Callable[..., Home]) -> None:
    home = start_home(titles=20, latency_ms=30)
    home.write_config([home.write_list("l.csv", titles_csv(range(20_000_001, 20_000_021)))])
    code, seen = _on_a_terminal(home, "once", "-v", answers={})
    assert code == 0
    assert "\r\x1b[K" in seen
    logged = [line for line in _seen_lines(seen) if "INFO" in line]
    assert len(logged) > 20
    assert all(line.startswith("INFO ") for line in logged)


@dataclass(frozen=True, slots=True)
class _OnItsTerminal:
    """A program on a terminal that it belongs to, until that is closed."""

    child: subprocess.Popen[bytes]
    leader: int

    def close_terminal(self) -> None:
        os.close(self.leader)


@contextmanager
def _belonging(
    home: Home, *arguments: str, ignores_hangup: bool = False, **environment: str
) -> Iterator[_OnItsTerminal]:
    """Start a program whose controlling terminal is a new one; it logs to `log` in the home."""
    leader, follower = pty.openpty()

    def take() -> None:
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
        if ignores_hangup:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    child = subprocess.Popen(
        home.command(*arguments),
        env=agent_environment(home, LISTSYNC_SOCKET=str(home.folder / "a.sock"), **environment),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=take,  # noqa: PLW1509 - it takes no lock
    )
    os.close(follower)
    try:
        yield _OnItsTerminal(child, leader)
    finally:
        child.kill()
        child.wait(60)
        with suppress(OSError):
            os.close(leader)


def _follow_one_film(home: Home) -> Path:
    log = home.folder / "log"
    one = home.write_list("l.csv", titles_csv([603]))
    home.write_config([one], sync={"every": 0}, log={"file": str(log)})
    return log


def _until_in(log: Path, words: str) -> None:
    until(f"the log says {words!r}", lambda: log.exists() and words in log.read_text())


@pytest.mark.slow
def test_an_agent_ends_with_the_terminal_that_it_was_started_on(home: Home) -> None:
    log = _follow_one_film(home)
    with _belonging(home, "run") as agent:
        _until_in(log, "listsync 0")
        until("the agent listens", (home.folder / "a.sock").is_socket)
        agent.close_terminal()
        assert agent.child.wait(60) == 0
    assert "the terminal is gone, stopping" in log.read_text()
    assert log.read_text().rstrip().endswith("listsync stopped")
    assert not (home.folder / "a.sock").exists()


@pytest.mark.slow
def test_nohup_leaves_an_agent_behind_that_a_hangup_lets_reload(home: Home) -> None:
    log = _follow_one_film(home)
    with _belonging(home, "run", ignores_hangup=True) as agent:
        until("the agent listens", (home.folder / "a.sock").is_socket)
        agent.close_terminal()
        agent.child.send_signal(signal.SIGHUP)
        _until_in(log, "Received SIGHUP signal - reading the configuration again")
        assert agent.child.poll() is None


@pytest.mark.slow
def test_a_sync_without_an_agent_ends_in_order_with_its_terminal(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(titles=200, latency_ms=50)
    home.write_config([home.write_list("l.csv", titles_csv(range(20_000_001, 20_000_201)))])
    with _belonging(home, "once", "--yes") as sync:
        until_requested(home, 3)
        sync.close_terminal()
        assert sync.child.wait(60) >= 0, "it was killed"
    assert len(home.sandbox.admin("log")["requests"]) < 200
