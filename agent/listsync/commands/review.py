"""Titles that wait for a person, and what the person says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.serializers import page_request_of, review_shape
from listsync.domain.history import Choice, ReviewRow
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.notices import few
from listsync.domain.server import Candidate
from listsync.parsing.address_forms import recognise
from listsync.parsing.decoding import imdb_id, number_id
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        ReviewDecideParams,
        ReviewDecideReply,
        ReviewParams,
        ReviewReply,
    )


_NUMBER = re.compile(r"[1-9]\d?", re.ASCII)
_KEY = re.compile(r"(?:tmdb:)?(movie|tv)/([1-9]\d{0,9})", re.ASCII | re.IGNORECASE)
_IMDB = re.compile(r"(?:imdb:)?(tt\d+)", re.ASCII | re.IGNORECASE)


def parse_choice(text: str, candidates: Sequence[Candidate]) -> TitleKey | str:
    """Read a candidate's number, or an id or an address of TMDB or IMDb; of IMDb give the id.

    Raises:
        RefusedCommand: it says no title.
    """
    if _NUMBER.fullmatch(text) and int(text) <= len(candidates):
        return candidates[int(text) - 1].key
    choice = _of_id(text) or _of_address(text)
    if choice is None:
        raise RefusedCommand(Reason.INVALID, _refusal(text, len(candidates)))
    return choice


def _of_id(text: str) -> TitleKey | str | None:
    if match := _KEY.fullmatch(text):
        return TitleKey(MediaType(match[1].lower()), int(match[2]))
    match = _IMDB.fullmatch(text)
    return imdb_id(match[1]) if match else None


def _of_address(text: str) -> TitleKey | str | None:
    form = recognise(text)
    if form is None or form.kind != "title":
        return None
    number = form.groups["id"]
    if form.provider == "imdb":
        return imdb_id(number)
    tmdb_id = number_id(number) if form.provider == "tmdb" else None
    return TitleKey(MediaType(form.groups["media"]), tmdb_id) if tmdb_id else None


def _refusal(text: str, count: int) -> str:
    offered = f"a candidate's number (1 to {count}), " if count else ""
    return (
        f"{cut(text, 40)!r} says no title: give {offered}an id like movie/603, tv/1396 or "
        "tt0133093, or the address of its page at themoviedb.org or imdb.com"
    )


_SHORTEST = 4
_MOST_LISTS = 50
"""That are named for a sync of them; who wants to sync more syncs all."""


def review(context: CommandContext, params: ReviewParams) -> ReviewReply:
    look = (
        context.state.reviews.decided if params.get("decided") else context.state.reviews.waiting
    )
    request = page_request_of(params, 50, str, str)
    page = look(limit=request.limit, after=request.after, skip=request.skip)
    total, next_ = request.total_and_next(page)
    return {"total": total, "next": next_, "reviews": [review_shape(row) for row in page.rows]}


def decide(context: CommandContext, params: ReviewDecideParams) -> ReviewDecideReply:
    """Take a title, `reject` for none of those on offer, or `undo` for not having said.

    Nothing is looked up here, where a network must not be waited for: the next sync does.
    """
    row = _named(context, str(params.get("id") or "").strip())
    text = str(params.get("choice") or "").strip()
    if text.lower() == "undo":
        return _undone(context, row)
    if text.lower() == "reject":
        choice = Choice(None, "", datetime.now(UTC))
    else:
        choice = _choice(context, row, parse_choice(text, row.candidates))
    context.state.reviews.choose(row.lookup, choice)
    return _done(context, row, choice, f"{cut(row.label, 200)} is {_words_of(choice)}")


def _choice(context: CommandContext, row: ReviewRow, chosen: TitleKey | str) -> Choice:
    """Make of what was *chosen* a choice; an IMDb id may be known to be that of a title."""
    now = datetime.now(UTC)
    if isinstance(chosen, TitleKey):
        title = next((one.label for one in row.candidates if one.key == chosen), "")
        return Choice(chosen, title, now)
    key, title = context.state.reviews.title_of_imdb(chosen) or (None, "")
    return Choice(key, title, now, imdb=chosen)


def _words_of(choice: Choice) -> str:
    if choice.is_open:
        return (
            f"{choice.imdb}: the next sync looks that up and requests it, if it is not there yet."
        )
    if choice.key is None:
        return "rejected, and is not requested."
    named = f"{cut(choice.title, 200)} [{choice.key}]" if choice.title else f"[{choice.key}]"
    return f"{named}: the next sync requests it, if it is not there yet."


def _undone(context: CommandContext, row: ReviewRow) -> ReviewDecideReply:
    label = cut(row.label, 200)
    if not context.state.reviews.withdraw(row.lookup):
        return _done(context, row, None, f"You have not decided on {label}.")
    return _done(context, row, None, f"{label} is undecided again.")


def _done(
    context: CommandContext, row: ReviewRow, choice: Choice | None, message: str
) -> ReviewDecideReply:
    key = choice.key if choice else None
    snapshot = context.configuration.current.snapshot
    lists = [name for name in row.lists if snapshot.named(name)]
    context.refresh()
    return {
        "ok": True,
        "message": message,
        "id": row.short_id,
        "title": cut(row.label, 200),
        "key": str(key) if key else None,
        "imdb_id": choice.imdb if choice else None,
        "lists": lists if len(lists) <= _MOST_LISTS else [],
        "lists_total": len(lists),
    }


def _named(context: CommandContext, name: str) -> ReviewRow:
    found = context.state.reviews.find(name) if len(name) >= _SHORTEST else ()
    if not found:
        raise RefusedCommand(Reason.NOT_FOUND, f"nothing to choose has the id {cut(name, 40)!r}")
    if len(found) > 1:
        named = [f"{cut(one.label, 60)} ({one.long_id[:12]})" for one in found]
        which = few(named, ", ")
        raise RefusedCommand(
            Reason.INVALID, f"{cut(name, 40)!r} begins several ids: {which}; give more of it"
        )
    return found[0]
