from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

import pytest

from listsync.domain.decisions import (
    Failed,
    Outcome,
    Prepared,
    Refused,
    Requested,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, TitleKey
from listsync.domain.report import Result
from listsync.domain.server import (
    MediaStatus,
    RequestBody,
    RequestResponse,
    ResponseKind,
    SearchPage,
    TitleState,
)
from listsync.errors import Refusal, RefusedError, ResponseChangedError, StateError
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.exclusions import ExclusionSet, wishes_to_exclude
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.lookahead import LookAhead, Preparer
from listsync.sync.pipeline import Adder, RunEnded
from listsync.sync.run_recorder import Recorder
from listsync.sync.submission import Writer
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, RUN, TV, entry, offer, rules, wish
from tests.fakes import DOWN, SERVER, FakeFacts, FakeMemory, FakeServer, a_film, a_series

DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
LOST = a_series(4607, "Lost", 2004, tvdb=73739, imdb="tt0411008")
LEGAL = a_series(5, "Without", 2020)
NOT_THESE = rules("not these", is_exclusion=True)


class Desk:
    """An adder and all that it works with."""

    def __init__(self, server: FakeServer, *exclusions: Exclusion) -> None:
        self.server = server
        self.memory = FakeMemory()
        self.memory.guard.use(SERVER)
        self.known = RunKnowledge(Stored(index=server.states), excluded=ExclusionSet(exclusions))
        self.told: list[tuple[str, Outcome]] = []
        self.asked = 0
        resolver = Resolver(server, {}, lambda: 0.0)
        window = LookAhead(Preparer(server, resolver, FakeFacts(), self.known), self.known)
        self.writer = Writer(
            RUN, server, Recorder(self.memory, self.known, {}), self.known, window
        )
        self._adder = Adder(window, self.known, self.writer, self)

    def asking(self) -> None:
        self.asked += 1

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        self.told.append((prepared.wish.label, outcome))

    def add(self, *wishes: Wish, stop: Callable[[], bool] = lambda: False) -> Desk:
        self._adder.add(wishes, stop)
        return self

    def outcomes(self) -> list[Outcome]:
        return [outcome for _, outcome in self.told]


def reasons(outcomes: Iterable[Outcome]) -> list[SkipReason | None]:
    return [outcome.reason if isinstance(outcome, Skip) else None for outcome in outcomes]


def films(count: int) -> list[Wish]:
    return [wish(entry(f"Film {n}", kind=MOVIE, tmdb=n)) for n in range(1, count + 1)]


def unknowns(count: int) -> list[Wish]:
    return [wish(entry(f"Film {n}", imdb=f"tt{n}")) for n in range(1, count + 1)]


def test_a_wish_with_its_number_costs_one_call() -> None:
    desk = Desk(FakeServer()).add(*films(1))
    assert [type(outcome) for outcome in desk.outcomes()] == [Requested]
    assert desk.server.counts == {"request": 1}


def test_a_wish_with_an_imdb_id_costs_two_calls() -> None:
    desk = Desk(FakeServer(DUNE)).add(wish(entry(imdb="tt1160419")))
    assert [body.key for body in desk.server.posted] == [DUNE.key]
    assert desk.server.counts == {"find_by_imdb": 1, "request": 1}


def test_a_series_is_asked_for_with_its_seasons() -> None:
    desk = Desk(FakeServer(LOST)).add(wish(entry("Lost", kind=TV, imdb="tt0411008")))
    assert desk.server.posted == [RequestBody(key=LOST.key, four_k=False, seasons=(1, 2))]


def test_what_the_server_has_costs_no_call() -> None:
    server = FakeServer(LOST).set_status(LOST.key, MediaStatus.AVAILABLE)
    desk = Desk(server).add(wish(entry("Lost", kind=TV, tmdb=4607)))
    assert reasons(desk.outcomes()) == [SkipReason.AVAILABLE]
    assert server.calls == 0


def test_the_same_title_by_other_names_is_asked_for_once() -> None:
    desk = Desk(FakeServer(DUNE)).add(
        wish(entry("Dune", 2021, MOVIE)),
        wish(entry(imdb="tt1160419")),
        wish(entry(kind=MOVIE, tmdb=438631)),
    )
    assert len(desk.server.posted) == 1
    assert reasons(desk.outcomes()) == [None, SkipReason.SAME_RUN, SkipReason.SAME_RUN]


def test_outcomes_are_told_in_the_order_of_the_wishes() -> None:
    wishes = [*unknowns(3), *films(3), *unknowns(2)]
    desk = Desk(FakeServer()).add(*wishes)
    assert [label for label, _ in desk.told] == [one.label for one in wishes]


def series_with_lists_that_overlap() -> list[Wish]:
    entries: list[ListEntry] = []
    for n in range(12):
        entries += [
            entry(f"Show {n}", kind=TV, season=1),
            entry(imdb=f"tt{n}", season=2),
            entry(f"Show {n}", kind=TV, tmdb=n),
            entry(tvdb=n),
        ]
    return [wish(one) for one in entries]


def requests_with_delays(seed: int) -> list[RequestBody]:
    random = Random(seed)
    shows = [a_series(n, f"Show {n}", tvdb=n, imdb=f"tt{n}", seasons=(1, 2, 3)) for n in range(12)]
    server = FakeServer(*shows, delay=lambda: time.sleep(random.random() / 1000))
    server.on("request", None, RequestResponse(kind=ResponseKind.UNSURE), None, None)
    wishes = series_with_lists_that_overlap()
    Random(1).shuffle(wishes)
    Desk(server).add(*wishes)
    return server.posted


def test_the_order_of_the_wishes_decides_not_the_timing() -> None:
    first = requests_with_delays(1)
    assert len(first) > 12
    for seed in range(2, 6):
        assert requests_with_delays(seed) == first


# Trouble


def test_a_title_that_could_not_be_looked_up_fails_alone() -> None:
    desk = Desk(FakeServer(DUNE).on("find_by_imdb", DOWN))
    desk.add(wish(entry(imdb="tt1")), wish(entry("Dune", 2021)))
    assert desk.outcomes()[0] == Failed("no answer within 30 s", may_pass=True)
    assert isinstance(desk.outcomes()[1], Requested)


def test_a_title_whose_seasons_could_not_be_read_keeps_its_match() -> None:
    desk = Desk(FakeServer(LOST).on("series", DOWN)).add(wish(entry(imdb="tt0411008")))
    desk.writer.flush()
    assert desk.outcomes() == [Failed("no answer within 30 s", may_pass=True)]
    assert set(desk.memory.shelf.matches) == {"imdb:tt0411008|"}


def test_an_answer_of_unknown_shape_fails_one_title() -> None:
    changed = ResponseChangedError("server", "what is this?")
    desk = Desk(FakeServer().on("find_by_imdb", changed, of="tt1")).add(*unknowns(2))
    assert desk.outcomes()[0] == Failed("what is this?")
    assert reasons(desk.outcomes()[1:]) == [SkipReason.NOT_FOUND]


def test_five_unanswered_titles_in_a_row_end_the_run() -> None:
    desk = Desk(FakeServer().on("request", *[DOWN] * 9))
    with pytest.raises(
        RunEnded, match="does not answer as it should any more: no answer"
    ) as ended:
        desk.add(*films(9))
    assert ended.value.result is Result.FAILED
    assert desk.server.counts["request"] == 5
    assert len(desk.told) == 4


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(wish(entry("Film 99", kind=MOVIE, tmdb=99)), id="request"),
        pytest.param(wish(entry(imdb="tt999")), id="search"),
        pytest.param(wish(entry("Old", kind=TV, tmdb=4607, season=9)), id="seasons"),
    ],
)
def test_an_answer_in_between_starts_the_count_anew(between: Wish) -> None:
    server = FakeServer(LOST)
    server.on("request", *[DOWN] * 4)
    desk = Desk(server).add(*films(4), between)
    server.on("request", *[DOWN] * 4)
    desk.add(*[wish(entry(kind=MOVIE, tmdb=n)) for n in range(20, 24)])
    assert sum(isinstance(outcome, Failed) for outcome in desk.outcomes()) == 8


def test_a_refusal_counts_as_an_answer() -> None:
    no = RequestResponse(kind=ResponseKind.BLOCKLISTED)
    desk = Desk(FakeServer().on("request", *[DOWN] * 4, no, *[DOWN] * 4)).add(*films(9))
    assert [type(outcome) for outcome in desk.outcomes()].count(Refused) == 1
    assert len(desk.told) == 9


def test_a_title_known_without_a_call_does_not_start_the_count_anew() -> None:
    server = FakeServer().on("request", *[DOWN] * 9).set_status(TitleKey(MOVIE, 3), 5)
    with pytest.raises(RunEnded):
        Desk(server).add(*films(9))
    assert server.counts["request"] == 5


def test_a_server_that_does_not_accept_us_ends_the_run() -> None:
    no = RefusedError("server", Refusal.CREDENTIAL, "the API key is refused")
    desk = Desk(FakeServer().on("request", no))
    with pytest.raises(RunEnded, match="server: the API key is refused"):
        desk.add(*films(3))
    assert desk.server.counts["request"] == 1


def test_a_state_that_cannot_be_written_ends_everything() -> None:
    desk = Desk(FakeServer())
    desk.memory.fails = StateError("the disk is full")
    with pytest.raises(StateError, match="the disk is full"):
        desk.add(*films(3))
    assert desk.server.posted == []


def test_a_fault_of_our_own_is_not_hidden() -> None:
    desk = Desk(FakeServer().on("find_by_imdb", ValueError("a bug")))
    with pytest.raises(ValueError, match="a bug"):
        desk.add(*unknowns(1))


def test_a_stop_is_heeded_before_the_next_title() -> None:
    desk = Desk(FakeServer())
    with pytest.raises(RunEnded, match="stopped on request") as ended:
        desk.add(*films(9), stop=lambda: len(desk.told) == 3)
    assert ended.value.result is Result.CANCELLED
    assert len(desk.server.posted) == 3


def test_what_may_have_arrived_is_not_asked_for_again_by_another_name() -> None:
    server = FakeServer(DUNE).on("request", RequestResponse(kind=ResponseKind.UNSURE))
    desk = Desk(server).add(wish(entry(kind=MOVIE, tmdb=438631)), wish(entry(imdb="tt1160419")))
    assert server.counts["request"] == 1
    assert reasons(desk.outcomes()) == [None, SkipReason.ON_HOLD]


def test_a_spent_quota_holds_the_rest_of_its_kind() -> None:
    server = FakeServer(LOST).on("request", RequestResponse(kind=ResponseKind.QUOTA))
    desk = Desk(server).add(*films(3), wish(entry("Lost", kind=TV, tmdb=4607)))
    assert reasons(desk.outcomes()) == [None, SkipReason.ON_HOLD, SkipReason.ON_HOLD, None]
    assert server.posted[1].key == LOST.key


def test_the_impossible_is_not_asked_for_again_by_another_name() -> None:
    server = FakeServer(DUNE).on("request", RequestResponse(kind=ResponseKind.IMPOSSIBLE))
    desk = Desk(server).add(wish(entry(kind=MOVIE, tmdb=438631)), wish(entry(imdb="tt1160419")))
    assert server.counts["request"] == 1
    assert reasons(desk.outcomes()) == [None, SkipReason.SETBACK]


# Series without a TVDB id


def test_a_tvdb_id_from_a_later_list_mends_the_series() -> None:
    server = FakeServer(LEGAL)
    desk = Desk(server).add(
        wish(entry("Without", 2020, TV)), wish(entry(kind=TV, tmdb=5, tvdb=77))
    )
    assert server.posted == [RequestBody(key=LEGAL.key, four_k=False, seasons=(1, 2), tvdb_id=77)]
    assert reasons(desk.outcomes()) == [None, SkipReason.SAME_RUN]
    desk.writer.flush()
    assert desk.memory.shelf.failed == {}


def test_a_series_that_stays_without_a_tvdb_id_is_a_setback() -> None:
    desk = Desk(FakeServer(LEGAL)).add(wish(entry("Without", 2020, TV)), *films(1))
    desk.writer.flush()
    assert reasons(desk.outcomes()) == [None, SkipReason.NO_TVDB_ID]
    assert len(desk.memory.shelf.failed) == 1


@pytest.mark.parametrize(
    ("season", "setbacks"),
    [
        pytest.param(None, 1, id="whole-series"),
        pytest.param(9, 0, id="a-season-that-is-not-there"),
    ],
)
def test_a_series_with_nothing_to_ask_for_is_not_looked_up_each_time(
    season: int | None, setbacks: int
) -> None:
    series = replace(LEGAL, seasons=(0,))
    desk = Desk(FakeServer(series)).add(wish(entry(kind=TV, tmdb=5, season=season)))
    desk.writer.flush()
    assert reasons(desk.outcomes()) == [SkipReason.NO_SEASONS]
    assert len(desk.memory.shelf.failed) == setbacks


# Exclusions


def excluding(*entries: ListEntry) -> list[Wish]:
    return wishes_of(members_of(NOT_THESE, entries))


@pytest.mark.parametrize(
    "excluded",
    [
        entry(imdb="tt1160419"),
        entry("Dune", 2021, MOVIE),
        entry("Dune", 2021),
        entry(tmdb=438631),
        entry("Any", kind=MOVIE, tmdb=438631),
    ],
    ids=["imdb", "title", "title-no-kind", "tmdb-no-kind", "tmdb"],
)
def test_an_excluded_title_is_not_asked_for_by_any_name(excluded: ListEntry) -> None:
    desk = Desk(FakeServer(DUNE)).add(
        *excluding(excluded),
        wish(entry(kind=MOVIE, tmdb=438631)),
        wish(entry(imdb="tt1160419")),
        wish(entry("Dune (2021)", kind=MOVIE)),
    )
    assert desk.server.posted == []
    assert reasons(desk.outcomes()) == [SkipReason.EXCLUDED] * 3


def test_an_exclusion_by_an_outer_id_holds_for_the_number_too() -> None:
    exclusion = Exclusion(imdb="tt1160419")
    desk = Desk(FakeServer(DUNE), exclusion)
    desk.add(*wishes_to_exclude([exclusion]), wish(entry(kind=MOVIE, tmdb=438631)))
    assert desk.server.posted == []


def test_an_exclusion_is_looked_up_once_for_good() -> None:
    desk = Desk(FakeServer(DUNE)).add(*excluding(entry(imdb="tt1160419")))
    desk.writer.flush()
    assert set(desk.memory.shelf.matches) == {"imdb:tt1160419|"}
    assert desk.told == []


def test_the_seasons_of_an_excluded_series_are_not_read() -> None:
    desk = Desk(FakeServer(LOST)).add(
        *excluding(entry(kind=TV, tmdb=4607), entry(imdb="tt0411008", rank=2))
    )
    assert desk.server.counts["series"] == 0


def test_an_id_of_two_titles_excludes_both() -> None:
    twin = a_series(9, "Lost Again", 2010, tvdb=73739)
    desk = Desk(FakeServer(LOST, twin)).add(
        *excluding(entry(tvdb=73739)),
        wish(entry("Lost", kind=TV, tmdb=4607)),
        wish(entry("Lost Again", kind=TV, tmdb=9)),
    )
    assert desk.server.posted == []


def test_titles_that_are_only_similar_are_not_excluded() -> None:
    page = SearchPage(candidates=(offer("The Blackouts", 2021, tmdb=7),), page=1, pages=1)
    server = FakeServer().on("search", page, page)
    desk = Desk(server).add(
        *excluding(entry("The Blackout", 2021, MOVIE)), wish(entry("Z", kind=MOVIE, tmdb=7))
    )
    assert [body.key for body in desk.server.posted] == [TitleKey(MOVIE, 7)]


def test_exclusions_that_contradict_each_other_all_hold() -> None:
    desk = Desk(FakeServer()).add(
        *excluding(
            entry(kind=MOVIE, imdb="tt1", tmdb=1, rank=1), entry(kind=MOVIE, tmdb=2, rank=2)
        ),
        *wishes_of(
            [
                *members_of(
                    rules("x", is_exclusion=True), [entry(kind=MOVIE, imdb="tt3", tmdb=3)]
                ),
                *members_of(
                    rules("y", is_exclusion=True), [entry(kind=MOVIE, imdb="tt3", tmdb=4)]
                ),
            ]
        ),
        *films(5),
    )
    assert [body.key.tmdb_id for body in desk.server.posted] == [5]


def test_nothing_is_asked_for_when_an_exclusion_cannot_be_looked_up() -> None:
    desk = Desk(FakeServer().on("find_by_imdb", DOWN))
    with pytest.raises(RunEnded, match="the exclusion imdb:tt1 could not be looked up"):
        desk.add(*excluding(entry(imdb="tt1")), *films(3))
    assert desk.server.posted == []


def test_a_quick_look_ahead_sees_what_is_excluded() -> None:
    desk = Desk(FakeServer(LOST), Exclusion(imdb="tt0411008"))
    desk.add(wish(entry("Lost", imdb="tt0411008")))
    assert reasons(desk.outcomes()) == [SkipReason.EXCLUDED]
    assert desk.server.calls == 0


def test_a_partly_available_series_is_completed() -> None:
    server = FakeServer(LOST)
    server.states[LOST.key] = TitleState(MediaStatus.PARTIALLY_AVAILABLE, 1)
    Desk(server).add(wish(entry("Lost", kind=TV, tmdb=4607)))
    assert server.posted[0].seasons == (1, 2)
