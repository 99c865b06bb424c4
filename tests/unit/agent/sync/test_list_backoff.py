from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listsync.domain.decisions import Found, How, Match
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.run_notes import FailedRequest, Miss
from listsync.sync.list_backoff import failed_again, missed, put_off

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)

# Look-ups without a title, and requests that failed

_NOTHING = Match(found=Found.NOT_FOUND, how=How.TITLE)
_EMPTY = Match(found=Found.NOT_FOUND, how=How.TITLE, is_provisional=True)
_FILM = (Edition(TitleKey(MediaType.MOVIE, 603), four_k=False), None)


def test_what_is_not_found_is_looked_up_again_ever_later() -> None:
    miss: Miss | None = None
    for number, days in enumerate((1, 3, 7, 14, 30, 30), start=1):
        miss = missed(_NOTHING, miss, NOW)
        assert miss == Miss(Found.NOT_FOUND, number, NOW + timedelta(days=days))


def test_what_rests_on_empty_answers_is_due_at_once_until_it_is_confirmed() -> None:
    first = missed(_EMPTY, None, NOW)
    assert first.again_at == NOW
    assert missed(_EMPTY, first, NOW).again_at == NOW + timedelta(days=1)


def test_a_title_that_was_in_doubt_is_not_confirmed_to_be_nowhere_by_that() -> None:
    doubt = missed(Match(found=Found.REVIEW, how=How.TITLE), None, NOW)
    assert missed(_EMPTY, doubt, NOW) == Miss(Found.NOT_FOUND, 1, NOW)


def test_a_request_that_failed_is_tried_again_ever_later() -> None:
    failed: FailedRequest | None = None
    for number, days in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
        failed = failed_again("no TVDB id", failed, NOW)
        assert failed == FailedRequest("no TVDB id", number, NOW + timedelta(days=days))


def test_a_request_that_failed_is_put_off_until_its_time() -> None:
    one = FailedRequest("no TVDB id", 1, NOW)
    assert put_off({_FILM: one}, NOW - HOUR) == {_FILM: "no TVDB id"}
    assert put_off({_FILM: one}, NOW) == {}
