"""When a sync is due: the rules, the due times that outlive a restart, and the trigger."""

from __future__ import annotations

from listsync.triggers.schedule.due_times import ScheduleTrigger, Timetable
from listsync.triggers.schedule.retry_backoff import BackOff
from listsync.triggers.schedule.rules import (
    EVERYTHING,
    Cron,
    Every,
    Rule,
    due_after_step,
    host_id,
    next_due,
    stable_jitter,
)

__all__ = [
    "EVERYTHING",
    "BackOff",
    "Cron",
    "Every",
    "Rule",
    "ScheduleTrigger",
    "Timetable",
    "due_after_step",
    "host_id",
    "next_due",
    "stable_jitter",
]
