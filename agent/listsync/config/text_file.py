"""Small text files that a person wrote: read with a cap, whole, and never wait for a pipe."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from listsync.files.local_file import WriterWait, read_whole


class UnreadableFileError(ValueError):
    """The file cannot be used; the message says why, without its name."""


def load_bytes(path: Path, cap: int, patience: WriterWait) -> tuple[bytes, os.stat_result]:
    """Read a regular file of at most *cap* bytes, together with its owner and mode.

    A program that is writing it is waited for, with *patience*.

    Raises:
        UnreadableFileError: it is missing, not allowed, no regular file, or too large.
        BeingWrittenError: see `WriterWait`.
    """
    try:
        found = read_whole(path, cap, _check_kind, patience)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(_why(error)) from None
    if found.is_too_large:
        raise UnreadableFileError(f"is larger than {cap // 1024} KiB")
    return found.data[:], found.facts


def _check_kind(facts: os.stat_result) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise UnreadableFileError("is a directory, expected a file")
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableFileError("is not a regular file")


def _why(error: OSError | ValueError) -> str:
    match error:
        case UnreadableFileError():
            return str(error)
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist"
        case PermissionError():
            return f"may not be read by this user (uid {os.geteuid()})"
        case OSError():
            return f"cannot be read: {error.strerror or 'unknown trouble'}"
        case _:
            return "is not a usable file name"


def check_mode(facts: os.stat_result, user: int) -> None:
    """Refuse a secret's file that others may read; root's may be (a container's secrets are).

    Raises:
        UnreadableFileError: it is open to more than its owner.
    """
    mode = stat.S_IMODE(facts.st_mode)
    if not mode & (0o022 if facts.st_uid == 0 else 0o077):
        return
    if facts.st_uid in {0, user}:
        raise UnreadableFileError(f"is open to other users (mode {mode:04o}), expected mode 0600")
    raise UnreadableFileError(
        f"belongs to another user (uid {facts.st_uid}) and is open to more (mode {mode:04o}), "
        "expected your own file with mode 0600"
    )
