"""When names of Radarr and Sonarr are looked up, and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from listsync.domain.arr_services import (
    ArrChoice,
    ArrFailure,
    ArrNames,
    ArrOffer,
    ArrSelection,
    ArrService,
)
from listsync.domain.server import AS_SERVER_DECIDES, AS_USUAL, Asking, Destination
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.sync.arr_lookup import ArrDirectory, ArrLookup, Way, selections_of
from tests.builders import MOVIE, NOON, TV
from tests.fakes import FakeArrNames, FakeArrServices

MAIN = ArrService(id=0, name="Main", is_default=True, profile=ArrChoice(4, "HD"), folder="/films")
KIDS = ArrService(id=3, name="Kids")
OFFER = ArrOffer(
    profiles=(ArrChoice(4, "HD"), ArrChoice(5, "Any")),
    tags=(ArrChoice(1, "lists"), ArrChoice(2, "dora")),
)
DORA, HD, ANY = Asking(tags=("dora",)), Asking(profile="hd"), Asking(profile="Any")
GONE = ArrFailure(why="the connection broke", went_away=True)
DOWN = ArrFailure(why="[Radarr] connect ECONNREFUSED")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class House:
    """A server with two Radarrs and a Sonarr, and what is remembered of them."""

    def __init__(self) -> None:
        self.server = FakeArrServices()
        self.server.services = {MOVIE: (MAIN, KIDS), TV: (replace(MAIN, name="Sonarr"),)}
        self.server.offers = {(MOVIE, 0): OFFER, (MOVIE, 3): ArrOffer(), (TV, 0): OFFER}
        self.store = FakeArrNames()

    def at(self, now: datetime = NOON, *, again: bool = False, careful: bool = True) -> ArrLookup:
        return ArrLookup(
            server=self.server,
            store=self.store,
            identity="one",
            now=now,
            again=again,
            careful=careful,
        )

    def look_up(self, *asking: Asking, after: timedelta = timedelta()) -> ArrDirectory:
        return self.at(NOON + after).look_up(selections_of(ways(*asking)))

    @property
    def calls(self) -> tuple[int, int]:
        """How often settings were read, and services asked, since the last time."""
        counts = self.server.counts
        calls = (counts["list_services"], counts["read_offer"])
        counts.clear()
        return calls


def ways(*asking: Asking) -> list[Way]:
    return [(one, MOVIE, False) for one in asking]


def why(directory: ArrDirectory, asking: Asking) -> str | None:
    return directory.hold_reason(asking, MOVIE, four_k=False)


def destination(directory: ArrDirectory, asking: Asking, *more: str) -> Destination:
    return directory.destination(asking, MOVIE, four_k=False, more_tags=more)


def test_what_names_nothing_or_numbers_is_never_looked_up() -> None:
    house = House()
    numbers = Asking(profile="4", tags=("7",))
    found = house.look_up(AS_USUAL, Asking(user="kids"), numbers)
    assert house.calls == (0, 0)
    assert destination(found, numbers) == Destination(profile_id=4, tags=(7,))


def test_the_settings_are_asked_first_and_may_be_enough() -> None:
    house = House()
    found = house.look_up(HD, Asking(service="Kids", root_folder="7"))
    assert house.calls == (1, 1)  # the folder's number is known to the service alone
    assert destination(found, HD) == Destination(server_id=0, profile_id=4)


def test_a_selection_is_looked_up_once_and_remembered_for_good() -> None:
    house = House()
    first = house.look_up(DORA, ANY)
    assert house.calls == (1, 1)
    later = house.look_up(ANY, DORA, after=500 * DAY)
    assert house.calls == (0, 0)
    for found in (first, later, house.at().remembered()):
        assert why(found, DORA) is None
        assert destination(found, DORA) == Destination(server_id=0, tags=(2,))
        assert destination(found, ANY) == Destination(server_id=0, profile_id=5)


def test_each_server_has_its_own_names() -> None:
    house = House()
    house.look_up(DORA)
    other = replace(house.at(), identity="two")
    said = other.remembered().open_reason(DORA, MOVIE, four_k=False)
    assert said == "tag not looked up yet: 'dora'"


def test_a_changed_configuration_is_looked_up_anew_for_all() -> None:
    """Names may have moved since: of a service that is asked, everything is refreshed."""
    house = House()
    house.look_up(DORA)
    house.server.offers[MOVIE, 0] = ArrOffer(tags=(ArrChoice(9, "dora"), ArrChoice(1, "lists")))
    assert house.calls == (1, 1)
    found = house.look_up(DORA, Asking(tags=("lists",)), after=DAY)
    assert house.calls == (1, 1)
    assert destination(found, DORA) == Destination(server_id=0, tags=(9,))


def test_kinds_are_looked_up_by_themselves() -> None:
    house = House()
    house.look_up(DORA)
    house.server.offers[TV, 0] = DOWN
    found = house.at().look_up([ArrSelection.of(DORA, TV, four_k=False)])
    assert why(found, DORA) is None
    assert found.hold_reason(DORA, TV, four_k=False) == (
        f"Sonarr could not be asked for tag 'dora': {DOWN.why}"
    )


# What is not there


def test_what_is_missing_is_looked_for_again_after_a_day() -> None:
    house = House()
    lost = Asking(tags=("lost",))
    assert why(house.look_up(lost), lost) == (
        "Radarr 'Main' has no tag 'lost'; there are: lists, dora"
    )
    house.look_up(lost, after=DAY - HOUR)
    assert house.calls == (1, 1)
    house.server.offers[MOVIE, 0] = ArrOffer(tags=(ArrChoice(3, "lost"),))
    assert why(house.look_up(lost, after=DAY), lost) is None
    assert house.calls == (1, 1)


def test_somebody_may_say_that_it_is_there_now() -> None:
    house = House()
    lost = Asking(tags=("lost",))
    house.look_up(lost, DORA)
    house.server.offers[MOVIE, 0] = ArrOffer(tags=(ArrChoice(3, "lost"), ArrChoice(2, "dora")))
    found = house.at(again=True).look_up(selections_of(ways(lost)))
    assert house.calls == (2, 2)
    assert why(found, lost) is None
    house.at(again=True).look_up(selections_of(ways(lost, DORA)))
    assert house.calls == (0, 0)


# When it fails


def test_a_service_that_fails_holds_only_what_names_something_there() -> None:
    house = House()
    house.server.offers[MOVIE, 0] = DOWN
    found = house.look_up(DORA, HD)
    assert why(found, DORA) == f"Radarr 'Main' could not be asked for tag 'dora': {DOWN.why}"
    assert destination(found, HD) == Destination(server_id=0, profile_id=4)
    assert house.calls == (1, 1)
    house.look_up(DORA, HD, after=HOUR / 2)
    assert house.calls == (0, 0)
    house.server.offers[MOVIE, 0] = OFFER
    assert why(house.look_up(DORA, HD, after=HOUR), DORA) is None


def test_a_server_that_goes_away_is_waited_for_and_not_asked_again_for_a_day() -> None:
    house = House()
    house.server.offers[MOVIE, 0] = GONE
    found = house.look_up(DORA, Asking(service="kids", tags=("dora",)))
    assert why(found, DORA) == (
        "Radarr 'Main' could not be asked for tag 'dora': the server went away when it was "
        "queried; it is queried again after a day; see that Radarr 'Main' runs"
    )
    assert house.server.counts["wait_until_back"] == 1
    assert house.calls == (1, 1)  # nor about the other Radarr
    house.look_up(DORA, after=DAY - HOUR)
    assert house.calls == (0, 0)
    house.look_up(DORA, ANY, after=DAY - HOUR)
    assert house.calls == (1, 0)  # the settings can be read without danger
    house.server.offers[MOVIE, 0] = OFFER
    assert why(house.look_up(DORA, ANY, after=2 * DAY), DORA) is None


def test_what_was_known_still_holds_when_a_look_up_fails() -> None:
    house = House()
    house.look_up(DORA)
    house.server.offers[MOVIE, 0] = GONE
    found = house.look_up(DORA, ANY)
    assert why(found, DORA) is None
    assert why(found, ANY) is None  # from what was remembered


def test_a_server_that_does_not_come_back_ends_the_run_and_is_remembered() -> None:
    house = House()
    house.server.offers[MOVIE, 0] = GONE
    house.server.back = UnavailableError("server", "has not come back")
    with pytest.raises(UnavailableError, match="has not come back"):
        house.look_up(DORA)
    assert house.calls == (1, 1)
    found = house.look_up(DORA, after=HOUR)
    assert house.calls == (0, 0)
    assert "went away" in str(why(found, DORA))


def test_a_process_that_ends_with_the_server_does_not_ask_again() -> None:
    house = House()
    written: list[ArrNames] = []
    house.server.while_asked = lambda: written.append(house.store.load("one", MOVIE))
    house.look_up(DORA)
    house.store.save("one", MOVIE, written[0])
    house.server.counts.clear()
    assert "went away" in str(why(house.look_up(DORA, after=HOUR), DORA))
    assert house.calls == (0, 0)


def test_a_server_that_was_not_reached_was_not_asked() -> None:
    house = House()
    house.server.offers[MOVIE, 0] = UnavailableError("server", "connection refused")
    with pytest.raises(UnavailableError, match="connection refused"):
        house.look_up(DORA)
    house.server.offers[MOVIE, 0] = OFFER
    assert why(house.look_up(DORA, after=HOUR), DORA) is None


def test_somebody_may_insist() -> None:
    house = House()
    house.server.offers[MOVIE, 0] = GONE
    house.look_up(DORA)
    house.server.offers[MOVIE, 0] = OFFER
    found = house.at(again=True, careful=False).look_up(selections_of(ways(DORA)))
    assert why(found, DORA) is None


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("server", Refusal.CREDENTIAL, "no"),
        ResponseChangedError("server", "no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_settings_that_cannot_be_read_hold_what_needs_them(error: Exception) -> None:
    house = House()
    house.server.services[MOVIE] = error
    found = house.look_up(HD, Asking(profile="4"))
    assert why(found, HD) == "the settings of Radarr could not be read: no"
    assert why(found, Asking(profile="4")) is None
    assert house.calls == (1, 0)


# Requests that fail, tags of several lists


def test_after_a_request_that_failed_names_are_looked_up_anew() -> None:
    house = House()
    house.look_up(DORA, ANY)
    house.at().doubt(TV)
    house.look_up(DORA, ANY)
    assert house.calls == (1, 1)
    house.at().doubt(MOVIE)
    assert why(house.at().remembered(), DORA) is None
    house.look_up(DORA, ANY)
    assert house.calls == (1, 1)


def test_tags_of_other_lists_are_looked_for_at_the_service_of_a_list(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    house.server.offers[MOVIE, 3] = ArrOffer(tags=(ArrChoice(8, "lists"),))
    kids, lists = Asking(service="kids"), Asking(tags=("lists", "dora"))
    found = house.look_up(kids, lists)
    for _ in range(2):
        assert destination(found, kids, "lists", "dora") == Destination(server_id=3, tags=(8,))
    assert destination(found, lists, "dora") == Destination(server_id=0, tags=(1, 2))
    assert caplog.messages == [
        "tag 'dora' is left out where a list before names another Radarr, without such a tag"
    ]
    assert house.calls == (1, 2)
    house.look_up(kids, lists)
    assert house.calls == (0, 0)


def test_tags_of_a_list_with_its_own_service_are_looked_for_at_the_default_one_too() -> None:
    house = House()
    house.server.offers[MOVIE, 3] = ArrOffer(tags=(ArrChoice(8, "lists"),))
    kids = Asking(service="kids", tags=("lists", "7"))
    found = house.look_up(AS_USUAL, kids)
    assert destination(found, kids) == Destination(server_id=3, tags=(8, 7))
    assert destination(found, AS_USUAL, "lists", "7") == Destination(server_id=0, tags=(1, 7))
    assert house.calls == (1, 2)


def test_one_service_is_asked_once_however_many_lists_name_its_tags() -> None:
    house = House()
    house.look_up(AS_USUAL, DORA, Asking(tags=("lists",)), Asking(user="kids", tags=("dora",)))
    assert house.calls == (1, 1)


def test_numbers_of_tags_are_sent_also_where_names_cannot_be_looked_for() -> None:
    found = House().at().remembered()
    assert destination(found, AS_USUAL, "lists", "7") == Destination(tags=(7,))


def test_what_nobody_looked_up_is_a_question_and_what_is_missing_is_none() -> None:
    house = House()
    lost = Asking(tags=("lost",))
    house.look_up(lost)
    known = house.at().remembered()
    assert "has no tag 'lost'" in str(why(known, lost))
    assert known.open_reason(lost, MOVIE, four_k=False) is None
    assert (why(known, DORA), why(known, HD)) == (None, None)
    assert known.open_reason(HD, MOVIE, four_k=False) is None


def test_what_cannot_be_sent_has_no_destination() -> None:
    found = House().at().remembered()
    assert destination(found, DORA) == AS_SERVER_DECIDES
    assert destination(found, HD, "lists") == AS_SERVER_DECIDES
