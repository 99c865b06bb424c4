"""Tables that line up by the cells of a terminal, and fit into it.

Where *columns* is None nobody looks on but a file or a program: nothing is cut or wrapped then.
In a terminal that is too narrow what is no name is wrapped, then names are shortened in their
middle (lists are told apart by how they begin and end), then what is no name goes below its row,
and at last each row is told in lines of its own.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TextIO

from listsync.terminal.output import PLAIN, Palette, is_terminal, shown

_GAP = "  "
_INDENT = "    "
_SHORTEST = 12
"""What is left of a name in a narrow terminal."""
_NARROWEST = 20
"""How narrow a column of sentences may become."""
_USUAL = 80
_NO_CELL = {"\u200c", "\u200d"}
"""Joiners; all else of no width that is no mark was taken out of the text."""


def columns_of(stream: TextIO | None, environ: Mapping[str, str]) -> int | None:
    """Say how wide the terminal of *stream* is; None: it is none."""
    if stream is None or not is_terminal(stream):
        return None
    told = environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (OSError, ValueError):  # no descriptor, or none of a terminal
        return _USUAL


def width(text: str) -> int:
    """Count terminal cells: wide letters take two, marks that combine with others none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if (
        unicodedata.category(char) in {"Mn", "Me"}
        or char in _NO_CELL
        or "\u1160" <= char <= "\u11ff"
    ):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shortened(text: str, room: int) -> str:
    """Cut the end off *text* so that it takes at most *room* cells."""
    return text if width(text) <= room else f"{_beginning(text, room - 1)}…"


def shortened_inside(text: str, room: int) -> str:
    """Cut the middle out of *text* so that it takes at most *room* cells."""
    if width(text) <= room:
        return text
    begin = _beginning(text, room // 2)
    return f"{begin}…{_ending(text, room - 1 - width(begin))}"


def _beginning(text: str, room: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += _cells(char)
        if taken > room:
            return text[:place]
    return text


def _ending(text: str, room: int) -> str:
    """Give the end of *text*, which begins with no mark of a letter that was cut off."""
    taken = place = 0
    for back, char in enumerate(reversed(text), start=1):
        taken += _cells(char)
        if taken > room:
            break
        if _cells(char):
            place = back
    return text[len(text) - place :]


def wrapped(text: str, room: int) -> list[str]:
    """Break *text* into lines of at most *room* cells, between words where that can be."""
    return _filled(text.split(" "), room)


def _filled(words: Iterable[str], room: int) -> list[str]:
    lines = [""]
    for word in words:
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= room:
            lines[-1] = joined
            continue
        lines += [*_pieces(word, room)]
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _pieces(word: str, room: int) -> Iterator[str]:
    while width(word) > room:
        piece = _beginning(word, room) or word[0]
        yield piece
        word = word[len(piece) :]
    yield word


def padded(text: str, room: int, *, right: bool = False) -> str:
    gap = " " * (room - width(text))
    return gap + text if right else text + gap


def table(  # noqa: PLR0913 - each is a choice of its own
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    status: int | None = None,
    names: Collection[int] = (0,),
    words: Collection[int] = (),
    columns: int | None = None,
    palette: Palette = PLAIN,
) -> list[str]:
    """Lay out *rows* below *head*.

    Column *status* is coloured by its meaning; *names* may be shortened and *words* wrapped.
    """
    cells = [[shown(cell) for cell in row] for row in rows]
    parts = _grid(head, cells, status, names, words, columns, palette)
    if parts is None and words and columns is not None:
        parts = _words_below(head, cells, status, names, words, columns, palette)
    if parts is None and columns is not None:
        parts = [list(_block(head, row, status, columns, palette)) for row in cells]
    return [line for part in parts or () for line in part]


def _grid(  # noqa: PLR0913, PLR0917 - see `table`
    head: Sequence[str],
    cells: Sequence[Sequence[str]],
    status: int | None,
    names: Collection[int],
    words: Collection[int],
    columns: int | None,
    palette: Palette,
) -> list[list[str]] | None:
    """Give the lines of the head and of each row; None where they do not fit."""
    widths = _narrowed(_widths([head, *cells]), columns, words, [_NARROWEST] * len(head))
    widths = _narrowed(widths, columns, names, [max(_SHORTEST, width(one)) for one in head])
    if columns is not None and _total(widths) > columns:
        return None
    lines = [[palette.paint(_line(head, widths), "bold")]]
    for row in cells:
        parts = [
            wrapped(cell, room) if number in words else [shortened_inside(cell, room)]
            for number, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        rows = zip_longest(*parts, fillvalue="")
        lines.append([_line(one, widths, status=status, palette=palette) for one in rows])
    return lines


def _words_below(  # noqa: PLR0913, PLR0917 - see `table`
    head: Sequence[str],
    cells: Sequence[Sequence[str]],
    status: int | None,
    names: Collection[int],
    words: Collection[int],
    columns: int,
    palette: Palette,
) -> list[list[str]] | None:
    """Put *words* below the row that they belong to; None where even the others do not fit."""
    kept = [number for number in range(len(head)) if number not in words]
    places = {number: place for place, number in enumerate(kept)}
    others = [[row[number] for number in kept] for row in cells]
    short = [head[number] for number in kept]
    shortenable = [places[number] for number in names]
    coloured = None if status is None else places[status]
    lines = _grid(short, others, coloured, shortenable, (), columns, palette)
    if lines is None:
        return None
    for part, row in zip(lines[1:], cells, strict=True):
        told = [row[number] for number in sorted(words) if row[number]]
        part += [
            f"{_INDENT}{line}" for one in told for line in wrapped(one, columns - len(_INDENT))
        ]
    return lines


def table_of_numbers(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    columns: int | None = None,
    palette: Palette = PLAIN,
) -> list[str]:
    """Lay out *rows* below *head*, all columns but the first right-aligned.

    Where that is wider than *columns*, the words of the head go below each other first.
    """
    heads = [list(head)]
    cells = [[shown(cell) for cell in row] for row in rows]
    if columns is not None and _total(_widths([*heads, *cells])) > columns:
        heads = _stacked(head)
    widths = _narrowed(_widths([*heads, *cells]), columns, (0,), [_SHORTEST])
    if columns is not None and _total(widths) > columns:
        return [line for row in cells for line in _in_words(head, row, columns, palette)]
    cells = [[shortened_inside(row[0], widths[0]), *row[1:]] for row in cells]
    return [
        *(palette.paint(_line(row, widths, numbers=True), "bold") for row in heads),
        *(_line(row, widths, numbers=True) for row in cells),
    ]


def _narrowed(
    widths: Sequence[int], columns: int | None, which: Collection[int], least: Sequence[int]
) -> list[int]:
    """Take from the widest of *which* in turn, as far as they may, until all fit."""
    found = list(widths)
    for _ in range(0 if columns is None else max(0, _total(found) - columns)):
        spare = [one for one in which if found[one] > least[one]]
        if spare:
            found[max(spare, key=found.__getitem__)] -= 1
    return found


def _block(
    head: Sequence[str], row: Sequence[str], status: int | None, columns: int, palette: Palette
) -> Iterator[str]:
    """Tell a row in lines of its own: its name, then all that is known of it."""
    yield from (palette.paint(line, "bold") for line in wrapped(row[0], columns))
    names = [one.lower() for one in head]
    room = max(map(width, names[1:]), default=0) + 2 * len(_GAP)
    for number, (name, cell) in enumerate(zip(names, row, strict=True)):
        if not number or not cell:
            continue
        first, *others = wrapped(cell, max(columns - room, _SHORTEST))
        told = palette.status(first) if number == status else first
        yield f"{_GAP}{padded(name, room - 2 * len(_GAP))}{_GAP}{told}"
        yield from (" " * room + line for line in others)


def _in_words(
    head: Sequence[str], row: Sequence[str], columns: int, palette: Palette
) -> Iterator[str]:
    yield from (palette.paint(line, "bold") for line in wrapped(row[0], columns))
    pairs = zip(head[1:], row[1:], strict=True)
    *told, last = [f"{name.lower()} {cell}" for name, cell in pairs]
    for line in _filled([*(f"{one}," for one in told), last], max(columns - len(_GAP), _SHORTEST)):
        yield _GAP + line


def _stacked(head: Sequence[str]) -> list[list[str]]:
    """Put the words of each heading below each other, the last ones in one line."""
    words = [one.split() for one in head]
    lines = max(map(len, words))
    filled = [[""] * (lines - len(one)) + one for one in words]
    return [list(line) for line in zip(*filled, strict=True)]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(width, column)) for column in zip(*rows, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(
    row: Sequence[str],
    widths: Sequence[int],
    *,
    numbers: bool = False,
    status: int | None = None,
    palette: Palette = PLAIN,
) -> str:
    cells = []
    for column, (text, room) in enumerate(zip(row, widths, strict=True)):
        cell = padded(text, room, right=numbers and column > 0)
        is_told = column == status and bool(text)
        cells.append(palette.status(text) + cell[len(text) :] if is_told else cell)
    return _GAP.join(cells).rstrip()
