"""What a person should learn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.notices import NoticeRecord, Origin
    from listsync.domain.pages import Key, Page


class NoticeLog(Protocol):
    """Keeps notices: the open ones, and for a while those that are over. Raises StateError."""

    def open(self, origin: Origin) -> tuple[NoticeRecord, ...]:
        """Return what is open of what *origin* said, in the order in which it was said."""
        ...

    def latest(
        self, *, only_open: bool, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[NoticeRecord]:
        """Return notices of everybody, open or over, the newest first."""
        ...

    def replace(self, origin: Origin, now: Sequence[NoticeRecord], at: datetime) -> None:
        """Note that of what *origin* says *now* is open, and all else is over since *at*."""
        ...
