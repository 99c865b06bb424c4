"""The HTTP transport: the commands, feeds, metrics and the dashboard for browsers."""

from __future__ import annotations
