"""One listsync per state directory, proven by a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from listsync.errors import BusyError, StateError
from listsync.file_access import open_to_write, own_path

FILE_NAME = "listsync.lock"


@contextmanager
def looking_at(folder: Path) -> Iterator[None]:
    """Keep writers out of *folder* without changing anything in it.

    Raises:
        BusyError: a process works in it.
        StateError: the folder cannot be used.
    """
    try:
        handle = os.open(folder / FILE_NAME, os.O_RDONLY)
    except FileNotFoundError:
        yield  # nobody has ever worked here
        return
    except OSError as error:
        raise StateError(f"cannot use the state directory {folder}: {error.strerror}") from error
    try:
        _take(handle, fcntl.LOCK_SH, folder)
        yield
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of *folder*, which is created (for its owner only) when missing.

    The file stays: removing it would let a second holder in.

    Raises:
        BusyError: another process holds it; its number is in the message.
        StateError: the folder cannot be used.
    """
    try:
        own_path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = open_to_write(folder / FILE_NAME, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StateError(f"cannot use the state directory {folder}: {error.strerror}") from error
    try:
        _take(handle, fcntl.LOCK_EX, folder)
        with suppress(OSError):  # on a full disk the number is missing, and the lock holds
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, kind: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
        raise BusyError(f"another listsync (pid {pid}) works in {folder}") from error
    except OSError as error:
        raise StateError(f"cannot lock {folder / FILE_NAME}: {error.strerror}") from error
