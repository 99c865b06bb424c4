"""The processes below this one: what they take, and their end."""

from __future__ import annotations

import ctypes
import os
import re
import time
from contextlib import suppress
from pathlib import Path

import psutil

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_MEMORY = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends (PR_SET_CHILD_SUBREAPER).

    Chromium's crash handlers leave the session and the process group, but not the tree.
    """
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def memory_mb() -> float:
    """Measure what the descendants hold of their own.

    The sum of their resident sizes counts Chromium's code once for each of its dozen processes
    (1,030 MB where 415 MB are used), and the proportional size of sandboxed ones cannot be read.
    """
    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            total += sum(int(number) for number in _MEMORY.findall(status))
    return total / 1024


def end_all(patience_s: float = 4.0) -> None:
    """Kill all descendants and reap them, the adopted ones too."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)
