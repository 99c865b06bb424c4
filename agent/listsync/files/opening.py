"""Opening a file that somebody else may have put there."""

from __future__ import annotations

import os
from pathlib import Path


def open_at_once(path: str | Path, flags: int) -> int:
    """Open without waiting, also what is a pipe that nobody writes to; an opener for `open`."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
