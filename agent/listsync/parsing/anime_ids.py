"""What the map of anime ids says: AniList's and MyAnimeList's numbers, and whose titles they are.

Both number every season, every special and every film apart, and know no other ids. The map is the
community's anime-list-full.json (github.com/Fribb/anime-lists), in the shapes it has had up to
2026: an IMDb id or several, a TMDB number by itself, as text, or by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, TypeVar

from listsync.config_types import ServiceOptions, ValueForm, WebAddress, parse_one_line
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.parsing.decoding import (
    ResponseShape,
    external_ids,
    imdb_id,
    number_id,
    title_text,
    whole_number,
)

AnimeService = Literal["anilist", "mal"]
AnimeStatus = Literal["planned", "watching", "completed", "paused"]
"""What may be wanted of an export; what was dropped never is."""
PLANNED: tuple[AnimeStatus, ...] = ("planned",)
Id = TypeVar("Id", str, int)

_KINDS = {"MOVIE": MediaType.MOVIE, "TV": MediaType.TV}
_LIKE_SERIES = ("OVA", "ONA", "SPECIAL", "TV_SHORT")
"""Of these the map says by a film's number that one of them is a film elsewhere."""


def _read_path(value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a path as text")
    try:
        return folder.absolute() / Path(parse_one_line(value)).expanduser()
    except RuntimeError:
        raise ValueError("is in the home of no known user") from None


MapFile = Annotated[Path, ValueForm(_read_path, {"type": "string", "minLength": 1})]


class AnimeIdsOptions(ServiceOptions, frozen=True, kw_only=True):
    """Where the map of anime ids is had; AniList and MyAnimeList give no ids but their own."""

    base_url: Annotated[WebAddress, "Address of the map; asked for once a week at most."] = (
        "https://raw.githubusercontent.com/Fribb/anime-lists/master/anime-list-full.json"
    )
    file: Annotated[
        MapFile | None,
        "The map as a file of your own, in place of the address; relative to the folder of this "
        "configuration.",
    ] = None


class AnimeTitle(NamedTuple):
    """What the map says of one number; `season` is the one of a series that it stands for.

    `doubt` says why it may be one of several titles; such ids are left out.
    """

    kind: MediaType | None = None
    ids: ExternalIds = NO_IDS
    season: int | None = None
    doubt: str | None = None

    @property
    def seasons(self) -> tuple[int, ...]:
        """Give the season as a `ListEntry` has it."""
        return () if self.season is None else (self.season,)


UNKNOWN_ANIME = AnimeTitle()


class AnimeIds(Protocol):
    """Finds titles by their numbers at AniList and MyAnimeList. Any thread may ask."""

    def find(self, service: AnimeService, ids: Collection[int]) -> Mapping[int, AnimeTitle]:
        """Return what the map knows, without the numbers that it does not.

        Raises:
            UnavailableError: there is no map, and none can be had now.
        """
        ...


class MapRow(ResponseShape, frozen=True):
    """One row of the map, its fields as they come."""

    type: object = None
    anilist_id: object = None
    mal_id: object = None
    imdb_id: object = None
    themoviedb_id: object = None
    tvdb_id: object = None
    thetvdb_id: object = None
    season: object = None

    def numbers(self) -> Iterator[tuple[AnimeService, int]]:
        """Name it as the two services do."""
        for number in _all_of(self.anilist_id, number_id):
            yield "anilist", number
        for number in _all_of(self.mal_id, number_id):
            yield "mal", number


def titles_of(english: object, romaji: object, native: object) -> tuple[str | None, str | None]:
    """Give the title that is searched for, and the original one; each may be missing."""
    first, own = title_text(romaji), title_text(native)
    return title_text(english) or first or own, own or first


def with_ids(
    entry: ListEntry, number: int | None, known: Mapping[int, AnimeTitle]
) -> ListEntry | SkippedRow:
    """Give an entry the ids of the series or film that it is a part of.

    What the map *known* says of its kind counts before what its service says.
    """
    about = known.get(number or 0, UNKNOWN_ANIME)
    if not entry.title and not about.ids:
        what = f"entry {number}"
        return SkippedRow(rank=entry.rank, what=what, why="no title, and no known ids")
    return entry._replace(
        original_title=entry.original_title if entry.original_title != entry.title else None,
        kind=about.kind or entry.kind,
        ids=about.ids,
        seasons=about.seasons,
        doubt=about.doubt,
    )


FindAnime = Callable[[AnimeService, Collection[int]], Mapping[int, AnimeTitle]]


def title_of(row: MapRow) -> AnimeTitle:
    """Say which title a row means; what may be one of several is not guessed."""
    numbers = _tmdb_numbers(row.themoviedb_id)
    kind = _kind_of(row, numbers)
    tvdb = [] if kind is MediaType.MOVIE else _all_of(row.tvdb_id or row.thetvdb_id, number_id)
    tmdb = list(dict.fromkeys([*numbers.get(kind, ()), *numbers.get(None, ())]))
    imdb = _all_of(row.imdb_id, imdb_id)
    if len(tmdb) > 1 or len(tvdb) > 1 or (len(imdb) > 1 and not tmdb and not tvdb):
        count = max(len(tmdb), len(tvdb), len(imdb))
        return AnimeTitle(kind, doubt=f"the map of anime ids names {count} titles for it")
    ids = external_ids(_only(imdb), _only(tmdb), _only(tvdb), kind)
    if kind is MediaType.MOVIE:
        return AnimeTitle(kind, ids)
    return AnimeTitle(kind, ids, *_season_of(row.season))


def merged(titles: Iterable[AnimeTitle]) -> AnimeTitle:
    """Say what several rows of one number mean together."""
    different = list(dict.fromkeys(titles))
    if len(different) == 1:
        return different[0]
    kinds, ids = {one.kind for one in different}, {one.ids for one in different}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is not None and len(ids) == 1 and not any(one.doubt for one in different):
        numbers = " and ".join(str(one.season) for one in different if one.season is not None)
        return different[0]._replace(
            season=None, doubt=f"the map of anime ids names seasons {numbers} for it"
        )
    return AnimeTitle(kind, doubt=f"the map of anime ids names {len(different)} titles for it")


_Numbers = Mapping[MediaType | None, list[int]]


def _tmdb_numbers(value: object) -> _Numbers:
    """Sort TMDB's numbers by the kind that they are said to be of, None: not said."""
    if not isinstance(value, dict):
        return {None: _all_of(value, number_id)}
    keys = {"movie": MediaType.MOVIE, "tv": MediaType.TV}
    return {keys[key]: _all_of(value[key], number_id) for key in keys if key in value}


def _kind_of(row: MapRow, numbers: _Numbers) -> MediaType | None:
    """Let the type decide; but a special that TMDB has as a film, and nothing else, is one."""
    named = row.type.upper() if isinstance(row.type, str) else ""
    if named in _KINDS:
        return _KINDS[named]
    season, _ = _season_of(row.season)
    if numbers.get(MediaType.MOVIE) and not numbers.get(MediaType.TV) and not season:
        return MediaType.MOVIE
    is_series = named in _LIKE_SERIES or numbers.get(MediaType.TV)
    return MediaType.TV if is_series or row.tvdb_id or row.thetvdb_id else None


def _season_of(value: object) -> tuple[int | None, str | None]:
    """Read the season, and what is in doubt about it."""
    if not isinstance(value, dict):
        return None, None
    numbers = {name: whole_number(value.get(name)) for name in ("tvdb", "tmdb")}
    tvdb, tmdb = numbers["tvdb"], numbers["tmdb"]
    if tvdb is None or tmdb is None or tvdb == tmdb:
        return tmdb if tvdb is None else tvdb, None
    return None, f"it is season {tvdb} at TheTVDB and season {tmdb} at TMDB"


def _all_of(value: object, read: Callable[[object], Id | None]) -> list[Id]:
    """Read one id or several, in an array or with commas between them."""
    if isinstance(value, str):
        value = value.split(",")
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(one for one in map(read, values) if one is not None))


def _only(values: list[Id]) -> Id | None:
    return values[0] if len(values) == 1 else None
