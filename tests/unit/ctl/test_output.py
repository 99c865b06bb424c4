from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import click
import pytest

from listsync.terminal.output import PLAIN, Palette, relative, shown, table, wants_colour, width
from listsync.terminal.progress import BottomLine, bar_line
from listsyncctl.session import duration
from listsyncctl.title_views import Display, explained
from listsyncctl.views import plain

NOW = datetime(2020, 1, 1, 12, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        pytest.param({}, True, True, id="terminal"),
        pytest.param({}, False, False, id="pipe"),
        pytest.param({"TERM": "dumb"}, True, False, id="dumb"),
        pytest.param({"NO_COLOR": "1"}, True, False, id="no-color"),
        pytest.param({"NO_COLOR": ""}, True, True, id="empty-no-color"),
        pytest.param({"FORCE_COLOR": "1"}, False, True, id="forced"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False, id="no-color-wins"),
    ],
)
def test_colours(environ: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wants_colour(Terminal() if terminal else io.StringIO(), environ) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-01T11:58:00+00:00", "2 min ago"),
        ("2020-01-01T15:00:00Z", "in 3 h"),
        ("2020-01-01T14:00:00+02:00", "now"),
        ("2019-12-01T12:00:00", "31 d ago"),
        ("not a time", "not a time"),
        (None, ""),
    ],
)
def test_relative(text: str | None, expected: str) -> None:
    assert relative(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5 h", 5400), ("1w", 604800)],
)
def test_duration(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "0s", "0", "2h x", "11y", "99999d"])
def test_not_a_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected"):
        duration(text)


def test_text_cannot_steer_the_terminal() -> None:
    assert shown("a\x1b[2Jb\n\u202ec\x9b") == "a\ufffd[2Jb \ufffdc\ufffd"


def test_columns_line_up_with_wide_characters() -> None:
    assert width("映画e\u0301") == 5
    lines = table(("A", "B"), [("映画", 1), ("x", 2)])
    assert lines == ["A     B", "映画  1", "x     2"]


def test_a_coloured_cell_lines_up_too() -> None:
    _, good, bad = table(
        ("A", "B"), [("ok", 1), ("failed", 2)], status=0, palette=Palette(enabled=True)
    )
    assert good == "\x1b[32mok\x1b[0m      1"
    assert bad == "\x1b[31mfailed\x1b[0m  2"


@pytest.mark.parametrize(
    ("done", "total", "bar"),
    [
        (1, 0.5, ""),
        (1, -3, ""),
        (-1e15, 2, f"[{'-' * 30}] "),
        (1e15, 2, f"[{'#' * 30}] "),
        (1, 2, f"[{'#' * 15}{'-' * 15}] "),
    ],
)
def test_whatever_numbers_an_agent_tells_the_bar_keeps_its_width(
    done: float, total: float, bar: str
) -> None:
    line = bar_line({"in_progress": True, "phase": "add", "progress": done, "total": total})
    assert line.startswith(f"{bar}requesting titles")


def test_a_line_that_is_too_long_for_the_terminal_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    stream = io.StringIO()
    BottomLine(stream).draw("requesting titles")
    assert stream.getvalue() == "\r\x1b[Krequesti…"


def test_the_kind_of_a_title_paints_nothing() -> None:
    title: Any = {"title": "Dune", "kind": "\x1b[31mmovie", "tmdb_id": 1, "decision": {}}
    head = next(explained({"titles": [title]}, Display(NOW, PLAIN)))
    assert head == "Dune [\N{REPLACEMENT CHARACTER}[31mmovie/1]"


def test_plain_flattens() -> None:
    result = {"a": {"b": True, "c": None}, "d": ["x"], "e": "1\t2"}
    assert list(plain(result, None, ())) == ["a.b\ttrue", "a.c\t", 'd\t["x"]', "e\t1 2"]
