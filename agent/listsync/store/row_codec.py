"""What tables have in common: titles, entries and points in time, searched for and in pages."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from listsync.domain.history import Page
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey

ENTRY_NAMES = (
    "rank",
    "title",
    "original_title",
    "year",
    "kind",
    "imdb",
    "tmdb",
    "tvdb",
    "seasons",
    "doubt",
    "check_ids",
    "bare_id",
)
ENTRY_COLUMNS = ", ".join(ENTRY_NAMES)

_LONGEST_NUMBER = 18
"""Digits; SQLite knows no larger ones."""

_IMDB_ID = re.compile(r"tt\d+", re.ASCII)

KINDS = {kind.value: kind for kind in MediaType}


_T = TypeVar("_T")


def entry_of(row: sqlite3.Row) -> ListEntry:
    return entry_from([row[name] for name in ENTRY_NAMES])


def entry_from(values: Sequence[Any]) -> ListEntry:
    """Make an entry of the values of ENTRY_COLUMNS."""
    rank, title, original, year, kind, imdb, tmdb, tvdb, seasons, doubt, check_ids, bare_id = (
        values
    )
    return ListEntry(
        rank=rank,
        title=title,
        original_title=original,
        year=year,
        kind=KINDS[kind] if kind else None,
        ids=ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb),
        seasons=tuple(map(int, seasons.split(","))) if seasons else (),
        doubt=doubt,
        check_ids=bool(check_ids),
        bare_id=bare_id,
    )


def key_of(row: sqlite3.Row) -> TitleKey:
    return title_key(row["kind"], row["tmdb"])


def title_key(kind: str, tmdb: int) -> TitleKey:
    return TitleKey(KINDS[kind], tmdb)


def edition_of(row: sqlite3.Row) -> Edition:
    return Edition(key_of(row), bool(row["four_k"]))


def iso(at: datetime) -> str:
    """Write a point in time such that texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def iso_now() -> str:
    return iso(datetime.now(UTC))


def time_from(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def looking_for(query: str) -> dict[str, str | int | None]:
    """Give the parameters of a statement that looks for *query*, to the letter or within.

    `number` is one that it is, `kind` and `kind_number` of a title like `movie/603`.
    """
    like = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    kind, slash, number = query.partition("/")
    is_key = bool(slash) and kind in {one.value for one in MediaType}
    return {
        "query": query,
        "like": f"%{like}%",
        "number": _number(query),
        "kind": kind if is_key else None,
        "kind_number": _number(number) if is_key else None,
    }


def entry_fits(query: str) -> str:
    """Give the condition by which an entry fits *query*, with the parameters of `looking_for`.

    Every entry is held against it, so it asks for nothing that *query* cannot be. Of a title like
    `movie/603` that is everything: what was taken for it is known elsewhere.
    """
    if looking_for(query)["kind_number"] is not None:
        return "false"  # no title is called so
    ways = [_HAS_TEXT]
    if _IMDB_ID.fullmatch(query):
        ways.append("imdb = :query")
    if _number(query) is not None:
        ways.append("tmdb = :number OR tvdb = :number")
    return f"({' OR '.join(ways)})"


_HAS_TEXT = """title LIKE :like ESCAPE '\\'
    OR (original_title NOT NULL AND original_title LIKE :like ESCAPE '\\')"""


def _number(text: str) -> int | None:
    """Read what is a number to the letter; None for anything else."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_one and str(int(text)) == text else None


def page_of(
    total: int | None, rows: Sequence[_T], found: Sequence[sqlite3.Row], *key: str
) -> Page[_T]:
    """Make a page of *rows*, the first of those *found*; where more were, others follow.

    *key* names the columns by which they are in order.
    """
    last = found[len(rows) - 1] if len(found) > len(rows) else None
    return Page(total, tuple(rows), tuple(last[name] for name in key) if last else None)
