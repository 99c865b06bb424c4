"""What was declined or has failed at the server: only its list of requests says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.media import Edition, TitleKey
from listsync.domain.notices import NoticeKind
from listsync.domain.report import Result, SyncReport, Verdict
from listsync.domain.server import MediaStatus, RequestStatus, ServerRequest
from listsync.domain.server_knowledge import RequestList
from listsync.sync.request_outcomes import digest, is_reading_due
from tests.builders import DRY_RUN, MOVIE, TV, entry, rules
from tests.fakes import DOWN, SERVER
from tests.unit.agent.sync.test_run import LOST, MATRIX, MATRIX_ENTRY, House, verdicts

LOST_ENTRY = entry("Lost", kind=TV, tmdb=4607)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DECLINED, FAILED, APPROVED = (
    RequestStatus.DECLINED,
    RequestStatus.FAILED,
    RequestStatus.APPROVED,
)


def request(
    key: TitleKey = MATRIX.key,
    status: int = DECLINED,
    number: int = 1,
    *seasons: int,
    four_k: bool = False,
) -> ServerRequest:
    return ServerRequest(
        edition=Edition(key, four_k),
        status=status,
        request_id=number,
        seasons=frozenset(seasons),
    )


def house_of(*requests: ServerRequest) -> House:
    house = House(MATRIX_ENTRY, LOST_ENTRY)
    house.server.requests = list(requests)
    return house


def posted(house: House) -> list[tuple[TitleKey, tuple[int, ...]]]:
    return [(body.key, body.seasons) for body in house.server.posted]


def whys(report: SyncReport) -> dict[str, str]:
    return {item.label: item.why for item in report.items}


def a_day_later(house: House) -> None:
    """Let the last reading of the requests be old."""
    at = house.memory.shelf.requests_read_at
    assert at is not None
    house.memory.shelf.requests_read_at = at - timedelta(days=1)


# Declined


def test_what_was_declined_is_not_requested_by_a_new_installation() -> None:
    house = house_of(request())
    report = house.sync()
    assert posted(house) == [(LOST.key, (1, 2))]
    assert verdicts(report) == {Verdict.HANDLED: 1, Verdict.REQUESTED: 1}
    assert whys(report)["The Matrix (1999)"] == "declined at the server"
    assert report.result is Result.OK


def test_what_was_declined_in_one_edition_is_requested_in_the_other() -> None:
    house = house_of(request(four_k=True))
    house.sync()
    assert MATRIX.key in [key for key, _ in posted(house)]


def test_a_newer_request_that_stands_takes_the_decline_back() -> None:
    house = house_of(request(number=1), request(status=APPROVED, number=2))
    house.sync()
    assert MATRIX.key in [key for key, _ in posted(house)]  # the index does not know it


def test_declined_seasons_are_left_out() -> None:
    house = house_of(request(LOST.key, DECLINED, 1, 1))
    report = house.sync()
    assert (LOST.key, (2,)) in posted(house)
    assert report.count(Verdict.REQUESTED) == 2


def test_a_series_whose_seasons_were_all_declined_is_not_requested() -> None:
    house = house_of(request(LOST.key, DECLINED, 1, 1), request(LOST.key, DECLINED, 2, 2))
    report = house.sync()
    assert posted(house) == [(MATRIX.key, ())]
    assert whys(report)["Lost"] == "declined at the server"
    assert house.sync().count(Verdict.HANDLED) == 1


def test_what_was_declined_is_requested_when_it_comes_back_to_its_list() -> None:
    house = house_of(request())
    house.sync()
    house.follow(LOST_ENTRY)
    house.sync()
    house.sync()
    house.follow(LOST_ENTRY, MATRIX_ENTRY)
    house.sync()
    assert [key for key, _ in posted(house)] == [LOST.key, MATRIX.key]


def test_a_decline_that_lapsed_stays_so_when_the_requests_are_read_again() -> None:
    house = house_of(request())
    house.sync()
    house.follow(LOST_ENTRY)
    house.sync()
    house.sync()
    house.forget_status(LOST.key)
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 2
    house.follow(LOST_ENTRY, MATRIX_ENTRY)
    house.sync()
    assert MATRIX.key in [key for key, _ in posted(house)]


def test_what_another_list_brings_stays_declined() -> None:
    house = house_of(request())
    house.sync()
    house.follow(entry(kind=MOVIE, tmdb=603), of=rules("other"))
    house.sync()
    assert MATRIX.key not in [key for key, _ in posted(house)]


# Failed


def test_a_request_that_failed_needs_a_person_and_is_not_repeated() -> None:
    house = house_of(request(status=FAILED))
    house.server.set_status(MATRIX.key, MediaStatus.PROCESSING)
    for _ in range(2):
        report = house.sync()
        (notice,) = report.notices
        assert notice.kind is NoticeKind.REQUEST_FAILED
        assert "The Matrix (1999)" in notice.text
        assert "retry" in notice.text
        assert "Radarr or Sonarr did not take it" in whys(report)["The Matrix (1999)"]
        assert report.count(Verdict.ALREADY) >= 1
    assert MATRIX.key not in [key for key, _ in posted(house)]


def test_a_request_for_a_series_that_failed_is_told_at_the_first_sync() -> None:
    house = house_of(request(LOST.key, FAILED, 1, 1, 2))
    house.server.set_status(LOST.key, MediaStatus.PROCESSING)
    house.server.covered[Edition(LOST.key, four_k=False)] = {1, 2}
    for _ in range(2):
        assert "Lost" in house.sync().notices[0].text
    assert posted(house) == [(MATRIX.key, ())]


def test_a_failure_is_over_when_the_title_is_there() -> None:
    house = house_of(request(status=FAILED))
    house.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    assert house.sync().notices == ()


def test_a_failure_that_was_mended_is_seen_within_a_day() -> None:
    house = house_of(request(status=FAILED))
    house.server.set_status(MATRIX.key, MediaStatus.PROCESSING)
    house.sync()
    house.server.requests = [request(status=APPROVED)]
    assert house.sync().notices != ()
    a_day_later(house)
    assert house.sync().notices == ()
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 2


# Pending, and no request for it: others were stopped between the two


def test_what_is_pending_without_a_request_is_requested_at_the_first_sync() -> None:
    house = house_of()
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    house.server.set_status(LOST.key, MediaStatus.PENDING)
    assert verdicts(house.sync()) == {Verdict.REQUESTED: 2}
    house.sync()
    assert sorted(key for key, _ in posted(house)) == sorted([MATRIX.key, LOST.key])


@pytest.mark.parametrize("seasons", [(), (1, 2)], ids=["told-without-seasons", "seasons"])
def test_what_is_pending_with_a_request_is_left_alone(seasons: tuple[int, ...]) -> None:
    house = house_of(
        request(status=RequestStatus.PENDING),
        request(LOST.key, RequestStatus.PENDING, 2, *seasons),
    )
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    house.server.set_status(LOST.key, MediaStatus.PENDING)
    house.server.covered[Edition(LOST.key, four_k=False)] = {1, 2}
    house.sync()
    assert posted(house) == []


def test_the_other_edition_of_what_is_pending_without_a_request_is_another_matter() -> None:
    house = House()
    house.follow(MATRIX_ENTRY, of=rules(four_k=True))
    house.server.set_status(MATRIX.key, MediaStatus.PENDING, status_4k=MediaStatus.PENDING)
    house.server.requests = [request(status=RequestStatus.PENDING)]
    house.sync()
    assert [body.four_k for body in house.server.posted] == [True]


def test_what_others_leave_pending_is_known_within_a_day_and_requested_when_it_is_wanted() -> None:
    house = House(LOST_ENTRY)
    house.sync()
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    house.sync()
    assert house.server.counts["read_requests"] == 1
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 2
    house.follow(LOST_ENTRY, MATRIX_ENTRY)
    house.sync()
    assert [key for key, _ in posted(house)] == [LOST.key, MATRIX.key]


def test_what_we_requested_and_is_pending_is_no_reason_to_read_the_requests() -> None:
    house = house_of()
    house.sync()
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 1


def test_where_not_all_requests_could_be_read_what_is_pending_is_believed() -> None:
    house = house_of()
    part = RequestList(requests=(request(LOST.key, APPROVED, 1, 1),), is_whole=False)
    house.server.on("read_requests", part)
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    house.sync()
    assert MATRIX.key not in [key for key, _ in posted(house)]


def test_what_was_declined_stays_so_where_a_later_reading_was_not_whole() -> None:
    house = House(LOST_ENTRY)
    house.server.requests = [request()]
    house.sync()
    house.server.set_status(TitleKey(MOVIE, 9), MediaStatus.PENDING)  # a reason to read again
    a_day_later(house)
    house.server.on("read_requests", RequestList(is_whole=False))
    house.follow(LOST_ENTRY, MATRIX_ENTRY)
    assert whys(house.sync())["The Matrix (1999)"] == "declined at the server"
    assert house.server.counts["read_requests"] == 2
    assert posted(house) == [(LOST.key, (1, 2))]


def test_what_had_no_request_and_was_requested_by_another_since_is_left_alone() -> None:
    house = House(LOST_ENTRY)
    house.server.set_status(MATRIX.key, MediaStatus.PENDING)
    house.sync()
    house.server.requests = [request(status=RequestStatus.PENDING)]
    a_day_later(house)
    house.sync()
    house.follow(LOST_ENTRY, MATRIX_ENTRY)
    house.sync()
    assert posted(house) == [(LOST.key, (1, 2))]


# When the requests are read


def test_the_requests_are_read_at_the_first_sync_and_never_in_a_steady_one() -> None:
    house = house_of()
    house.sync()
    for _ in range(3):
        a_day_later(house)
        assert house.sync().calls == 2
    assert house.server.counts["read_requests"] == 1


def test_the_first_sync_at_another_server_reads_its_requests() -> None:
    house = house_of()
    house.sync()
    house.server.info = replace(SERVER, identity="other")
    house.sync()
    assert house.server.counts["read_requests"] == 2


def test_what_vanished_is_explained_at_most_once_a_day() -> None:
    house = house_of()
    house.sync()
    house.forget_status(MATRIX.key)
    house.server.requests = [request()]
    assert "gone since" in whys(house.sync())["The Matrix (1999)"]
    assert house.server.counts["read_requests"] == 1
    a_day_later(house)
    assert whys(house.sync())["The Matrix (1999)"] == "declined at the server"
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 2


def test_a_request_that_was_deleted_at_the_server_is_told_so_and_read_for_once() -> None:
    house = house_of()
    house.sync()
    house.forget_status(MATRIX.key)
    a_day_later(house)
    assert "deleted at the server" in whys(house.sync())["The Matrix (1999)"]
    a_day_later(house)
    house.sync()
    assert house.server.counts["read_requests"] == 2
    assert len(posted(house)) == 2


def test_nothing_is_requested_where_the_requests_cannot_be_read_at_first() -> None:
    house = house_of(request())
    house.server.on("read_requests", DOWN)
    report = house.sync()
    assert (report.result, posted(house)) == (Result.FAILED, [])
    assert report.retry is not None
    house.sync()
    assert [key for key, _ in posted(house)] == [LOST.key]


def test_a_dry_run_leaves_out_what_was_declined() -> None:
    report = house_of(request()).sync(DRY_RUN)
    assert [body.key for body in report.requested] == [LOST.key]


@pytest.mark.parametrize(
    ("age", "is_unexplained", "has_failed", "is_due"),
    [
        (None, False, False, True),
        (timedelta(days=9), False, False, False),
        (timedelta(hours=23), True, True, False),
        (timedelta(days=1), True, False, True),
        (timedelta(days=1), False, True, True),
        (-timedelta(days=400), True, False, True),
    ],
)
def test_when_the_requests_are_read(
    age: timedelta | None, *, is_unexplained: bool, has_failed: bool, is_due: bool
) -> None:
    read_at = None if age is None else NOW - age
    due = is_reading_due(read_at, NOW, is_unexplained=is_unexplained, has_failed=has_failed)
    assert due is is_due


# What is worth remembering


def test_the_newest_request_of_a_film_counts_in_whatever_order_they_come() -> None:
    rows = [request(number=3), request(status=APPROVED, number=2), request(number=1)]
    assert digest(rows, ()) == [request(number=3)]
    assert digest(reversed(rows), ()) == [request(number=3)]


def test_of_a_series_the_newest_request_of_each_season_counts() -> None:
    rows = [
        request(LOST.key, DECLINED, 1, 1, 2),
        request(LOST.key, APPROVED, 2, 2),
        request(LOST.key, FAILED, 3, 3),
        request(LOST.key, 99, 4, 4),
    ]
    assert digest(rows, ()) == [
        request(LOST.key, DECLINED, 1, 1),
        request(LOST.key, FAILED, 3, 3),
    ]


def test_what_has_vanished_without_a_request_is_known_to_have_none() -> None:
    gone = Edition(LOST.key, four_k=False)
    none = ServerRequest(edition=gone, status=RequestStatus.NONE)
    assert digest([request()], [gone, Edition(MATRIX.key, four_k=False)]) == [request(), none]
