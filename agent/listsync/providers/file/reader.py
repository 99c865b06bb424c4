"""Reads a list file: its format is told by its content first and its name second."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from listsync.cancellation import CancelToken, call_bounded
from listsync.domain.lists import Fetched, Validators
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.files.local_file import Bytes, Content, WriterWait, load_file
from listsync.http.rate_limit import LARGE_BYTES, large_turn
from listsync.http.request import MIB
from listsync.parsing.documents import parse_lazily, parse_yaml
from listsync.parsing.text import Text, decode
from listsync.providers.file.row_collector import RowCollector
from listsync.providers.file.source import SERVICE, FileOptions, FileSource
from listsync.providers.file.structured_lists import collect_json, collect_kometa
from listsync.providers.file.tables import collect_lines, collect_table, header_of
from listsync.row_limit import demand_room
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_START = 1_000_001
"""Characters that show the format; as many as YAML may have, and one."""
_MARKUP = re.compile(r"<[!?a-zA-Z]")
_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_JSON = re.compile(r'\[\s*(?:[{"\[\]]|$)|\{\s*(?:["}]|$)')
_KOMETA = re.compile(r"(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\n)*+collections[ \t]*:[ \t]*\r?\n")
_ZIP = "PK\x03\x04"
_END_OF_ZIP = b"PK\x05\x06"
_ZIP64 = b"PK\x06\x07"  # of archives of more than 4 GB
_LARGEST_ZIP = 16 * MIB
"""Bytes of an archive, and of what is unpacked of one list in it; they are held in memory."""
_LARGEST_INDEX = 100_000
_METHODS = (0, 8)  # as it is, and deflated: the others can take much memory
_ODD_ZIP = (NotImplementedError, RuntimeError, OSError, EOFError, ValueError, struct.error)
_LIST_NAME = re.compile(r"^(?!__MACOSX/)(?:.*/)?[^/.][^/]*\.(?:csv|tsv|json|txt)$", re.IGNORECASE)
_MOST_WATCHLISTS = 20  # parts of one
_SHOWN = 8
_ARCHIVES = (  # zip, gzip, 7z, rar; their heads as they look in the old Windows letters
    "PK\x03\x04",
    "\x1f\u2039",
    "7z\xbc\xaf",
    "Rar!",
)


def read_list(path: Path, text: Text, validators: Validators) -> Fetched:
    """Read a list from the *text* of *path*; the name counts only where the content is unclear.

    Raises:
        UnavailableError: there is nothing in it, as while somebody writes it.
        ResponseChangedError: it is no list in any known format.
    """
    collector = RowCollector()
    if text.data[: len(_ZIP)] == _ZIP.encode():
        for name, data in lists_in_archive(path, text.data):
            _collect(collector, Path(f"{path}/{name}"), decode(data))
    else:
        _collect(collector, path, text)
    return collector.fetched(validators)


def _collect(collector: RowCollector, path: Path, text: Text) -> None:
    start = text.start(_START)
    _demand_list(path, text, start)
    collector.is_cut = collector.is_cut or text.is_cut
    suffix = path.suffix.lower()
    if suffix == ".json" or _JSON.match(start):
        collect_json(collector, lambda: parse_lazily(SERVICE, text.pieces()))
    elif suffix in (".yml", ".yaml") or _KOMETA.match(start):
        collect_kometa(collector, parse_yaml(SERVICE, start))
    else:
        _collect_text(collector, path, text, expect_table=suffix in (".csv", ".tsv"))


def lists_in_archive(path: Path, data: Bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the lists out of a ZIP as services give it: the watchlist, or the only list there is.

    Nothing is written, so a path in it means nothing; how much is unpacked is bounded.

    Raises:
        ResponseChangedError: it is damaged, too large, or holds several lists to choose from.
    """
    import zipfile  # noqa: PLC0415 - only for those who have such a file
    import zlib  # noqa: PLC0415 - see above

    whole = data[: len(data)] if len(data) <= _LARGEST_ZIP else b""
    end = whole.rfind(_END_OF_ZIP)
    index = int.from_bytes(whole[end + 12 : end + 16], "little") if end >= 0 else 0
    if not whole or index > _LARGEST_INDEX or _ZIP64 in whole[max(0, end - 20) : end]:
        raise ResponseChangedError(SERVICE, f"{path} is a larger archive than any list; not read")
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            for one in _chosen(path, archive.infolist()):
                yield one.filename, _unpacked(path, archive, one)
    except (zipfile.BadZipFile, zlib.error, *_ODD_ZIP) as error:
        raise ResponseChangedError(SERVICE, f"{path} is a damaged archive") from error


def _chosen(path: Path, members: list[ZipInfo]) -> list[ZipInfo]:
    lists = [one for one in members if _LIST_NAME.search(one.filename) and not one.flag_bits & 1]
    depth = min((one.filename.count("/") for one in lists), default=0)
    lists = [one for one in lists if one.filename.count("/") == depth]
    wanted = [one for one in lists if "watchlist" in one.filename.lower()] or lists
    is_clear = len(wanted) == 1 or (wanted != lists and len(wanted) <= _MOST_WATCHLISTS)
    if is_clear and all(one.compress_type in _METHODS for one in wanted):
        return wanted
    names = ", ".join(one_line(one.filename, 60) for one in lists[:_SHOWN]) or "none"
    why = f"is an archive; name a file out of it (lists in it: {names})"
    raise ResponseChangedError(SERVICE, f"{path} {why}")


def _unpacked(path: Path, archive: ZipFile, member: ZipInfo) -> bytes:
    with archive.open(member) as file:
        data = file.read(_LARGEST_ZIP + 1)
    if len(data) > _LARGEST_ZIP:
        why = f"holds a list of more than {_LARGEST_ZIP // MIB} MiB; not read"
        raise ResponseChangedError(SERVICE, f"{path} {why}")
    return data


def _collect_text(collector: RowCollector, path: Path, text: Text, *, expect_table: bool) -> None:
    header = header_of(text, surely=expect_table)
    if header is None:
        collect_lines(collector, text)
    else:
        collect_table(collector, path, text, header)


def _demand_list(path: Path, text: Text, body: str) -> None:
    if text.is_blank:
        size = "0 bytes" if not text.data else "nothing but white space"
        raise UnavailableError(SERVICE, f"{path} holds {size}; the last good reading is kept")
    if body.startswith(_ARCHIVES):
        raise ResponseChangedError(SERVICE, f"{path} is an archive; name a file out of it")
    if text.is_binary:
        raise ResponseChangedError(SERVICE, f"{path} is not text")
    if text.is_garbled:
        why = "is in letters of an old encoding that cannot be told; save it as UTF-8"
        raise ResponseChangedError(SERVICE, f"{path} {why}")
    if _MARKUP.match(body):
        what = "a web page" if _PAGE.search(body[:2000]) else "XML"
        sample = " ".join(body[:200].split())
        raise ResponseChangedError(SERVICE, f"{path} is {what}, not a list", sample=sample)


T = TypeVar("T")

LONGEST_S = 60.0
"""How long a disk, or a share of another machine, may take to give the file."""
_READING = 5  # raise it when a file of the same bytes is to be read in another way


class ListFile:
    """Reads one list file; *token* ends what it waits for."""

    def __init__(
        self, source: FileSource, options: FileOptions, token: CancelToken | None = None
    ) -> None:
        if not source.path.is_absolute():
            raise ValueError(f"{source.path} is not absolute; use FileSource.under")
        self._path = source.path
        self._token = token or CancelToken()
        self._limit_bytes = options.limit_mib * MIB

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole file, in its order; the same bytes as last time are not read again.

        Raises:
            UnavailableError: it holds nothing, is being written, or the disk fails.
            RefusedError: it is not there, is no file, or may not be read.
            ResponseChangedError: it is no list in any known format.
        """
        with large_turn() as one:
            if self._from_disk(self._is_large) and not one.take(self._token, LONGEST_S):
                raise UnavailableError(
                    SERVICE, "waits for other large lists; it is read next time"
                )
            demand_room(1)  # others may have taken it meanwhile
            return self._fetch(previous)

    def _is_large(self) -> bool:
        try:
            return self._path.stat().st_size > LARGE_BYTES
        except (OSError, ValueError):
            return False

    def _fetch(self, previous: Validators | None) -> Fetched:
        content = self._from_disk(self._load)
        validators = Validators(digest=f"{_READING}:{content.digest}")
        if previous is not None and previous.digest == validators.digest:
            fetched = Fetched.unchanged(validators)
        else:
            fetched = read_list(self._path, decode(content.data), validators)
        return replace(fetched, is_unfinished=content.is_unfinished)

    def _load(self) -> Content:
        patience = WriterWait(pause=self._token.wait)
        return load_file(SERVICE, self._path, limit_bytes=self._limit_bytes, patience=patience)

    def _from_disk(self, look: Callable[[], T]) -> T:
        """Do what a share that does not answer would keep waiting for ever."""
        try:
            return call_bounded(look, LONGEST_S, self._token)
        except TimeoutError:
            why = f"{self._path} is not read within {LONGEST_S:g} s: does its share still answer?"
            raise UnavailableError(SERVICE, why) from None
