"""The rows of every Trakt list, wrapped (`{"movie": {...}}`) or bare."""

from __future__ import annotations

from listsync.decoding import Answer
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.parsing.row_fields import (
    external_ids,
    imdb_id,
    number_id,
    title_text,
    whole_number,
    year_number,
)

_NEEDS = {"movie": "movie", "show": "show", "season": "show", "episode": "show"}
_KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV, "season": MediaType.TV}


class _Ids(Answer, frozen=True):
    imdb: object = None
    tmdb: object = None
    tvdb: object = None


_NO_IDS = _Ids()


class _Media(Answer, frozen=True):
    title: object = None
    year: object = None
    ids: _Ids | None = None

    def numbers(self) -> tuple[str | None, int | None, int | None]:
        ids = self.ids or _NO_IDS
        return imdb_id(ids.imdb), number_id(ids.tmdb), number_id(ids.tvdb)


class _Part(Answer, frozen=True):
    number: object = None
    season: object = None


class _Person(Answer, frozen=True):
    """A person; the ids tell two of one name apart."""

    name: object = None
    ids: object = None


class TraktRow(_Media, frozen=True):
    """One row. What it means is its `type`, else the one object in it, else itself (bare)."""

    type: str | None = None
    movie: _Media | None = None
    show: _Media | None = None
    season: _Part | None = None
    episode: _Part | None = None
    person: _Person | None = None

    @property
    def meaning(self) -> str | None:
        """Name what the row holds; None for a bare title."""
        if self.type is not None:
            return self.type
        found = ("person", "episode", "season", "movie", "show")
        return next((name for name in found if getattr(self, name) is not None), None)

    @property
    def media(self) -> _Media | None:
        """The title that the row is about."""
        meaning = self.meaning
        if meaning is None:
            return self
        found: _Media | None = getattr(self, _NEEDS.get(meaning, ""), None)
        return found

    def __post_init__(self) -> None:
        meaning = self.meaning
        if meaning == "person":
            return
        if meaning is not None and meaning not in _NEEDS:
            raise ValueError(f"an unknown type {meaning[:40]!r}")
        media = self.media
        if media is None or not (title_text(media.title) or any(media.numbers())):
            raise ValueError("no title and no id")
        if meaning == "season" and _number(self.season) is None:
            raise ValueError("a season without its number")


def _number(part: _Part | None) -> int | None:
    return whole_number(part.number) if part else None


def _seasons(part: _Part | None) -> tuple[int, ...]:
    number = _number(part)
    return () if number is None else (number,)


def entry_of(
    rank: int, row: TraktRow, bare: MediaType | None, only: MediaType | None
) -> ListEntry | SkippedRow:
    """Turn a checked row into an entry; *bare* is the kind of a title that does not tell its own.

    Episodes, persons and what is not of kind *only* are left out, and counted.
    """
    meaning, media = row.meaning, row.media
    if meaning == "person" or media is None:
        name = title_text(row.person.name) if row.person else None
        return SkippedRow(rank=rank, what=name or "a person", why="a person, not a title")
    title = title_text(media.title)
    if meaning == "episode":
        what = f"{title or 'an episode'} {_place(row.episode)}".strip()
        return SkippedRow(
            rank=rank, what=what, why="an episode; series and seasons can be asked for"
        )
    kind = _KINDS[meaning] if meaning else bare
    entry = ListEntry(
        rank=rank,
        title=title,
        year=year_number(media.year),
        kind=kind,
        ids=external_ids(*media.numbers(), kind),
        seasons=_seasons(row.season) if meaning == "season" else (),
    )
    if only is not None and kind is not only:
        return SkippedRow(
            rank=rank, what=entry.label, why="not of the kind that the address shows"
        )
    return entry


def _place(part: _Part | None) -> str:
    season, number = (part and whole_number(part.season)), _number(part)
    return "" if season is None or number is None else f"{season}x{number:02}"
