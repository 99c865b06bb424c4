"""Commands that look into the books or change them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listsync.commands.shapes import fitting, item_shape, request_shape, run_shape
from listsync.commands.sources import Sources
from listsync.domain.exclusions import parse_exclusion
from listsync.domain.syncing import Exclusion
from listsync.protocol import Code, RefusedCommand

_MOST = 200


def runs(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    if run_id := params.get("run_id"):
        return _one_run(sources, run_id)
    found = sources.books.runs(limit=_limit(params, 20), offset=_offset(params))
    return {"runs": fitting(map(run_shape, found))}


def items(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    total, found = sources.books.items(
        str(params.get("query") or "").strip(),
        list_name=params.get("list"),
        limit=_limit(params, 50),
        offset=_offset(params),
    )
    return {"total": total, "items": fitting(map(item_shape, found))}


def exclude(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    item, _ = _item(params)
    sources.books.exclude(item, datetime.now(UTC))
    return {
        "ok": True,
        "message": f"{item} is not requested any more, from the next sync on "
        f"(`listsyncctl forget {item}` undoes that).",
    }


def forget(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("all"):
        count = sources.books.forget_all()
        what = "Everything that was done at the server"
    else:
        item, exclusion = _item(params)
        count = sources.books.forget(item, exclusion)
        what = item
    if not count:
        return {"ok": True, "count": 0, "message": f"Nothing was remembered of {what}."}
    return {
        "ok": True,
        "count": count,
        "message": f"{what} is forgotten ({count} records): the next sync looks at it anew.",
    }


def _one_run(sources: Sources, run_id: str) -> dict[str, Any]:
    recent = sources.recent.find(run_id)
    if recent is not None and recent.row.dry_run:
        return _run(run_shape(recent.row), map(request_shape, recent.requests))
    found = sources.books.run(run_id)
    if found is not None:
        row, requests = found
        # What ended a moment ago is told by memory: the books may not have been able to note it.
        row = recent.row if recent is not None else row
        return _run(run_shape(row), map(request_shape, requests))
    if recent is not None:
        return _run(run_shape(recent.row), ())
    raise RefusedCommand(
        Code.NOT_FOUND, f"there is no one run {run_id[:40]!r}: see `listsyncctl runs`"
    )


def _run(run: dict[str, Any], requests: Any) -> dict[str, Any]:
    return {"run": run, "requests": fitting(requests)}


def _item(params: Mapping[str, Any]) -> tuple[str, Exclusion]:
    text = str(params.get("item") or "").strip().lower()
    try:
        return text, parse_exclusion(text)
    except ValueError as error:
        raise RefusedCommand(
            Code.INVALID_PARAMS, f"{text[:100]!r} names no title: {error}"
        ) from error


def _limit(params: Mapping[str, Any], usual: int) -> int:
    limit = params.get("limit", usual)
    if not limit >= 1:
        raise RefusedCommand(Code.INVALID_PARAMS, "limit must be at least 1")
    return int(min(limit, _MOST))


def _offset(params: Mapping[str, Any]) -> int:
    offset = params.get("offset", 0)
    if not 0 <= offset < 2**62:
        raise RefusedCommand(Code.INVALID_PARAMS, "offset must not be negative")
    return int(offset)
