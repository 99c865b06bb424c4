"""The titles and lists that Kometa's collection files name.

Source: the builders of Kometa's collection files, read 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.parsing.columns import RawRow
from listsync.parsing.row_collector import RowCollector

KOMETA_LISTS: Mapping[str, tuple[str, str]] = {
    "anilist_popular": ("anilist", "popular"),
    "anilist_top_rated": ("anilist", "top-100"),
    "anilist_trending": ("anilist", "trending"),
    "anilist_userlist": ("anilist", "{}"),
    "imdb_list": ("imdb", "{}"),
    "imdb_watchlist": ("imdb", "{}"),
    "imdb_chart": ("imdb", "{}"),
    "letterboxd_list": ("letterboxd", "{}"),
    "mal_userlist": ("myanimelist", "{}"),
    "mdblist_list": ("mdblist", "{}"),
    "plex_watchlist": ("plex", "watchlist"),
    "stevenlu_popular": ("stevenlu", "popular"),
    "tmdb_actor": ("tmdb", "person/{}/cast"),
    "tmdb_collection": ("tmdb", "collection/{}"),
    "tmdb_crew": ("tmdb", "person/{}/crew"),
    "tmdb_director": ("tmdb", "person/{}/director"),
    "tmdb_list": ("tmdb", "list/{}"),
    "tmdb_network": ("tmdb", "network/{}"),
    "tmdb_producer": ("tmdb", "person/{}/producer"),
    "tmdb_writer": ("tmdb", "person/{}/writer"),
    "trakt_collection": ("trakt", "{}/collection"),
    "trakt_list": ("trakt", "{}"),
    "trakt_watchlist": ("trakt", "{}/watchlist"),
    "tvdb_list": ("tvdb", "{}"),
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
}
_BUILDER = re.compile(
    r"(?:imdb|tmdb|tvdb|trakt|letterboxd|mdblist|anilist|mal|simkl|flixpatrol|icheckmovies|anidb)_"
    r"(?!summary|description|biography|poster|background|region|person|birthday|deathday|logo)\w+"
)
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
    elif _BUILDER.fullmatch(name):
        why = "a builder of Kometa that is no list here"
    else:
        return
    collector.skip(f"{name}: {word}", why)


_KEYS = ("url", "list_id", "list_ids", "id", "chart", "user_id", "userdata", "user", "username")


def kometa_name(part: Mapping[object, object]) -> object:
    """Find what a mapping names a list by; of a user, also which. None: it names none."""
    found = next((part[key] for key in _KEYS if key in part), None)
    which = next((part[key] for key in ("list_name", "status") if key in part), None)
    is_of_user = "username" in part and isinstance(which, str)
    return f"{found}/{which}" if is_of_user else found


def _words(collector: RowCollector, value: object) -> Iterator[str]:
    """Yield the words of a scalar, a comma text, a list, or mappings with an address or an id.

    A value may be used again and again, by aliases. An address may have commas of its own.
    """
    for part in value if isinstance(value, list) else [value]:
        collector.count_part()
        if isinstance(part, dict):
            found = kometa_name(part)
            yield from _parted(found) if isinstance(found, str) else ["(a search)"]
        elif isinstance(part, str):
            yield from _parted(part)


def _parted(text: str) -> Iterator[str]:
    parts = _ADDRESSES.split(text) if "://" in text else text.split(",")
    yield from filter(None, map(str.strip, parts))
