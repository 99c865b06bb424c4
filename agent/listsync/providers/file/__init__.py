"""A list in a local file: text, CSV, JSON or YAML, told apart by what is in it.

Sources: tests/fixtures/file/README.md says what each format was modelled on, and when.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from listsync.domain.lists import Fetched, Validators
from listsync.net.call import MIB
from listsync.net.forms import is_address, recognise
from listsync.net.local_file import load_file
from listsync.net.texts import decode
from listsync.options import Options
from listsync.providers.file.formats import read_list
from listsync.providers.file.gathering import SERVICE

FORMS = ("a path such as ~/lists/watchlist.csv", "file:///lists/watchlist.txt")
_READING = 1  # raise it when a file of the same bytes is to be read in another way


class FileOptions(Options):
    """What is accepted as a list file."""

    limit_mib: int = Field(default=64, gt=0, le=1024, description="Largest file, in MiB.")


@dataclass(frozen=True, slots=True)
class FileSource:
    """One list file; a relative path is meant from the folder of the config file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def under(self, folder: Path) -> FileSource:
        """Make the path absolute, from *folder* where it is relative."""
        return FileSource(folder.absolute() / self.path)


def parse(text: str) -> FileSource:
    """Read what the user wrote after `file:`; a ValueError lists the accepted forms."""
    value = text.strip().removeprefix("file://")
    accepted = f"accepted: {', '.join(FORMS)}"
    if not value or "\0" in value:
        raise ValueError(f"{text!r} is no path; {accepted}")
    form = recognise(value)
    if "://" in value or (form is not None and is_address(value)):
        whose = f"an address of {form.service}" if form else "an address"
        raise ValueError(f"{text!r} is {whose}, not a path; {accepted}")
    path = Path(value)
    return FileSource(_at_home(path) if value.startswith("~") else path)


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"whose home is meant by {str(path)!r} is not known") from error


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


__all__ = ["FileOptions", "FileSource", "ListFile", "parse"]
