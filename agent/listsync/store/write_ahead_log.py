"""What a write-ahead log holds, to notice that its end was lost.

SQLite reads the log up to the first frame that is damaged, and takes the rest for what was never
finished. Of that there can be one commit at most, as each is on disk before the next one begins.

Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_UNFINISHED = 1
_BIG_ENDIAN = 1
"""The bit of the magic number that tells how checksums are made."""


def frames_of(path: Path) -> Sequence[bool]:
    """Tell of each frame in the log of the database *path* whether it ends a commit.

    Those of an earlier use of the log do not. Where the header is damaged, the first frame tells
    of which use they are.
    """
    with suppress(OSError), path.with_name(f"{path.name}-wal").open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return ()
        _, _, page_size, _, *salts, _, _ = _HEADER.unpack(head)
        is_whole = _is_whole(head)
        page_size = page_size if is_whole else _page_size(path)
        commits = []
        while len(frame := file.read(_FRAME.size)) == _FRAME.size:
            _, pages, *marks, _, _ = _FRAME.unpack(frame)
            if not is_whole:
                salts, is_whole = marks, True
            commits.append(pages > 0 and marks == salts)
            file.seek(page_size, 1)
        return commits
    return ()


def _is_whole(head: bytes) -> bool:
    """Tell whether the header of the log is as it was written."""
    order = ">" if head[3] & _BIG_ENDIAN else "<"
    first = second = 0
    for one, other in struct.iter_unpack(f"{order}II", head[:24]):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return head[24:] == struct.pack(">II", first, second)


def _page_size(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(16)
        size = int.from_bytes(file.read(2), "big")
    return size if size > 1 else 65536


def commits_after(frames: Sequence[bool], read: int) -> bool:
    """Tell whether commits follow the first *read* frames that were on disk for sure."""
    return sum(frames[read:]) > _UNFINISHED
