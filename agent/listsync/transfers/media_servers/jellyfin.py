"""Jellyfin and Emby: told of a folder that changed, asked for what they saved since.

Source: `ItemsController`, `LibraryController` of Jellyfin, autoscan and autopulse, read 2026-11.
`POST /Library/Media/Updated` (204) with `Authorization: MediaBrowser Token="..."`, which is the
only header that Jellyfin 12 takes; Emby has `/emby` before all and takes `X-Emby-Token`. Jellyfin
10.11 looks 10 to 15 minutes later (jellyfin#16176). `GET /Library/VirtualFolders`, at Emby
`GET /Library/SelectableMediaFolders`. What is there: `GET /Items`, where a key needs no user;
`minDateLastSaved` gives what a scan has just saved, `parentId` and `recursive` all of a library.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.parsing.decoding import ResponseShape, readable
from listsync.transfers.media_servers.base import (
    FilesFound,
    HttpMediaServer,
    MediaLibrary,
    those_in,
)
from listsync.transfers.options import EmbyOptions, JellyfinOptions

_RECENT = 500
_PAGE = 1000
_MOST_PAGES = 20
_PLAYED = "Movie,Episode,Video,MusicVideo"


class _VirtualFolder(ResponseShape, frozen=True, rename="pascal"):
    name: str = ""
    item_id: str = ""
    locations: tuple[str, ...] = ()


class _SubFolder(ResponseShape, frozen=True, rename="pascal"):
    path: str = ""


class _SelectableFolder(ResponseShape, frozen=True, rename="pascal"):
    id: str
    name: str = ""
    sub_folders: tuple[_SubFolder, ...] = ()


class _Source(ResponseShape, frozen=True, rename="pascal"):
    path: str | None = None


class _Item(ResponseShape, frozen=True, rename="pascal"):
    path: str | None = None
    media_sources: tuple[_Source, ...] | None = None


class _Items(ResponseShape, frozen=True, rename="pascal"):
    items: tuple[msgspec.Raw, ...]


class _SystemInfo(ResponseShape, frozen=True, rename="pascal"):
    version: str = ""


class JellyfinServer(HttpMediaServer):
    """Implements `MediaServer`."""

    checks_s: tuple[float, ...] = (60.0, 180.0, 600.0, 1200.0)
    refused = (
        "the API key is wrong or was removed (Dashboard, API Keys), or a proxy before it drops or "
        "replaces the header Authorization; Jellyfin 12 takes a key in no other way, so that a "
        "proxy that hands it on as X-Emby-Token or api_key looks like a wrong key, too"
    )

    def __init__(
        self, name: str, options: JellyfinOptions | EmbyOptions, token: CancelToken
    ) -> None:
        super().__init__(name, options, options.api_key, token)

    def headers(self) -> Mapping[str, SecretStr]:
        key = self._key.get_secret_value()
        return {"Authorization": SecretStr(f'MediaBrowser Token="{key}"')}

    def check(self) -> str:
        return self.get("/System/Info", {}, _SystemInfo).version

    def read_libraries(self) -> tuple[MediaLibrary, ...]:
        rows = self.get("/Library/VirtualFolders", {}, tuple[msgspec.Raw, ...])
        return tuple(
            MediaLibrary(one.item_id, one.name, one.locations)
            for one in readable(rows, _VirtualFolder)
        )

    def scan(self, folder: str) -> None:
        self.libraries_of(folder)
        update = {"Updates": [{"Path": folder, "UpdateType": "Created"}]}
        self.ask("/Library/Media/Updated", body=json.dumps(update).encode())

    def shows(self, paths: Collection[str], since: datetime) -> FilesFound:
        shown, unknown = frozenset[str](), frozenset[str]()
        for library, inside in self._by_library(paths).items():
            found = those_in(inside, self._recent(library, since))
            if missing := inside - found:
                more, is_all = self._walk(library, missing)
                found |= more
                unknown |= frozenset() if is_all else missing - more
            shown |= found
        return FilesFound(shown, unknown - shown)

    def _by_library(self, paths: Collection[str]) -> Mapping[MediaLibrary, frozenset[str]]:
        found: dict[MediaLibrary, frozenset[str]] = {}
        for path in paths:
            library = self.libraries_of(path)[0]
            found[library] = found.get(library, frozenset()) | {path}
        return found

    def _recent(self, library: MediaLibrary, since: datetime) -> Iterator[str]:
        """Give the files that were saved since then, all versions of a film among them."""
        saved = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._paths(
            library,
            {"MinDateLastSaved": saved, "Fields": "Path,MediaSources", "Limit": _RECENT},
        )

    def _walk(self, library: MediaLibrary, missing: frozenset[str]) -> tuple[frozenset[str], bool]:
        """Look for files in all of a library; the second says whether all of it was read."""
        found = frozenset[str]()
        for number in range(_MOST_PAGES):
            page: dict[str, str | int] = {
                "Fields": "Path",
                "Limit": _PAGE,
                "StartIndex": number * _PAGE,
            }
            paths = tuple(self._paths(library, page))
            found |= those_in(missing, paths)
            if found == missing or len(paths) < _PAGE:
                return found, True
        return found, False

    def _paths(self, library: MediaLibrary, params: Mapping[str, str | int]) -> Iterator[str]:
        usual = {
            "ParentId": library.key,
            "Recursive": "true",
            "IncludeItemTypes": _PLAYED,
            "EnableImages": "false",
            "EnableUserData": "false",
            "SortBy": "DateCreated",
            "SortOrder": "Descending",
        }
        items = self.get("/Items", {**usual, **params}, _Items).items
        for item in readable(items, _Item):
            yield item.path or ""
            yield from (one.path or "" for one in item.media_sources or ())


class EmbyServer(JellyfinServer):
    """Implements `MediaServer`."""

    checks_s = HttpMediaServer.checks_s
    refused = "the API key is wrong or was removed (Advanced, API Keys)"

    def __init__(self, name: str, options: EmbyOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        if not urlsplit(self._base).path.lower().endswith("/emby"):
            self._base += "/emby"

    def headers(self) -> Mapping[str, SecretStr]:
        return {"X-Emby-Token": self._key}

    def read_libraries(self) -> tuple[MediaLibrary, ...]:
        rows = self.get("/Library/SelectableMediaFolders", {}, tuple[msgspec.Raw, ...])
        return tuple(
            MediaLibrary(one.id, one.name, tuple(at.path for at in one.sub_folders))
            for one in readable(rows, _SelectableFolder)
        )
