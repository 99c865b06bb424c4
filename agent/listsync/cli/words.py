"""Text for people: what came from outside made harmless, columns aligned, colours where wanted."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from typing import TextIO

import click

from listsync.text_cleaning import printable, printable_line

_GAP = "  "
_SHORTEST = 12
"""What is left of a name in a narrow terminal."""
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def harmless(text: str, limit: int = 120) -> str:
    """Replace control and direction characters, so that a title cannot play with the terminal."""
    clean = printable(text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def say(text: str, *, err: bool = False) -> None:
    """Print one line, in which nothing that came from outside can steer the terminal."""
    click.echo(printable_line(text), err=err, color=True)


def width(text: str) -> int:
    """Count terminal cells: wide letters take two, combining marks none."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person sits there; None is a stream that was closed when we were started."""
    return stream is not None and stream.isatty()


def wants_colour(stream: TextIO | None) -> bool:
    """Colour only on a terminal; NO_COLOR and TERM=dumb switch it off, FORCE_COLOR on."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


class Palette:
    """Styles text, or leaves it alone."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._enabled else text


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int | None = None
) -> list[str]:
    """Lay out *rows* below *head*, the first column left-aligned and the others right-aligned.

    Where that is wider than *columns*, the words of the head go below each other, then the first
    column is shortened; it may still be wider then.
    """
    heads = [list(head)]
    if columns is not None and sum(_widths([*heads, *rows])) > columns:
        heads = _stacked(head)
        over = sum(_widths([*heads, *rows])) - columns
        room = max(_SHORTEST, max(width(row[0]) for row in rows) - over)
        rows = [[shortened(row[0], room), *row[1:]] for row in rows] if over > 0 else rows
    widths = _widths([*heads, *rows])
    return [_line(row, widths) for row in (*heads, *rows)]


def shortened(text: str, room: int) -> str:
    """Cut *text* so that it takes at most *room* cells."""
    if width(text) <= room:
        return text
    while text and width(text) >= room:
        text = text[:-1]
    return f"{text}…"


def _stacked(head: Sequence[str]) -> list[list[str]]:
    """Put the words of each heading below each other, the last ones in one line."""
    words = [one.split() for one in head]
    lines = max(map(len, words))
    padded = [[""] * (lines - len(one)) + one for one in words]
    return [list(line) for line in zip(*padded, strict=True)]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Give the cells that each column takes, with the gap before it."""
    gaps = [0] + [len(_GAP)] * (len(rows[0]) - 1)
    return [gap + max(width(row[column]) for row in rows) for column, gap in enumerate(gaps)]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0] + " " * (widths[0] - width(row[0]))
    rest = (
        " " * (size - width(text)) + text for text, size in zip(row[1:], widths[1:], strict=True)
    )
    return "".join([first, *rest]).rstrip()


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write `1 title` or `1,200 titles`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Write `0.4 s`, `12.3 s` or `3 min 20 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
