"""Every command once: a request record becomes a reply record; the doors only translate."""

from __future__ import annotations

from listsync.commands.desk import Commands
from listsync.commands.sources import Shown, Sources, Terms

__all__ = ["Commands", "Shown", "Sources", "Terms"]
