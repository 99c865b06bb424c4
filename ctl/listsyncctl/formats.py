"""Replies for programs: JSON, and plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from listsync.protocol import SCHEMA_VERSION
from listsync.terminal.output import shown
from listsync.text_cleaning import printable_json


def as_json(result: Mapping[str, Any]) -> str:
    return printable_json({"schema_version": SCHEMA_VERSION, **result})


def plain(result: Mapping[str, Any], rows: str | None, columns: Sequence[str]) -> Iterator[str]:
    """Give tab-separated lines: one per row of *rows*, or one `name<TAB>value` per field."""
    if rows is not None:
        for row in result.get(rows) or []:
            yield "\t".join(_cell(row.get(column)) for column in columns)
        return
    yield from (f"{name}\t{_cell(value)}" for name, value in _fields(result))


def _fields(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from _fields(one, f"{prefix}{name}.")
        else:
            yield prefix + name, one


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return shown(printable_json(value))
    return shown(value)
