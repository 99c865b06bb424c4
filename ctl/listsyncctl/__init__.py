"""The command line client of the listsync agent."""

from __future__ import annotations
