"""Whether a list that has lost much at once is believed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listsync.domain.run_notes import Difference, Kept
from listsync.domain.server_knowledge import CONFIRM
from listsync.lean_dataclasses import dataclass

_BELIEVED_AFTER = timedelta(days=7)
_FEWEST_GONE = 10
_SHARE_GONE = 0.3
_BY_A_PERSON = datetime(2000, 1, 1, tzinfo=UTC)
"""`ListSnapshots.believe` sets a shrink back to before this: it is meant, somebody says."""


def is_sudden_shrink(known: int, missing: int) -> bool:
    """Tell whether so many of the known entries are gone at once that something may be wrong."""
    return missing >= _FEWEST_GONE and missing > _SHARE_GONE * known


@dataclass(frozen=True, slots=True)
class ShrinkJudgement:
    """What is believed of what a whole reading lacks.

    `absent` are the ids that count as missing; `shrunk_at` says since when too many are.
    """

    kept: Kept
    absent: tuple[str, ...] = ()
    shrunk_at: datetime | None = None


def judge_missing(
    found: Difference, *, is_doubted: bool, at: datetime, is_unproven: bool = False
) -> ShrinkJudgement:
    """Judge what a whole reading of *at* lacks; *is_doubted*: the reading is not sure itself.

    *is_unproven*: it is empty, as it would also be if the list could not be seen, and that may
    last: then only somebody's word counts.
    """
    if is_doubted:
        return ShrinkJudgement(Kept(found.new, doubted=found.gone), shrunk_at=found.shrunk_at)
    if not is_sudden_shrink(found.present, found.gone):
        return ShrinkJudgement(Kept(found.new), found.missing)
    if is_confirmed(found.shrunk_at) or (not is_unproven and is_believed(found.shrunk_at, at)):
        return ShrinkJudgement(Kept(found.new), found.missing, found.shrunk_at)
    on_hold = Kept(found.new, on_hold=len(found.missing))
    return ShrinkJudgement(on_hold, shrunk_at=found.shrunk_at or at)


def words_of_shrink(on_hold: int, *, is_unproven: bool = False) -> str:
    if is_unproven:
        return (
            f"{on_hold} entries are gone at once, and a list that cannot be seen would be empty "
            f"as well; they are kept until {CONFIRM} says that it is meant"
        )
    return (
        f"{on_hold} entries are gone at once; they are kept until that has lasted a week, "
        f"or {CONFIRM} says that it is meant"
    )


def is_confirmed(since: datetime | None) -> bool:
    """Tell whether somebody has said that a shrink is meant."""
    return since is not None and since < _BY_A_PERSON


def is_believed(since: datetime | None, now: datetime) -> bool:
    """Tell whether a shrink has lasted long enough to be what the user did."""
    return since is not None and now - since >= _BELIEVED_AFTER
