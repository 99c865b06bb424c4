"""Mapped roots: what must hold of one, what is found below one, and what is wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from listsync.domain.transfers import RootTrouble
from listsync.errors import ListsyncError


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

    `mount_point` must be in the table of mounts. `marker` is the name of a file below the root
    that must be there: what lies under a mount that is gone lacks it. `identity` is what was
    mounted there before (`Mount.identity`). A destination must be writable, and have room;
    `tries_writing`: that is found out by making a file there and removing it.
    """

    is_destination: bool = False
    mount_point: PurePosixPath | None = None
    marker: str = ""
    identity: str = ""
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
    has_marker: bool
    write_error: int = 0
    owned_links: tuple[tuple[PurePosixPath, int], ...] = ()
