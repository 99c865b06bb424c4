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
SHOWN_STATES = {
    "retry_wait": "failed",
    "needs_attention": "needs you",
    "not_shown": "not shown",
}
"""What people are shown of those that are not called as programs call them."""
STATE_NAMES = {words: name for name, words in SHOWN_STATES.items()}
