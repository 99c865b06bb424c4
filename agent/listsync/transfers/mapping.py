r"""From a path as Radarr or Sonarr sees it to where it lies here. Pure: nothing is looked at."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

SenderPath = PurePosixPath | PureWindowsPath

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def is_windows_path(text: str) -> bool:
    r"""Tell `D:\Media`, also with slashes, and `\\server\share`."""
    return bool(_DRIVE.match(text)) or text.startswith("\\\\")


def sender_path(text: str) -> SenderPath | None:
    """Read an absolute path by the rules of the system it comes from; None: it is none.

    What it looks like tells the system. Paths of Windows compare without regard to case.
    """
    if is_windows_path(text):
        windows = PureWindowsPath(text)
        return windows if windows.is_absolute() else None
    return PurePosixPath("/" + text.lstrip("/")) if text.startswith("/") else None
