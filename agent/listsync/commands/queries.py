"""Commands that look into the state or change it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync.agent.recent_runs import would_be_requested
from listsync.commands import status
from listsync.commands.context import Sources
from listsync.commands.control import scope_of
from listsync.commands.paging import Window, asked_of
from listsync.commands.serializers import item_shape, request_shape, run_at_length, run_shape
from listsync.domain.media import Exclusion, parse_exclusion
from listsync.domain.notices import notice_shape
from listsync.domain.runs import Ended
from listsync.protocol import Reason, RefusedCommand
from listsync.terminal.output import plural

if TYPE_CHECKING:
    from listsync.domain.lists import ListEntry
    from listsync.protocol.replies import (
        DoneReply,
        ExplainReply,
        ForgetReply,
        ItemsReply,
        ListsReply,
        RunReply,
        RunsReply,
    )
    from listsync.protocol.requests import (
        ExplainParams,
        ForgetParams,
        ItemParams,
        ItemsParams,
        ListsParams,
        RunsParams,
    )

_FEW = 5
_LATEST = 10
_MOST_STORIES = 20


def runs(sources: Sources, params: RunsParams) -> RunsReply | RunReply:
    if run_id := params.get("run_id"):
        return _one_run(sources, run_id, params)
    asked = asked_of(params, 20, str, str)
    page = sources.state.runs.page(limit=asked.limit, after=asked.after, skip=asked.skip)
    total, next_ = asked.told(page)
    return {"total": total, "next": next_, "runs": [run_shape(row) for row in page.rows]}


def items(sources: Sources, params: ItemsParams) -> ItemsReply:
    asked = asked_of(params, 50, int, int, str)
    page = sources.state.items.page(
        str(params.get("query") or "").strip(),
        list_name=params.get("list"),
        limit=asked.limit,
        after=asked.after,
        skip=asked.skip,
        lookup_of=_lookup_of,
    )
    total, next_ = asked.told(page)
    return {"total": total, "next": next_, "items": [item_shape(row) for row in page.rows]}


def _lookup_of(entry: ListEntry) -> str | None:
    # Brings the matching with it, which an idle agent can do without.
    from listsync.sync.titles.lookups import lookup_of_entry  # noqa: PLC0415

    return lookup_of_entry(entry)


def lists(sources: Sources, params: ListsParams) -> ListsReply:
    """Tell how all lists are, from memory, or of one also what became of its entries."""
    name = params.get("name")
    if name is None:
        return status.lists(sources, params)
    scope_of(sources, [name])
    found = status.lists_called(sources, name)
    return {
        "total": len(found),
        "next": None,
        "lists": found,
        "counts": dict(sources.state.items.counts(name)),
        "requests": [
            {**request_shape(row), "run_id": row.run_id}
            for row in sources.state.requests.for_list(name, limit=_LATEST)
        ],
    }


def explain(sources: Sources, params: ExplainParams) -> ExplainReply:
    # Brings the deciding with it, which an idle agent can do without.
    from listsync.commands.explain import stories  # noqa: PLC0415

    query = str(params.get("query") or "").strip()
    if not query:
        raise RefusedCommand(Reason.INVALID, "explain: name a title, or an id")
    return stories(
        sources,
        _bare(query),
        asked_of(params, _FEW, int, most=_MOST_STORIES),
    )


def exclude(sources: Sources, params: ItemParams) -> DoneReply:
    item, _ = _item(params)
    sources.state.exclusions.add(item, datetime.now(UTC))
    return {
        "ok": True,
        "message": f"{item} is excluded from now on.",
    }


def forget(sources: Sources, params: ForgetParams) -> ForgetReply:
    if params.get("all"):
        count = sources.state.exclusions.forget_all()
        what = "everything that was done at the server"
    else:
        item, exclusion = _item(params)
        count = sources.state.exclusions.forget(item, exclusion)
        what = item
    sources.refresh()
    if not count:
        return {"ok": True, "count": 0, "message": f"Nothing is stored about {what}."}
    return {
        "ok": True,
        "count": count,
        "message": f"Forgot {what} ({plural(count, 'record')}): the next sync considers it again.",
    }


def _one_run(sources: Sources, run_id: str, params: RunsParams) -> RunReply:
    recent = sources.recent.find(run_id)
    if recent is not None and recent.row.dry_run:
        return _dry_run(recent, params)
    asked = asked_of(params, 200, int, int, int)
    row = sources.state.runs.find(run_id)
    # What ended a moment ago is told by memory: the state may not have been writable.
    row = recent.row if recent is not None and row is not None else row
    row = row or (recent.row if recent is not None else None)
    if row is None:
        raise RefusedCommand(Reason.NOT_FOUND, f"there is no one run {run_id[:40]!r}")
    before, request, skip = asked.after or (0, 0, asked.skip)
    notices = row.notices[int(before) :][: asked.limit]
    room = asked.limit - len(notices)
    page = sources.state.requests.of_run(
        row.run_id,
        limit=room,
        after=(request,) if asked.after else None,
        skip=int(skip),
    )
    # Where the notices took all the room, no request is told yet, nor left out.
    (last,) = page.last or (request,)
    has_more = page.last is not None or room == 0
    key = (int(before) + len(notices), last, 0 if room else skip) if has_more else None
    total, next_ = asked.told(page._replace(last=key))
    requests = [request_shape(one) for one in page.rows]
    return {
        "run": run_at_length(row),
        "notices": [notice_shape(one) for one in notices],
        "total": total,
        "next": next_,
        "requests": requests,
    }


def _dry_run(ended: Ended, params: RunsParams) -> RunReply:
    """Tell what a dry run would have requested; of an older one only how many that were."""
    window = Window(asked_of(params, 200, int))
    notices = window.take(ended.row.notices)
    requests = [request_shape(one) for one in window.take(would_be_requested(ended))]
    return {
        "run": run_at_length(ended.row),
        "notices": [notice_shape(one) for one in notices],
        "total": ended.row.requested,
        "next": window.next,
        "requests": requests,
    }


def _bare(query: str) -> str:
    """Take the id out of a form like `imdb:tt0133093` or `tmdb:movie/603`."""
    head, colon, rest = query.lower().partition(":")
    return rest if colon and head in {"imdb", "tmdb", "tvdb"} else query


def _item(params: ItemParams | ForgetParams) -> tuple[str, Exclusion]:
    text = str(params.get("item") or "").strip().lower()
    try:
        return text, parse_exclusion(text)
    except ValueError as error:
        raise RefusedCommand(Reason.INVALID, f"{text[:100]!r} names no title: {error}") from error
