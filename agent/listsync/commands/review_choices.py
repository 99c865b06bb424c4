"""What a person may answer to "which title is it?". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.parsing.address_forms import recognise
from listsync.parsing.row_fields import imdb_id, number_id
from listsync.protocol import Reason, RefusedCommand

_NUMBER = re.compile(r"[1-9]\d?", re.ASCII)
_KEY = re.compile(r"(?:tmdb:)?(movie|tv)/([1-9]\d{0,9})", re.ASCII | re.IGNORECASE)
_IMDB = re.compile(r"(?:imdb:)?(tt\d+)", re.ASCII | re.IGNORECASE)


def parse_choice(said: str, candidates: Sequence[Candidate]) -> TitleKey | str:
    """Read a candidate's number, or an id or an address of TMDB or IMDb; of IMDb give the id.

    Raises:
        RefusedCommand: it says no title.
    """
    if _NUMBER.fullmatch(said) and int(said) <= len(candidates):
        return candidates[int(said) - 1].key
    choice = _of_id(said) or _of_address(said)
    if choice is None:
        raise RefusedCommand(Reason.INVALID, _refusal(said, len(candidates)))
    return choice


def _of_id(said: str) -> TitleKey | str | None:
    if match := _KEY.fullmatch(said):
        return TitleKey(MediaType(match[1].lower()), int(match[2]))
    match = _IMDB.fullmatch(said)
    return imdb_id(match[1]) if match else None


def _of_address(said: str) -> TitleKey | str | None:
    form = recognise(said)
    if form is None or form.kind != "title":
        return None
    number = form.groups["id"]
    if form.provider == "imdb":
        return imdb_id(number)
    tmdb_id = number_id(number) if form.provider == "tmdb" else None
    return TitleKey(MediaType(form.groups["media"]), tmdb_id) if tmdb_id else None


def _refusal(said: str, count: int) -> str:
    offered = f"a candidate's number (1 to {count}), " if count else ""
    return (
        f"{said[:40]!r} says no title: give {offered}an id like movie/603, tv/1396 or tt0133093, "
        "or the address of its page at themoviedb.org or imdb.com"
    )
