"""How a process that runs for years stays small, and how a sync of many records stays quick.

- The C library's heap: one for all threads, given back after a sync.
- Imports: httpcore without what it would only bring along, and httpx as lean. httpx has a command
  line (click, pygments, rich), httpcore has backends for trio and anyio: each is imported where it
  happens to be installed, as trio is with the browser driver. Where none is used, that is 10 MB.
  msgspec without typing_extensions: half a megabyte. yaml without the patterns of its parser.
- Python's search for cycles: none while an agent starts, a twentieth of which it would take (`cli`
  turns it off), and few while a sync makes many records, which have none.
"""

from __future__ import annotations

import ctypes
import gc
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

_M_ARENA_MAX = -8
"""Of mallopt(3), as glibc's malloc.h numbers it."""
_ASYNCHRONOUS = ("trio", "anyio")
_NEW_OBJECTS = 15_000
"""So many come before a search: with the default of 700 a sync of 100,000 takes a tenth longer."""
_USUAL = gc.get_threshold()
_lock = threading.Lock()
_blocks = 0


def share_one_heap() -> None:
    """Let all threads share one heap; call it before there are any.

    glibc gives each its own, and what the readers of a sync leave behind in theirs stays: 1 MB.
    Threads that run Python by turns do not wait for each other's memory.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Return to the system what a sync took: glibc keeps freed pages otherwise."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def search_again() -> None:
    """Let Python search for cycles again, which a start goes without."""
    gc.enable()


def import_msgspec() -> None:
    """Import msgspec; call it before anything else does.

    It takes from typing_extensions, which comes with the browser driver, what typing has, too.
    """
    with _not_there("typing_extensions"):
        import msgspec  # noqa: F401, PLC0415


def import_yaml() -> None:
    """Import yaml; call it before anything else does.

    Its patterns are for its own parser and for what scalars mean, of which libyaml and we have no
    need: one takes as long as thirty of ours. Who does need one has it compiled then.
    """
    compiled = re.compile
    re.compile = _LatePattern  # type: ignore[assignment]
    try:
        import yaml  # noqa: F401, PLC0415
    finally:
        re.compile = compiled


class _LatePattern:
    """Stands for a pattern that is compiled when it is used."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._words = (pattern, flags)

    def __getattr__(self, name: str) -> object:
        return getattr(re.compile(*self._words), name)


def import_httpcore() -> None:
    """Import httpcore; call it before anything else does.

    httpx, which the services are asked with, comes with the first reader that needs it.
    """
    if "httpcore" in sys.modules:
        return
    command_line = ModuleType("httpx._main")
    vars(command_line)["main"] = lambda: None
    sys.modules.setdefault("httpx._main", command_line)
    with _not_there(*_ASYNCHRONOUS):
        import httpcore  # noqa: F401, PLC0415


@contextmanager
def _not_there(*names: str) -> Iterator[None]:
    """Let imports of *names* fail during the block, as if they were not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


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
