from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import click
import pytest

from listsync.terminal.output import PLAIN, Palette, relative, shown, wants_colour
from listsync.terminal.progress import BottomLine, bar_line, progress_words
from listsync.terminal.table import shortened_inside, table, table_of_numbers, width
from listsyncctl.session import duration
from listsyncctl.title_views import Display, explained
from listsyncctl.views import plain

NOW = datetime(2020, 1, 1, 12, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_words_beside_a_name_fit_the_terminal_and_stand_in_a_column() -> None:
    words = " ".join(["twelve"] * 12)
    lines = Display(NOW, PLAIN, 40).beside("  Lists", words, 12)
    assert max(map(width, lines)) <= 40
    assert lines[0].startswith("  Lists     twelve")
    assert all(one.startswith(" " * 12 + "twelve") for one in lines[1:])
    assert Display(NOW, PLAIN).beside("  Lists", words, 12) == [f"  Lists     {words}"]


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
        pytest.param("2020-01-01T17:59:59Z", "in 6 h", id="nearly-6-h"),
        pytest.param("2020-01-01T17:29:00Z", "in 5 h", id="nearer-to-5-h"),
        pytest.param("2020-01-01T06:00:30Z", "6 h ago", id="nearly-6-h-ago"),
        pytest.param("2020-01-02T11:31:00Z", "in 1 d", id="nearly-a-day"),
        pytest.param("2020-01-01T12:40:00Z", "in 40 min", id="most-of-an-hour"),
        pytest.param("2020-01-01T12:59:40Z", "in 1 h", id="nearly-an-hour"),
        pytest.param("2020-01-01T11:59:00.4Z", "1 min ago", id="nearly-a-minute-ago"),
        pytest.param("2020-01-01T12:00:00.9Z", "now", id="less-than-a-second"),
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


_ODD = (
    "a",
    "A list whose name is as long as some people make them, 2026",
    "映画とテレビドラマのとても長い名前のリスト",
    "e\u0301" * 40,
    "กำลังฉายในโรงภาพยนตร์ตอนนี้ทั่วประเทศ",
    "👩\u200d👩\u200d👧 family " * 3,
    "https://letterboxd.com/somebody/list/a-very-long-slug-of-a-list/",
    "\u1112\u1161\u11ab" * 20,
)
_WHY = "the service answers with a page of its bot protection in place of the list"


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("name", _ODD)
def test_a_table_fits_whatever_names_are_in_it(name: str, columns: int) -> None:
    head = ("LIST", "SERVICE", "OUTCOME", "READ", "LAST SUCCESS", "NEXT", "WHY")
    row = (name, "letterboxd", "rate_limited", "12 of 1999", "3 h ago", "retry in 6 h", _WHY)
    lines = table(head, [row, ("b", *row[1:])], status=2, words=(6,), columns=columns)
    assert max(map(width, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    for cell in row[1:-1]:
        assert text.count(cell) >= 2
    assert all(text.count(word) >= 2 for word in _WHY.split())


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_table_of_numbers_fits_whatever_names_are_in_it(columns: int) -> None:
    head = ("list", "read", "already there", "left out", "handled before")
    rows = [(name, "1,234", "5,678", "9", "10") for name in _ODD]
    lines = table_of_numbers(head, rows, columns=columns)
    assert max(map(width, lines)) <= columns
    assert " ".join(lines).count("1,234") == len(_ODD)


def test_nothing_is_cut_or_wrapped_where_no_terminal_is() -> None:
    lines = table(("LIST", "WHY"), [(name, _WHY * 3) for name in _ODD], words=(1,))
    assert len(lines) == 1 + len(_ODD)
    assert all(name.strip() in line for name, line in zip(_ODD, lines[1:], strict=True))
    assert all(line.endswith(_WHY) for line in lines[1:])


@pytest.mark.parametrize(
    ("text", "room", "cut"),
    [
        ("watchlist of Ada", 16, "watchlist of Ada"),
        ("watchlist of Ada", 12, "watchl…f Ada"),
        ("映画映画映画映画", 9, "映画…映画"),
        ("映画映画映画映画", 8, "映画…画"),
        pytest.param("abcdefe\u0301", 4, "ab…e\u0301", id="a-letter-with-its-mark"),
        pytest.param("abcdefge\u0301", 3, "a…e\u0301", id="never-a-mark-alone"),
    ],
)
def test_a_name_is_shortened_in_its_middle(text: str, room: int, cut: str) -> None:
    assert shortened_inside(text, room) == cut
    assert width(cut) <= room


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        pytest.param("กำ", 2, id="thai-vowel-signs"),
        pytest.param("\u0e01\u0e34", 1, id="a-mark-of-combining-class-0"),
        pytest.param("a\u20dd", 1, id="enclosing"),
        pytest.param("\u1112\u1161\u11ab", 2, id="jamo"),
        pytest.param("❤\ufe0f", 1, id="variation"),
        pytest.param("Ａ", 2, id="full-width"),  # noqa: RUF001
    ],
)
def test_cells_are_counted_as_terminals_do(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, f"[{'#' * 15}{'-' * 15}] requesting titles 1/2 (50 %)"),
        (49, f"[{'#' * 9}{'-' * 9}] requesting titles 1/2 (50 %)"),
        (40, "requesting titles 1/2 (50 %)"),
    ],
)
def test_the_words_of_a_bar_come_first_where_there_is_little_room(columns: int, line: str) -> None:
    progress = {"in_progress": True, "phase": "add", "progress": 1, "total": 2, "percent": 50}
    assert bar_line(progress, columns) == line


def test_a_dry_run_requests_nothing() -> None:
    progress = {"in_progress": True, "phase": "add", "requested": 3, "dry_run": True}
    assert progress_words(progress) == "requesting titles, 3 would be requested"


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
    line = bar_line({"in_progress": True, "phase": "add", "progress": done, "total": total}, 99)
    assert line.startswith(f"{bar}requesting titles")


def test_a_line_that_is_too_long_for_the_terminal_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    stream = Terminal()
    BottomLine(stream).draw("requesting titles")
    assert stream.getvalue() == "\r\x1b[Krequesti…"


def test_the_kind_of_a_title_paints_nothing() -> None:
    title: Any = {"title": "Dune", "kind": "\x1b[31mmovie", "tmdb_id": 1, "decision": {}}
    head = next(explained({"titles": [title]}, Display(NOW, PLAIN)))
    assert head == "Dune [\N{REPLACEMENT CHARACTER}[31mmovie/1]"


def test_plain_flattens() -> None:
    result = {"a": {"b": True, "c": None}, "d": ["x"], "e": "1\t2"}
    assert list(plain(result, None, ())) == ["a.b\ttrue", "a.c\t", 'd\t["x"]', "e\t1 2"]
