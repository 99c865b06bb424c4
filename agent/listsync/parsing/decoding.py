"""What a service answered, checked against the form that we know, and its fields, each cleaned.

An error has no cause: that of msgspec can hold a piece of the answer, which may be a secret.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

import msgspec

from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.text_cleaning import one_line

_PLACED = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)

ShapeT = TypeVar("ShapeT")

_MOST_VALUES = 1_000_000
"""In one answer, each of 80 bytes at most; the fullest, a page of the index, has a tenth."""


_prepared = set[object]()
_FIRST_USE = threading.Lock()


class ResponseShape(msgspec.Struct, frozen=True):
    """The part of a service's answer that we read; fields that we do not use are ignored.

    Types are kept as JSON allows: a number may come as its text, a whole one as 3.0. What is
    more than a matter of types is checked in `__post_init__`, which raises ValueError.
    """


class UnknownFormError(ValueError):
    """An answer has not the form that we know; the text says where, and what was expected."""


def prepared(shape: type[ShapeT]) -> type[ShapeT]:
    """Give *shape* as msgspec may read it in several threads; all that is read passes here.

    At its first use of a type msgspec keeps what it learns while it learns it, and a thread that
    takes half of that ends the process by SIGSEGV (measured with 0.22.0, Python 3.11).
    """
    if shape not in _prepared:
        with _FIRST_USE:
            msgspec.json.Decoder(shape)
            _prepared.add(shape)
    return shape


def decode(content: bytes | str, shape: type[ShapeT]) -> ShapeT:
    """Read JSON as *shape*.

    Raises:
        UnknownFormError: it is no JSON, or not of that form.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MOST_VALUES:
        raise UnknownFormError(f"it holds more than {_MOST_VALUES:,} values")
    try:
        return msgspec.json.decode(content, type=prepared(shape), strict=False)
    except (ValueError, RecursionError) as error:
        raise UnknownFormError(_words(error)) from None


def convert(value: object, shape: type[ShapeT], *, strict: bool = False) -> ShapeT:
    """Read a value that came from JSON as *shape*; with *strict*, a number's text is none.

    Raises:
        UnknownFormError: it is not of that form.
    """
    try:
        return msgspec.convert(value, type=prepared(shape), strict=strict)
    except (ValueError, RecursionError) as error:
        raise UnknownFormError(_words(error)) from None


def readable(rows: Iterable[msgspec.Raw] | None, shape: type[ShapeT]) -> tuple[ShapeT, ...]:
    """Read the rows that are of the form *shape*; odd ones are left out, and None has none."""
    found = []
    for row in rows or ():
        try:
            found.append(msgspec.json.decode(row, type=prepared(shape), strict=False))
        except (ValueError, RecursionError):
            continue
    return tuple(found)


def _words(error: Exception) -> str:
    """Put msgspec's words in ours: first the place, where there is one."""
    text = str(error)
    placed = _PLACED.fullmatch(text)
    if placed is not None:
        text = f"{placed[2]}: {placed[1][:1].lower()}{placed[1][1:]}"
    return text.replace("`", "")


_IMDB = re.compile(r"tt\d{7,12}", re.ASCII)
_NUMBER = re.compile(r"(\d{1,10})(?:\.0+)?", re.ASCII)  # spreadsheets write 603 as 603.0
_YEAR = re.compile(
    r"[(\[~'\s]*(?:c(?:a|irca)?\b\.?\s*)?(?:(\d{4})(?!\d)|([12]),(\d{3})(?!\d))",
    re.ASCII | re.IGNORECASE,
)
_FIRST_YEAR = 1870
_YEARS_AHEAD = 15
_LARGEST = 2**31 - 1
_LONGEST = 500


def title_text(value: object) -> str | None:
    """Clean a title as `one_line` does, at most 500 characters long."""
    return one_line(value, _LONGEST) or None if isinstance(value, str) else None


def imdb_id(value: object) -> str | None:
    """Read an IMDb title id, lower-case; None for anything else, ids of persons included."""
    if not isinstance(value, str):
        return None
    if _IMDB.fullmatch(value):
        return value  # nearly all
    text = value.strip().lower()
    return text if _IMDB.fullmatch(text) else None


def whole_number(value: object) -> int | None:
    """Read a number of 0 or more from a number or its text."""
    if type(value) is int:  # nearly all; True and False are not
        return value if 0 <= value <= _LARGEST else None
    if value is None or value == "":
        return None
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value.strip())
        value = int(found[1]) if found else None
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    return whole_number(value) if type(value) is int else None


def number_id(value: object) -> int | None:
    """Read a TMDB or TVDB number; 0 is what lists write for "none"."""
    return whole_number(value) or None


def year_number(value: object) -> int | None:
    """Read a year from `2019`, `"2,019"`, `(2019)`, `2019-05-01`, `2019-2023` or `c. 2019`.

    None when it cannot be.
    """
    year = _year_in(value) if isinstance(value, str) else whole_number(value)
    if year is None or year < _FIRST_YEAR:
        return None
    return year if year <= time.gmtime().tm_year + _YEARS_AHEAD else None


@lru_cache(maxsize=1024)
def _year_in(text: str) -> int | None:
    found = _YEAR.match(text.strip())
    return int(found[1] or found[2] + found[3]) if found else None


class RowIds(ResponseShape, frozen=True):
    """The ids of a title as lists in JSON give them, each still to be read."""

    imdb: object = None
    tmdb: object = None
    tvdb: object = None

    def read(self) -> tuple[str | None, int | None, int | None]:
        """Give the IMDb, TMDB and TVDB id."""
        return imdb_id(self.imdb), number_id(self.tmdb), number_id(self.tvdb)


NO_ROW_IDS = RowIds()


def external_ids(
    imdb: str | None, tmdb: int | None, tvdb: int | None, kind: MediaType | None
) -> ExternalIds:
    """Put ids together; the TVDB number of a film is left out, nobody can look it up."""
    if kind is MediaType.MOVIE:
        tvdb = None
    if imdb is None and tmdb is None and tvdb is None:
        return NO_IDS
    return ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb)
