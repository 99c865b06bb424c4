"""Commands that look into the books or change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from listsync.commands import status as snapshots
from listsync.commands.context import Sources
from listsync.commands.control import scope_of
from listsync.commands.notices import notice_shape
from listsync.commands.paging import limit_of, offset_of
from listsync.commands.serializers import (
    ROOM_OF_A_PART,
    fitting,
    item_shape,
    request_shape,
    run_at_length,
    run_shape,
)
from listsync.domain.exclusions import parse_exclusion
from listsync.domain.history import RequestRow, RunRow
from listsync.domain.sync_records import Exclusion
from listsync.protocol import Code, RefusedCommand

_FEW = 5
_LATEST = 10
_MOST_STORIES = 20


def runs(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    if run_id := params.get("run_id"):
        return _one_run(sources, run_id)
    found = sources.books.runs(limit=limit_of(params, 20), offset=offset_of(params))
    return {"runs": fitting(map(run_shape, found))}


def items(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    total, found = sources.books.items(
        str(params.get("query") or "").strip(),
        list_name=params.get("list"),
        limit=limit_of(params, 50),
        offset=offset_of(params),
    )
    return {"total": total, "items": fitting(map(item_shape, found))}


def lists(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    """Tell how all lists are, from memory, or of one also what became of its entries."""
    name = params.get("name")
    if name is None:
        return snapshots.lists(sources, params)
    scope_of(sources, [name])
    found = snapshots.lists_called(sources, name)
    return {
        "lists": found,
        "counts": dict(sources.books.counts(name)),
        "requests": fitting(
            {**request_shape(row), "run_id": row.run_id}
            for row in sources.books.requests_for(name, limit=_LATEST)
        ),
    }


def explain(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    # Brings the deciding with it, which an idle agent can do without.
    from listsync.commands.explain import stories  # noqa: PLC0415

    query = str(params.get("query") or "").strip()
    if not query:
        raise RefusedCommand(Code.INVALID_PARAMS, "explain: name a title, or an id")
    return stories(
        sources,
        _bare(query),
        limit=limit_of(params, _FEW, most=_MOST_STORIES),
        offset=offset_of(params),
    )


def exclude(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    item, _ = _item(params)
    sources.books.exclude(item, datetime.now(UTC))
    return {
        "ok": True,
        "message": f"{item} is not requested any more (`listsyncctl forget {item}` undoes that).",
    }


def forget(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("all"):
        count = sources.books.forget_all()
        what = "Everything that was done at the server"
    else:
        item, exclusion = _item(params)
        count = sources.books.forget(item, exclusion)
        what = item
    sources.refresh()
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
        return _run(recent.row, recent.requests)
    found = sources.books.run(run_id)
    if found is not None:
        row, requests = found
        # What ended a moment ago is told by memory: the books may not have been able to note it.
        row = recent.row if recent is not None else row
        return _run(row, requests)
    if recent is not None:
        return _run(recent.row, ())
    raise RefusedCommand(
        Code.NOT_FOUND, f"there is no one run {run_id[:40]!r}: see `listsyncctl runs`"
    )


def _run(row: RunRow, requests: Iterable[RequestRow]) -> dict[str, Any]:
    return {
        "run": run_at_length(row),
        "notices": fitting(map(notice_shape, row.notices), ROOM_OF_A_PART),
        "requests": fitting(map(request_shape, requests), 2 * ROOM_OF_A_PART),
    }


def _bare(query: str) -> str:
    """Take the id out of a form like `imdb:tt0133093` or `tmdb:movie/603`."""
    head, colon, rest = query.lower().partition(":")
    return rest if colon and head in {"imdb", "tmdb", "tvdb"} else query


def _item(params: Mapping[str, Any]) -> tuple[str, Exclusion]:
    text = str(params.get("item") or "").strip().lower()
    try:
        return text, parse_exclusion(text)
    except ValueError as error:
        raise RefusedCommand(
            Code.INVALID_PARAMS, f"{text[:100]!r} names no title: {error}"
        ) from error
