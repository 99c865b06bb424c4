"""Lines between the agent and the browser's process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from listsync.browser import messages
from listsync.browser.messages import BrowserFailure, Loaded, line, read
from listsync.process.child import LineReader

PAGE = Loaded(url="http://127.0.0.1/", status=200, title="Amélie\n", html="<p>\ud800</p>")


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_a_page_in_pieces_and_what_follows_it(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = LineReader(reader)
    data = line(PAGE) + line(BrowserFailure(why="broken", over=True))
    os.write(writer, data[:40])
    with pytest.raises(TimeoutError):
        lines.next(0)
    os.write(writer, data[40:])
    page, trouble = (read(lines.next(1) or b"") for _ in range(2))
    assert isinstance(page, Loaded)
    assert (page.title, page.html) == ("Amélie\n", "<p>?</p>")  # half a character is none
    assert trouble == BrowserFailure(why="broken", over=True)


def test_an_end_in_the_middle(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b'{"why"')
    os.close(os.dup(writer))
    lines = LineReader(reader)
    with pytest.raises(TimeoutError):
        lines.next(0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, writer)
    os.close(null)
    assert lines.next(1) is None


@pytest.mark.parametrize("data", [b"[]\n", b"what?\n", b"\xff\n"])
def test_a_line_that_makes_no_sense(data: bytes, pipe: tuple[int, int]) -> None:
    os.write(pipe[1], data)
    with pytest.raises(ValueError):  # noqa: PT011  # that is all its callers know
        read(LineReader(pipe[0]).next(1) or b"")


def test_a_line_without_end(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LIMIT", 100)
    os.write(pipe[1], b"x" * 101)
    with pytest.raises(ValueError, match="too long"):
        LineReader(pipe[0], 100).next(1)
    with pytest.raises(ValueError, match="too long"):
        line(BrowserFailure(why="x" * 101))
