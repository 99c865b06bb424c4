"""The lists, and the titles on them."""

from __future__ import annotations

from collections.abc import Iterator

from listsync.terminal.layout import table
from listsync.terminal.output import shown
from listsync.terminal.quantities import relative
from listsync.terminal.titles import notice_words
from listsyncctl.look import Look, Reply
from listsyncctl.title_view import request_words


def lists(result: Reply, look: Look) -> Iterator[str]:
    rows = result.get("lists") or []
    yield from table(
        ("LIST", "SERVICE", "OUTCOME", "READ", "LAST SUCCESS", "NEXT", "WHY"),
        [
            (
                one.get("name"),
                one.get("service"),
                one.get("outcome"),
                _read_of(one),
                look.ago(one.get("last_success")),
                _next_of(one, look),
                one.get("why"),
            )
            for one in rows
        ],
        status=2,
        palette=look.palette,
    )
    for one in rows:
        if one.get("advice"):
            yield f"{shown(one.get('name'))}: what you can do: {shown(one['advice'])}"
        for notice in one.get("notices") or []:
            yield notice_words(notice)
    if "counts" in result:
        counts = result["counts"].items()
        words = [f"{count} {shown(word.replace('_', ' '))}" for word, count in counts]
        yield f"Entries: {', '.join(words) or 'none'}"
    for one in result.get("requests") or []:
        yield f"  {shown(one.get('title'))}: {request_words(one, look)}"


def _next_of(one: Reply, look: Look) -> str:
    if one.get("retry_at"):
        return f"retry {look.ago(one['retry_at'])}"
    return relative(one["next_due"], look.now) if one.get("next_due") else ""


def _read_of(one: Reply) -> str:
    read, declared = one.get("read"), one.get("declared")
    return shown(read) if declared in {None, read} else f"{read} of {declared}"


def items(result: Reply, look: Look) -> Iterator[str]:
    rows = result.get("items") or []
    yield from table(
        ("TITLE", "KIND", "TMDB", "LIST", "STATUS", "SINCE", "REQUESTED FOR"),
        [
            (
                *(one.get(name) for name in ("title", "kind", "tmdb_id", "list", "status")),
                look.ago(one.get("at")),
                _requested_for(one),
            )
            for one in rows
        ],
        status=4,
        palette=look.palette,
    )
    total = result.get("total") or 0
    if total > len(rows):
        shown_of = f"Showing {len(rows)} of {total}"
        yield f"{shown_of}: use --limit and --offset for more, or search for a title"


def _requested_for(one: Reply) -> str:
    user = f", as {one['asked_as']}" if one.get("asked_as") else ""
    return f"{one.get('brought_by') or ''}{user}"
