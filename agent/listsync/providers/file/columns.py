"""The names under which lists give the fields of a row, in any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from listsync.providers.file.row_collector import RawRow

FIELDS = {
    "title": "title",
    "originaltitle": "original_title",
    "year": "year",
    "releaseyear": "year",
    **dict.fromkeys(
        (
            *("releasedate", "released", "premiered", "premieredate", "premiere", "firstairdate"),
            "firstaired",
        ),
        "date",
    ),
    "kind": "kind",
    "type": "kind",
    "titletype": "kind",
    "mediatype": "kind",
    "const": "imdb",
    "imdb": "imdb",
    "imdbid": "imdb",
    "tmdb": "tmdb",
    "tmdbid": "tmdb",
    "tvdb": "tvdb",
    "tvdbid": "tvdb",
    **dict.fromkeys(
        (
            *("season", "seasons", "seasonnumber", "seasonnumbers", "seasonno", "seasonnr"),
            *("seasonnum", "tvseason", "staffel", "saison", "temporada", "stagione", "seizoen"),
            *("sezon", "staffeln", "saisons", "temporadas", "stagioni", "seizoenen", "sezony"),
            *("seasonname", "seasontitle", "seasonlist", "showseason", "seasonswanted"),
            *("wantedseasons", "monitoredseasons"),
        ),
        "season",
    ),
    **dict.fromkeys(
        (
            *("episode", "episodenumber", "episodeno", "episodenr", "episodenum", "ep", "epno"),
            *("epnumber", "episodetitle", "episodename", "folge", "aflevering", "odcinek"),
            "episodio",
        ),
        "episode",
    ),
}
NAMING = ("title", "imdb", "tmdb", "tvdb")  # a row needs one of these
KNOWN = "title (or name), year, type, imdb_id (or const), tmdb_id, tvdb_id, season"
# Columns of IMDb's and Letterboxd's exports that are understood, and not used.
_UNUSED = frozenset(
    {
        *("position", "created", "modified", "description", "url", "imdbrating", "runtimemins"),
        *("genres", "numvotes", "releasedatemonthdayyear", "directors", "rank"),
        *("yourrating", "yourated", "daterated", "date", "letterboxduri", "rating", "rating10"),
        *("rewatch", "tags", "watcheddate", "review", "knownfor", "birthdate"),
    }
)
_PLACES = {name: place for place, name in enumerate(RawRow._fields)}


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Drop case, blanks and signs: `IMDb ID`, `imdb_id` and `imdbID` are one name."""
    return re.sub(r"[^a-z0-9]", "", name[:100].lower())


def is_understood(name: str) -> bool:
    plain = plain_name(name)
    return plain in FIELDS or plain == "name" or plain in _UNUSED


def place_of(name: str) -> int | None:
    """Say which field of `RawRow` a name stands for."""
    field = FIELDS.get(plain_name(name))
    return None if field is None else _PLACES[field]


def header_places(header: list[str]) -> tuple[int, ...]:
    """Say where in *header* each field of `RawRow` is found; -1 for a field that it lacks.

    `name` is a title in Letterboxd's exports; where there is a `title` as well, that one counts.
    """
    plain = [plain_name(name) for name in header]
    places = [-1] * len(_PLACES)
    for column, name in enumerate(plain):
        field = FIELDS.get("title" if name == "name" and "title" not in plain else name)
        if field is not None and places[_PLACES[field]] < 0:
            places[_PLACES[field]] = column
    return tuple(places)


def ids_of_parts(names: Iterable[str]) -> bool | None:
    """Tell whether ids are those of the season or the episode that a row is about.

    So in TMDB's account export and in Trakt's exports of lists: there is one set of ids, and rows
    of episodes. Trakt's other exports have the ids of episodes besides: False. None: not told.
    """
    plain = {plain_name(name) for name in names}
    if any(name.startswith("episode") and name.endswith("id") for name in plain):
        return False
    return True if any(FIELDS.get(name) == "episode" for name in plain) else None


def speaks_of_series(names: Iterable[str]) -> bool:
    """Tell whether there is a place for what only series have, or for which of both it is."""
    return any(FIELDS.get(name) in ("kind", "tvdb", "season", "episode") for name in names)


def names_titles(places: tuple[int, ...]) -> bool:
    """Tell whether a row under this header can say which title it means."""
    return any(places[_PLACES[field]] >= 0 for field in NAMING)
