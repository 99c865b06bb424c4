"""Separated values to rows of fields, with a word on whether the text ends too early."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import TypeVar

_END = "\x1aend of list\x1a"
_RowT = TypeVar("_RowT")


class TableReader:
    """Iterates the rows of a table; afterwards `is_cut` says whether a quote never ended.

    A line that cannot be data follows the last one. When it comes back as a row of its own, all
    quotes were closed; when not, the row that swallowed it is the cut one, and `is_cut` is set
    before that row is yielded.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        lines = chain(io.StringIO(text, newline=""), [_END])
        self._reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        self.is_cut = False

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
        try:
            return next(self._reader)
        except csv.Error:  # a field beyond all bounds: its quote never ended
            return ["(a quote that does not end)", _END]


def with_is_last(rows: Iterator[_RowT]) -> Iterator[tuple[_RowT, bool]]:
    """Pair each row with whether it is the last one."""
    held = next(rows, None)
    while held is not None:
        following = next(rows, None)
        yield held, following is None
        held = following
