"""Mapped roots: what must hold of one, what is found below one, and what is wrong with one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from listsync.domain.transfers import RootHealth, RootTrouble
from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass
from listsync.transfers.mount_table import Mount


class RootUnavailableError(ListsyncError):
    """A mapped root cannot be used as it is: wait until its mount is well again."""

    def __init__(
        self, root: PurePosixPath, why: str, trouble: RootTrouble = RootTrouble.STALE
    ) -> None:
        super().__init__(f"{root}: {why}")
        self.root = root
        self.why = why
        self.trouble = trouble


class PathEscapesError(ListsyncError):
    """A path leads out of its mapped root: never follow it."""

    def __init__(self, root: PurePosixPath, relative: PurePosixPath) -> None:
        super().__init__(f"{root / relative} leads out of {root}")
        self.root = root
        self.relative = relative


@dataclass(frozen=True, slots=True, kw_only=True)
class RootRules:
    """What must hold of a root, apart from that it is there and answers.

    `requires_mount`: it must lie on something that is mounted, not on the system's own disk; and
    something must be mounted at each of `mount_points`.
    `marker` is a file below the root that must be there: what lies under a mount that is gone
    lacks it. `known` is the mount that it lay on when it was well. A destination must be
    writable, and have room; `tries_writing`: a file is made there, and removed.
    """

    is_destination: bool = False
    requires_mount: bool = False
    mount_points: frozenset[PurePosixPath] = frozenset()
    marker: PurePosixPath | None = None
    known: Mount | None = None
    tries_writing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One thing below a root. `mtime` counts seconds since 1970; a link is told, not followed.

    Bytes of a name that are no UTF-8 are surrogates, as in all names that Python gives out.
    """

    relative: PurePosixPath
    size: int
    mtime: float
    kind: Literal["file", "link", "other"] = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFacts:
    """What one look found. `path` has no links left in it; `owned_links` are those on the way.

    `owned_links` pairs each with the user id of its owner. `device` and `inode` name the folder
    among all that are there. `free_bytes` and `free_inodes` are None where nobody knows.
    `write_error` is why a file could not be made (errno), 0 where none was tried, or it worked.
    """

    path: PurePosixPath
    device: int
    inode: int
    free_bytes: int | None
    free_inodes: int | None
    is_read_only: bool
    is_readable: bool
    is_writable: bool
    is_empty: bool
    has_marker: bool
    write_error: int = 0
    owned_links: tuple[tuple[PurePosixPath, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RootLook:
    """How a root was found, and what more there is to know of it, as far as that is known."""

    health: RootHealth
    mount: Mount | None = None
    facts: RootFacts | None = None
