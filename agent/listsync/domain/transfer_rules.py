"""What a person may say of transfers: where libraries lie, and how they are copied."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath

from listsync.lean_dataclasses import dataclass


class UpgradePolicy(StrEnum):
    """What becomes of the copy of a file that an upgrade has replaced."""

    KEEP = "keep"
    REMOVE = "remove"
    """Once the new file is verified, and only if a job of ours has put the old one there."""


class RenamePolicy(StrEnum):
    """What becomes of the copy of a file that was renamed."""

    REPORT = "report"
    RENAME = "rename"


class VerifyMode(StrEnum):
    """How a copy is compared with its source."""

    SIZE = "size"
    """By size and time of change."""
    CHECKSUM = "checksum"
    """By reading both, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMapping:
    """One row of `transfers.mappings`.

    `sender` is the library as Radarr or Sonarr sees it (a Windows path, too), `source` the same
    here, `destination` where it is copied to (None: it is only scanned), `media_server` the
    destination (or the source, where nothing is copied) as the media server sees it; "" = as we
    do. `instance`: only of the sender of that name; "" = of all. `marker`: a file below the
    destination without which it is not healthy. `require_mount` True: the destination (or the
    source, where nothing is copied) must lie on another file system than `/`; a path: that one
    must be a mount point.
    """

    sender: str
    source: PurePosixPath
    destination: PurePosixPath | None = None
    media_server: str = ""
    instance: str = ""
    marker: PurePosixPath | None = None
    require_mount: bool | PurePosixPath = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When what has failed is tried again, and how often before a person is needed.

    `every` None: later and later, each time with some chance in it. `attempts` are those after
    the first one.
    """

    every: timedelta | None = None
    attempts: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLimits:
    """How much copying may take. `concurrent` batches of one destination root at a time.

    `bandwidth` as rsync's --bwlimit has it, None: as fast as it goes. A batch is ended that has
    copied nothing for `stall_s`, or has run for `longest_s`. `nice` is its niceness.
    """

    concurrent: int = 1
    bandwidth: str | None = None
    stall_s: float = 300
    longest_s: float = 14400
    nice: int = 10
