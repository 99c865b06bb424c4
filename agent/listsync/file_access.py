"""Files that somebody else may have put there, or may change: opened with care, and judged."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def load_small(path: Path, cap: int) -> tuple[bytes, os.stat_result]:
    """Read a regular file of at most *cap* bytes, without ever waiting for a pipe.

    Raises:
        OSError: it cannot be read; `strerror` says why.
        ValueError: it is no regular file, or larger.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("is no regular file")
        content = file.read(cap + 1)
    if len(content) > cap:
        raise ValueError(f"is larger than {cap // 1024} KiB")
    return content, facts
