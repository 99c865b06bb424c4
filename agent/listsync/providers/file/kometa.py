"""Kometa's collection files: the titles they name by id; lists they refer to are pointed out.

Source: the builders of Kometa's collection files, read 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterator

from listsync.domain.media import MediaType
from listsync.errors import AnswerChangedError
from listsync.providers.file.row_collector import Gathering, RawRow
from listsync.providers.file.source import SERVICE

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


def gather_kometa(gathering: Gathering, content: object) -> None:
    """Read every collection; what is neither a title nor a list (settings, texts) is passed by."""
    collections = content.get("collections") if isinstance(content, dict) else None
    if not isinstance(collections, dict) or not collections:
        raise AnswerChangedError(SERVICE, "the YAML has no titles under `collections:`")
    for builders in collections.values():
        if isinstance(builders, dict):
            part = _part(builders)
            for name, value in builders.items():
                _gather_builder(gathering, str(name).lower(), value, part)
    if gathering.next_rank == 1:
        raise AnswerChangedError(SERVICE, "the YAML names no titles and no lists")


def _part(builders: dict[object, object]) -> str | None:
    """Say what part of series a collection holds: its ids ask for no whole ones."""
    for name, value in builders.items():
        if str(name).lower() == "builder_level" and str(value).strip().lower() in _PARTS:
            return str(value)
    return None


def _gather_builder(gathering: Gathering, name: str, value: object, part: str | None) -> None:
    for word in _words(gathering, value):
        match name.removesuffix("_details"):
            case "imdb_id":
                gathering.add(RawRow(imdb=word, kind=part))
            case "tmdb_movie":
                gathering.add(RawRow(tmdb=word), MediaType.MOVIE)
            case "tmdb_show":
                gathering.add(RawRow(tmdb=word, kind=part), MediaType.TV)
            case "tvdb_show":
                gathering.add(RawRow(tvdb=word, kind=part))
            case "tvdb_movie":
                gathering.skip(word, "films cannot be looked up by their TVDB number")
            case builder if builder in _REFERENCES:
                _point_out(gathering, builder, word)


def _point_out(gathering: Gathering, name: str, word: str) -> None:
    meant = _OWN_WORD.get(name, word)
    why = f"another list; put it under `lists:` as `- {_REFERENCES[name]}: {meant}`"
    gathering.skip(f"{name}: {word}", why)


def _words(gathering: Gathering, value: object) -> Iterator[str]:
    """Yield the words of a scalar, a comma text, a list, or mappings with an address or an id.

    A value may be used again and again, by aliases.
    """
    for part in value if isinstance(value, list) else [value]:
        gathering.count_part()
        if isinstance(part, dict):
            found = next((part[key] for key in ("url", "list_id", "id") if key in part), None)
            yield found if isinstance(found, str) else "nothing that can be looked up"
        elif isinstance(part, str):
            yield from (word.strip() for word in part.split(",") if word.strip())
