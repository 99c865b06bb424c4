"""What a person sees on a real terminal (a pty): the bar, the question, the colours."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import Home, titles_csv


def _on_a_terminal(home: Home, *arguments: str, answers: dict[str, str]) -> tuple[int, str]:
    """Run a command on a pty; type an answer when its question appears."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        home.command(*arguments),
        env=home.environment(TERM="xterm", COLUMNS="100"),
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


@pytest.mark.slow
def test_the_demo_shows_itself_and_leaves_nothing_behind(home: Home) -> None:
    scratch = home.folder / "scratch"
    scratch.mkdir()
    ran = home.run("demo", TMPDIR=str(scratch))
    assert ran.code == 0, ran.err
    assert "Sync complete: 542 requested" in ran.out
    assert "Sync complete: 0 requested" in ran.out
    for kind in ("Requested:", "Wanted by two lists:", "Held for review:", "Not found:"):
        assert kind in ran.out
    assert list(scratch.iterdir()) == []
