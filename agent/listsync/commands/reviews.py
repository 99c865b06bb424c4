"""Titles that wait for a person, and what the person says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listsync.commands.paging import limit_of, offset_of
from listsync.commands.shapes import fitting, review_shape
from listsync.commands.sources import Sources
from listsync.domain.books import Choice, ReviewRow
from listsync.domain.media import MediaType, TitleKey
from listsync.protocol import Code, RefusedCommand

_SEE = "see `listsyncctl review`"
_SHORTEST = 4
_NUMBER = re.compile(r"[1-9]\d?", re.ASCII)
_KEY = re.compile(r"(?:tmdb:)?(movie|tv)/([1-9]\d{0,9})", re.ASCII)


def review(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    look = sources.books.decided if params.get("decided") else sources.books.waiting
    total, found = look(limit=limit_of(params, 50), offset=offset_of(params))
    return {"total": total, "reviews": fitting(map(review_shape, found))}


def decide(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    """Take a candidate, a TMDB id, `reject` for none of them, or `undo` for not having said."""
    row = _named(sources, str(params.get("id") or "").strip())
    said = str(params.get("choice") or "").strip().lower()
    if said == "undo":
        return _undone(sources, row)
    key = None if said == "reject" else _chosen(row, said)
    title = next((one.label for one in row.candidates if one.key == key), "")
    sources.books.choose(row.lookup, Choice(key, title, datetime.now(UTC)))
    label = row.label[:200]
    if key is None:
        undo = f"`listsyncctl review undo {row.short_id}`"
        message = f"{label} is none of those and is not requested ({undo} takes that back)."
    else:
        named = f"{title[:200]} [{key}]" if title else f"[{key}]"
        message = f"{label} is {named}: the next sync requests it, if it is not there yet."
    return _done(sources, row, key, message)


def _undone(sources: Sources, row: ReviewRow) -> dict[str, Any]:
    label = row.label[:200]
    if not sources.books.withdraw(row.lookup):
        return _done(sources, row, None, f"Nothing was chosen for {label}.")
    return _done(sources, row, None, f"{label} is undecided again, as before you chose.")


def _done(sources: Sources, row: ReviewRow, key: TitleKey | None, message: str) -> dict[str, Any]:
    following = sources.configuration.in_force.following
    sources.refresh()
    return {
        "ok": True,
        "message": message,
        "id": row.short_id,
        "title": row.label[:200],
        "key": str(key) if key else None,
        "lists": fitting(name for name in row.lists[:50] if following.named(name)),
    }


def _named(sources: Sources, name: str) -> ReviewRow:
    found = sources.books.find_reviews(name) if len(name) >= _SHORTEST else ()
    if not found:
        raise RefusedCommand(Code.NOT_FOUND, f"nothing to choose has the id {name[:40]!r}: {_SEE}")
    if len(found) > 1:
        which = ", ".join(f"{one.label[:60]} ({one.long_id[:12]})" for one in found[:3])
        raise RefusedCommand(
            Code.INVALID_PARAMS, f"{name[:40]!r} begins several ids: {which}; give more of it"
        )
    return found[0]


def _chosen(row: ReviewRow, said: str) -> TitleKey:
    if match := _KEY.fullmatch(said):
        return TitleKey(MediaType(match[1]), int(match[2]))
    count = len(row.candidates)
    if _NUMBER.fullmatch(said) and int(said) <= count:
        return row.candidates[int(said) - 1].key
    offered = f"a candidate's number (1 to {count}) or " if count else ""
    raise RefusedCommand(
        Code.INVALID_PARAMS,
        f"{said[:40]!r} says no title: give {offered}a TMDB id like movie/603 or tv/1396, "
        "as in the address of its page at themoviedb.org; IMDb and TVDB ids are not taken here",
    )
