"""Media servers as far as listsync speaks to them: Plex, Jellyfin and Emby on loopback.

They have folders of this machine as libraries, under the paths of their own containers, and look
for video files there when they are asked to, as real ones do. A scan that Plex
takes is an empty 200, also where it matches nothing; Jellyfin 12 refuses `X-Emby-Token`.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

WAIT_S = 30.0
TOKEN = "tokenOfTheMediaServer"
_VIDEOS = (".mkv", ".mp4", ".avi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is answered in place of the right thing; `hold` is waited for before, `hang` drips."""

    status: int = 500
    body: bytes = b""
    content_type: str = "text/plain"
    hold: threading.Event | None = None
    drips: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """One request; `query` with one value of each name, `body` as JSON or None."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = "application/json"

    @classmethod
    def of(cls, data: object) -> Answer:
        return cls(200, json.dumps(data).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One library: `locations` as the server sees them."""

    key: str
    type: str
    title: str
    locations: tuple[str, ...]


@dataclass(slots=True)
class Shown:
    """A file that the server shows, since when."""

    path: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class MediaServerFake:
    """A media server; `faults` are answered first, one each, to what `faulty` says (all).

    `disks` says where a folder of the server is on this machine. `scans` are the folders that it
    was asked to look at, in order; while not `works`, it finds nothing there until `catch_up`.
    """

    def __init__(self, libraries: tuple[Library, ...], disks: Mapping[str, Path]) -> None:
        self.libraries = libraries
        self.disks = dict(disks)
        self.token = TOKEN
        self.works = True
        self.scans: list[str] = []
        self.shown: dict[str, Shown] = {}
        self.asked: list[AskedOf] = []
        self.faults: deque[Fault] = deque()
        self.faulty: Callable[[AskedOf], bool] = lambda _: True
        self._late: list[str] = []
        self._changed = threading.Condition()
        self._server = _server_of(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, request: AskedOf) -> Answer:
        raise NotImplementedError

    def take(self, request: AskedOf) -> Answer | Fault:
        with self._changed:
            self.asked.append(request)
            if self.faults and self.faulty(request):
                result: Answer | Fault = self.faults.popleft()
            else:
                result = self.answer(request)
            self._changed.notify_all()
        return result

    def look_at(self, folder: str) -> None:
        """Find what is in *folder* now, and what is there no more."""
        self.scans.append(folder)
        if not self.works:
            self._late.append(folder)
            return
        gone = [path for path in self.shown if _is_within(path, folder)]
        found = list(self._files_in(folder))
        for path in gone:
            if path not in found:
                del self.shown[path]
        for path in found:
            self.shown.setdefault(path, Shown(path))

    def catch_up(self) -> None:
        """Do what it was asked for while it did nothing."""
        with self._changed:
            self.works = True
            late, self._late = self._late, []
            for folder in late:
                self.look_at(folder)
                self.scans.pop()

    def wait(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, WAIT_S), (self.scans, self.asked)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _files_in(self, folder: str) -> Iterator[str]:
        for root, disk in self.disks.items():
            if not _is_within(folder, root):
                continue
            below = disk / PurePosixPath(folder).relative_to(root)
            for one in sorted(below.rglob("*")):
                if one.suffix in _VIDEOS and one.is_file() and not one.name.startswith("."):
                    yield str(PurePosixPath(root) / one.relative_to(disk))


class PlexFake(MediaServerFake):
    """Plex; `filters_files`: `file=` finds what has that path, else it is not heeded."""

    filters_files = True

    def answer(self, request: AskedOf) -> Answer:
        if request.path == "/identity":
            return Answer.of({"MediaContainer": {"version": "1.42.2.10156"}})
        if request.headers.get("x-plex-token") != self.token:
            page = b"<html><head><title>Unauthorized</title></head><body></body></html>"
            return Answer(401, page, "text/html")
        if "application/json" not in request.headers.get("accept", ""):
            return Answer(200, b'<?xml version="1.0"?><MediaContainer/>', "application/xml")
        return self._known(request)

    def _known(self, request: AskedOf) -> Answer:
        match request.path.strip("/").split("/"):
            case [""]:
                return Answer.of({"MediaContainer": {"version": "1.42.2.10156"}})
            case ["library", "sections"]:
                return Answer.of({"MediaContainer": self._sections()})
            case ["library", "sections", key, "refresh"] if section := self._section(key):
                folder = request.query.get("path", "")
                if any(_is_within(folder, one) for one in section.locations):
                    self.look_at(folder)
                return Answer(200)
            case ["library", "sections", key, "all"] if section := self._section(key):
                return Answer.of({"MediaContainer": self._items(section, request.query)})
        return Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>", "text/html")

    def _section(self, key: str) -> Library | None:
        return next((one for one in self.libraries if one.key == key), None)

    def _sections(self) -> dict[str, object]:
        rows = [
            {
                "key": one.key,
                "type": one.type,
                "title": one.title,
                "refreshing": False,
                "Location": [{"id": n, "path": path} for n, path in enumerate(one.locations, 1)],
            }
            for one in self.libraries
        ]
        return {"size": len(rows), **({"Directory": rows} if rows else {})}

    def _items(self, section: Library, query: Mapping[str, str]) -> dict[str, object]:
        files = _within_any(self.shown, section.locations)
        if self.filters_files and "file" in query:
            files = [one for one in files if one.path == query["file"]]
        if query.get("sort") == "updatedAt:desc":
            files.sort(key=lambda one: one.since, reverse=True)
        start = int(query.get("X-Plex-Container-Start", 0))
        size = int(query.get("X-Plex-Container-Size", 10**9))
        kind = "movie" if query.get("type") == "1" else "episode"
        rows = [
            {"type": kind, "title": one.path, "Media": [{"Part": [{"file": one.path}]}]}
            for one in files[start : start + size]
        ]
        return {"size": len(rows), "totalSize": len(files), **({"Metadata": rows} if rows else {})}


class JellyfinFake(MediaServerFake):
    """Jellyfin, 12 or one before (10.11), which takes the header of Emby, too."""

    version = "12.0.0"
    base = ""
    library_path = "/Library/VirtualFolders"

    def answer(self, request: AskedOf) -> Answer:
        if not request.path.startswith(self.base):
            return Answer(404)
        path = request.path.removeprefix(self.base)
        if path == "/System/Info/Public":
            return Answer.of({"Version": self.version, "ServerName": "den"})
        if not self._may(request.headers):
            return Answer(401, b"", "text/plain")
        return self._known(request, path)

    def _known(self, request: AskedOf, path: str) -> Answer:
        match request.method, path:
            case "GET", "/System/Info":
                return Answer.of({"Version": self.version, "ServerName": "den"})
            case "GET", self.library_path:
                return Answer.of(self._libraries())
            case "POST", "/Library/Media/Updated":
                return self._updated(request.body)
            case "GET", "/Items":
                return self._items(request.query)
        return Answer(404)

    def _may(self, headers: Mapping[str, str]) -> bool:
        own = headers.get("authorization") == f'MediaBrowser Token="{self.token}"'
        return own or (
            not self.version.startswith("12") and headers.get("x-emby-token") == self.token
        )

    def _updated(self, body: Any) -> Answer:
        try:
            folders = [one["Path"] for one in body["Updates"]]
        except (TypeError, KeyError):
            return Answer(400, b'{"title": "One or more validation errors occurred."}')
        for folder in folders:
            self.look_at(folder)
        return Answer(204)

    def _libraries(self) -> list[dict[str, object]]:
        return [
            {
                "Name": one.title,
                "Locations": list(one.locations),
                "CollectionType": one.type,
                "ItemId": one.key,
            }
            for one in self.libraries
        ]

    def _items(self, query: Mapping[str, str]) -> Answer:
        library = next((one for one in self.libraries if one.key == query.get("ParentId")), None)
        if library is None:
            return Answer(404)
        files = _within_any(self.shown, library.locations)
        if "MinDateLastSaved" in query:
            since = datetime.fromisoformat(query["MinDateLastSaved"])
            files = [one for one in files if one.since >= since]
        start, limit = int(query.get("StartIndex", 0)), int(query.get("Limit", 10**9))
        rows = [
            {"Id": str(number), "Type": "Movie", "Path": one.path}
            for number, one in enumerate(files[start : start + limit])
        ]
        return Answer.of({"Items": rows, "TotalRecordCount": len(files), "StartIndex": start})


class EmbyFake(JellyfinFake):
    version = "4.9.1"
    base = "/emby"
    library_path = "/Library/SelectableMediaFolders"

    def _may(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-emby-token") == self.token

    def _libraries(self) -> list[dict[str, object]]:
        return [
            {
                "Name": one.title,
                "Id": one.key,
                "SubFolders": [
                    {"Name": path, "Id": f"{one.key}-{number}", "Path": path}
                    for number, path in enumerate(one.locations)
                ],
            }
            for one in self.libraries
        ]


FakeT = TypeVar("FakeT", bound=MediaServerFake)


@contextmanager
def serving(
    kind: type[FakeT], libraries: tuple[Library, ...], disks: Mapping[str, Path] | None = None
) -> Iterator[FakeT]:
    """Run a media server with these libraries, and these folders on its disk."""
    one = kind(libraries, disks or {})
    try:
        yield one
    finally:
        one.close()


def two_libraries(disk: Path) -> tuple[tuple[Library, ...], dict[str, Path]]:
    """Give a library of films and one of series, in folders below *disk*."""
    libraries = (
        Library(key="1", type="movie", title="Films", locations=("/data/movies",)),
        Library(key="2", type="show", title="Series", locations=("/data/tv",)),
    )
    return libraries, {"/data/movies": disk / "movies", "/data/tv": disk / "tv"}


def _within_any(shown: Mapping[str, Shown], locations: tuple[str, ...]) -> list[Shown]:
    found = [one for path, one in shown.items() if any(_is_within(path, at) for at in locations)]
    return sorted(found, key=lambda one: one.path)


def _is_within(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _server_of(fake: MediaServerFake) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = AskedOf(
                method=self.command,
                path=unquote(parts.path),
                query=query,
                headers=headers,
                body=_json(data),
            )
            result = fake.take(request)
            if isinstance(result, Fault) and result.hold is not None:
                result.hold.wait(WAIT_S)
            self.send_response(result.status)
            self.send_header("Content-Type", result.content_type)
            if isinstance(result, Fault) and result.drips:
                self._drip(result)
                return
            if result.status != 204:
                self.send_header("Content-Length", str(len(result.body)))
            self.end_headers()
            self.wfile.write(result.body)

        def _drip(self, fault: Fault) -> None:
            """Send a byte now and then, and never all of them."""
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            stopped = fault.hold or threading.Event()
            while not stopped.wait(0.05):
                self.wfile.write(b" ")

        do_GET = do_POST = do_PUT = do_DELETE = _take  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that went away."""

    return Server(("127.0.0.1", 0), Handler)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
