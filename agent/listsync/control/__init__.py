"""The control socket: how `listsyncctl` and other programs talk to the running agent."""

from __future__ import annotations

from listsync.control.server import ControlSocket

__all__ = ["ControlSocket"]
