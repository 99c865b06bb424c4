"""What listsync can tell about the past and the present of its lists, titles and runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from listsync.domain.media import TitleKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `ended_at` and `result` are None while it runs."""

    run_id: str
    origin: str
    started_at: datetime
    dry_run: bool = False
    ended_at: datetime | None = None
    result: str | None = None
    why: str = ""
    message: str = ""
    requested: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One answered request: which lists brought the title, and what the server said."""

    title: str
    key: TitleKey
    four_k: bool
    seasons: tuple[int, ...]
    lists: tuple[str, ...]
    answer: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One entry of one list. `status` is a word: new, handled, review, ...; `at` says since when.

    `key` is what the entry was taken for, if anything.
    """

    title: str
    list_name: str
    status: str
    at: datetime
    key: TitleKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """How one list was read last. `read` of `declared` rows (None: the service does not say)."""

    source: str
    name: str
    service: str
    outcome: str
    why: str
    last_try: datetime
    last_success: datetime | None
    read: int
    declared: int | None
    failures: int
