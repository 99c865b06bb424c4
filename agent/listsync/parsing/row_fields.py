"""The fields of a list row, each cleaned, or None where the list gives nothing usable."""

from __future__ import annotations

import re
import time
from functools import lru_cache

from listsync.decoding import Answer
from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.text_cleaning import one_line

_IMDB = re.compile(r"tt\d{7,12}", re.ASCII)
_NUMBER = re.compile(r"(\d{1,10})(?:\.0+)?", re.ASCII)  # spreadsheets write 603 as 603.0
_YEAR = re.compile(r"(\d{4})(?!\d)", re.ASCII)
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
    """Read a year from `2019`, `"2019"`, `2019-05-01` or `2019-2023`; None when it cannot be."""
    year = _year_in(value) if isinstance(value, str) else whole_number(value)
    if year is None or year < _FIRST_YEAR:
        return None
    return year if year <= time.gmtime().tm_year + _YEARS_AHEAD else None


@lru_cache(maxsize=1024)
def _year_in(text: str) -> int | None:
    found = _YEAR.match(text.strip())
    return int(found[1]) if found else None


class RowIds(Answer, frozen=True):
    """The ids of a title as lists in JSON give them, each still to be read."""

    imdb: object = None
    tmdb: object = None
    tvdb: object = None


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
