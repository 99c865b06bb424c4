"""Reads a list file: its format is told by its content first and its name second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from listsync.cancellation import CancelToken, call_bounded
from listsync.domain.lists import Fetched, Validators
from listsync.errors import UnavailableError
from listsync.files.local_file import Content, WriterWait, load_file
from listsync.http.rate_limit import LARGE_BYTES, large_turn
from listsync.http.request import MIB
from listsync.parsing.list_documents import read_list
from listsync.parsing.text import Text, decode
from listsync.providers.file.source import SERVICE, FileOptions, FileSource
from listsync.row_limit import demand_room

T = TypeVar("T")
ReadText = Callable[[str, Text, Validators], Fetched]
_AS_USUAL = partial(read_list, SERVICE)

LONGEST_S = 60.0
"""How long a disk, or a share of another machine, may take to give the file."""
_READING = 13  # raise it when a file of the same bytes is to be read in another way


class ListFile:
    """Reads one list file; *token* ends what it waits for.

    *read* makes rows of its text, and *form* says how: what was read otherwise is read anew.
    """

    def __init__(
        self,
        source: FileSource,
        options: FileOptions,
        token: CancelToken | None = None,
        read: ReadText = _AS_USUAL,
        form: str = str(_READING),
    ) -> None:
        if not source.path.is_absolute():
            raise ValueError(f"{source.path} is not absolute; use FileSource.under")
        self._path = source.path
        self._token = token or CancelToken()
        self._limit_bytes = options.limit_mib * MIB
        self._read, self._form = read, form

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
        validators = Validators(digest=f"{self._form}:{content.digest}")
        if previous is not None and previous.digest == validators.digest:
            fetched = Fetched.unchanged(validators)
        else:
            fetched = self._read(str(self._path), decode(content.data), validators)
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
