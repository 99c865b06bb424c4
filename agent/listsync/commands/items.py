"""Commands about titles and the lists that hold them: what is known, and what is excluded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from listsync.commands import status
from listsync.commands.context import CommandContext
from listsync.commands.control import scope_of
from listsync.commands.notices import holds_by_list
from listsync.commands.serializers import (
    PageRequest,
    PageRows,
    iso,
    item_shape,
    page_request_of,
    request_shape,
)
from listsync.domain.history import Page, RequestRow
from listsync.domain.media import Exclusion, TitleKey, parse_exclusion
from listsync.protocol import Reason, RefusedCommand
from listsync.terminal.output import plural
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.domain.lists import ListEntry
    from listsync.protocol.messages import (
        DoneReply,
        ExplainParams,
        ExplainReply,
        ForgetParams,
        ForgetReply,
        ItemParams,
        ItemsParams,
        ItemsReply,
        ListsParams,
        ListsReply,
        RequestsParams,
        RequestsReply,
    )
    from listsync.protocol.shapes import FeedShape, RequestShape

_FEW = 5
_LATEST = 10
_MOST_EXPLAINED = 20


def items(context: CommandContext, params: ItemsParams) -> ItemsReply:
    request = page_request_of(params, 50, int, int, str)
    name = params.get("list")
    if name is not None:
        _must_be_known(context, name)
    page = context.state.items.page(
        str(params.get("query") or "").strip(),
        list_name=name,
        limit=request.limit,
        after=request.after,
        skip=request.skip,
        lookup_of=_lookup_of,
    )
    total, next_ = request.total_and_next(page)
    on_hold = holds_by_list(context)
    shapes = (item_shape(row, on_hold.get(row.list_name)) for row in page.rows)
    items = PageRows(shapes, [row.place for row in page.rows], total)
    return {"total": total, "next": next_, "items": items}


def _must_be_known(context: CommandContext, name: str) -> None:
    """Refuse the name of a list that neither is followed nor ever was read."""
    is_configured = any(one.name == name for one in context.configuration.current.snapshot.lists)
    if not is_configured and all(one.name != name for one in context.state.lists.all()):
        scope_of(context, [name])


def _lookup_of(entry: ListEntry) -> str | None:
    # Brings the matching with it, which an idle agent can do without.
    from listsync.sync.titles.lookups import lookup_of_entry  # noqa: PLC0415

    return lookup_of_entry(entry)


def lists(context: CommandContext, params: ListsParams) -> ListsReply:
    """Tell how all lists are, from memory, or of one also what became of its entries."""
    name = params.get("name")
    if name is None:
        return status.lists(context, params)
    scope_of(context, [name])
    found = status.lists_called(context, name)
    latest = context.state.requests.for_list(name, limit=_LATEST)
    total, next_ = PageRequest(limit=_LATEST).total_and_next(latest)
    reply: ListsReply = {
        "total": len(found),
        "next": None,
        "lists": found,
        "counts": dict(context.state.items.counts(name)),
        "requests": [_request(row) for row in latest.rows],
        "requests_total": total,
        "requests_next": next_,
    }
    if (feed := _feed(context, name)) is not None:
        reply["feed"] = feed
    return reply


def requests(context: CommandContext, params: RequestsParams) -> RequestsReply:
    """Tell the requests of a title, those that a list brought, or all."""
    request = page_request_of(params, 50, int)
    page = _requests_meant(context, params)(
        limit=request.limit, after=request.after, skip=request.skip
    )
    total, next_ = request.total_and_next(page)
    return {"total": total, "next": next_, "requests": [*map(_request, page.rows)]}


def _requests_meant(
    context: CommandContext, params: RequestsParams
) -> Callable[..., Page[RequestRow]]:
    log = context.state.requests
    match params.get("title"), params.get("list"):
        case str(title), None:
            return partial(log.for_title, _title_key(title))
        case None, str(name):
            scope_of(context, [name])
            return partial(log.for_list, name)
        case None, None:
            return log.latest
    raise RefusedCommand(Reason.INVALID, "requests: name a title or a list, not both")


def _title_key(text: str) -> TitleKey:
    with suppress(ValueError):
        key = parse_exclusion(f"tmdb:{_bare(text.strip())}").key
        if key is not None:
            return key
    words = f"requests: {cut(text, 100)!r} names no title: give one like movie/603 or tv/1396"
    raise RefusedCommand(Reason.INVALID, words)


def _request(row: RequestRow) -> RequestShape:
    return {**request_shape(row), "run_id": row.run_id}


def _feed(context: CommandContext, name: str) -> FeedShape | None:
    lists = context.configuration.current.snapshot.lists
    found = (context.state.feeds.find(one) for one in lists if one.name == name)
    record = next(found, None)
    if record is None:
        return None
    return {
        "radarr": record.counts.get("radarr", 0),
        "sonarr": record.counts.get("sonarr", 0),
        "stevenlu": record.counts.get("stevenlu", 0),
        "left_out": dict(record.left_out),
        "read_at": iso(record.read_at),
        "changed_at": iso(record.changed_at),
    }


def explain(context: CommandContext, params: ExplainParams) -> ExplainReply:
    # Brings the deciding with it, which an idle agent can do without.
    from listsync.commands.explain import explanations  # noqa: PLC0415

    query = str(params.get("query") or "").strip()
    if not query:
        raise RefusedCommand(Reason.INVALID, "explain: name a title, or an id")
    return explanations(
        context,
        _bare(query),
        page_request_of(params, _FEW, int, most=_MOST_EXPLAINED),
    )


def exclude(context: CommandContext, params: ItemParams) -> DoneReply:
    item, _ = _item(params)
    context.state.exclusions.add(item, datetime.now(UTC))
    return {
        "ok": True,
        "message": f"{item} is excluded from now on.",
    }


def forget(context: CommandContext, params: ForgetParams) -> ForgetReply:
    if params.get("all"):
        count = context.state.exclusions.forget_all()
        what = "everything that was done at the server"
    else:
        item, exclusion = _item(params)
        count = context.state.exclusions.forget(item, exclusion)
        what = item
    context.refresh()
    if not count:
        return {"ok": True, "count": 0, "message": f"Nothing is stored about {what}."}
    return {
        "ok": True,
        "count": count,
        "message": f"Forgot {what} ({plural(count, 'record')}): the next sync considers it again.",
    }


def _bare(query: str) -> str:
    """Take the id out of a form like `imdb:tt0133093` or `tmdb:movie/603`."""
    head, colon, rest = query.lower().partition(":")
    return rest if colon and head in {"imdb", "tmdb", "tvdb"} else query


def _item(params: ItemParams | ForgetParams) -> tuple[str, Exclusion]:
    given = str(params.get("item") or "").strip()
    item = _with_service(given.lower())
    try:
        return item, parse_exclusion(item)
    except ValueError as error:
        raise RefusedCommand(
            Reason.INVALID, f"{cut(given, 100)!r} names no title: {error}"
        ) from error


def _with_service(item: str) -> str:
    """Name the service of an id as it is shown, `movie/603` or `tt0133093`."""
    if item.startswith(("movie/", "tv/")):
        return f"tmdb:{item}"
    return f"imdb:{item}" if item.startswith("tt") else item
