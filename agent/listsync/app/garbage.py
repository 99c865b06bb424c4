"""Python's search for cycles, held back while a sync makes many records, which have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 15_000
"""So many come before a search: with the default of 700 a sync of 100,000 takes a tenth longer."""


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Search more rarely as long as the block lasts."""
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
