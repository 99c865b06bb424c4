"""What is mounted where, as the kernel tells it (proc_pid_mountinfo(5)), which never hangs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


_REMOTE = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "glusterfs", "lustre", "virtiofs", "afs")
_LOCAL_FUSE = "fuseblk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """What is mounted where: a file system of a *kind*, from a *source*.

    That stays the same when it is mounted anew, which the numbers of devices do not; but a disk
    may get another letter. A bind mount has what it is a part of.
    """

    point: PurePosixPath
    kind: str
    source: str

    @property
    def is_remote(self) -> bool:
        return self.kind.startswith(_REMOTE) and self.kind != _LOCAL_FUSE

    @property
    def is_root(self) -> bool:
        """Tell whether nothing was mounted but the system itself."""
        return self.point == PurePosixPath("/")

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


def read_mounts(table: Path = _TABLE) -> tuple[Mount, ...]:
    """Read the table of this process; what lies over another comes later."""
    text = table.read_bytes().decode("utf-8", "surrogateescape")
    return parse_mounts(text)


def mounts_now() -> tuple[Mount, ...]:
    """Read what is mounted; nothing where the kernel does not tell."""
    try:
        return read_mounts()
    except OSError:
        return ()


@lru_cache(maxsize=1)
def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Parse such a table; a line that is none is left out.

    So is a folder that is mounted on itself, as systemd does with ReadWritePaths=: it lies where
    it lay before.
    """
    found, on_top = list[Mount](), dict[str, _Row]()
    for line in text.split("\n"):
        row = _parse_line(line)
        if row is not None and not _is_on_itself(row, on_top):
            found.append(Mount(point=PurePosixPath(row.point), kind=row.kind, source=row.source))
            on_top[row.point] = row
    return tuple(found)


class _Row(NamedTuple):
    """One row: `part` is what of the file system, which has a number, is mounted."""

    point: str
    kind: str
    source: str
    device: str
    part: str


def _parse_line(line: str) -> _Row | None:
    head, dash, tail = line.partition(" - ")
    own, theirs = head.split(" "), tail.split(" ")
    if not dash or len(own) < 6 or len(theirs) < 3:
        return None
    point, kind, source, part = map(_plain, (own[4], theirs[0], theirs[1], own[3]))
    return _Row(point, kind, source, own[2], part)


def _is_on_itself(row: _Row, on_top: Mapping[str, _Row]) -> bool:
    """Tell whether it shows what the mount around it, the last one at its point, shows there."""
    around, left = row.point, ""
    while around:
        around, slash, name = around.rpartition("/")
        left = f"{slash}{name}{left}"
        outer = on_top.get(around or "/")
        if outer is not None:
            return outer.device == row.device and outer.part.rstrip("/") + left == row.part
    return False


def _plain(field: str) -> str:
    r"""Undo the kernel's escapes: \040 is a space."""
    if "\\" not in field:
        return field
    whole = field.encode("utf-8", "surrogateescape").decode("latin-1")
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 8) & 0xFF), whole)
    return plain.encode("latin-1").decode("utf-8", "surrogateescape")


def mount_of(path: PurePosixPath, mounts: Sequence[Mount]) -> Mount | None:
    """Find the mount that *path* lies on; links in it are not followed."""
    around = (path, *path.parents)
    on = [one for one in mounts if one.point in around]
    return max(reversed(on), key=lambda one: len(one.point.parts), default=None)


def mount_at(point: PurePosixPath, mounts: Sequence[Mount]) -> Mount | None:
    """Find what is mounted at just *point*, on top where there are several."""
    return next((one for one in reversed(mounts) if one.point == point), None)
