"""What a sync does with lists that name something at Radarr or Sonarr."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from listsync.domain.arr_services import ArrChoice, ArrFailure, ArrOffer, ArrService
from listsync.domain.list_rules import ListRules
from listsync.domain.media import TitleKey
from listsync.domain.report import Result, SyncReport, SyncRun
from listsync.domain.server import Asking, Destination, RequestResponse, ResponseKind
from listsync.errors import NotTakenError, ResponseChangedError, UnavailableError
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import DRY_RUN, MOVIE, RUN, TV, entry, rules
from tests.fakes import (
    DOWN,
    FakeArrNames,
    FakeFacts,
    FakeList,
    FakeMemory,
    FakeServer,
    a_film,
    a_series,
    whole,
)

DUNE, MATRIX, LOST = a_film(1, "Dune", 2021), a_film(2, "The Matrix", 1999), a_series(3, "Lost")
ENTRIES = {
    one.key: entry(one.name, one.year, one.key.kind, tmdb=one.key.tmdb_id)
    for one in (DUNE, MATRIX, LOST)
}
DORA = replace(rules("dora"), asking=Asking(tags=("dora",)))
PLAIN = rules("plain")
GONE = ArrFailure(why="the connection broke", went_away=True)
LOOK_UPS = ("list_services", "read_offer", "wait_until_back")


class House:
    """A server with a Radarr that has the tag dora, two lists; each `sync` is one run."""

    def __init__(self) -> None:
        self.server = FakeServer(DUNE, MATRIX, LOST)
        self.arr = self.server.arr_services
        self.arr.services = {MOVIE: (ArrService(id=0, name="Radarr", is_default=True),)}
        self.arr.offers = {(MOVIE, 0): ArrOffer(tags=(ArrChoice(7, "dora"),))}
        self.memory, self.names = FakeMemory(), FakeArrNames()
        self.lists: dict[ListRules, list[TitleKey]] = {DORA: [DUNE.key], PLAIN: [MATRIX.key]}
        self.unreadable: list[ListRules] = []

    def sync(self, run: SyncRun = RUN) -> SyncReport:
        parts = Parts(
            lists=[
                *(
                    Followed(of, FakeList(whole(*(ENTRIES[key] for key in keys))))
                    for of, keys in self.lists.items()
                ),
                *(Followed(of, FakeList(DOWN)) for of in self.unreadable),
            ],
            exclusions=(),
            server=self.server,
            memory=self.memory,
            arr_names=self.names,
            board=ProgressBoard(),
            facts=FakeFacts(),
        )
        return sync(run, parts)

    def later(self, **time: float) -> SyncReport:
        return self.sync(replace(RUN, started_at=RUN.started_at + timedelta(**time)))

    @property
    def look_ups(self) -> list[int]:
        """Count the calls for names since the last time."""
        found = [self.server.counts.pop(name, 0) for name in LOOK_UPS]
        return found[: max((n + 1 for n, count in enumerate(found) if count), default=0)]

    @property
    def sent(self) -> dict[TitleKey, Destination]:
        return {body.key: body.destination for body in self.server.posted}


def why(report: SyncReport, of: str) -> list[str]:
    return [one.why for one in report.items if one.list_name == of]


def test_a_request_carries_the_numbers_of_what_its_list_names() -> None:
    house = House()
    house.sync()
    assert house.sent == {DUNE.key: Destination(server_id=0, tags=(7,)), MATRIX.key: Destination()}


def test_only_the_first_sync_asks_radarr() -> None:
    house = House()
    house.sync()
    assert house.look_ups == [1, 1]
    house.lists[DORA].append(MATRIX.key)
    house.later(days=400)
    house.later(days=800)
    assert house.look_ups == []


def test_a_dry_run_asks_nobody_and_says_what_was_not_looked_up() -> None:
    house = House()
    report = house.sync(DRY_RUN)
    assert house.look_ups == []
    assert [body.key for body in report.requested] == [MATRIX.key]
    assert why(report, "dora") == ["left open: tag not looked up yet: 'dora'"]
    assert (report.result, report.notices) == (Result.OK, ())
    assert house.names.kept == {}


def test_a_dry_run_knows_what_is_remembered() -> None:
    house = House()
    house.sync()
    house.look_ups  # noqa: B018 - counts anew
    house.lists[PLAIN], house.lists[DORA] = [], [DUNE.key, MATRIX.key]
    house.server.states.clear()
    report = house.sync(DRY_RUN)
    assert house.look_ups == []
    assert not any("not looked up" in one.why for one in report.items)


def test_a_list_whose_tag_is_not_there_is_on_hold_and_the_others_go_on() -> None:
    house = House()
    house.arr.offers[MOVIE, 0] = ArrOffer(tags=(ArrChoice(1, "lists"),))
    report = house.sync()
    assert list(house.sent) == [MATRIX.key]
    (said,) = why(report, "dora")
    assert "Radarr has no tag 'dora'; there are: lists" in said


def test_when_the_server_goes_away_on_it_the_same_run_goes_on_with_the_others() -> None:
    house = House()
    house.arr.offers[MOVIE, 0] = GONE
    report = house.sync()
    assert list(house.sent) == [MATRIX.key]
    (said,) = why(report, "dora")
    assert "could not be asked for tag 'dora'" in said
    assert house.look_ups == [1, 1, 1]
    house.later(hours=23)
    assert house.look_ups == []


def test_a_server_that_does_not_come_back_fails_the_run_and_not_the_next() -> None:
    house = House()
    house.arr.offers[MOVIE, 0] = GONE
    house.arr.back = UnavailableError("server", "has not come back")
    assert "has not come back" in house.sync().why
    house.later(hours=1)
    assert list(house.sent) == [MATRIX.key]


def test_only_the_kinds_on_a_list_are_looked_up() -> None:
    house = House()
    house.sync()
    assert house.look_ups == [1, 1]  # no Sonarr for a list of films
    house.lists[DORA].append(LOST.key)
    house.sync()
    assert house.look_ups == [1]


def test_one_list_that_is_followed_twice_has_two_ways() -> None:
    house = House()
    lost = replace(DORA, name="lost", asking=Asking(tags=("lost",)))
    house.lists = {lost: [DUNE.key], DORA: [DUNE.key]}
    house.sync()
    assert house.sent == {DUNE.key: Destination(server_id=0, tags=(7,))}


def test_nothing_is_looked_up_while_everything_is_held() -> None:
    house = House()
    house.unreadable = [rules("not these", is_exclusion=True)]
    report = house.sync()
    assert (report.requested, house.look_ups) == ((), [])


@pytest.mark.parametrize(
    "answer",
    [
        RequestResponse(kind=ResponseKind.REQUESTED, request_id=1, not_handed_on=True),
        NotTakenError("server", "could not take the request"),
        ResponseChangedError("server", "answered 400"),
    ],
    ids=["refused-by-radarr", "not-taken", "not-understood"],
)
def test_a_request_that_fails_has_its_names_looked_up_anew(
    answer: RequestResponse | Exception,
) -> None:
    house = House()
    house.server.on("request", answer)
    house.sync()
    assert house.look_ups == [1, 1]
    house.sync()
    assert house.look_ups == [1, 1]
    house.sync()
    assert house.look_ups == []


def test_a_failed_request_without_names_doubts_none() -> None:
    house = House()
    house.sync()
    assert house.look_ups == [1, 1]
    house.lists[PLAIN].append(LOST.key)
    house.server.on("request", NotTakenError("server", "could not take the request"))
    for _ in range(2):
        house.sync()
    assert house.look_ups == []


def test_tags_of_two_lists_are_united_at_the_service_of_the_first() -> None:
    house = House()
    kids = replace(rules("kids"), asking=Asking(service="kids"))
    house.arr.services[MOVIE] = (
        ArrService(id=0, name="Radarr", is_default=True),
        ArrService(id=3, name="Kids"),
    )
    house.arr.offers[MOVIE, 3] = ArrOffer(tags=(ArrChoice(1, "dora"),))
    house.lists = {kids: [DUNE.key], DORA: [DUNE.key, MATRIX.key]}
    house.sync()
    assert house.sent == {
        DUNE.key: Destination(server_id=3, tags=(1,)),
        MATRIX.key: Destination(server_id=0, tags=(7,)),
    }


def test_series_and_films_of_one_list_have_services_of_their_own() -> None:
    house = House()
    house.arr.services[TV] = (ArrService(id=0, name="Sonarr", is_default=True),)
    house.arr.offers[TV, 0] = ArrOffer(tags=())
    house.lists = {DORA: [DUNE.key, LOST.key]}
    report = house.sync()
    assert list(house.sent) == [DUNE.key]
    assert any("Sonarr has no tag 'dora'" in one for one in why(report, "dora"))
