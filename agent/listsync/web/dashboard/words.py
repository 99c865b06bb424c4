"""What every state is called in front of people, and its shape: never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from listsync.lean_dataclasses import dataclass
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
class StateMark:
    """A state: its word and its tone."""

    word: str
    tone: Tone


AGENT: Mapping[str, StateMark] = {
    "idle": StateMark("Idle", Tone.GOOD),
    "running": StateMark("Syncing", Tone.BUSY),
    "paused": StateMark("Paused", Tone.WAITS),
}
LISTS: Mapping[str, StateMark] = {
    "complete": StateMark("Read", Tone.GOOD),
    "unchanged": StateMark("Unchanged", Tone.GOOD),
    "empty": StateMark("Empty", Tone.GOOD),
    "partial": StateMark("Read in part", Tone.WARN),
    "not_found": StateMark("Not found", Tone.BAD),
    "private": StateMark("Private", Tone.BAD),
    "credential": StateMark("Login refused", Tone.BAD),
    "subscription": StateMark("Needs a subscription", Tone.BAD),
    "rate_limited": StateMark("Asked to slow down", Tone.WAITS),
    "blocked": StateMark("Blocked", Tone.BAD),
    "unavailable": StateMark("Unreachable", Tone.WARN),
    "drift": StateMark("Format changed", Tone.BAD),
    "not read yet": StateMark("Not read yet", Tone.QUIET),
    "waiting": StateMark("Waiting", Tone.QUIET),
    "disabled": StateMark("Disabled", Tone.QUIET),
}
"""Outcomes of readings, and what a list is in a running sync."""
WHOLE = frozenset({"complete", "unchanged", "empty"})
UNREAD = "not read yet"
DISABLED = "disabled"
RUNS: Mapping[str, StateMark] = {
    "ok": StateMark("Done", Tone.GOOD),
    "partly": StateMark("Partly done", Tone.WARN),
    "failed": StateMark("Failed", Tone.BAD),
    "cancelled": StateMark("Cancelled", Tone.WAITS),
    "declined": StateMark("Declined", Tone.WAITS),
    "": StateMark("Running", Tone.BUSY),
}
ITEMS: Mapping[str, StateMark] = {
    "new": StateMark("New", Tone.QUIET),
    "open": StateMark("To be requested", Tone.BUSY),
    "rejected": StateMark("Rejected by you", Tone.QUIET),
    "handled": StateMark("Handled", Tone.GOOD),
    "failed": StateMark("Failed", Tone.BAD),
    "review": StateMark("Waits for you", Tone.WARN),
    "not_found": StateMark("Not found", Tone.WARN),
    "requested": StateMark("Requested", Tone.GOOD),
    "available": StateMark("Available", Tone.GOOD),
    "partly available": StateMark("Partly available", Tone.GOOD),
    "declined": StateMark("Declined", Tone.WAITS),
    "deleted": StateMark("Deleted", Tone.QUIET),
    "blocklisted": StateMark("Blocklisted", Tone.WAITS),
    "cancelled": StateMark("Cancelled", Tone.WAITS),
    "gone": StateMark("Gone", Tone.QUIET),
    "excluded": StateMark("Excluded", Tone.QUIET),
    "skipped": StateMark("Skipped", Tone.QUIET),
    "on_hold": StateMark("On hold", Tone.WAITS),
    "already_there": StateMark("Already there", Tone.GOOD),
    "handled_before": StateMark("Handled before", Tone.QUIET),
    "shared": StateMark("Shared", Tone.GOOD),
    "covered": StateMark("Already there", Tone.GOOD),
    "quota": StateMark("Quota used up", Tone.WAITS),
    "permission": StateMark("Not permitted", Tone.BAD),
    "impossible": StateMark("Not possible", Tone.BAD),
    "unsure": StateMark("Unsure", Tone.WARN),
}
"""What became of an entry, what will become of it, and what the server answered."""
SERVICES: Mapping[str, StateMark] = {
    "running": StateMark("Running", Tone.GOOD),
    "off": StateMark("Off", Tone.QUIET),
    "failed": StateMark("Failed", Tone.BAD),
}
JOBS: Mapping[str, StateMark] = {
    "queued": StateMark("Queued", Tone.WAITS),
    "running": StateMark("Copying", Tone.BUSY),
    "retry_wait": StateMark("Failed, tried again", Tone.WARN),
    "blocked": StateMark("Waits for a folder", Tone.WAITS),
    "succeeded": StateMark("Copied", Tone.GOOD),
    "skipped": StateMark("Skipped", Tone.QUIET),
    "needs_attention": StateMark("Needs you", Tone.BAD),
    "cancelled": StateMark("Cancelled", Tone.QUIET),
}
SCANS: Mapping[str, StateMark] = {
    "waiting": StateMark("Waits", Tone.WAITS),
    "sent": StateMark("Asked", Tone.BUSY),
    "shown": StateMark("Shown", Tone.GOOD),
    "not_shown": StateMark("Not shown", Tone.WARN),
    "unverified": StateMark("Scanned", Tone.GOOD),
    "needs_attention": StateMark("Needs you", Tone.BAD),
    "cancelled": StateMark("Cancelled", Tone.QUIET),
}
WEBHOOKS: Mapping[str, StateMark] = {
    "accepted": StateMark("Accepted", Tone.GOOD),
    "ignored": StateMark("Nothing to do", Tone.QUIET),
    "unusable": StateMark("Names no file", Tone.WARN),
    "refused": StateMark("Refused", Tone.BAD),
}
WELL = StateMark("Well", Tone.GOOD)
ILL = StateMark("Not well", Tone.BAD)
DONE = StateMark("Done", Tone.GOOD)
FAILED = StateMark("Failed", Tone.BAD)
TO_DO = StateMark("To do", Tone.BAD)
NOTE = StateMark("Note", Tone.WARN)
OVER = StateMark("Over", Tone.QUIET)
DECIDED = StateMark("Decided", Tone.GOOD)
UNDECIDED = StateMark("Undecided", Tone.QUIET)
CHOSEN = StateMark("Chosen by you", Tone.GOOD)
VALID = StateMark("Valid", Tone.GOOD)
INVALID = StateMark("Has mistakes", Tone.BAD)
REACHED = StateMark("Reachable", Tone.GOOD)
UNREACHED = StateMark("Not reachable", Tone.BAD)
REFUSES = StateMark("Refuses the key", Tone.BAD)
NO_SERVER = StateMark("None, for feeds only", Tone.QUIET)
UNTRIED = StateMark("Not connected yet", Tone.QUIET)
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

SAID: Mapping[str, StateMark] = {
    "started": StateMark("Sync started.", Tone.GOOD),
    "queued": StateMark("It comes next: after what runs, or when a pause ends.", Tone.GOOD),
    "coalesced": StateMark("A sync is waiting already: this is done with it.", Tone.GOOD),
    "passed_on": StateMark("Passed on to the agent that leads.", Tone.GOOD),
    "cancelled": StateMark("The sync ends after its current title.", Tone.GOOD),
    "paused": StateMark("Paused. Nothing is synced until you resume.", Tone.GOOD),
    "resumed": StateMark("Resumed.", Tone.GOOD),
    "reloaded": StateMark("The configuration is valid and in force.", Tone.GOOD),
    "excluded": StateMark("It is not requested from now on.", Tone.GOOD),
    "forgotten": StateMark("Forgotten: the next sync considers it again.", Tone.GOOD),
    "not_running": StateMark("No sync is running.", Tone.GOOD),
    "not_known": StateMark("Nothing was stored about it.", Tone.GOOD),
    "undecided": StateMark("It is undecided again.", Tone.GOOD),
    "copy_queued": StateMark("It is tried again.", Tone.GOOD),
    "copy_cancelled": StateMark("It is cancelled; one that runs ends in a moment.", Tone.GOOD),
    "copies_queued": StateMark("What failed lately is tried again.", Tone.GOOD),
    "no_copy_failed": StateMark("No copy failed in the last 24 hours.", Tone.GOOD),
    "scan_queued": StateMark("The folder is scanned again.", Tone.GOOD),
    "decided": StateMark("Decided: the next sync goes by it.", Tone.GOOD),
}
"""What was done, by the word that stands in the address of the page to which a form leads."""


def mark_in(marks: Mapping[str, StateMark], state: object) -> StateMark:
    """Find how a state is shown; one of a later version by its own word."""
    text = shown(state)
    word = text.replace("_", " ")
    return marks.get(text) or StateMark(word[:1].upper() + word[1:] or "Unknown", Tone.QUIET)
