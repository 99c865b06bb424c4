"""Reads a list file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from listsync.domain.lists import Fetched, Validators
from listsync.net.call import MIB
from listsync.net.local_file import load_file
from listsync.net.texts import decode
from listsync.net.whole_file import Patience
from listsync.providers.file.formats import read_list
from listsync.providers.file.options import FileOptions
from listsync.providers.file.source import SERVICE, FileSource

_READING = 3  # raise it when a file of the same bytes is to be read in another way


class ListFile:
    """Reads one list file; *pause* waits for who is writing it, and returns True to give up."""

    def __init__(
        self,
        source: FileSource,
        options: FileOptions,
        pause: Callable[[float], bool | None] = time.sleep,
    ) -> None:
        if not source.path.is_absolute():
            raise ValueError(f"{source.path} is not absolute; use FileSource.under")
        self._path = source.path
        self._limit_bytes = options.limit_mib * MIB
        self._pause = pause

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole file, in its order; the same bytes as last time are not read again.

        Raises:
            UnavailableError: it holds nothing, is being written, or the disk fails.
            RefusedError: it is not there, is no file, or may not be read.
            AnswerChangedError: it is no list in any known format.
        """
        patience = Patience(pause=self._pause)
        content = load_file(SERVICE, self._path, limit_bytes=self._limit_bytes, patience=patience)
        validators = Validators(digest=f"{_READING}:{content.digest}")
        if previous is not None and previous.digest == validators.digest:
            fetched = Fetched.unchanged(validators)
        else:
            fetched = read_list(self._path, decode(content.data), validators)
        return replace(fetched, is_unfinished=content.is_unfinished)
