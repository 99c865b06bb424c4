"""Reads a list file."""

from __future__ import annotations

from listsync.domain.lists import Fetched, Validators
from listsync.net.call import MIB
from listsync.net.local_file import load_file
from listsync.net.texts import decode
from listsync.providers.file.formats import read_list
from listsync.providers.file.options import FileOptions
from listsync.providers.file.source import SERVICE, FileSource

_READING = 3  # raise it when a file of the same bytes is to be read in another way


class ListFile:
    """Reads one list file."""

    def __init__(self, source: FileSource, options: FileOptions) -> None:
        if not source.path.is_absolute():
            raise ValueError(f"{source.path} is not absolute; use FileSource.under")
        self._path = source.path
        self._limit_bytes = options.limit_mib * MIB

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole file, in its order; the same bytes as last time are not read again.

        Raises:
            UnavailableError: it holds nothing, is being written, or the disk fails.
            RefusedError: it is not there, is no file, or may not be read.
            AnswerChangedError: it is no list in any known format.
        """
        content = load_file(SERVICE, self._path, limit_bytes=self._limit_bytes)
        validators = Validators(digest=f"{_READING}:{content.digest}")
        if previous is not None and previous.digest == validators.digest:
            return Fetched.unchanged(validators)
        return read_list(self._path, decode(content.data), validators)
