"""Rows that came from PostgreSQL, looked at before they are written: anybody may have put them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from msgspec import DecodeError
from msgspec.json import Decoder

from listsync.domain.fleet import SharedRow
from listsync.domain.lists import Validators
from listsync.store.history import notices_of
from listsync.store.integrity import text_reader
from listsync.store.match_cache import candidates_of
from listsync.store.shared_tables import ORDINAL, SharedColumn, SharedTable

_MOST_CHARACTERS = 1_000_000
_INT64 = 2**63
_FLAGS = frozenset({"four_k", "is_over", "is_available", "lapsed", "confirmed", "check_ids"})
_NUMBERS = Decoder(tuple[int, ...]).decode
_NAMES = Decoder(tuple[str, ...]).decode
_COUNTS = Decoder(dict[str, dict[str, str | int]]).decode


def _comma_numbers(text: str) -> object:
    return text and [int(one) for one in text.split(",")]


_READERS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("requests", "lists"): _NAMES,
    ("requests", "seasons"): _NUMBERS,
    ("intents", "lists"): _NAMES,
    ("intents", "seasons"): _NUMBERS,
    ("server_requests", "seasons"): _NUMBERS,
    ("matches", "reasons"): _NAMES,
    ("matches", "candidates"): candidates_of,
    ("followed", "validators"): lambda text: Validators(**json.loads(text)),
    ("runs", "lists"): _COUNTS,
    ("runs", "notices"): notices_of,
    ("entries", "seasons"): _comma_numbers,
    ("handled", "seasons"): _comma_numbers,
    ("handled", "aired_before"): date.fromisoformat,
}
"""What reads a text when it is used; it must not fail there."""
_UNREADABLE = (ArithmeticError, DecodeError, LookupError, RecursionError, TypeError, ValueError)
"""What they raise; a ValidationError of msgspec is a DecodeError."""


class BadRowError(ValueError):
    """A row cannot be used: leave it out, and say so."""


def checked_key(table: SharedTable, row: SharedRow) -> Sequence[str | int]:
    """Give what names *row*, a value for each part of its key; raises BadRowError."""
    try:
        values = json.loads(row.at.key)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != len(table.key):
        raise BadRowError(f"a key of {len(table.key)} parts was expected")
    for name, value in zip(table.key, values, strict=True):
        if name == ORDINAL:
            _check_integer(name, value)
        else:
            _check(table, table.columns[name], value, is_required=True)
    return values


def checked_content(table: SharedTable, row: SharedRow) -> Mapping[str, object]:
    """Give what is known of *row* by its columns; unknown ones are those of a newer version.

    Raises:
        BadRowError: it cannot be used.
    """
    content = row.content or {}
    for name in table.content:
        column = table.columns[name]
        if name in content:
            _check(table, column, content[name], is_required=column.is_not_null)
        elif column.is_required:
            raise BadRowError(f"{name} is missing")
    return {name: content[name] for name in table.content if name in content}


def _check(table: SharedTable, column: SharedColumn, value: object, *, is_required: bool) -> None:
    if value is None:
        if is_required:
            raise BadRowError(f"{column.name} is empty")
    elif column.is_parent or column.type == "TEXT":
        _check_text(table, column, value)
    elif column.type == "REAL":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadRowError(f"{column.name} is no number")
    else:
        _check_integer(column.name, value)


def _check_integer(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise BadRowError(f"{name} is no whole number")
    if name in _FLAGS and value not in (0, 1):
        raise BadRowError(f"{name} is neither 0 nor 1")


def _check_text(table: SharedTable, column: SharedColumn, value: object) -> None:
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        raise BadRowError(f"{column.name} is no text, or too long")
    if column.is_parent:
        return
    for read in (
        text_reader(table.noun, column.name),
        _READERS.get((table.noun, column.name)),
    ):
        try:
            if read is not None:
                read(value)
        except _UNREADABLE as error:
            raise BadRowError(f"{column.name} cannot be read") from error
