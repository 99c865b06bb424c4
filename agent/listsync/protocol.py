"""What the agent and its clients agree on. Standard library only, quick to import."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of both programs."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    NO_ANSWER = 4
    BUSY = 5
    PAUSED = 6
    FORBIDDEN = 7
    PARTLY = 8
    CONFIG = 78
    INTERRUPTED = 130
