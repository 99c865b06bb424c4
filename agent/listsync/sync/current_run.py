"""Which run this code works for; every log line of a run carries it."""

from __future__ import annotations

from contextvars import ContextVar

RUN: ContextVar[str] = ContextVar("listsync_run", default="")
"""The run's id; empty outside of runs. Threads of a run get it with a copy of the context."""
