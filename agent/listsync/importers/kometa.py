"""Lists that a collection file of Kometa names.

Source: the builders of Kometa's wiki (Kometa-Team/Kometa), read 2026-11. Its collections show
what is in the library; here each list requests what is missing, which the report says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from listsync.config.original_lists import values_of
from listsync.config.values import SERVICES
from listsync.config.yaml_document import load_document
from listsync.errors import ListsyncError
from listsync.importers.plan import MovedList, MovePlan, each_once
from listsync.parsing.kometa_lists import KOMETA_CHARTS, KOMETA_LISTS, kometa_name
from listsync.redaction import without_secrets
from listsync.terminal.output import plural
from listsync.text_cleaning import one_line

_TITLES = {"imdb_id", "tmdb_movie", "tmdb_show", "tvdb_show"}
_BUILDERS = (
    "anidb",
    "anilist",
    "imdb",
    "letterboxd",
    "mal",
    "mdblist",
    "plex",
    "radarr",
    "reciperr",
)
_MORE_BUILDERS = ("simkl", "sonarr", "stevenlu", "tautulli", "text_file", "tmdb", "trakt", "tvdb")
_NO_BUILDERS = ("radarr_", "sonarr_", "plex_", "item_")
"""Beginnings of what sets how a collection is made, or what others do with it."""
_OF_KIND = "says neither films nor series: write `{}` yourself"
_UNCLEAR = {"trakt": "trakt: trending:movies", "tmdb": "tmdb: movie/popular"}
_SHOWN = 5


def plan_of_kometa(path: Path) -> MovePlan:
    """Read a collection file.

    Raises:
        ListsyncError: it cannot be read, or names no collections.
    """
    data = load_document(path).data
    collections = data.get("collections") if isinstance(data, dict) else None
    if not isinstance(collections, dict) or not collections:
        raise ListsyncError(f"{path} {_why_none(data)}")
    reader = _Reader(path)
    for name, builders in collections.items():
        if isinstance(builders, dict):
            reader.read(without_secrets(one_line(str(name))), builders)
    return reader.plan(len(collections))


def _why_none(data: object) -> str:
    if isinstance(data, dict) and "libraries" in data:
        return "is Kometa's configuration: give the files that it names under collection_files"
    return "has no `collections:`, expected a collection file of Kometa"


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lists: list[MovedList] = []
        self._left: list[str] = []
        self._settings: set[str] = set()

    def read(self, collection: str, builders: Mapping[object, object]) -> None:
        for key, value in builders.items():
            name = str(key).lower()
            if name in _TITLES:
                own = MovedList("file", str(self._path.absolute()))
                self._lists.append(own)
            elif _plain(name) in KOMETA_LISTS:
                for text, limit in _values(value):
                    if text:
                        self._take(collection, name, text, limit)
                    else:
                        self._leave(collection, name, "names no list that is understood")
            elif _is_builder(name):
                self._leave(collection, name, _why_not(name))
            else:
                self._settings.add(one_line(name))

    def _take(self, collection: str, name: str, text: str, limit: str) -> None:
        service, form = KOMETA_LISTS[_plain(name)]
        is_whole = "://" in text
        if "{}" not in form and text.isdigit():  # of a chart, how much of it
            limit = text.lstrip("0")
        for one in values_of(text, service):
            word = KOMETA_CHARTS.get(one, one) if name == "imdb_chart" else one
            meant = one if is_whole else form.format(word)
            try:
                SERVICES[service](meant)
            except ValueError as error:
                self._leave(collection, name, without_secrets(str(error)))
            else:
                options = (("limit", limit),) if limit else ()
                self._lists.append(MovedList(service, meant, options))

    def _leave(self, collection: str, name: str, why: str) -> None:
        self._left.append(f"{collection}, {one_line(name)}: {why}")

    def plan(self, count: int) -> MovePlan:
        left = list(self._left)
        if self._settings:
            names = sorted(self._settings)
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            left.append(f"settings of collections: {', '.join(names[:_SHOWN])}{more}")
        what = "they show what you have, and here their lists request what is missing"
        return MovePlan(
            found=(f"{self._path}: {plural(count, 'collection')}; {what}",),
            lists=each_once(self._lists),
            left=tuple(left),
        )


def _plain(name: str) -> str:
    return name.removesuffix("_details")


def _is_builder(name: str) -> bool:
    beginnings = (*_BUILDERS, *_MORE_BUILDERS)
    return name.startswith(beginnings) and not name.startswith(_NO_BUILDERS)


def _why_not(name: str) -> str:
    service = name.split("_", maxsplit=1)[0]
    if service in _UNCLEAR:
        return _OF_KIND.format(_UNCLEAR[service])
    return "is not read here"


def _values(value: object) -> Iterator[tuple[str, str]]:
    """Give texts and their limits: of a text, a list of them, or mappings that hold one.

    An empty text stands for what names nothing.
    """
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict):
            limit = str(part.get("limit") or "")
            limit = limit if limit.isdigit() and int(limit[:9]) > 0 else ""
            for text, _ in _values(kometa_name(part)):
                yield text, limit
        else:
            yield "" if part is None else str(part).strip(), ""
