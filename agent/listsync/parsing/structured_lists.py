"""JSON lists (of Radarr, Sonarr, MDBList, Trakt, Simkl and others), and Kometa's YAML.

Sources: the custom list readers of Radarr (2025-11) and Sonarr (2026-06), which take `id` for
the TMDB number and any case in names. In lists of one's own it is a running number as well.

Source: the builders of Kometa's collection files, read 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
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
    title_among,
)
from listsync.parsing.decoding import imdb_id, number_id, title_text
from listsync.parsing.row_collector import RowCollector
from listsync.parsing.tables import collect_line
from listsync.row_limit import MOST_ROWS, too_long
from listsync.text_cleaning import one_line

_FIELDS = len(RawRow._fields)
_MOST_NAMES = 1000
_SHOWN = 12
_TELLING = frozenset(("id", "show", "movie", "cleantitle", "posterurl", "seriestype", "tvmazeid"))
_WORDS = re.compile(r"(?!/|https?:).*[^\W\d_]{2}", re.DOTALL)  # no path, no address
_FILM_MARKS = ("cleantitle", "posterurl")  # letterboxd-list-radarr, StevenLu, Radarr: films only
_OF_SERIES = {"tvdb", "tvdbid", "seriestype", "tvmazeid"}  # Sonarr has a `cleanTitle`, too
_IDS = ("ids", "providerids", "externalids", "id")
_PARTS_OF_RECORD = {  # where records of lists have their title, and what it is there
    "movie": MediaType.MOVIE,
    "film": MediaType.MOVIE,
    "show": MediaType.TV,
    "series": MediaType.TV,
    "anime": None,
    "media": None,
    "item": None,
}
_LISTS = {  # under which names an object holds lists of titles, and what those are
    **dict.fromkeys(("movies", "movie", "films"), MediaType.MOVIE),
    **dict.fromkeys(("shows", "show", "series", "tv", "tvshows"), MediaType.TV),
    "anime": None,
}
_ONE_LIST = (
    *("items", "results", "parts", "entries", "titles", "list", "watchlist", "rows", "media"),
    *("data", "itemlistelement", "records", "content"),
)


def collect_json(collector: RowCollector, read: Callable[[], object]) -> None:
    """Read an array of titles, or an object that holds some; an empty one says there are none.

    *read* gives it, an array as an iterator, and is called twice: what rows mean depends on all.
    """
    count, names = _look_at(collector.service, (item for item, _ in _rows(collector, read())))
    collector.says_empty = not count
    is_of_series = not names.isdisjoint(_OF_SERIES)
    marks_films = not names.isdisjoint(_FILM_MARKS) and not is_of_series
    numbers_films, of_parts = _numbers_films(names), ids_of_parts(names)
    for item, listed in _rows(collector, read()):
        if isinstance(item, dict) and len(item) > _MOST_NAMES:
            collector.skip_broken(str(item.get("title")), f"more than {_MOST_NAMES:,} names")
        elif isinstance(item, dict):
            record, kind = _record(item, listed)
            collector.ids_of_parts = of_parts if record is item else False
            collector.is_export, is_numbered = _trust(tuple(record), tuple(_nested(record)))
            raw, called = _raw(record, is_numbered=is_numbered)
            films = marks_films or (numbers_films and raw.bare_id is None)
            assumed = kind or (MediaType.MOVIE if films else kind_by_title(called))
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
    for name, media in _PARTS_OF_RECORD.items():
        part = item.get(name)
        if isinstance(part, dict) and len(part) <= _MOST_NAMES and _names_something(part):
            around = {key: value for key, value in item.items() if key not in (name, "id")}
            is_film = around.get("anime_type") == "movie"
            return {**around, **part}, MediaType.MOVIE if is_film else media or kind
    return item, kind


def _names_something(part: dict[str, object]) -> bool:
    names = {plain_name(name) for name in part}
    return bool(names & {"title", "name", *_IDS})


def _rows(collector: RowCollector, content: object) -> Iterator[tuple[object, MediaType | None]]:
    """Yield each row, and what it is where its list is of one kind."""
    if isinstance(content, Iterator):
        yield from ((item, None) for item in content)
    elif isinstance(content, dict):
        lists = list(lists_in(content))
        if not lists:
            raise _not_an_array(collector.service, content)
        collector.is_cut = collector.is_cut or has_more_pages(content)
        yield from ((item, kind) for items, kind in lists for item in items)
    else:
        raise ResponseChangedError(collector.service, "the JSON is no list of titles")


def lists_in(content: dict[str, object]) -> Iterator[tuple[list[object], MediaType | None]]:
    """Find the lists of titles that an object holds."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    for name, value in plain.items():
        if name in _LISTS and isinstance(value, list):
            yield value, _LISTS[name]
    if any(isinstance(plain.get(name), list) for name in _LISTS) or plain.get("errors"):
        return
    for name in _ONE_LIST:
        value = plain.get(name)
        if isinstance(value, dict):
            yield from lists_in(value)
            return
        if isinstance(value, list):
            yield value, None
            return


def has_more_pages(content: dict[str, object]) -> bool:
    """Tell a page of a longer list by what services say beside the rows."""
    paging = content.get("pagination")
    for place in (content, paging if isinstance(paging, dict) else {}):
        following = place.get("next") or place.get("next_page") or place.get("nextPage")
        if place.get("has_more") is True or (following and isinstance(following, (str, int))):
            return True
    pages = number_id(content.get("total_pages"))
    return pages is not None and pages > 1


def _look_at(service: str, items: Iterable[object]) -> tuple[int, set[str]]:
    """Count all elements, and find which of the names that tell something they have."""
    count, names, last = 0, set[str](), ()
    for item in items:
        count += 1
        if count > MOST_ROWS:
            raise too_long(service, count)
        if isinstance(item, dict) and (shape := tuple(item)) != last:
            last = shape
            names.update(filter(_tells, map(plain_name, shape)))
    return count, names


def _tells(name: str) -> bool:
    return name in _TELLING or name in FIELDS or name.startswith("episode")


def _numbers_films(names: set[str]) -> bool:
    """Recognise Radarr's custom list: `id` is a film's number where nothing speaks of series."""
    return "id" in names and names.isdisjoint(("show", "movie")) and not speaks_of_series(names)


def _not_an_array(
    service: str, content: dict[object, object]
) -> RefusedError | ResponseChangedError:
    """Read the envelope in which list servers for Radarr tell their errors."""
    errors = content.get("errors")
    if not isinstance(errors, list) or not errors:
        names = ", ".join(one_line(str(name), 40) for name in list(content)[:_SHOWN]) or "none"
        why = f"the JSON is an object without a list of titles; its keys are {names}"
        return ResponseChangedError(service, why)
    first = errors[0] if isinstance(errors[0], dict) else {}
    words = first.get("detail") or first.get("title") or "an error"
    return RefusedError(
        service, Refusal.NOT_FOUND, f"holds the error of a list server: {str(words)[:200]}"
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


def _raw(item: dict[str, object], *, is_numbered: bool) -> tuple[RawRow, str]:
    """Read the fields of a row, and say under what name its title stands if under another."""
    values: list[object] = [None] * _FIELDS
    for source in (item, _nested(item)):
        for name, place in _places(tuple(source)):
            if not values[place] and source[name] not in (None, ""):
                values[place] = source[name]
    raw = RawRow._make(values)
    called = ""
    if not title_text(raw.title) and (any(raw[2:]) or item.get("id")):
        called, title = _named(item)
        raw = raw._replace(title=title)
    return _with_bare_id(raw, item, is_numbered=is_numbered), called


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
    if (
        bare is None
        or isinstance(bare, dict)
        or raw.tmdb
        or (number_id(raw.tvdb) and not raw.kind)
    ):
        return raw
    if any(isinstance(value, dict) for key, value in item.items() if plain_name(key) not in _IDS):
        return raw  # a record with parts: the number is that of the record
    if imdb_id(bare):
        return raw if raw.imdb else raw._replace(imdb=bare)
    says_what = title_text(raw.title) or imdb_id(raw.imdb) or _says_more(item)
    if is_numbered or not says_what:
        return raw._replace(tmdb=bare)
    return raw._replace(bare_id=bare)


KOMETA_LISTS: Mapping[str, tuple[str, str]] = {
    "imdb_list": ("imdb", "{}"),
    "imdb_watchlist": ("imdb", "{}"),
    "imdb_chart": ("imdb", "{}"),
    "letterboxd_list": ("letterboxd", "{}"),
    "mdblist_list": ("mdblist", "{}"),
    "plex_watchlist": ("plex", "watchlist"),
    "stevenlu_popular": ("stevenlu", "popular"),
    "tmdb_collection": ("tmdb", "collection/{}"),
    "tmdb_list": ("tmdb", "list/{}"),
    "tmdb_network": ("tmdb", "network/{}"),
    "trakt_collection": ("trakt", "{}/collection"),
    "trakt_list": ("trakt", "{}"),
    "trakt_watchlist": ("trakt", "{}/watchlist"),
}
"""What a builder of Kometa is under `lists:`; {} is its value, where that is no address."""
KOMETA_CHARTS = {
    "box_office": "boxoffice",
    "lowest_rated": "bottom",
    "popular_movies": "moviemeter",
    "popular_shows": "tvmeter",
    "top_english": "top-english-movies",
    "top_indian": "top-rated-indian-movies",
    "top_movies": "top",
    "top_shows": "toptv",
}
_KINDLESS = {"trakt_chart": "`trakt: {}:movies` or `trakt: {}:shows`"}
_NOT_HERE = {
    "imdb_search": "a search; copy its address from IMDb to `- imdb: https://www.imdb.com/search/title/?...`",
    "tvdb_list": "another list; lists of TheTVDB are not read yet",
}
_ADDRESSES = re.compile(r",\s*(?=https?://)")
_PARTS = ("season", "episode")  # what `builder_level` has a collection hold in place of titles


def collect_kometa(collector: RowCollector, content: object) -> None:
    """Read every collection; what is neither a title nor a list (settings, texts) is passed by."""
    collections = content.get("collections") if isinstance(content, dict) else None
    if not isinstance(collections, dict) or not collections:
        raise ResponseChangedError(
            collector.service, "the YAML has no titles under `collections:`"
        )
    for builders in collections.values():
        if isinstance(builders, dict):
            part = _part(builders)
            for name, value in builders.items():
                _collect_builder(collector, str(name).lower(), value, part)
    if collector.next_rank == 1:
        raise ResponseChangedError(collector.service, "the YAML names no titles and no lists")


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
            case builder:
                _point_out(collector, builder, word)


def _point_out(collector: RowCollector, name: str, word: str) -> None:
    """Say under which words the list of a builder is followed; settings are passed by."""
    if name in KOMETA_LISTS:
        service, form = KOMETA_LISTS[name]
        word = KOMETA_CHARTS.get(word, word) if name == "imdb_chart" else word
        meant = word if "://" in word else form.format(word)
        why = f"another list; put it under `lists:` as `- {service}: {meant}`"
    elif name == "text_file":
        why = f"another list; put it under `lists:` as `- file: {word}`"
    elif name in _KINDLESS:
        why = f"another list; put it under `lists:` as {_KINDLESS[name].format(word, word)}"
    elif name in _NOT_HERE:
        why = _NOT_HERE[name]
    else:
        return
    collector.skip(f"{name}: {word}", why)


_KEYS = ("url", "list_id", "list_ids", "id", "chart", "user_id", "userdata", "user", "username")


def _words(collector: RowCollector, value: object) -> Iterator[str]:
    """Yield the words of a scalar, a comma text, a list, or mappings with an address or an id.

    A value may be used again and again, by aliases. An address may have commas of its own.
    """
    for part in value if isinstance(value, list) else [value]:
        collector.count_part()
        if isinstance(part, dict):
            found = next((part[key] for key in _KEYS if key in part), None)
            yield from _parted(found) if isinstance(found, str) else ["(a search)"]
        elif isinstance(part, str):
            yield from _parted(part)


def _parted(text: str) -> Iterator[str]:
    parts = _ADDRESSES.split(text) if "://" in text else text.split(",")
    yield from filter(None, map(str.strip, parts))
