"""Imports httpcore without what it would only bring along, and sees to it that httpx is as lean.

httpx has a command line (click, pygments, rich), httpcore has backends for trio and anyio: each
is imported where it happens to be installed, as trio is with the browser driver. In a process
that runs for years and uses none of it, that is 10 MB.
"""

from __future__ import annotations

import sys
from types import ModuleType

_HIDDEN = ("trio", "anyio")


def import_httpcore() -> None:
    """Import httpcore; call it before anything else does. The hidden ones can be imported later.

    httpx, which the services are asked with, comes with the first reader that needs it.
    """
    if "httpcore" in sys.modules:
        return
    command_line = ModuleType("httpx._main")
    vars(command_line)["main"] = lambda: None
    sys.modules.setdefault("httpx._main", command_line)
    hidden = [name for name in _HIDDEN if name not in sys.modules]
    # None in this table makes an import fail, as if the package were not installed.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import httpcore  # noqa: F401, PLC0415
    finally:
        for name in hidden:
            del sys.modules[name]
