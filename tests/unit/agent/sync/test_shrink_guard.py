from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.lists import ListOutcome
from listsync.domain.run_notes import Difference, Kept, ListSetback
from listsync.sync.list_backoff import must_wait, pause_after
from listsync.sync.shrink_guard import (
    ShrinkJudgement,
    is_believed,
    is_sudden_shrink,
    judge_missing,
    words_of_shrink,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("known", "missing", "sudden"),
    [
        pytest.param(100, 30, False, id="just-30-percent"),
        pytest.param(100, 31, True, id="more"),
        pytest.param(20, 9, False, id="fewer-than-ten"),
        pytest.param(20, 10, True, id="ten"),
        pytest.param(12, 12, True, id="all"),
        pytest.param(0, 0, False, id="nothing-known"),
    ],
)
def test_many_entries_gone_at_once_are_sudden(known: int, missing: int, *, sudden: bool) -> None:
    assert is_sudden_shrink(known, missing) is sudden


@pytest.mark.parametrize(
    ("since", "believed"),
    [
        pytest.param(None, False, id="only-now"),
        pytest.param(NOW - timedelta(days=6), False, id="six-days"),
        pytest.param(NOW - timedelta(days=7), True, id="a-week"),
    ],
)
def test_a_shrink_is_believed_after_a_week(since: datetime | None, *, believed: bool) -> None:
    assert is_believed(since, NOW) is believed


@pytest.mark.parametrize(
    ("outcome", "failures", "asked_s", "pause"),
    [
        pytest.param(ListOutcome.UNAVAILABLE, 1, None, timedelta(minutes=5), id="first"),
        pytest.param(ListOutcome.UNAVAILABLE, 3, None, timedelta(minutes=20), id="third"),
        pytest.param(ListOutcome.UNAVAILABLE, 99, None, timedelta(days=1), id="at-most-a-day"),
        pytest.param(ListOutcome.BLOCKED, 1, None, HOUR / 2, id="blocked"),
        pytest.param(ListOutcome.RATE_LIMITED, 1, 7200.0, 2 * HOUR, id="as-asked"),
        pytest.param(ListOutcome.RATE_LIMITED, 1, 1e9, timedelta(days=1), id="asked-too-much"),
        pytest.param(ListOutcome.PRIVATE, 1, None, HOUR, id="refused"),
    ],
)
def test_pauses_grow_with_failures(
    outcome: ListOutcome, failures: int, asked_s: float | None, pause: timedelta
) -> None:
    assert pause_after(outcome, failures, asked_s) == pause


@pytest.mark.parametrize(
    ("outcome", "eager", "waits"),
    [
        pytest.param(ListOutcome.BLOCKED, False, True, id="schedule"),
        pytest.param(ListOutcome.BLOCKED, True, False, id="person"),
        pytest.param(ListOutcome.RATE_LIMITED, True, True, id="limit"),
    ],
)
def test_who_waits(outcome: ListOutcome, *, eager: bool, waits: bool) -> None:
    assert must_wait(ListSetback(outcome, "no", 1, NOW + HOUR), NOW, eager=eager) is waits
    assert not must_wait(ListSetback(outcome, "no", 1, NOW), NOW, eager=eager)
    assert not must_wait(None, NOW, eager=eager)


# What a whole reading lacks

_WEEK = timedelta(days=7)
NEW = frozenset({"new"})
_GONE = tuple(f"tmdb:movie/{number}" for number in range(10))


def lacking(count: int, present: int, shrunk_at: datetime | None = None) -> Difference:
    return Difference(
        new=NEW,
        missing=_GONE[:count],
        gone=count,
        present=present,
        shrunk_at=shrunk_at,
    )


def test_a_few_that_are_missing_count_as_missing() -> None:
    judged = judge_missing(lacking(9, 10, NOW - _WEEK), is_doubted=False, at=NOW)
    assert (judged.kept, judged.absent) == (Kept(frozenset({"new"})), _GONE[:9])
    assert judged.shrunk_at is None


def test_many_that_are_missing_at_once_are_kept_and_the_time_is_noted() -> None:
    judged = judge_missing(lacking(10, 12), is_doubted=False, at=NOW)
    assert (judged.kept, judged.absent) == (Kept(frozenset({"new"}), on_hold=10), ())
    assert judged.shrunk_at == NOW


def test_the_first_time_counts_while_many_stay_missing() -> None:
    since = NOW - timedelta(days=6)
    judged = judge_missing(lacking(10, 12, since), is_doubted=False, at=NOW)
    assert (judged.kept.on_hold, judged.shrunk_at) == (10, since)


def test_after_a_week_many_count_as_missing_too() -> None:
    judged = judge_missing(lacking(10, 12, NOW - _WEEK), is_doubted=False, at=NOW)
    assert (judged.kept.on_hold, judged.absent, judged.shrunk_at) == (0, _GONE, NOW - _WEEK)


@pytest.mark.parametrize("since", [None, NOW - _WEEK], ids=["never", "a-week"])
def test_of_a_doubted_reading_nothing_counts_as_missing(since: datetime | None) -> None:
    judged = judge_missing(lacking(10, 12, since), is_doubted=True, at=NOW)
    assert (judged.kept, judged.absent) == (Kept(frozenset({"new"}), doubted=10), ())
    assert judged.shrunk_at == since


def test_an_empty_list_that_proves_little_is_believed_only_on_somebodys_word() -> None:
    def judge(since: datetime) -> ShrinkJudgement:
        found = lacking(10, 10, since)
        return judge_missing(found, is_doubted=False, at=NOW, is_unproven=True)

    long_ago = NOW - timedelta(days=400)
    assert judge(long_ago) == ShrinkJudgement(Kept(NEW, on_hold=10), shrunk_at=long_ago)
    assert judge(datetime.fromtimestamp(0, UTC)).kept == Kept(NEW)
    assert "until" in words_of_shrink(10, is_unproven=True)


def test_a_few_titles_leave_an_empty_list_that_proves_little_as_they_leave_any() -> None:
    judged = judge_missing(lacking(3, 3), is_doubted=False, at=NOW, is_unproven=True)
    assert (judged.kept, len(judged.absent)) == (Kept(NEW), 3)
