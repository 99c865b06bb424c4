"""Separated values to rows of fields, with a word on whether the text ends too early."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar

from listsync.http.text import MOST_OF_LINE

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
    held = next(rows, None)
    while held is not None:
        following = next(rows, None)
        yield held, following is None
        held = following
