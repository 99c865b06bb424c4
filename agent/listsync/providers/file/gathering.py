"""Rows of any format, cleaned and gathered into one reading of the file."""

from __future__ import annotations

from typing import NamedTuple

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.net.fields import (
    external_ids,
    imdb_id,
    number_id,
    title_text,
    whole_number,
    year_number,
)
from listsync.net.rows import refuse_drift
from listsync.providers.file.kinds import Kind, kind_of
from listsync.providers.file.source import SERVICE

NOTHING = "no title and no id"
_UNSAID = Kind()
CUT_OFF = "cut off: the file ends in the middle of this row"


class RawRow(NamedTuple):
    """One row as the file gives it; anything may be missing, empty or nonsense."""

    title: object = None
    original_title: object = None
    year: object = None
    kind: object = None
    imdb: object = None
    tmdb: object = None
    tvdb: object = None
    season: object = None


class Gathering:
    """Collects rows in their order; one reading of one file uses one."""

    def __init__(self) -> None:
        self._entries: list[ListEntry] = []
        self._skipped: list[SkippedRow] = []
        self._broken: list[SkippedRow] = []
        self.is_cut = False
        self.says_empty = False  # the file itself shows that it is meant to hold nothing

    @property
    def next_rank(self) -> int:
        return len(self._entries) + len(self._skipped) + 1

    def add(self, raw: RawRow, assumed: MediaType | None = None) -> None:
        """Take one row; *assumed* is what it is where the row itself does not say."""
        kind = kind_of(raw.kind) if raw.kind and isinstance(raw.kind, str) else _UNSAID
        imdb, tmdb, tvdb = imdb_id(raw.imdb), number_id(raw.tmdb), number_id(raw.tvdb)
        title = title_text(raw.title)
        if kind.unwanted is not None:
            self.skip(title or str(raw.imdb), kind.unwanted)
        elif imdb is None and is_person(raw.imdb):
            self.skip(title or str(raw.imdb), "a person")
        elif title is None and imdb is None and tmdb is None and tvdb is None:
            self.skip_broken(_sketch(raw), NOTHING)
        else:
            season = whole_number(raw.season)
            numbered = tvdb is not None or season is not None
            media = kind.media or assumed or (MediaType.TV if numbered else None)
            self._entries.append(
                ListEntry(
                    rank=self.next_rank,
                    title=title,
                    original_title=_other(title, raw.original_title),
                    year=year_number(raw.year),
                    kind=media,
                    ids=external_ids(imdb, tmdb, tvdb, media),
                    seasons=() if season is None or media is not MediaType.TV else (season,),
                )
            )

    def skip(self, what: str, why: str) -> None:
        """Leave a row out that means something, but no title that could be requested."""
        row = SkippedRow(rank=self.next_rank, what=(title_text(what) or "?")[:80], why=why)
        self._skipped.append(row)

    def skip_broken(self, what: str, why: str) -> None:
        """Leave a row out that means nothing; many of these mean that this is no list."""
        self.skip(what, why)
        self._broken.append(self._skipped[-1])

    def skip_cut(self, what: str) -> None:
        """Leave the last row out, because the file ends in the middle of it."""
        self.skip(what, CUT_OFF)
        self.is_cut = True

    def fetched(self, validators: Validators) -> Fetched:
        """Finish. A cut file declares one row more than it holds, and is not remembered."""
        read = self.next_rank - 1
        refuse_drift(SERVICE, self._broken, total=read)
        return Fetched(
            entries=tuple(self._entries),
            skipped=tuple(self._skipped),
            declared=read + 1 if self.is_cut else read or (0 if self.says_empty else None),
            validators=None if self.is_cut else validators,
        )


def is_person(value: object) -> bool:
    """Recognise the id of a person at IMDb: `nm` and digits."""
    if not value or not isinstance(value, str):
        return False
    text = value.strip().lower()
    return text.startswith("nm") and text[2:].isdigit()


def _other(title: str | None, original: object) -> str | None:
    """Clean an original title; None when it says nothing new."""
    if not original or original == title:
        return None
    text = title_text(original)
    return None if text == title else text


def _sketch(raw: RawRow) -> str:
    return " ".join(str(part) for part in raw if part)[:80]
