"""JSON lists, of Radarr, Sonarr, MDBList, Trakt, Simkl and others.

Sources: the custom list readers of Radarr (2025-11) and Sonarr (2026-06), which take `id` for
the TMDB number and any case in names. In lists of one's own it is a running number as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.parsing.anime_exports import anilist_row
from listsync.parsing.columns import (
    FIELDS,
    RawRow,
    ids_of_parts,
    is_export,
    is_numbered_export,
    is_understood,
    kind_by_title,
    place_of,
    plain_name,
    speaks_of_series,
    tells_watched_films,
    title_among,
)
from listsync.parsing.decoding import imdb_id, number_id, title_text
from listsync.parsing.kinds import Kind
from listsync.parsing.list_lines import collect_line
from listsync.parsing.list_shapes import rows_of
from listsync.parsing.row_collector import RowCollector
from listsync.parsing.title_groups import UnreadList
from listsync.row_limit import MOST_ROWS, too_long

_FIELDS = len(RawRow._fields)
_GUIDS, _IMDB = RawRow._fields.index("guids"), RawRow._fields.index("imdb")
_COUNTED = (RawRow._fields.index("season"), RawRow._fields.index("episode"))
_OF_KODI, _PARTS_OF_KODI = {"tvshowid", "watchedepisodes"}, {"seasonid", "episodeid"}
"""Kodi counts the seasons and episodes of a series under the names of what those of a part are."""
_MOST_NAMES = 1000
_TELLING = frozenset(
    (
        *("id", "show", "movie", "cleantitle", "posterurl", "seriestype", "tvmazeid"),
        *("iswatched", "uuid", "rewatchcount", "implementation"),
    )
)
_WORDS = re.compile(r"(?!/|https?:).*[^\W\d_]{2}", re.DOTALL)  # no path, no address
_OF_TITLES = re.compile(r"movie|film|anime|title|tvshow|showname|seriesname")
"""Names that say of a word what it names, whatever stands beside it."""
_DATED = re.compile(r"\((?:18|19|20)\d\d\)\s*$")
_FILM_MARKS = ("cleantitle", "posterurl")  # letterboxd-list-radarr, StevenLu, Radarr: films only
_OF_SERIES = {"tvdb", "tvdbid", "seriestype", "tvmazeid"}  # Sonarr has a `cleanTitle`, too
_IDS = ("ids", "providerids", "externalids", "externals", "uniqueid", "id")
_GONE = ("removed", "deleted", "isDeleted", "closed")
_PARTS_OF_RECORD = {  # where records of lists have their title, and what it is there
    "movie": MediaType.MOVIE,
    "film": MediaType.MOVIE,
    "show": MediaType.TV,
    "series": MediaType.TV,
    "anime": None,
    "media": None,
    "item": None,
    "content": None,
    "attributes": None,
}
_SECTIONS = {media: Kind(media) for media in (None, *MediaType)}
_PARTS_OF_OTHERS = ("game", "book", "manga")
_ALL_PARTS = {*_PARTS_OF_RECORD, *_PARTS_OF_OTHERS}


def collect_json(collector: RowCollector, read: Callable[[], object]) -> None:
    """Read an array of titles, or an object that holds some; an empty one says there are none.

    *read* gives it, an array as an iterator, and is called twice: what rows mean depends on all.
    """
    count, names = _look_at(collector.service, (item for item, _ in rows_of(collector, read())))
    if "implementation" in names:
        why = "holds settings of Radarr or Sonarr, and no list of titles"
        raise ResponseChangedError(collector.service, why)
    collector.says_empty = not count
    is_of_series = not names.isdisjoint(_OF_SERIES)
    marks_films = not names.isdisjoint(_FILM_MARKS) and not is_of_series
    marks_films = marks_films or tells_watched_films(names)
    numbers_films, of_parts = _numbers_films(names), ids_of_parts(names)
    for item, listed in rows_of(collector, read()):
        collector.section = _SECTIONS[listed]
        if isinstance(item, UnreadList):
            collector.skip(item.name, item.why)
            collector.is_cut = collector.is_cut or item.is_loss
        elif isinstance(item, dict) and len(item) > _MOST_NAMES:
            collector.skip_broken(str(item.get("title")), f"more than {_MOST_NAMES:,} names")
        elif isinstance(item, dict) and any(item.get(name) is True for name in _GONE):
            collector.skip(str(item.get("title") or item.get("name")), "removed, as the list says")
        elif isinstance(item, dict):
            record, kind = _record(anilist_row(item) or item, listed)
            collector.ids_of_parts = of_parts if record is item else False
            collector.is_export, is_numbered = _trust(tuple(record), tuple(_nested(record)))
            raw, called = _raw(record, is_numbered=is_numbered)
            films = marks_films or (numbers_films and raw.bare_id is None)
            assumed = kind or (
                MediaType.MOVIE if films else kind_by_title(called) or _series(record)
            )
            collector.add(raw, assumed)
        elif isinstance(item, str):
            collect_line(collector, item)
        else:
            is_number = isinstance(item, int) and not isinstance(item, bool)
            why = (
                "a number, and nothing says whose"
                if is_number
                else "neither a title nor an object"
            )
            collector.skip_broken(str(item)[:80], why)


def _nested(item: dict[str, object]) -> dict[str, object]:
    found = (value for name, value in item.items() if plain_name(name) in _IDS)
    ids = next((value for value in found if isinstance(value, dict)), {})
    return ids if len(ids) <= _MOST_NAMES else {}


def _record(
    item: dict[str, object], kind: MediaType | None
) -> tuple[dict[str, object], MediaType | None]:
    """Take the title of a record out of it; what is around counts for the record, but its number.

    So in Trakt's answers and exports, in Simkl's backup, and in what others make of them.
    """
    if _ALL_PARTS.isdisjoint(item):
        return item, kind
    for name, media in _PARTS_OF_RECORD.items():
        part = item.get(name)
        if isinstance(part, dict) and len(part) <= _MOST_NAMES and _names_something(part):
            around = {key: value for key, value in item.items() if key not in (name, "id")}
            is_film = around.get("anime_type") == "movie"
            return {**around, **part}, MediaType.MOVIE if is_film else media or kind
    for name in _PARTS_OF_OTHERS:
        part = item.get(name)
        if isinstance(part, dict) and len(part) <= _MOST_NAMES and _names_something(part):
            return {**part, "kind": name}, None
    return item, kind


def _names_something(part: dict[str, object]) -> bool:
    names = {plain_name(name) for name in part}
    return bool(names & {"title", "name", "canonicaltitle", *_IDS})


def _look_at(service: str, items: Iterable[object]) -> tuple[int, set[str]]:
    """Count all elements, and find which of the names that tell something they have."""
    count, names, last = 0, set[str](), ()
    for item in items:
        count += not isinstance(item, UnreadList)
        if count > MOST_ROWS:
            raise too_long(service, count)
        if isinstance(item, dict) and (shape := tuple(item)) != last:
            last = shape
            names.update(filter(_tells, map(plain_name, shape)))
            if isinstance(item.get("id"), dict):
                names.discard("id")
    return count, names


def _tells(name: str) -> bool:
    return name in _TELLING or name in FIELDS or name.startswith("episode")


def _numbers_films(names: set[str]) -> bool:
    """Recognise Radarr's custom list: `id` is a film's number where nothing speaks of series."""
    return "id" in names and names.isdisjoint(("show", "movie")) and not speaks_of_series(names)


@lru_cache(maxsize=16)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Say which names are fields, and of which place; the rows of one list are mostly alike."""
    plain = {plain_name(name) for name in names}
    counted = _COUNTED if plain & _OF_KODI and not plain & _PARTS_OF_KODI else ()
    found = ((name, place_of(name)) for name in names)
    return tuple((name, at) for name, at in found if at is not None and at not in counted)


@lru_cache(maxsize=16)
def _trust(names: tuple[str, ...], nested: tuple[str, ...]) -> tuple[bool, bool]:
    """Tell whether a row is of an export, and whether its `id` is the number of TMDB."""
    plain = {plain_name(name) for name in names}
    export = is_export(plain) or is_export({plain_name(name) for name in nested})
    return export, is_numbered_export(plain)


def _raw(item: dict[str, object], *, is_numbered: bool) -> tuple[RawRow, str]:
    """Read the fields of a row, and say under what name its title stands if under another."""
    values: list[object] = [None] * _FIELDS
    for source in (item, _nested(item)):
        for name, place in _places(tuple(source)):
            if source[name] not in (None, ""):
                values[place] = _united(place, values[place], source[name])
    raw = RawRow._make(values)
    called = ""
    if not title_text(raw.title):
        name, title = _named(item)
        if any(raw[2:]) or item.get("id") or _is_dated(item) or _OF_TITLES.search(name):
            called, raw = name, raw._replace(title=title)
    return _with_bare_id(raw, item, is_numbered=is_numbered), called


def _united(place: int, found: object, more: object) -> object:
    """Keep the first value; but of ids what is one, and of ids of media servers all."""
    if place == _GUIDS and found:
        return [*_listed(found), *_listed(more)]
    is_no_id = place == _IMDB and not imdb_id(found) and imdb_id(more)
    return more if not found or is_no_id else found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _series(record: dict[str, object]) -> MediaType | None:
    """Tell a series that is described with its seasons, and no other word of what it is."""
    seasons = record.get("seasons")
    is_one = "seriesType" in record or (isinstance(seasons, list) and bool(seasons))
    return MediaType.TV if is_one else None


def _is_dated(item: dict[str, object]) -> bool:
    """Tell a card that is called as a title with its year is."""
    name = item.get("name")
    return isinstance(name, str) and _DATED.search(name) is not None


def _named(item: dict[str, object]) -> tuple[str, object]:
    """Find a title under its other names, which alone would not make a list one of titles."""
    found = {plain_name(name): value for name, value in item.items() if title_text(value)}
    called = title_among(found) or ""
    return called, title_text(found.get(called)) or title_text(found.get("originaltitle"))


def _says_more(item: dict[str, object]) -> bool:
    """Tell whether there are words under names that are not understood."""
    return any(
        isinstance(value, str) and _WORDS.match(value) and not is_understood(name)
        for name, value in item.items()
    )


def _with_bare_id(raw: RawRow, item: dict[str, object], *, is_numbered: bool) -> RawRow:
    """Take `id` for the TMDB number, unless the row shows that it is some program's own number.

    Beside a title, an id by its name or words that are not understood it may be the list's own
    number, but in an export.
    """
    bare = item.get("id")
    if bare is None and imdb_id(item.get("_id")):
        bare = item["_id"]  # Stremio
    if (
        bare is None
        or isinstance(bare, dict)
        or raw.tmdb
        or (number_id(raw.tvdb) and not raw.kind)
    ):
        return raw
    if imdb_id(bare):
        return raw if raw.imdb else raw._replace(imdb=bare)
    if any(isinstance(value, dict) for key, value in item.items() if plain_name(key) not in _IDS):
        return raw  # a record with parts: the number is that of the record
    says_what = title_text(raw.title) or imdb_id(raw.imdb) or _says_more(item)
    if is_numbered or not says_what:
        return raw._replace(tmdb=bare)
    return raw._replace(bare_id=bare)
