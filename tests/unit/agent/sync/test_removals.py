"""Requests that are taken back because their titles left the list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry
from listsync.domain.notices import NoticeKind
from listsync.domain.report import Result, SyncReport, Verdict
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import (
    Cancelled,
    MediaStatus,
    RequestResponse,
    ResponseKind,
    TitleState,
)
from listsync.errors import UnavailableError
from tests.builders import DRY_RUN, MOVIE, RUN, entry, rules
from tests.fakes import DOWN, FakeServer, Title, a_film, whole
from tests.fakes import Reading as Played
from tests.unit.agent.sync.test_run import House

LEAVING = replace(rules("mine"), cancel_removed=True)
STAYING = rules("mine")
FILMS = [a_film(number, f"Film {number}", 2000) for number in range(1, 41)]


def entries(*films: Title) -> list[object]:
    return [
        entry(one.name, one.year, MOVIE, tmdb=one.key.tmdb_id, rank=rank)
        for rank, one in enumerate(films, start=1)
    ]


class Leaving(House):
    """Follows a list; its requests wait for approval."""

    def __init__(self, of: ListRules, films: list[Title]) -> None:
        super().__init__()
        self.server = FakeServer(*FILMS)
        self.of = of
        self.show(films)
        self.sync()
        for number, body in enumerate(self.server.posted, start=1):
            self.server.states[body.key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
            self.server.pending[number] = Cancelled.DONE

    def show(self, films: list[Title]) -> None:
        self.follow(*entries(*films), of=self.of)  # type: ignore[arg-type]  # they are

    def left(self, films: list[Title], **run: object) -> SyncReport:
        """Sync twice without what is not among *films*; the second one's report."""
        self.show(films)
        self.sync()
        return self.sync(replace(RUN, **run))  # type: ignore[arg-type]  # a test knows them


def test_what_left_the_list_is_taken_back_after_two_readings() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.show(FILMS[:2])
    assert house.sync().count(Verdict.CANCELLED) == 0
    report = house.sync()
    assert house.server.cancelled == [3]
    assert report.count(Verdict.CANCELLED) == 1
    (item,) = [one for one in report.items if one.verdict is Verdict.CANCELLED]
    assert (item.list_name, item.key) == ("mine", FILMS[2].key)
    assert house.sync().count(Verdict.CANCELLED) == 0


def test_what_was_handled_is_read_once_for_all_lists_that_lost_titles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.of = replace(LEAVING, name="theirs", source="file:/theirs")
    house.show(FILMS[20:23])
    house.sync()
    for number, body in enumerate(house.server.posted, start=1):
        house.server.states[body.key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
        house.server.pending[number] = Cancelled.DONE
    house.show(FILMS[20:22])
    house.of = LEAVING
    house.show(FILMS[:2])
    load, read = house.memory.handled.load, []

    def told() -> HandledEntries:
        read.append("handled")
        return load()

    monkeypatch.setattr(house.memory.handled, "load", told)
    assert len(notices(house.sync())) == 2
    # By the run when it begins, and for what has left.
    assert len(read) == 2


def notices(report: SyncReport) -> list[str]:
    return [one.text for one in report.notices if one.kind is NoticeKind.TO_CANCEL]


def test_what_the_next_sync_cancels_is_said_before() -> None:
    house = Leaving(LEAVING, FILMS[:8])
    house.show(FILMS[:7])
    report = house.sync()
    (said,) = notices(report)
    assert said.startswith("1 title is missing from the list: movie/8; if the list still lacks")
    assert "the next sync cancels their requests" in said
    assert report.result is Result.OK
    assert notices(house.sync()) == []
    assert house.server.cancelled == [8]


def test_what_a_dry_run_misses_first_is_cancelled_by_the_sync_after_the_next() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.show(FILMS[:2])
    assert "the sync after the next cancels" in notices(house.sync(DRY_RUN))[0]


def test_more_than_a_tenth_is_said_to_be_held() -> None:
    house = Leaving(LEAVING, FILMS[:20])
    house.show(FILMS[:16])
    (said,) = notices(house.sync())
    assert "movie/17, movie/18, movie/19, and 1 more" in said
    assert "holds their requests until `listsyncctl sync-now --confirm`" in said


@pytest.mark.parametrize("of", [STAYING, LEAVING])
def test_nothing_is_said_of_what_will_not_be_cancelled(of: ListRules) -> None:
    house = Leaving(of, FILMS[:3])
    house.server.states[FILMS[2].key] = TitleState(MediaStatus.AVAILABLE, MediaStatus.UNKNOWN)
    if of is STAYING:
        house.server.states[FILMS[2].key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
    house.show(FILMS[:2])
    assert notices(house.sync()) == []


@pytest.mark.parametrize(
    "bad",
    [
        DOWN,
        Fetched(entries=tuple(entries(*FILMS[:2])), declared=9),  # type: ignore[arg-type]
        Fetched(entries=tuple(entries(*FILMS[:2])), broken=1),  # type: ignore[arg-type]
        Fetched(entries=tuple(entries(*FILMS[:2])), repeated=1),  # type: ignore[arg-type]
        Fetched.unchanged(None),
    ],
    ids=["failed", "partial", "broken", "repeated", "unchanged"],
)
@pytest.mark.parametrize("is_gone", [False, True], ids=["missing", "gone"])
def test_a_reading_in_doubt_cancels_nothing_and_a_good_one_does(
    bad: Played, *, is_gone: bool
) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    if is_gone:
        house.server.on("cancel", UnavailableError("server", "down"))
        assert house.left(FILMS[:2]).result is Result.FAILED
    else:
        house.show(FILMS[:2])
        house.sync()
    house.play(bad, LEAVING)
    for _ in range(3):
        report = house.sync(replace(RUN, confirmed=True))
        assert "movie/3" in notices(report)[0]
    assert house.server.cancelled == []
    house.show(FILMS[:2])
    house.sync()
    assert house.server.cancelled == [3]


def test_what_nobody_said_before_is_said_first() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.show(FILMS[:2])
    house.lists["mine"] = (STAYING, house.lists["mine"][1])
    house.sync()
    house.show(FILMS[:2])
    assert len(notices(house.sync())) == 1
    assert house.server.cancelled == []
    house.sync()
    assert house.server.cancelled == [3]


@pytest.mark.parametrize(
    "row",
    [
        entry("Film 3", 2000, MOVIE, imdb="tt3"),
        entry("Film 3", 2001),
        entry("Renamed", 1990, MOVIE, imdb="tt3", tmdb=3),
    ],
    ids=["an id more", "ids lost", "another title"],
)
def test_a_row_that_changed_is_no_departure(row: ListEntry) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.play(whole(*entries(*FILMS[:2]), row), LEAVING)  # type: ignore[arg-type]
    for _ in range(4):
        house.sync()
    assert house.server.cancelled == []


@pytest.mark.parametrize(
    "row",
    [
        entry("Film 3", 2000, MOVIE, tmdb=3),
        entry(kind=MOVIE, imdb="tt3"),
    ],
    ids=["its number", "an id that leads to it"],
)
def test_a_row_in_doubt_is_no_departure(row: ListEntry) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    doubtful = row._replace(doubt="the season is not understood")
    house.play(whole(*entries(*FILMS[:2]), doubtful), LEAVING)  # type: ignore[arg-type]
    for _ in range(4):
        house.sync()
    assert house.server.cancelled == []


def test_what_moved_to_another_list_is_not_cancelled() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.play(whole(*entries(FILMS[2])), replace(LEAVING, name="b", source="file:b"))  # type: ignore[arg-type]
    house.show(FILMS[:2])
    assert [notices(house.sync()) for _ in range(3)] == [[], [], []]
    assert house.server.cancelled == []


def test_one_edition_of_a_list_may_wait_where_the_other_does_not() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    keep = replace(STAYING, name="4K", four_k=True)
    films = whole(*entries(*FILMS[:2]))  # type: ignore[arg-type]
    house.play(films, LEAVING).play(films, keep)
    house.sync()
    house.sync()
    assert house.server.cancelled == [3]


def test_it_is_asked_for_again_when_it_comes_back() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.left(FILMS[:2])
    house.server.states.pop(FILMS[2].key)
    house.show(FILMS[:3])
    house.sync()
    assert house.server.posted[-1].key == FILMS[2].key


def test_what_another_list_wants_since_this_run_is_not_taken_back() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.show(FILMS[:2])
    house.sync()
    house.play(whole(*entries(FILMS[2])), rules("other"))  # type: ignore[arg-type]  # they are
    house.sync()
    assert house.server.cancelled == []


def test_nothing_is_taken_back_unless_the_list_wants_that() -> None:
    house = Leaving(STAYING, FILMS[:3])
    house.left(FILMS[:2])
    assert house.server.cancelled == []


def test_what_another_list_wants_stays() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.play(whole(*entries(FILMS[2])), rules("other"))  # type: ignore[arg-type]
    house.left(FILMS[:2])
    assert house.server.cancelled == []


@pytest.mark.parametrize("status", [MediaStatus.PROCESSING, MediaStatus.AVAILABLE])
def test_what_does_not_wait_any_more_stays(status: int) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.server.states[FILMS[2].key] = TitleState(status, MediaStatus.UNKNOWN)
    house.left(FILMS[:2])
    assert house.server.cancelled == []


@pytest.mark.parametrize("found", [Cancelled.KEPT, Cancelled.GONE])
def test_what_was_decided_between_our_look_and_our_deletion_is_not_told_as_taken_back(
    found: Cancelled,
) -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.server.pending[3] = found
    report = house.left(FILMS[:2])
    assert report.count(Verdict.CANCELLED) == 0
    (item,) = [one for one in report.items if one.verdict is Verdict.SKIPPED]
    assert "does not wait for approval any more" in item.why
    assert house.memory.shelf.cancelled == set()
    asked = house.server.counts["cancel"]
    house.sync()
    assert house.server.counts["cancel"] == asked


def test_somebody_elses_request_stays() -> None:
    house = Leaving(LEAVING, FILMS[:2])
    house.server.on(
        "request", RequestResponse(kind=ResponseKind.COVERED, detail="requested by somebody else")
    )
    house.show(FILMS[:3])
    house.sync()
    house.server.states[FILMS[2].key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
    house.left(FILMS[:2])
    assert house.server.cancelled == []


def test_a_great_part_of_a_list_is_held_until_it_is_confirmed() -> None:
    house = Leaving(LEAVING, FILMS[:20])
    report = house.left(FILMS[:16])
    assert house.server.cancelled == []
    held = [one.why for one in report.items if one.verdict is Verdict.ON_HOLD]
    why = (
        "4 of 20 titles have left the list: `listsyncctl sync-now --confirm` says that it is meant"
    )
    assert held == [why] * 4
    house.sync(replace(RUN, confirmed=True))
    assert house.server.cancelled == [17, 18, 19, 20]


def test_a_dry_run_says_so_and_takes_nothing_back() -> None:
    house = Leaving(LEAVING, FILMS[:3])
    house.show(FILMS[:2])
    house.sync()
    report = house.sync(DRY_RUN)
    assert report.count(Verdict.CANCELLED) == 1
    assert house.server.cancelled == []


def test_what_is_held_waits_for_a_run_that_reads_its_list() -> None:
    house = Leaving(LEAVING, FILMS[:20])
    house.left(FILMS[:16])
    mine = house.lists.pop("mine")
    house.play(whole(*entries(FILMS[30])), rules("other"))  # type: ignore[arg-type]
    house.sync()
    house.lists["mine"] = mine
    house.sync(replace(RUN, confirmed=True))
    assert house.server.cancelled == [17, 18, 19, 20]
