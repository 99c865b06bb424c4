"""What the server's catalogue calls genres and languages, so that filters can be checked."""

from __future__ import annotations

from msgspec import Raw, field

from listsync.decoding import Answer, readable
from listsync.domain.genres import fold_genre
from listsync.domain.media import MediaType
from listsync.seerr.identity import read
from listsync.seerr.transport import Wire


class _Genre(Answer, frozen=True):
    name: str


class _Language(Answer, frozen=True):
    code: str = field(name="iso_639_1")


def read_genres(wire: Wire, kind: MediaType) -> frozenset[str]:
    """Read the genres of *kind*, folded, in English as filters name them."""
    rows = read(wire, f"/genres/{kind.value}?language=en", list[Raw])
    return frozenset(fold_genre(row.name) for row in readable(rows, _Genre))


def read_languages(wire: Wire) -> frozenset[str]:
    """Read the codes of the languages (ISO 639-1)."""
    rows = read(wire, "/languages", list[Raw])
    return frozenset(row.code.strip().lower() for row in readable(rows, _Language))
