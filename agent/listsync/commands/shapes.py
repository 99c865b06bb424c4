"""Records as the clients get them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from listsync.domain.books import ItemRow, RequestRow, RunRow

_ROOM = 48 * 1024
"""What the rows of one answer may take; an answer has to fit into one message."""
ROOM_OF_A_PART = _ROOM // 4
"""What each of the four parts of a status that can be long may take."""

_T = TypeVar("_T")


def run_shape(row: RunRow) -> dict[str, Any]:
    return {
        "run_id": row.run_id,
        "origin": row.origin[:200],
        "dry_run": row.dry_run,
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "result": row.result,
        "why": row.why[:500],
        "message": row.message[:500],
        "requested": row.requested,
        "calls": row.calls,
    }


def request_shape(row: RequestRow) -> dict[str, Any]:
    return {
        "title": row.title[:200],
        "kind": row.key.kind.value,
        "tmdb_id": row.key.tmdb_id,
        "seasons": ", ".join(map(str, row.seasons)),
        "answer": row.answer,
        "lists": ", ".join(row.lists)[:200],
        "at": iso(row.at),
    }


def item_shape(row: ItemRow) -> dict[str, Any]:
    return {
        "title": row.title[:200],
        "kind": row.key.kind.value if row.key else None,
        "tmdb_id": row.key.tmdb_id if row.key else None,
        "list": row.list_name,
        "status": row.status,
        "at": iso(row.at),
    }


def fitting(shapes: Iterable[_T], room: int = _ROOM) -> list[_T]:
    """Take as many as one answer has room for."""
    taken: list[_T] = []
    size = 0
    for shape in shapes:
        size += len(json.dumps(shape, ensure_ascii=False).encode(errors="replace"))
        if size > room:
            break
        taken.append(shape)
    return taken


def iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
