"""Columns that line up, by the cells that characters take on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from listsync.terminal.output import PLAIN, Palette, shown

_GAP = "  "
_SHORTEST = 12
"""What is left of a name in a narrow terminal."""


def width(text: str) -> int:
    """Count terminal cells: wide letters take two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shortened(text: str, room: int) -> str:
    """Cut *text* so that it takes at most *room* cells."""
    if width(text) <= room:
        return text
    while text and width(text) >= room:
        text = text[:-1]
    return f"{text}…"


def padded(text: str, room: int, *, right: bool = False) -> str:
    gap = " " * (room - width(text))
    return gap + text if right else text + gap


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    status: int | None = None,
    palette: Palette = PLAIN,
) -> list[str]:
    """Lay out *rows* below *head*; column *status* is coloured by its meaning."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = _widths([head, *cells])
    lines = [palette.paint(_line(head, widths), "bold")]
    for row in cells:
        line = _line(row, widths)
        lines.append(line if status is None else _coloured(line, row, widths, status, palette))
    return lines


def table_of_numbers(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    columns: int | None = None,
    palette: Palette = PLAIN,
) -> list[str]:
    """Lay out *rows* below *head*, all columns but the first right-aligned.

    Where that is wider than *columns*, the words of the head go below each other, then the first
    column is shortened; it may still be wider then.
    """
    heads = [list(head)]
    cells = [[shown(cell) for cell in row] for row in rows]
    if columns is not None and _total([*heads, *cells]) > columns:
        heads = _stacked(head)
        over = _total([*heads, *cells]) - columns
        room = max(_SHORTEST, max(width(row[0]) for row in cells) - over)
        cells = [[shortened(row[0], room), *row[1:]] for row in cells] if over > 0 else cells
    widths = _widths([*heads, *cells])
    return [
        *(palette.paint(_line(row, widths, numbers=True), "bold") for row in heads),
        *(_line(row, widths, numbers=True) for row in cells),
    ]


def _coloured(
    line: str, row: Sequence[str], widths: Sequence[int], column: int, palette: Palette
) -> str:
    """Colour one cell of a finished line."""
    if not row[column]:
        return line
    before = _line([*row[:column], "|"], [*widths[:column], 1]).removesuffix("|")
    return f"{before}{palette.status(row[column])}{line[len(before) + len(row[column]) :]}"


def _stacked(head: Sequence[str]) -> list[list[str]]:
    """Put the words of each heading below each other, the last ones in one line."""
    words = [one.split() for one in head]
    lines = max(map(len, words))
    filled = [[""] * (lines - len(one)) + one for one in words]
    return [list(line) for line in zip(*filled, strict=True)]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*rows, strict=True)]


def _total(rows: Sequence[Sequence[str]]) -> int:
    widths = _widths(rows)
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(row: Sequence[str], widths: Sequence[int], *, numbers: bool = False) -> str:
    cells = (
        padded(text, room, right=numbers and column > 0)
        for column, (text, room) in enumerate(zip(row, widths, strict=True))
    )
    return _GAP.join(cells).rstrip()
