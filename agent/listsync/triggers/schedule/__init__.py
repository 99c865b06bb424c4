"""When a sync is due: `rules`, `due_times` that outlive a restart, and `retry_backoff`."""

from __future__ import annotations
