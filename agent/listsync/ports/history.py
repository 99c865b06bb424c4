"""Runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.notices import NoticeRecord
    from listsync.domain.report import SyncReport, SyncRun


class RunLog(Protocol):
    """Notes the run that goes on. Raises StateError."""

    def begin(self, run: SyncRun) -> None:
        """Note the start of a run, before anything is known of the server."""
        ...

    def is_first(self) -> bool:
        """Tell whether no run ever ended well at this server."""
        ...

    def end(self, report: SyncReport, at: datetime, notices: Sequence[NoticeRecord]) -> None:
        """Note the end of a run, and in the same commit that *notices* of syncs are open then.

        Old runs are forgotten.
        """
        ...
