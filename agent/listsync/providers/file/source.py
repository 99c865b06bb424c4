"""Which list file the user means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from listsync.config_types import Options
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import is_address, recognise


class FileOptions(Options, frozen=True, kw_only=True):
    """What is accepted as a list file."""

    limit_mib: Annotated[int, Meta(gt=0, le=64), "Largest file, in MiB."] = 64


SERVICE = "file"
FORMS = ("a path such as ~/lists/watchlist.csv", "file:///lists/watchlist.txt")


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
