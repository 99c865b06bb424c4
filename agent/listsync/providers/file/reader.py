"""Reads a list file: its format is told by its content first and its name second."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from listsync.cancellation import CancelToken, call_bounded
from listsync.domain.lists import Fetched, Validators
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.files.local_file import Content, WriterWait, load_file
from listsync.http.rate_limit import LARGE_BYTES, large_turn
from listsync.http.request import MIB
from listsync.parsing.documents import parse_lazily, parse_yaml
from listsync.parsing.text import Text, decode
from listsync.providers.file.row_collector import RowCollector
from listsync.providers.file.source import SERVICE, FileOptions, FileSource
from listsync.providers.file.structured_lists import collect_json, collect_kometa
from listsync.providers.file.tables import collect_lines, collect_table, header_of
from listsync.row_limit import demand_room

_START = 1_000_001
"""Characters that show the format; as many as YAML may have, and one."""
_MARKUP = re.compile(r"<[!?a-zA-Z]")
_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_JSON = re.compile(r'\[\s*(?:[{"\[\]]|$)|\{\s*(?:["}]|$)')
_KOMETA = re.compile(r"(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\n)*+collections[ \t]*:[ \t]*\r?\n")
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
    start = text.start(_START)
    _demand_list(path, text, start)
    collector = RowCollector()
    collector.is_cut = text.is_cut
    suffix = path.suffix.lower()
    if suffix == ".json" or _JSON.match(start):
        collect_json(collector, lambda: parse_lazily(SERVICE, text.pieces()))
    elif suffix in (".yml", ".yaml") or _KOMETA.match(start):
        collect_kometa(collector, parse_yaml(SERVICE, start))
    else:
        _collect_text(collector, path, text, expect_table=suffix in (".csv", ".tsv"))
    return collector.fetched(validators)


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
