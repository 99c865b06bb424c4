"""JSON lists (Radarr's, Sonarr's, StevenLu's, MDBList's and one's own), and Kometa's YAML.

Sources: the custom list readers of Radarr (2025-11) and Sonarr (2026-06), which take `id` for
the TMDB number and any case in names. In lists of one's own it is a running number as well.

Source: the builders of Kometa's collection files, read 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.parsing.decoding import imdb_id, number_id, title_text
from listsync.providers.file.columns import (
    FIELDS,
    RawRow,
    ids_of_parts,
    is_export,
    is_numbered_export,
    is_understood,
    place_of,
    plain_name,
    speaks_of_series,
)
from listsync.providers.file.row_collector import RowCollector
from listsync.providers.file.source import SERVICE
from listsync.providers.file.tables import collect_line
from listsync.row_limit import MOST_ROWS, too_long

_FIELDS = len(RawRow._fields)
_MOST_NAMES = 1000
_TELLING = frozenset(("id", "show", "movie", "cleantitle", "posterurl"))
_WORDS = re.compile(r"(?!/|https?:).*[^\W\d_]{2}", re.DOTALL)  # no path, no address
_FILM_MARKS = ("cleantitle", "posterurl")  # letterboxd-list-radarr, StevenLu: films only


def collect_json(collector: RowCollector, read: Callable[[], object]) -> None:
    """Read an array of titles; an empty array is the file's word that there are none.

    *read* gives it as an iterator, and is called twice: what rows mean depends on all of them.
    """
    count, names = _look_at(_array(read()))
    collector.says_empty = not count
    marks_films, numbers_films = not names.isdisjoint(_FILM_MARKS), _numbers_films(names)
    collector.ids_of_parts = ids_of_parts(names)
    for item in _array(read()):
        if isinstance(item, dict) and len(item) > _MOST_NAMES:
            collector.skip_broken(str(item.get("title")), f"more than {_MOST_NAMES:,} names")
        elif isinstance(item, dict):
            collector.is_export, is_numbered = _trust(tuple(item), tuple(_nested(item)))
            raw = _raw(item, is_numbered=is_numbered)
            films = marks_films or (numbers_films and raw.bare_id is None)
            collector.add(raw, MediaType.MOVIE if films else None)
        elif isinstance(item, str):
            collect_line(collector, item)
        else:
            collector.skip_broken(str(item)[:80], "neither a title nor an object")


def _nested(item: dict[str, object]) -> dict[str, object]:
    ids = item.get("ids")
    return ids if isinstance(ids, dict) and len(ids) <= _MOST_NAMES else {}


def _array(content: object) -> Iterator[object]:
    if isinstance(content, dict):
        raise _not_an_array(content)
    if not isinstance(content, Iterator):
        raise ResponseChangedError(SERVICE, "the JSON is no list of titles")
    return content


def _look_at(items: Iterable[object]) -> tuple[int, set[str]]:
    """Count all elements, and find which of the names that tell something they have."""
    count, names, last = 0, set[str](), ()
    for item in items:
        count += 1
        if count > MOST_ROWS:
            raise too_long(SERVICE, count)
        if isinstance(item, dict) and (shape := tuple(item)) != last:
            last = shape
            names.update(filter(_tells, map(plain_name, shape)))
    return count, names


def _tells(name: str) -> bool:
    return name in _TELLING or name in FIELDS or name.startswith("episode")


def _numbers_films(names: set[str]) -> bool:
    """Recognise Radarr's custom list: `id` is a film's number where nothing speaks of series."""
    return "id" in names and names.isdisjoint(("show", "movie")) and not speaks_of_series(names)


def _not_an_array(content: dict[object, object]) -> RefusedError | ResponseChangedError:
    """Read the envelope in which list servers for Radarr tell their errors."""
    errors = content.get("errors")
    if not isinstance(errors, list) or not errors:
        return ResponseChangedError(SERVICE, "the JSON is an object, not a list of titles")
    first = errors[0] if isinstance(errors[0], dict) else {}
    words = first.get("detail") or first.get("title") or "an error"
    return RefusedError(
        SERVICE, Refusal.NOT_FOUND, f"holds the error of a list server: {str(words)[:200]}"
    )


@lru_cache(maxsize=16)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Say which names are fields, and of which place; the rows of one list are mostly alike."""
    found = ((name, place_of(name)) for name in names)
    return tuple((name, place) for name, place in found if place is not None)


@lru_cache(maxsize=16)
def _trust(names: tuple[str, ...], nested: tuple[str, ...]) -> tuple[bool, bool]:
    """Tell whether a row is of an export, and whether its `id` is the number of TMDB."""
    plain = {plain_name(name) for name in names}
    export = is_export(plain) or is_export({plain_name(name) for name in nested})
    return export, is_numbered_export(plain)


def _raw(item: dict[str, object], *, is_numbered: bool) -> RawRow:
    values: list[object] = [None] * _FIELDS
    for source in (item, _nested(item)):
        for name, place in _places(tuple(source)):
            if not values[place] and source[name] not in (None, ""):
                values[place] = source[name]
    raw = RawRow._make(values)
    if not title_text(raw.title) and (raw.imdb or raw.tmdb or raw.tvdb or item.get("id")):
        raw = raw._replace(title=_named(item))
    return _with_bare_id(raw, item, is_numbered=is_numbered)


def _named(item: dict[str, object]) -> object:
    """Find a title under its other names, which alone would not make a list one of titles."""
    found = {plain_name(name): value for name, value in item.items()}
    return title_text(found.get("name")) or title_text(found.get("originaltitle"))


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
    if bare is None or raw.tmdb or (number_id(raw.tvdb) and not raw.kind):
        return raw
    if any(isinstance(value, dict) for key, value in item.items() if key != "ids"):
        return raw  # a record with parts: the number is that of the record
    if imdb_id(bare):
        return raw if raw.imdb else raw._replace(imdb=bare)
    says_what = title_text(raw.title) or imdb_id(raw.imdb) or _says_more(item)
    if is_numbered or not says_what:
        return raw._replace(tmdb=bare)
    return raw._replace(bare_id=bare)


_REFERENCES = {
    "imdb_list": "imdb",
    "imdb_watchlist": "imdb",
    "imdb_chart": "imdb",
    "imdb_search": "imdb",
    "trakt_list": "trakt",
    "trakt_watchlist": "trakt",
    "trakt_chart": "trakt",
    "letterboxd_list": "letterboxd",
    "mdblist_list": "mdblist",
    "tmdb_list": "tmdb",
    "tmdb_collection": "tmdb",
    "tvdb_list": "tvdb",
    "stevenlu_popular": "stevenlu",
    "text_file": "file",
}
_OWN_WORD = {"stevenlu_popular": "popular"}
_PARTS = ("season", "episode")  # what `builder_level` has a collection hold in place of titles


def collect_kometa(collector: RowCollector, content: object) -> None:
    """Read every collection; what is neither a title nor a list (settings, texts) is passed by."""
    collections = content.get("collections") if isinstance(content, dict) else None
    if not isinstance(collections, dict) or not collections:
        raise ResponseChangedError(SERVICE, "the YAML has no titles under `collections:`")
    for builders in collections.values():
        if isinstance(builders, dict):
            part = _part(builders)
            for name, value in builders.items():
                _collect_builder(collector, str(name).lower(), value, part)
    if collector.next_rank == 1:
        raise ResponseChangedError(SERVICE, "the YAML names no titles and no lists")


def _part(builders: dict[object, object]) -> str | None:
    """Say what part of series a collection holds: its ids ask for no whole ones."""
    for name, value in builders.items():
        if str(name).lower() == "builder_level" and str(value).strip().lower() in _PARTS:
            return str(value)
    return None


def _collect_builder(collector: RowCollector, name: str, value: object, part: str | None) -> None:
    for word in _words(collector, value):
        match name.removesuffix("_details"):
            case "imdb_id":
                collector.add(RawRow(imdb=word, kind=part))
            case "tmdb_movie":
                collector.add(RawRow(tmdb=word), MediaType.MOVIE)
            case "tmdb_show":
                collector.add(RawRow(tmdb=word, kind=part), MediaType.TV)
            case "tvdb_show":
                collector.add(RawRow(tvdb=word, kind=part))
            case "tvdb_movie":
                collector.skip(word, "films cannot be looked up by their TVDB number")
            case builder if builder in _REFERENCES:
                _point_out(collector, builder, word)


def _point_out(collector: RowCollector, name: str, word: str) -> None:
    meant = _OWN_WORD.get(name, word)
    why = f"another list; put it under `lists:` as `- {_REFERENCES[name]}: {meant}`"
    collector.skip(f"{name}: {word}", why)


def _words(collector: RowCollector, value: object) -> Iterator[str]:
    """Yield the words of a scalar, a comma text, a list, or mappings with an address or an id.

    A value may be used again and again, by aliases.
    """
    for part in value if isinstance(value, list) else [value]:
        collector.count_part()
        if isinstance(part, dict):
            found = next((part[key] for key in ("url", "list_id", "id") if key in part), None)
            yield found if isinstance(found, str) else "nothing that can be looked up"
        elif isinstance(part, str):
            yield from (word.strip() for word in part.split(",") if word.strip())
