from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.lists import ListOutcome
from listsync.domain.report import Retry, retry_of
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
    UnreachableError,
)

_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_disk_that_is_full_is_tried_again_soon() -> None:
    error = StateError("the disk is full")
    assert retry_of(error, _AT) == Retry(why="the disk is full")


def test_a_server_that_cannot_be_reached_is_tried_again_soon() -> None:
    error = UnreachableError("server http://seerr", "connection refused")
    assert retry_of(error, _AT) == Retry(why="the server cannot be reached (connection refused)")


def test_a_server_in_trouble_is_tried_again_soon() -> None:
    error = UnavailableError("server http://seerr", "answered 503: starting")
    assert retry_of(error, _AT) == Retry(why="server http://seerr: answered 503: starting")


@pytest.mark.parametrize(
    ("asked_s", "wait"),
    [
        pytest.param(90.0, timedelta(seconds=90), id="as-it-asks"),
        pytest.param(1e9, timedelta(days=1), id="at-most-a-day"),
    ],
)
@pytest.mark.parametrize("limited", [True, False], ids=["429", "503"])
def test_a_server_that_names_a_time_is_not_tried_before(
    asked_s: float, wait: timedelta, *, limited: bool
) -> None:
    error = (
        RefusedError("server", Refusal.RATE_LIMITED, "slow down", retry_after_s=asked_s)
        if limited
        else UnavailableError("server", "slow down", retry_after_s=asked_s)
    )
    assert retry_of(error, _AT) == Retry(why="server: slow down", not_before=_AT + wait)


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("server", Refusal.CREDENTIAL, "the key is refused"),
        RefusedError("server", Refusal.BLOCKED, "something keeps us out"),
        ResponseChangedError("server", "what is this?"),
    ],
    ids=["key", "in-front-of-it", "not-understood"],
)
def test_what_hardly_passes_by_itself_is_tried_rarely(error: Exception) -> None:
    assert retry_of(error, _AT) == Retry(why=str(error), is_slow=True)


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("server", Refusal.QUOTA, "used up"),
        RefusedError("server", Refusal.PERMISSION, "you may not"),
        RefusedError("server", Refusal.NOT_FOUND, "no such user"),
        ValueError("a fault of ours"),
    ],
    ids=["quota", "permission", "unknown-user", "our-own-fault"],
)
def test_what_does_not_pass_waits_for_the_schedule(error: Exception) -> None:
    assert retry_of(error, _AT) is None


def test_lists_are_asked_again_by_themselves_where_it_may_pass() -> None:
    assert {one for one in ListOutcome if one.may_pass} == {
        ListOutcome.UNAVAILABLE,
        ListOutcome.RATE_LIMITED,
        ListOutcome.BLOCKED,
        ListOutcome.DRIFT,
        ListOutcome.CREDENTIAL,
    }
