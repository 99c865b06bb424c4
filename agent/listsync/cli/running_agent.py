"""An agent that runs already does the work itself."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from listsync.errors import BusyError


def refuse_beside_agent(sockets: Iterable[Path], instead: str = "sync-now --wait") -> None:
    """Leave the work to an agent that runs: never two writers at one server from one machine.

    *instead* is the command of `listsyncctl` that does it.

    Raises:
        BusyError: an agent listens at one of *sockets*.
    """
    for path in sockets:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.settimeout(1)
            probe.connect(os.fsencode(path))
            raise BusyError(f"an agent runs already (at {path}): use `listsyncctl {instead}`")
