"""What every state is called in front of people, and its shape: never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from listsync.terminal.output import shown


class Tone(StrEnum):
    """How a state is meant; each has a shape of its own, and beside that a colour."""

    GOOD = "good"
    BUSY = "busy"
    WAITS = "waits"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: its word and its tone."""

    word: str
    tone: Tone


AGENT: Mapping[str, Mark] = {
    "idle": Mark("Idle", Tone.GOOD),
    "running": Mark("Syncing", Tone.BUSY),
    "paused": Mark("Paused", Tone.WAITS),
}
LISTS: Mapping[str, Mark] = {
    "complete": Mark("Read", Tone.GOOD),
    "unchanged": Mark("Unchanged", Tone.GOOD),
    "empty": Mark("Empty", Tone.GOOD),
    "partial": Mark("Read in part", Tone.WARN),
    "not_found": Mark("Not found", Tone.BAD),
    "private": Mark("Private", Tone.BAD),
    "credential": Mark("Login refused", Tone.BAD),
    "subscription": Mark("Needs a subscription", Tone.BAD),
    "rate_limited": Mark("Asked to slow down", Tone.WAITS),
    "blocked": Mark("Blocked", Tone.BAD),
    "unavailable": Mark("Unreachable", Tone.WARN),
    "drift": Mark("Format changed", Tone.BAD),
    "not read yet": Mark("Not read yet", Tone.QUIET),
    "waiting": Mark("Waiting", Tone.QUIET),
}
"""Outcomes of readings, and what a list is in a running sync."""
WHOLE = frozenset({"complete", "unchanged", "empty"})
UNREAD = "not read yet"
RUNS: Mapping[str, Mark] = {
    "ok": Mark("Done", Tone.GOOD),
    "partly": Mark("Partly done", Tone.WARN),
    "failed": Mark("Failed", Tone.BAD),
    "cancelled": Mark("Cancelled", Tone.WAITS),
    "declined": Mark("Declined", Tone.WAITS),
    "": Mark("Running", Tone.BUSY),
}
ITEMS: Mapping[str, Mark] = {
    "new": Mark("New", Tone.QUIET),
    "open": Mark("To be requested", Tone.BUSY),
    "rejected": Mark("Rejected by you", Tone.QUIET),
    "handled": Mark("Handled", Tone.GOOD),
    "failed": Mark("Failed", Tone.BAD),
    "review": Mark("Waits for you", Tone.WARN),
    "not_found": Mark("Not found", Tone.WARN),
    "requested": Mark("Requested", Tone.GOOD),
    "available": Mark("Available", Tone.GOOD),
    "partly available": Mark("Partly available", Tone.GOOD),
    "declined": Mark("Declined", Tone.WAITS),
    "deleted": Mark("Deleted", Tone.QUIET),
    "blocklisted": Mark("Blocklisted", Tone.WAITS),
    "cancelled": Mark("Cancelled", Tone.WAITS),
    "gone": Mark("Gone", Tone.QUIET),
    "excluded": Mark("Excluded", Tone.QUIET),
    "skipped": Mark("Skipped", Tone.QUIET),
    "on_hold": Mark("On hold", Tone.WAITS),
    "already_there": Mark("Already there", Tone.GOOD),
    "handled_before": Mark("Handled before", Tone.QUIET),
    "shared": Mark("Shared", Tone.GOOD),
    "covered": Mark("Already there", Tone.GOOD),
    "quota": Mark("Quota used up", Tone.WAITS),
    "permission": Mark("Not permitted", Tone.BAD),
    "impossible": Mark("Not possible", Tone.BAD),
    "unsure": Mark("Unsure", Tone.WARN),
}
"""What became of an entry, what will become of it, and what the server answered."""
SERVICES: Mapping[str, Mark] = {
    "running": Mark("Running", Tone.GOOD),
    "off": Mark("Off", Tone.QUIET),
    "failed": Mark("Failed", Tone.BAD),
}
TO_DO = Mark("To do", Tone.BAD)
NOTE = Mark("Note", Tone.WARN)
OVER = Mark("Over", Tone.QUIET)
DECIDED = Mark("Decided", Tone.GOOD)
UNDECIDED = Mark("Undecided", Tone.QUIET)
CHOSEN = Mark("Chosen by you", Tone.GOOD)
VALID = Mark("Valid", Tone.GOOD)
INVALID = Mark("Has mistakes", Tone.BAD)
REACHED = Mark("Reachable", Tone.GOOD)
UNREACHED = Mark("Not reachable", Tone.BAD)
REFUSES = Mark("Refuses the key", Tone.BAD)
UNTRIED = Mark("Not connected yet", Tone.QUIET)
PHASES: Mapping[str, str] = {
    "connect": "Connecting to the server",
    "collect": "Reading lists",
    "add": "Requesting titles",
    "report": "Finishing",
}
VERDICTS: Mapping[str, str] = {
    "requested": "requested",
    "on_hold": "on hold",
    "failed": "failed",
    "review": "wait for you",
    "not_found": "not found",
    "shared": "wanted twice",
    "already_there": "already there",
    "handled_before": "handled before",
    "excluded": "excluded",
    "skipped": "skipped",
    "cancelled": "cancelled",
}
"""What became of the entries of a run, the most telling first."""


def mark_in(marks: Mapping[str, Mark], state: object) -> Mark:
    """Find how a state is shown; one of a later version by its own word."""
    text = shown(state)
    word = text.replace("_", " ")
    return marks.get(text) or Mark(word[:1].upper() + word[1:] or "Unknown", Tone.QUIET)
