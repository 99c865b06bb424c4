"""What rsync writes: how far it is, and the names it tells; no input or output of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from listsync.lean_dataclasses import dataclass

_UNITS = {"": 1, "k": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_PROGRESS = re.compile(
    rb"\s*([\d,.]+)\s+(\d+)%\s+([\d.,]+)([kMGT]?)B/s\s+\d+:\d\d:\d\d"
    rb"(?:\s+\(xfr#\d+,\s+(?:ir|to)-chk=\d+/\d+\))?\s*"
)
_ITEM = re.compile(rb"[<>ch.*][fdLDS][^ ]{9} (.*)", re.DOTALL)
_ESCAPED = re.compile(rb"\\#([0-7]{3})")
_PARTING = re.compile(rb"[\r\n]")
MOST_OF_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class RsyncProgress:
    """How much it has copied, and how fast: bytes, and bytes a second."""

    done: int
    rate: float


class OutputLines:
    """Parts what comes in pieces into lines; both ways of ending one count."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> list[bytes]:
        """Give the lines that *piece* completes; a line without an end is kept to a bound."""
        *lines, rest = _PARTING.split(self._rest + piece)
        self._rest = rest[:MOST_OF_LINE]
        return lines


def parse_progress(line: bytes) -> RsyncProgress | None:
    """Parse a line of --info=progress2; None for every other one."""
    found = _PROGRESS.fullmatch(line)
    if found is None:
        return None
    done = int(re.sub(rb"\D", b"", found[1]))
    rate = float(found[3].replace(b",", b".")) * _UNITS[found[4].decode()]
    return RsyncProgress(done, rate)


def parse_item(line: bytes) -> PurePosixPath | None:
    """Parse a line of --itemize-changes about a file; None for folders and all else."""
    found = _ITEM.fullmatch(line)
    if found is None or found[1].endswith(b"/"):
        return None
    return PurePosixPath(os.fsdecode(unescaped(found[1])))


def unescaped(text: bytes) -> bytes:
    r"""Give the bytes of a name as they are: rsync writes those that it does not show as \#ooo."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), text)


def lines_about(errors: bytes, paths: Iterable[PurePosixPath]) -> Iterator[bytes]:
    """Give the lines of *errors* that name one of *paths*, or the file it is written to first."""
    signs = [sign for path in paths for sign in _signs_of(path)]
    for line in errors.split(b"\n"):
        plain = unescaped(line)
        if any(sign in plain for sign in signs):
            yield line


def _signs_of(path: PurePosixPath) -> tuple[bytes, bytes]:
    draft = path.parent / f".{path.name.removeprefix('.')}."
    return b'"%s"' % os.fsencode(path), b'"%s' % os.fsencode(draft)


_RANDOM = rb"\.[A-Za-z0-9]{6}"
_LONGEST_NAME = 255


def is_draft_of(name: str, file_name: str) -> bool:
    """Tell whether *name* is one that rsync writes *file_name* under until it is whole.

    Source: rsync 3.2.7, `.NAME.XXXXXX`; a name that is too long for that is cut at its end.
    """
    own, draft = os.fsencode(file_name).removeprefix(b"."), os.fsencode(name)
    found = re.fullmatch(rb"\.(.+)" + _RANDOM, draft, re.DOTALL)
    if found is None:
        return False
    is_cut = len(draft) > _LONGEST_NAME - 8 and own.startswith(found[1])
    return found[1] == own or is_cut
