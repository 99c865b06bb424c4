"""When lists and requests that failed, titles not found and series come up again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from listsync.domain.decisions import Match
from listsync.domain.lists import ListOutcome
from listsync.domain.media import Edition
from listsync.domain.run_notes import FailedRequest, ListSetback, Miss
from listsync.domain.server import SeriesDetails

_FIRST = {
    ListOutcome.UNAVAILABLE: timedelta(minutes=5),
    ListOutcome.RATE_LIMITED: timedelta(minutes=15),
    ListOutcome.BLOCKED: timedelta(minutes=30),
    ListOutcome.DRIFT: timedelta(hours=1),
}
_RECHECK_DAYS = (1, 3, 7, 14, 30)
_RETRY_DAYS = (1, 2, 4, 8, 16, 30)
LOOK_EVERY = timedelta(days=7)
_FIRST_REFUSED = timedelta(hours=1)
_LONGEST = timedelta(hours=24)


def pause_after(outcome: ListOutcome, failures: int, asked_s: float | None) -> timedelta:
    """Say how long to leave a list alone after *failures* (from 1) in a row.

    *asked_s* is what the service itself asked for, if anything.
    """
    first = _FIRST.get(outcome, _FIRST_REFUSED)
    ours = min(first * int(2 ** min(failures - 1, 10)), _LONGEST)
    return max(ours, min(timedelta(seconds=asked_s or 0), _LONGEST))


def pause_before_recheck(tries: int, *, is_provisional: bool) -> timedelta:
    """Say how long what was not found *tries* times in a row (from 1) is left alone.

    What rests on searches that answered nothing is no time: the next sync has to confirm it.
    """
    done = tries - 1 if is_provisional else tries
    return (
        timedelta(days=_RECHECK_DAYS[min(done, len(_RECHECK_DAYS)) - 1]) if done else timedelta()
    )


def missed(match: Match, before: Miss | None, now: datetime) -> Miss:
    """Say when a lookup that led to no title is made again; *before*: what was said last."""
    is_same = before is not None and before.found is match.found
    tries = 1 + (before.tries if before and is_same else 0)
    pause = pause_before_recheck(tries, is_provisional=match.is_provisional)
    return Miss(match.found, tries, now + pause)


def pause_of_failure(tries: int) -> timedelta:
    """Say how long a request that failed *tries* times (from 1) is put off."""
    return timedelta(days=_RETRY_DAYS[min(tries, len(_RETRY_DAYS)) - 1])


def failed_again(why: str, before: FailedRequest | None, now: datetime) -> FailedRequest:
    """Say when a request that failed is tried again; *before*: what was said last."""
    tries = 1 + (before.tries if before else 0)
    return FailedRequest(why, tries, now + pause_of_failure(tries))


def put_off(
    failed: Mapping[tuple[Edition, int | None], FailedRequest], now: datetime
) -> dict[tuple[Edition, int | None], str]:
    """Say why requests failed that are not due to be tried again."""
    return {name: one.why for name, one in failed.items() if one.retry_at > now}


def next_look(details: SeriesDetails, today: date) -> date:
    """Say when a series is looked at again for new seasons: when the next one airs, or weekly."""
    coming = [one.airs for one in details.seasons if one.airs is not None and one.airs > today]
    return max(min([*coming, today + LOOK_EVERY]), today + timedelta(days=1))


def must_wait(before: ListSetback | None, now: datetime, *, eager: bool) -> bool:
    """Tell whether a list is left alone for now; *eager*: a person waits for it.

    A person may have mended what was wrong, so only a limit that the service set holds then.
    """
    if before is None or before.retry_at is None or before.retry_at <= now:
        return False
    return not eager or before.outcome is ListOutcome.RATE_LIMITED
