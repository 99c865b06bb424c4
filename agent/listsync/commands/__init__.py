"""Every command once: a request record becomes a reply record; the doors only translate."""

from __future__ import annotations

from listsync.commands.context import Shown, Sources, Terms
from listsync.commands.dispatch import Commands

__all__ = ["Commands", "Shown", "Sources", "Terms"]
