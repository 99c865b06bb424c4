"""Tells from what was found at a mapped root whether it may be used, and if not, why."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from listsync.domain.transfers import RootHealth, RootTrouble
from listsync.transfers.mount_table import Mount, mount_at, mount_of
from listsync.transfers.roots import RootFacts, RootRules

LEAST_FREE_BYTES = 1024 * 1024
"""Less room than this is none; what a copy needs is looked at before it begins."""

_Found = tuple[RootTrouble, str]


def judge(
    root: PurePosixPath,
    rules: RootRules,
    facts: RootFacts,
    mounts: Sequence[Mount],
    at: datetime,
) -> RootHealth:
    """Hold what was found against what must be; *mounts* are read after the look."""
    mount = mount_of(facts.path, mounts)
    found = (
        _nothing_at(rules, mounts)
        or _mount_trouble(rules, facts, mount)
        or _access_trouble(rules, facts)
    )
    trouble, why = found or (None, "")
    return RootHealth(
        root=root,
        is_healthy=trouble is None,
        why=why,
        trouble=trouble,
        mount=str(mount or ""),
        is_writable=facts.is_writable and not facts.is_read_only,
        free_bytes=facts.free_bytes,
        free_inodes=facts.free_inodes,
        checked_at=at,
    )


def unhealthy(root: PurePosixPath, trouble: RootTrouble, why: str, at: datetime) -> RootHealth:
    return RootHealth(
        root=root, is_healthy=False, why=why, trouble=trouble, is_writable=False, checked_at=at
    )


def missing_mount(
    root: PurePosixPath, rules: RootRules, mounts: Sequence[Mount]
) -> tuple[RootTrouble, str] | None:
    """Tell whether a root is not there because what it lay on is not mounted."""
    known, lies_on = rules.known, mount_of(root, mounts)
    if known is not None and not known.is_root and mount_at(known.point, mounts) is None:
        return _gone(known)
    if rules.requires_mount and (lies_on is None or lies_on.is_root):
        return RootTrouble.NOT_MOUNTED, _NOTHING
    return _nothing_at(rules, mounts)


def _nothing_at(rules: RootRules, mounts: Sequence[Mount]) -> _Found | None:
    for point in sorted(rules.mount_points):
        if mount_at(point, mounts) is None:
            return RootTrouble.NOT_MOUNTED, f"nothing is mounted at {point}"
    return None


_NOTHING = "no disk or share is mounted there"


def _gone(known: Mount) -> _Found:
    return RootTrouble.NOT_MOUNTED, f"{known} is not mounted at {known.point} any more"


def _mount_trouble(rules: RootRules, facts: RootFacts, mount: Mount | None) -> _Found | None:
    if rules.requires_mount and (mount is None or mount.is_root):
        return RootTrouble.NOT_MOUNTED, _NOTHING
    if not facts.has_marker:
        return RootTrouble.NO_MARKER, f"the marker file {rules.marker} is not there"
    if rules.known is None or mount is None or rules.marker is not None:
        return None
    if not rules.is_destination and not facts.is_empty:
        return None  # reading what is there does no harm
    return _changed_mount(rules.known, mount, is_empty=facts.is_empty)


def _changed_mount(known: Mount, now: Mount, *, is_empty: bool) -> _Found | None:
    """Tell whether what is mounted *now* may be what lay below a mount that is gone.

    A disk may get another letter, and a share another address: then the files are there.
    """
    if now.point != known.point:
        return _gone(known) if now.point in known.point.parents else None
    is_less = known.is_remote and not now.is_remote
    is_more = now.is_remote and not known.is_remote
    if is_less or (is_empty and not is_more and now != known):
        seen = f"it lay on {known} before, and lies on {now} now"
        return RootTrouble.OTHER_MOUNT, f"{seen}{' and is empty' if is_empty else ''}"
    return None


def _access_trouble(rules: RootRules, facts: RootFacts) -> _Found | None:
    if not facts.is_readable:
        return RootTrouble.FORBIDDEN, "we may not read it"
    return _write_trouble(facts) if rules.is_destination else None


def _write_trouble(facts: RootFacts) -> _Found | None:
    if facts.is_read_only:
        return trouble_of(errno.EROFS)
    if facts.free_bytes is not None and facts.free_bytes < LEAST_FREE_BYTES:
        return trouble_of(errno.ENOSPC)
    if facts.free_inodes == 0:
        return RootTrouble.FULL, "it can hold no more files: its inodes are used up"
    if facts.write_error:
        return trouble_of(facts.write_error)
    return None if facts.is_writable else (RootTrouble.FORBIDDEN, "we may not write to it")


_READ_ONLY = (
    "it is read-only for us (under systemd it must be in ReadWritePaths=, in a container it must "
    "be a volume without ro)"
)
_BY_NUMBER = {
    errno.ENOENT: (RootTrouble.MISSING, "there is no such folder"),
    errno.ENOTDIR: (RootTrouble.MISSING, "it is not a folder"),
    errno.ELOOP: (RootTrouble.MISSING, "its links lead in a circle"),
    errno.EACCES: (RootTrouble.FORBIDDEN, "we may not use it"),
    errno.EPERM: (RootTrouble.FORBIDDEN, "we may not use it"),
    errno.EROFS: (RootTrouble.READ_ONLY, _READ_ONLY),
    errno.ENOSPC: (RootTrouble.FULL, "it is full"),
    errno.EDQUOT: (RootTrouble.FULL, "the quota is used up"),
}
LOST = frozenset(
    {
        errno.ESTALE,
        errno.ENOTCONN,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EIO,
        errno.ETIMEDOUT,
        errno.ENODEV,
        errno.ENXIO,
        errno.ECONNABORTED,
        errno.ESHUTDOWN,
        errno.EREMOTEIO,
    }
)
"""What calls say when the server of a mount, or its disk, is gone."""
FOR_ALL_OF_ROOT = LOST | {errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""What concerns the whole root, whichever of its files the call was about."""


def trouble_of(number: int) -> _Found:
    """Tell what an error of a call (errno) says of the root."""
    return _BY_NUMBER.get(number, (RootTrouble.STALE, os.strerror(number)))
