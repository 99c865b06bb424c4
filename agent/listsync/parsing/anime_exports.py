"""Exports of MyAnimeList and AniList: what is planned is wanted, under numbers of their own.

Sources: MyAnimeList's export (an `<anime>` for each title, made by a machine, always alike); the
answers of AniList's `MediaListCollection`, which its users and their programs keep as JSON; and
AniList's own export (`gdpr_data.json`), as programs of 2023 to 2026 read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from listsync.domain.lists import ListEntry, SkippedRow
from listsync.errors import ResponseChangedError
from listsync.parsing.anime_ids import AnimeStatus, titles_of
from listsync.parsing.columns import plain_name
from listsync.parsing.decoding import number_id
from listsync.parsing.text import Text

if TYPE_CHECKING:
    from listsync.parsing.anime_ids import AnimeService, FindAnime

_ROOT = re.compile(r"(?:<\?xml[^>]*\?>|<!--.*?-->|\s)*<myanimelist\b", re.DOTALL | re.IGNORECASE)
_END = "</anime>"
_FIELD = re.compile(r"<(\w{1,40})>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)
_LONGEST = 500_000  # characters of one title
_STATUSES = {
    **dict.fromkeys(("plantowatch", "planning", "planned", "ptw", "6"), "planned"),
    **dict.fromkeys(("watching", "current", "repeating", "rewatching", "1"), "watching"),
    **dict.fromkeys(("completed", "2"), "completed"),
    **dict.fromkeys(("onhold", "paused", "hold", "3"), "paused"),
}
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


_GDPR = frozenset(("series_type", "series_id", "status"))
_GDPR_STATUSES = ("current", "planning", "completed", "dropped", "paused", "repeating")


def _gdpr_row(item: Mapping[str, object]) -> dict[str, object]:
    """Read an entry of the data that AniList gives out by law: numbers alone, no titles."""
    status = item["status"]
    is_known = isinstance(status, int) and 0 <= status < len(_GDPR_STATUSES)
    return {
        "kind": None if item["series_type"] == 0 else "manga",
        "status": _GDPR_STATUSES[status] if isinstance(status, int) and is_known else "unknown",
        "source": "anilist",
        "media_id": str(item["series_id"]),
    }


def anilist_row(item: Mapping[str, object]) -> dict[str, object] | None:
    """Read an entry of AniList's; None for anything else."""
    if item.keys() >= _GDPR:
        return _gdpr_row(item)
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


def is_unwanted(status: object, wanted: Collection[AnimeStatus]) -> bool:
    """Tell a status of an anime that is none of those that are wanted."""
    if not isinstance(status, str) or not status:
        return False
    return _STATUSES.get(plain_name(status)) not in wanted


class AnimeNumbers:
    """Numbers of anime in the rows of one list, to be looked up together."""

    def __init__(self, find: FindAnime | None) -> None:
        self._find = find
        self._numbers: dict[int, tuple[AnimeService, int]] = {}

    def note(self, place: int, base: object, number: object) -> bool:
        """Remember whose *number* the entry at *place* has; False where it has none."""
        service, found = anime_base(base), number_id(number)
        if service is None or found is None:
            return False
        self._numbers[place] = (service, found)
        return True

    def resolved(self, entries: list[ListEntry]) -> tuple[list[ListEntry], list[SkippedRow]]:
        """Give entries the ids and seasons of their numbers; those without even a title go.

        Raises:
            UnavailableError: there are numbers, and no map of them can be had.
        """
        for base in {base for base, _ in self._numbers.values()} if self._find else ():
            at = {place: number for place, (one, number) in self._numbers.items() if one == base}
            known = self._find(base, set(at.values())) if self._find else {}
            for place, number in at.items():
                if about := known.get(number):
                    entries[place] = entries[place]._replace(
                        kind=about.kind or entries[place].kind,
                        ids=about.ids,
                        seasons=about.seasons,
                        doubt=about.doubt,
                        check_ids=False,
                    )
        gone = {
            place: _nameless(entries[place], number)
            for place, (_, number) in self._numbers.items()
            if not entries[place].title and not entries[place].ids
        }
        left = (
            [entry for place, entry in enumerate(entries) if place not in gone]
            if gone
            else entries
        )
        return left, list(gone.values())


def _nameless(entry: ListEntry, number: int) -> SkippedRow:
    why = entry.doubt or "no title, and no known ids"
    return SkippedRow(rank=entry.rank, what=f"entry {number}", why=why)
