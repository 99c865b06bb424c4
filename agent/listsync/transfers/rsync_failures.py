"""What an exit code of rsync and its errors mean for a job; no input or output of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from listsync.domain.transfers import FailureClass
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import one_line
from listsync.transfers.rsync_output import unescaped


class RootSide(StrEnum):
    """On which of both roots something fails."""

    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True, kw_only=True)
class RsyncFailure:
    """Why rsync has failed; `side` says whose root is waited for, where one is."""

    failure: FailureClass
    why: str
    side: RootSide | None = None


_ENVIRONMENT, _PERMANENT = FailureClass.ENVIRONMENT, FailureClass.PERMANENT
_TRANSIENT, _MISSING = FailureClass.TRANSIENT, FailureClass.SOURCE_MISSING
_DESTINATION = RootSide.DESTINATION

_GONE = (
    "Stale (NFS )?file handle|Transport endpoint is not connected|Host is down|No route to host"
    "|Input/output error|Connection timed out|Network is unreachable|No such device"
)
_ERRORS: tuple[tuple[str, FailureClass, RootSide | None, str], ...] = (
    ("refusing to follow a symlink owned by", _PERMANENT, None,
     "rsync refuses a symbolic link of somebody else: configure the path behind it"),
    ("No space left on device", _ENVIRONMENT, _DESTINATION, "no room is left"),
    ("Disk quota exceeded", _ENVIRONMENT, _DESTINATION, "the quota is used up"),
    ("Read-only file system", _ENVIRONMENT, _DESTINATION, "the destination is read-only"),
    (_GONE, _ENVIRONMENT, None, "the disk or share fails"),
    (r"change_dir(#\d+)? \".*\" failed: No such file", _ENVIRONMENT, None,
     "the folder is not there"),
    (r"mkdir \".*\" failed: No such file", _ENVIRONMENT, _DESTINATION,
     "the destination is not there"),
    (r"failed to set (times|permissions)", _PERMANENT, None,
     "the destination does not let us set the time or the permissions of a file"),
    (r"chown|chgrp", _PERMANENT, None, "the destination does not let us set who owns a file"),
    ("Permission denied|Operation not permitted", _PERMANENT, None, "permission denied"),
    ("File name too long", _PERMANENT, None, "the name is too long for the destination"),
    ("File too large", _PERMANENT, None, "the file is too large for the destination"),
    ("Invalid argument|Protocol error", _PERMANENT, None,
     "the destination does not take it, perhaps because of a sign in its name"),
    ("could not make way for|Is a directory|Not a directory", _PERMANENT, None,
     "something else has that name at the destination"),
    ("file has vanished", _TRANSIENT, None, "the source vanished while it was copied"),
    (r"(link_stat|failed to open) \".*\"( failed)?: No such file", _MISSING, None,
     "the source is not there"),
)  # fmt: skip
"""Texts of errors, the most telling first. The number that is at the end of each is the system's,
and is not translated; the texts are under LC_ALL=C.UTF-8."""

_CODES: dict[int, tuple[FailureClass, str]] = {
    1: (_PERMANENT, "rsync does not know an option, or a name"),
    2: (_PERMANENT, "rsync does not agree with itself about its protocol"),
    3: (_ENVIRONMENT, "a folder cannot be selected"),
    4: (_PERMANENT, "rsync does not support what is asked for"),
    11: (_ENVIRONMENT, "a file cannot be read or written"),
    19: (_TRANSIENT, "rsync was ended by a signal"),
    20: (_TRANSIENT, "rsync was ended by a signal"),
    23: (_TRANSIENT, "not everything was copied"),
    24: (_TRANSIENT, "the source vanished while it was copied"),
    25: (_PERMANENT, "rsync has reached a limit of deletions"),
    126: (_PERMANENT, "rsync may not be started"),
    127: (_PERMANENT, "rsync cannot be started"),
}
"""What a code says by itself; all others are transient."""
_SIGNAL = 128
_FAILS_AT_SOURCE = re.compile(r"\[sender\]", re.IGNORECASE)
_NOISE = re.compile(r"^rsync: (\[\w+\] )?| \(\d+\)$")
_SUMMARY = "rsync error:"
_OF_OTHERS = re.compile(rb"\S*(io)?nice: ")
"""A service is often not let be nice, which does no harm."""


def classify(exit_code: int, errors: Iterable[bytes]) -> RsyncFailure:
    """Say what is to happen, by the most telling line of *errors*, else by the exit code."""
    lines = [line.decode("utf-8", "replace") for line in errors if not _OF_OTHERS.match(line)]
    for pattern, failure, side, why in _ERRORS:
        line = next((one for one in lines if re.search(pattern, one)), None)
        if line is not None:
            at = _side_of(line, side) if failure is _ENVIRONMENT else None
            return RsyncFailure(failure=failure, why=f"{why}: {_plain(line)}", side=at)
    return _by_code(exit_code, [line for line in lines if not line.startswith(_SUMMARY)])


def _by_code(exit_code: int, lines: list[str]) -> RsyncFailure:
    failure, why = _CODES.get(exit_code, (_TRANSIENT, "rsync has failed"))
    if exit_code > _SIGNAL or exit_code < 0:
        number = exit_code - _SIGNAL if exit_code > 0 else -exit_code
        why = f"rsync was killed by signal {number}"
    said = next((f": {_plain(line)}" for line in lines if line.strip()), "")
    side = _DESTINATION if failure is _ENVIRONMENT else None
    return RsyncFailure(failure=failure, why=f"{why} (exit code {exit_code}){said}", side=side)


def _side_of(line: str, side: RootSide | None) -> RootSide:
    """Tell on which side the process was that failed; where the error does not say it itself."""
    if side is not None:
        return side
    return RootSide.SOURCE if _FAILS_AT_SOURCE.search(line) else _DESTINATION


def _plain(line: str) -> str:
    """Make a line of rsync's one for people."""
    text = unescaped(line.encode("utf-8", "replace")).decode("utf-8", "replace")
    return one_line(_NOISE.sub("", text.strip()))
