"""What the processes below this one take."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from listsync.process.identity import descendants

_MEMORY = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)


def memory_mb() -> float:
    """Measure what the descendants hold of their own.

    The sum of their resident sizes counts Chromium's code once for each of its dozen processes
    (1,030 MB where 415 MB are used), and the proportional size of sandboxed ones cannot be read.
    """
    total = 0
    for one in descendants(os.getpid()):
        with suppress(OSError):
            status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
            total += sum(int(number) for number in _MEMORY.findall(status))
    return total / 1024
