"""What wakes the agent: each trigger is a thread or a handler that only emits events."""

from __future__ import annotations
