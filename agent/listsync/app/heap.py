"""The C library's heap, which a process that runs for years keeps small."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of mallopt(3), as glibc's malloc.h numbers it."""


def share_one() -> None:
    """Let all threads share one heap; call it before there are any.

    glibc gives each its own, and what the readers of a sync leave behind in theirs stays: 1 MB.
    Threads that run Python by turns do not wait for each other's memory.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what a sync took: glibc keeps freed pages otherwise."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
