"""Exports of MyAnimeList and AniList: what is planned is wanted, under numbers of their own.

Sources: MyAnimeList's export (an `<anime>` for each title, made by a machine, always alike); the
answers of AniList's `MediaListCollection`, which its users and their programs keep as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from listsync.errors import ResponseChangedError
from listsync.parsing.anime_ids import titles_of
from listsync.parsing.columns import plain_name
from listsync.parsing.text import Text

_ROOT = re.compile(r"(?:<\?xml[^>]*\?>|<!--.*?-->|\s)*<myanimelist\b", re.DOTALL | re.IGNORECASE)
_END = "</anime>"
_FIELD = re.compile(r"<(\w{1,40})>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)
_LONGEST = 500_000  # characters of one title
_PLANNED = frozenset(("plantowatch", "planning", "planned", "ptw", "6"))
_BASES: Mapping[str, Literal["anilist", "mal"]] = {
    "mal": "mal",
    "myanimelist": "mal",
    "anilist": "anilist",
}
_KINDS = {
    **dict.fromkeys(("tv", "tv_short", "tv short"), "tv"),
    "movie": "movie",
    **dict.fromkeys(("music", "pv", "cm"), "music video"),
    **dict.fromkeys(("manga", "novel", "one_shot"), "manga"),
}


def is_mal_export(start: str) -> bool:
    """Recognise MyAnimeList's export."""
    return _ROOT.match(start) is not None


def mal_rows(service: str, text: Text) -> Iterator[dict[str, object]]:
    """Yield the titles of MyAnimeList's export.

    Raises:
        ResponseChangedError: it is one of manga, or no export after all.
    """
    rest, count = "", 0
    for piece in text.pieces():
        *parts, rest = (rest + piece).split(_END)
        if len(rest) > _LONGEST:
            raise ResponseChangedError(service, "a title of the export never ends; not read")
        for part in parts:
            count += 1
            yield _mal_row(part.rpartition("<anime>")[2])
    if "<anime>" in rest or "</myanimelist>" not in rest:
        raise ResponseChangedError(service, "the export of MyAnimeList is cut off")
    if not count and "<manga>" in rest:
        raise ResponseChangedError(service, "is an export of manga, not of anime")


def _mal_row(part: str) -> dict[str, object]:
    import html  # noqa: PLC0415 - only for those who have such a file

    given = {name: cdata or html.unescape(text) for name, cdata, text in _FIELD.findall(part)}
    return {
        "title": given.get("series_title"),
        "kind": _KINDS.get(given.get("series_type", "").strip().lower()),
        "status": given.get("my_status"),
        "source": "mal",
        "media_id": given.get("series_animedb_id"),
    }


def anilist_row(item: Mapping[str, object]) -> dict[str, object] | None:
    """Read an entry of AniList's; None for anything else."""
    media = item.get("media")
    names = media.get("title") if isinstance(media, dict) else None
    if not isinstance(media, dict) or not isinstance(names, dict) or "id" not in media:
        return None
    title, original = titles_of(names.get("english"), names.get("romaji"), names.get("native"))
    start = media.get("startDate")
    form = media.get("format")
    return {
        "title": title,
        "original_title": original,
        "year": start.get("year") if isinstance(start, dict) else None,
        "kind": _KINDS.get(form.lower()) if isinstance(form, str) else None,
        "status": item.get("status"),
        "source": "anilist",
        "media_id": str(media["id"]),
    }


def anime_base(name: object) -> Literal["anilist", "mal"] | None:
    """Say whose number of an anime stands beside *name*."""
    return _BASES.get(plain_name(name)) if isinstance(name, str) else None


def is_unplanned(status: object) -> bool:
    """Tell a status of an anime that is not wanted: watched, being watched, paused or dropped."""
    return isinstance(status, str) and bool(status) and plain_name(status) not in _PLANNED
