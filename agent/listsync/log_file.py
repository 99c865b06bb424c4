"""Files that are written to their ends for as long as the agent lives."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from listsync.file_access import open_to_write
from listsync.lean_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rotation:
    """A file that would grow past *max_bytes* is put aside (0: never); *keep* older ones stay."""

    max_bytes: int
    keep: int


class FileEnd(NamedTuple):
    """How far a file went."""

    inode: int = 0
    size: int = 0


class LogFile:
    """A file that only its owner can read; one that was moved away is begun anew.

    So logrotate may work beside it, whether it moves, copies or removes. Not for several threads.
    """

    def __init__(self, path: Path, rotation: Rotation) -> None:
        """Open the file; raises OSError, or ValueError for what is no path at all."""
        self.path = path
        self.rotation = rotation
        self._handle = self._open()

    def _open(self) -> int:
        return open_to_write(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, text: str) -> None:
        """Append *text*, all of it or nothing; raises OSError."""
        content = text.encode("utf-8", "backslashreplace")
        self._follow_path()
        facts = os.fstat(self._handle)
        most = self.rotation.max_bytes
        is_full = facts.st_size and 0 < most < facts.st_size + len(content)
        if is_full and stat.S_ISREG(facts.st_mode):
            self._put_aside()
        self._append(content)

    def _append(self, content: bytes) -> None:
        before, rest = os.fstat(self._handle), memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            if stat.S_ISREG(before.st_mode):
                with suppress(OSError):  # a part of a line is worse than none
                    os.ftruncate(self._handle, before.st_size)
            raise

    def _follow_path(self) -> None:
        """Open what is at the path by now, if that is something else."""
        try:
            there, ours = self.path.stat(), os.fstat(self._handle)
            is_ours = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
        except FileNotFoundError:
            is_ours = False
        if not is_ours:
            self._reopen()

    def _reopen(self) -> None:
        anew = self._open()
        self.close()
        self._handle = anew

    def _put_aside(self) -> None:
        """Begin a new file; where that cannot be, the old one is written on."""
        keep = self.rotation.keep
        with suppress(OSError):
            if not keep:
                os.ftruncate(self._handle, 0)
                return
            for number in range(keep - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._numbered(number).replace(self._numbered(number + 1))
            self.path.replace(self._numbered(1))
            self._reopen()

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def end(self) -> FileEnd:
        """Say where the file ends now; raises OSError."""
        facts = os.fstat(self._handle)
        return FileEnd(facts.st_ino, facts.st_size)

    def tail(self, since: FileEnd, most: int) -> str:
        """Read what was written *since* then, at most the last *most* bytes; raises OSError.

        If that was another file, or it has been emptied, everything was.
        """
        now = self.end()
        is_same = now.inode == since.inode and now.size >= since.size
        begin = max(since.size if is_same else 0, now.size - most)
        with self.path.open("rb") as file:
            file.seek(begin)
            return file.read(now.size - begin).decode("utf-8", "replace")

    def sync(self) -> None:
        """See to it that what was written outlives a power cut; raises OSError."""
        if stat.S_ISREG(os.fstat(self._handle).st_mode):
            os.fsync(self._handle)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._handle)
