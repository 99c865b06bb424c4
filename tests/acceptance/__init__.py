"""The installed `listsync`, used as a person uses it, against the sandbox."""

from __future__ import annotations
