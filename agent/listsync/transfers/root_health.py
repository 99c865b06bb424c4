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


def missing_mount(rules: RootRules, mounts: Sequence[Mount]) -> _Found | None:
    """Tell what is wrong with a root before anybody touches it."""
    point = rules.mount_point
    if point is None or mount_at(point, mounts) is not None:
        return None
    return RootTrouble.NOT_MOUNTED, f"nothing is mounted at {point}"


def judge(
    root: PurePosixPath,
    rules: RootRules,
    facts: RootFacts,
    mounts: Sequence[Mount],
    at: datetime,
) -> RootHealth:
    """Hold what was found against what must be; *mounts* are read after the look."""
    mount = mount_of(facts.path, mounts)
    identity = mount.identity if mount else ""
    found = (
        missing_mount(rules, mounts)
        or _mount_trouble(rules, facts, identity)
        or _access_trouble(rules, facts)
    )
    trouble, why = found or (None, "")
    return RootHealth(
        root=root,
        is_healthy=trouble is None,
        why=why,
        trouble=trouble,
        mount=identity,
        is_writable=facts.is_writable and not facts.is_read_only,
        free_bytes=facts.free_bytes,
        free_inodes=facts.free_inodes,
        checked_at=at,
    )


def _mount_trouble(rules: RootRules, facts: RootFacts, identity: str) -> _Found | None:
    if not facts.has_marker:
        return RootTrouble.NO_MARKER, f"the marker file {rules.marker} is not there"
    if rules.identity and not rules.marker and rules.identity != identity:
        was, now = rules.identity, identity or "nothing"
        return RootTrouble.OTHER_MOUNT, f"it was on {was} before, and is on {now} now"
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


_BY_NUMBER = {
    errno.ENOENT: (RootTrouble.MISSING, "there is no such folder"),
    errno.ENOTDIR: (RootTrouble.MISSING, "it is not a folder"),
    errno.ELOOP: (RootTrouble.MISSING, "its links lead in a circle"),
    errno.EACCES: (RootTrouble.FORBIDDEN, "we may not use it"),
    errno.EPERM: (RootTrouble.FORBIDDEN, "we may not use it"),
    errno.EROFS: (RootTrouble.READ_ONLY, "it is mounted read-only"),
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
