"""The command line that talks to a running listsync agent; light, because people wait for it."""

from __future__ import annotations
