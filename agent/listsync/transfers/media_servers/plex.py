"""Plex: scans of one folder, found in the section that holds it.

Source: autoscan, autopulse and python-plexapi, read 2026-11. `GET /library/sections` (JSON by
`Accept`; where there is none, `Directory` is missing) and
`GET /library/sections/{key}/refresh?path=`, answered with an empty 200 whether or not it matches
anything; the token goes into a header, `force` is never used. What is there:
`/library/sections/{key}/all` by `type` (1 films, 4 episodes), sorted by `updatedAt:desc`, in pages
by `X-Plex-Container-Start` and `-Size`. The filter `file=` of that address is in use by others,
but documented nowhere: what it gives is held against the path, and proves nothing where rows of
other files come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import msgspec

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import Refusal, RefusedError
from listsync.parsing.decoding import ResponseShape, readable
from listsync.transfers.media_servers.base import (
    FilesFound,
    HttpMediaServer,
    MediaLibrary,
    depth_of,
    those_in,
)
from listsync.transfers.options import PlexOptions

_PAGE = 300
"""Of a section, what changed last: a season that came with others is among them."""
_MOST_ASKED = 50
"""Files that are asked for one by one."""
_TYPES = {"show": 4}
_FILM = 1


class _Location(ResponseShape, frozen=True):
    path: str


class _Section(ResponseShape, frozen=True, rename={"locations": "Location"}):
    key: str | int
    type: str = ""
    title: str = ""
    locations: tuple[_Location, ...] = ()


class _Part(ResponseShape, frozen=True):
    file: str = ""


class _Medium(ResponseShape, frozen=True, rename={"parts": "Part"}):
    parts: tuple[_Part, ...] = ()


class _Item(ResponseShape, frozen=True, rename={"media": "Media"}):
    media: tuple[_Medium, ...] = ()


class _Container(
    ResponseShape,
    frozen=True,
    rename={"directories": "Directory", "items": "Metadata", "total": "totalSize"},
):
    directories: tuple[msgspec.Raw, ...] = ()
    items: tuple[msgspec.Raw, ...] = ()
    total: int | None = None
    version: str = ""

    @property
    def is_whole(self) -> bool:
        """Tell whether there is no more than this page."""
        return (_PAGE if self.total is None else self.total) <= len(self.items)


class _Answer(ResponseShape, frozen=True, rename={"container": "MediaContainer"}):
    container: _Container


class PlexServer(HttpMediaServer):
    """Implements `MediaServer`."""

    refused = (
        "the token is wrong, or the device it belongs to was removed from the account; "
        "the README says where to find one"
    )

    def __init__(self, name: str, options: PlexOptions, token: CancelToken) -> None:
        super().__init__(name, options, options.token, token)
        self._sections = options.sections

    def headers(self) -> Mapping[str, SecretStr]:
        return {"X-Plex-Token": self._key}

    def check(self) -> str:
        return self._ask("/", {}).version

    def read_libraries(self) -> tuple[MediaLibrary, ...]:
        sections = readable(self._ask("/library/sections", {}).directories, _Section)
        return tuple(
            MediaLibrary(str(one.key), one.title, tuple(at.path for at in one.locations), one.type)
            for one in sections
        )

    def scan(self, folder: str) -> None:
        for one in self._sections_of(folder):
            self.ask(f"/library/sections/{one.key}/refresh", {"path": folder})

    def shows(self, paths: Collection[str], since: datetime) -> FilesFound:
        del since  # it sorts by time itself
        shown, unknown = frozenset[str](), frozenset[str]()
        for section, inside in self._by_section(paths).items():
            found = self._shown_by(section, inside)
            shown, unknown = shown | found.shown, unknown | found.unknown
        return FilesFound(shown, unknown - shown)

    def _by_section(self, paths: Collection[str]) -> Mapping[MediaLibrary, frozenset[str]]:
        found: dict[MediaLibrary, frozenset[str]] = {}
        for path in paths:
            for section in self._sections_of(path):
                found[section] = found.get(section, frozenset()) | {path}
        return found

    def _sections_of(self, path: str) -> tuple[MediaLibrary, ...]:
        """Find the sections of a path: the one that the user names for it, or all that hold it."""
        depths = ((depth_of(path, at), key) for at, key in self._sections.items())
        depth, number = max(depths, default=(0, 0))
        return (self._named(str(number)),) if depth else self.libraries_of(path)

    def _named(self, key: str) -> MediaLibrary:
        found = self.known_libraries(lambda all_: tuple(one for one in all_ if one.key == key))
        if found:
            return found[0]
        words = ", ".join(f"{one.key} {one.title}" for one in self._libraries) or "none"
        why = f"has no section {key}, which `sections` names (there are: {words})"
        raise RefusedError(self.name, Refusal.NOT_FOUND, why)

    def _shown_by(self, section: MediaLibrary, paths: frozenset[str]) -> FilesFound:
        newest = self._items(section, {"sort": "updatedAt:desc"})
        shown = those_in(paths, _files(newest))
        missing = sorted(paths - shown)
        if not missing or newest.is_whole:
            return FilesFound(shown)
        unknown = frozenset(missing[_MOST_ASKED:])
        for path in missing[:_MOST_ASKED]:
            rows = self._items(section, {"file": path})
            if those_in({path}, _files(rows)):
                shown |= {path}
            elif rows.items:
                unknown |= {path}
        return FilesFound(shown, unknown)

    def _items(self, section: MediaLibrary, params: Mapping[str, str | int]) -> _Container:
        page = {"X-Plex-Container-Start": 0, "X-Plex-Container-Size": _PAGE}
        kind = {"type": _TYPES.get(section.kind, _FILM)}
        return self._ask(f"/library/sections/{section.key}/all", {**kind, **params, **page})

    def _ask(self, path: str, params: Mapping[str, str | int]) -> _Container:
        return self.get(path, params, _Answer).container


def _files(container: _Container) -> Iterator[str]:
    for item in readable(container.items, _Item):
        for medium in item.media:
            yield from (part.file for part in medium.parts)
