"""Text of unknown encoding, and the rows and lines in it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from listsync.lean_dataclasses import dataclass

if TYPE_CHECKING:
    from listsync.files.local_file import Bytes


BLANKS = "\ufeff \t\r\n\f\v"
MOST_OF_LINE = 1_000_000
"""Characters of one line, or of a row of several."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LOOK = 100_000  # characters that show whether it is text
PIECE = 256 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text as *data* hold it, decoded a piece at a time: whole, it can take four times their size.

    `is_cut` when the bytes end in the middle of a character, `ends_line` when the last line has an
    end. `is_blank`: nothing but white space; `is_binary`: this never was text (a NUL, or many
    control characters). `foreign` counts the letters beyond ASCII, `bad` those that stand for
    bytes which are none.
    """

    data: Bytes = field(repr=False)
    encoding: str
    errors: str
    is_cut: bool
    is_blank: bool
    is_binary: bool
    ends_line: bool
    foreign: int
    bad: int

    def pieces(self) -> Iterator[str]:
        return _decoded(self.data, codecs.getincrementaldecoder(self.encoding)(self.errors))

    def start(self, most: int) -> str:
        """Give the first *most* characters, or fewer, after marks and white space."""
        found, size = list[str](), 0
        for piece in self.pieces():
            found.append(piece if found else piece.lstrip(BLANKS))
            size += len(found[-1])
            if not size:
                found.clear()
            elif size >= most:
                break
        return "".join(found)[:most]


def decode(data: Bytes) -> Text:
    """Decode by byte order mark, else as UTF-8, else as the old Windows and Latin-1 letters."""
    if data[:2] in _UTF16:
        return _scanned(data, "utf-16", "replace")
    try:
        text = _scanned(data, "utf-8-sig", "strict")
    except UnicodeDecodeError:
        return _by_majority(data)
    return _as_latin(data) if text.is_cut and not text.foreign else text


def decoded(data: bytes, encoding: str) -> Iterator[str]:
    """Yield text piece by piece; raises UnicodeDecodeError where it is not in *encoding*."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    yield from _decoded(data, decoder)
    yield decoder.decode(b"", final=True)


def _decoded(data: Bytes, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    for at in range(0, len(data), PIECE):
        if piece := decoder.decode(data[at : at + PIECE]):
            yield piece


def _scanned(data: Bytes, encoding: str, errors: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    foreign = bad = controls = looked = 0
    is_blank, has_nul, last = True, False, ""
    for piece in _decoded(data, decoder):
        foreign += len(piece) - len(piece.encode("ascii", "ignore"))
        bad += piece.count("\ufffd")
        has_nul = has_nul or "\0" in piece
        is_blank = is_blank and not piece.strip(BLANKS)
        if looked < _LOOK:
            beginning = piece[: _LOOK - looked]
            looked += len(beginning)
            controls += len(_CONTROL.findall(beginning))
        last = piece[-1]
    return Text(
        data=data,
        encoding=encoding,
        errors=errors,
        is_cut=bool(decoder.getstate()[0]),
        is_blank=is_blank,
        is_binary=has_nul or (controls > 2 and controls * 50 > looked),
        ends_line=last in ("\n", "\r"),
        foreign=foreign,
        bad=bad,
    )


def _by_majority(data: Bytes) -> Text:
    """Choose between damaged UTF-8 and Latin-1: good letters against bad bytes."""
    text = _scanned(data, "utf-8-sig", "replace")
    return text if text.foreign - text.bad > text.bad else _as_latin(data)


def _as_latin(data: Bytes) -> Text:
    """Decode as cp1252; the five bytes it does not know are taken from Latin-1."""
    try:
        return _scanned(data, "cp1252", "strict")
    except UnicodeDecodeError:
        return _scanned(data, "latin-1", "strict")


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    r"""Yield the lines of a text, each with its end: \n, \r\n or \r.

    What a line has beyond `MOST_OF_LINE` characters may be left out, so longer ones are no data.
    """
    rest = ""
    for piece in pieces:
        lines = io.StringIO(rest + piece, newline="").readlines()
        rest = lines.pop() if lines else ""
        yield from lines
        if len(rest) > MOST_OF_LINE + 2:
            rest = rest[: MOST_OF_LINE + 1] + rest[-1]  # half of an end may be there
    if rest:
        yield rest


_END = "\x1aend of list\x1a"
_RowT = TypeVar("_RowT")


class TableReader:
    """Iterates the rows of a table, given as lines with their ends.

    Afterwards `is_cut` says whether a quote never ended, or a row is longer than any row is.

    A line that cannot be data follows the last one. When it comes back as a row of its own, all
    quotes were closed; when not, the row that swallowed it is the cut one, and `is_cut` is set
    before that row is yielded.
    """

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        source = chain(self._counted(lines), [_END])
        self._reader = csv.reader(source, delimiter=delimiter, skipinitialspace=True)
        self._size_of_row = 0
        self.is_cut = False

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self._size_of_row += len(line)
            if self._size_of_row > MOST_OF_LINE:
                raise csv.Error
            yield line

    def __iter__(self) -> Iterator[list[str]]:
        """Yield each row; an empty line is an empty row."""
        while (fields := self._next()) != [_END]:
            if fields and fields[-1].endswith(_END):
                self.is_cut = True
                fields[-1] = fields[-1].removesuffix(_END)
            yield fields
            if self.is_cut:
                return

    def _next(self) -> list[str]:
        self._size_of_row = 0
        try:
            return next(self._reader)
        except csv.Error:  # beyond all bounds: a quote never ended
            return ["(a row that does not end)", _END]


def with_is_last(rows: Iterator[_RowT]) -> Iterator[tuple[_RowT, bool]]:
    """Pair each row with whether it is the last one."""
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        yield row, following is None
        row = following
