"""Finds titles in the map of anime ids: had once a week, kept on disk, nothing of it in memory.

It comes as 8 MB of JSON, and is kept as a small SQLite file of its own: it is no state, and a
backup, a dry run or another agent is better off without it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from listsync.domain.lists import Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.file_access import give_away, make_folder, sync_folder
from listsync.files.local_file import load_file
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response, not_json
from listsync.lean_dataclasses import dataclass
from listsync.parsing.anime_ids import (
    AnimeIdsOptions,
    AnimeService,
    AnimeTitle,
    MapRow,
    merged,
    title_of,
)
from listsync.parsing.decoding import UnknownFormError, convert
from listsync.parsing.documents import parse_lazily, pieces_of
from listsync.parsing.text import decode

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient

logger = logging.getLogger(__name__)

SERVICE = "anime_ids"
FILE_NAME = "anime-ids.db"
_VERSION = 1
_WEEK_S, _HOUR_S = 7 * 86400, 3600
_MOST_ROWS = 300_000
"""Seven times what the map has."""
_CREATE = """
    CREATE TABLE kept (source TEXT, etag TEXT, last_modified TEXT, due_at REAL);
    CREATE TABLE titles (service TEXT, id INTEGER, kind TEXT, imdb TEXT, tmdb INTEGER,
        tvdb INTEGER, season INTEGER, doubt TEXT);
"""
_UNREADABLE = (sqlite3.Error, ValueError)
_PUT = "INSERT INTO titles VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FIND = """
    SELECT id, kind, imdb, tmdb, tvdb, season, doubt FROM titles
    WHERE service = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY rowid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is known of the map on disk: where it is from, and when it is to be had again."""

    source: str
    validators: Validators
    due_at: float


def _judge(response: Response) -> ListsyncError | None:
    if response.status not in (404, 410):
        return None
    why = f"nothing is at its address (HTTP {response.status})"
    return RefusedError(SERVICE, Refusal.NOT_FOUND, why)


class AnimeIdMap:
    """Implements `parsing.anime_ids.AnimeIds` over a file in *folder*.

    A map that cannot be had anew goes on as it is, and is asked for again after an hour.
    """

    def __init__(
        self, options: AnimeIdsOptions, folder: Path, client: Callable[[], ServiceClient]
    ) -> None:
        self._options = options
        self._path = folder / FILE_NAME
        self._client = client
        self._lock = threading.Lock()
        self._is_ready = False
        self._failure: UnavailableError | None = None

    def find(self, service: AnimeService, ids: Collection[int]) -> Mapping[int, AnimeTitle]:
        """See `AnimeIds`; the first to ask has the map made ready, the others wait for it."""
        if not ids:
            return {}
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._is_ready:
                self._make_ready()
                self._is_ready = True
            try:
                return self._found(service, ids)
            except _UNREADABLE as error:
                return self._found_anew(service, ids, error)

    def _found_anew(
        self, service: AnimeService, ids: Collection[int], damage: Exception
    ) -> Mapping[int, AnimeTitle]:
        """Have the map anew, as what is kept of it is damaged."""
        logger.warning("the map of anime ids is had anew, as it cannot be read: %s", damage)
        self._make_ready(is_damaged=True)
        try:
            return self._found(service, ids)
        except _UNREADABLE as error:
            self._failure = UnavailableError(SERVICE, f"{self._path} cannot be read: {error}")
            raise self._failure from error

    def _found(self, service: AnimeService, ids: Collection[int]) -> Mapping[int, AnimeTitle]:
        rows: dict[int, list[AnimeTitle]] = defaultdict(list)
        with closing(_open(self._path)) as file:
            for number, kind, imdb, tmdb, tvdb, season, doubt in file.execute(
                _FIND, (service, json.dumps(list(ids)))
            ):
                found = ExternalIds(imdb, tmdb, tvdb)
                title = AnimeTitle(MediaType(kind) if kind else None, found, season, doubt)
                rows[number].append(title)
        return {number: merged(titles) for number, titles in rows.items()}

    def _make_ready(self, *, is_damaged: bool = False) -> None:
        kept, source = None if is_damaged else _kept_in(self._path), self._source()
        if kept is not None and kept.source == source and self._is_fresh(kept):
            return
        try:
            self._renew(source, kept if kept and kept.source == source else None)
        except (UnavailableError, RefusedError, ResponseChangedError) as error:
            if kept is None or self._options.file is not None:
                hint = f"; a copy of your own can be named in providers.{SERVICE}.file"
                hint = "" if self._options.file is not None else hint
                why = f"the map of anime ids cannot be had: {error}{hint}"
                self._failure = UnavailableError(SERVICE, why)
                raise self._failure from error
            logger.warning("the map of anime ids stays as it was: %s", error)
            self._put_off(time.time() + _HOUR_S)

    def _is_fresh(self, kept: _Kept) -> bool:
        is_before = 0 < kept.due_at - time.time() <= _WEEK_S  # a clock may have been set back
        return self._options.file is not None or is_before

    def _source(self) -> str:
        """Name where the map is from, without what may be secret in it."""
        path = self._options.file
        name = self._options.base_url
        if path is not None:
            name = str(path)
            with suppress(OSError):  # which is told when it is read
                facts = path.stat()
                name += f" {facts.st_mtime_ns} {facts.st_size} {facts.st_ino}"
        return hashlib.sha256(name.encode(errors="replace")).hexdigest()

    def _renew(self, source: str, kept: _Kept | None) -> None:
        if self._options.file is not None:
            content = load_file(SERVICE, self._options.file, limit_bytes=LIST_BYTES)
            rows = parse_lazily(SERVICE, decode(content.data).pieces())
            self._write(source, Validators(), rows)
            return
        from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx

        call = ServiceRequest(
            service=SERVICE, url=self._options.base_url, judge=_judge, limit_bytes=LIST_BYTES
        )
        with self._client() as http:
            response = ask(http, call, kept.validators if kept else None)
        if response.status == 304:
            self._put_off(time.time() + _WEEK_S)
            return
        if (page := not_json(response)) is not None:
            raise page
        self._write(source, response.validators, parse_lazily(SERVICE, pieces_of(response)))

    def _put_off(self, due_at: float) -> None:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path)) as file, file:
            file.execute("UPDATE kept SET due_at = ?", (due_at,))

    def _write(self, source: str, validators: Validators, rows: object) -> None:
        """Put a new file in the place of the old one, whole or not at all."""
        if not isinstance(rows, Iterable) or isinstance(rows, (str, dict)):
            raise ResponseChangedError(SERVICE, "a list was expected")
        beside = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
        kept = _Kept(source=source, validators=validators, due_at=time.time() + _WEEK_S)
        try:
            make_folder(self._path.parent)
            beside.unlink(missing_ok=True)
            _fill(beside, kept, rows)
            beside.replace(self._path)
            sync_folder(self._path.parent)
        except (sqlite3.Error, OSError) as error:
            raise UnavailableError(SERVICE, f"{self._path} cannot be written: {error}") from error
        finally:
            beside.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)


def _kept_in(path: Path) -> _Kept | None:
    """Look at the map on disk; None where there is none, or none that can be read."""
    if not path.exists():
        return None
    with suppress(*_UNREADABLE, TypeError), closing(_open(path)) as file:
        if file.execute("PRAGMA user_version").fetchone() == (_VERSION,):
            source, etag, modified, due_at = file.execute("SELECT * FROM kept").fetchone()
            validators = Validators(etag=etag, last_modified=modified)
            return _Kept(source=source, validators=validators, due_at=float(due_at))
    return None


def _fill(path: Path, kept: _Kept, rows: Iterable[object]) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path)) as file:
        file.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_CREATE}")
        validators = kept.validators
        about = (kept.source, validators.etag, validators.last_modified, kept.due_at)
        with file:
            file.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", about)
            file.executemany(_PUT, _columns_of(rows))
        file.executescript(
            f"CREATE INDEX by_id ON titles (service, id); PRAGMA user_version = {_VERSION}"
        )
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        give_away(handle, path.parent)
        os.fsync(handle)
    finally:
        os.close(handle)


def _columns_of(rows: Iterable[object]) -> Iterator[tuple[object, ...]]:
    """Read the rows, of which most must be of the known form."""
    bad, found = 0, 0
    for count, item in enumerate(rows):
        if count == _MOST_ROWS:
            raise ResponseChangedError(SERVICE, f"it has more than {_MOST_ROWS:,} rows")
        try:
            row = convert(item, MapRow)
        except UnknownFormError:
            bad += 1
            continue
        title = title_of(row)
        for service, number in row.numbers():
            found += 1
            yield (service, number, title.kind, *title.ids, title.season, title.doubt)
    if not found or bad > found:
        raise ResponseChangedError(SERVICE, "it is no map of anime ids")
