"""Tells whether the state file is, to the byte, what listsync left when it ended.

SQLite notices damage to the structure of a file, not to what is written in it. So a listsync that
ends in good order leaves a checksum beside the file; while one works, `open` stands there instead,
and `between` while it opens or closes the file.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from enum import Enum
from pathlib import Path

from listsync.file_access import open_to_write

_OPEN, _BETWEEN = "open", "between"


class Left(Enum):
    """How the file is, compared with how it was left; `UNKNOWN`: nobody ended in good order."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


def checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def compare(path: Path) -> Left:
    """Compare the file with its checksum; with a log beside it, it is not all there is."""
    noted = _noted(path)
    if noted in ("", _OPEN, _BETWEEN) or _has_log(path):
        return Left.UNKNOWN
    return Left.SAME if noted == _digest(path) else Left.OTHER


def was_there(path: Path) -> bool:
    """Tell whether a listsync has ever worked with the file."""
    return checksum_of(path).exists()


def note_open(path: Path) -> None:
    """Note that the file is open, with its log beside it."""
    _write(path, _OPEN)


def note_between(path: Path) -> None:
    """Note that the file is about to be opened or closed: its log may be there or not."""
    _write(path, _BETWEEN)


def must_have_log(path: Path) -> bool:
    """Tell whether a killed process must have left a log."""
    return _noted(path) == _OPEN


def note_left(path: Path) -> None:
    """Note what the file is, which is closed now; not where its log is still there."""
    if not _has_log(path):
        _write(path, _digest(path))


def _has_log(path: Path) -> bool:
    with suppress(OSError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _noted(path: Path) -> str:
    try:
        return checksum_of(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    """Replace what is noted; where that cannot be done, nothing is noted any more.

    Raises:
        OSError: not even that.
    """
    target = checksum_of(path)
    new = target.with_name(f".{target.name}.part")
    try:
        handle = open_to_write(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(handle, f"{text}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        new.replace(target)
    except OSError:
        new.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    with suppress(OSError):  # not every file system can
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
