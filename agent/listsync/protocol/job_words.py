"""The words of jobs and scans that agent and clients agree on; quick to import."""

from __future__ import annotations

STATES = (
    "queued",
    "running",
    "retry_wait",
    "blocked",
    "succeeded",
    "skipped",
    "needs_attention",
    "cancelled",
)
"""Of jobs; `retry_wait` is tried again by itself, `blocked` waits for a mount or for room."""
KINDS = ("movie", "episode", "manual")
SCAN_STATES = (
    "waiting",
    "sent",
    "shown",
    "not_shown",
    "unverified",
    "needs_attention",
    "cancelled",
)
