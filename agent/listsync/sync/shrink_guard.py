"""Whether a list that has lost much at once is believed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from listsync.domain.server_guard import CONFIRM

_BELIEVED_AFTER = timedelta(days=7)
_FEWEST_GONE = 10
_SHARE_GONE = 0.3


def is_sudden_shrink(known: int, missing: int) -> bool:
    """Tell whether so many of the known entries are gone at once that something may be wrong."""
    return missing >= _FEWEST_GONE and missing > _SHARE_GONE * known


def words_of_shrink(held: int) -> str:
    return (
        f"{held} entries are gone at once; they are kept until that has lasted a week, "
        f"or {CONFIRM} says that it is meant"
    )


def is_believed(since: datetime | None, now: datetime) -> bool:
    """Tell whether a shrink has lasted long enough to be what the user did."""
    return since is not None and now - since >= _BELIEVED_AFTER
