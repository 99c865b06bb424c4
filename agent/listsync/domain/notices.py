"""What a person should learn of a sync or of the agent, and whether it waits for that person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about; programs and notification rules go by it, not by the words."""

    SERVER_CHANGED = "server_changed"
    SERVER_REPLACED = "server_replaced"
    REQUESTS_GONE = "requests_gone"
    ON_HOLD = "on_hold"
    LIST_FAILED = "list_failed"
    REQUEST_FAILED = "request_failed"
    REVIEW = "review"
    SYNC_FAILED = "sync_failed"
    CONFIG_INVALID = "config_invalid"

    @property
    def needs_person(self) -> bool:
        """Tell whether it does not end by itself."""
        return self is not NoticeKind.SERVER_CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a person should learn; `text` says what it is and what can be done.

    `list_name` is the list that it is about, if it is about one.
    """

    kind: NoticeKind
    text: str
    list_name: str | None = None

    def __str__(self) -> str:
        return self.text
