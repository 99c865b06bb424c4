"""Python's search for cycles, held back while a sync makes many records, which have none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 15_000
"""So many come before a search: with the default of 700 a sync of 100,000 takes a tenth longer."""

_USUAL = gc.get_threshold()
_lock = threading.Lock()
_blocks = 0


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Search more rarely as long as the block lasts, or another one: runs that hang overlap."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    global _blocks  # noqa: PLW0603 - the threshold is one for the process, too
    with _lock:
        _blocks += change
        gc.set_threshold(_NEW_OBJECTS if _blocks else _USUAL[0], *_USUAL[1:])
