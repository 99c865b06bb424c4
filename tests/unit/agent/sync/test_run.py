from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, MediaType, TitleKey
from listsync.domain.report import Phase, Result, SyncReport, SyncRun, Verdict
from listsync.domain.server import (
    MediaStatus,
    RequestBody,
    RequestResponse,
    ResponseKind,
    SearchPage,
)
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
)
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import ASK_ABOVE, Parts, sync
from listsync.sync.titles.title_folding import fold
from listsync.sync.titles.title_forms import folded
from tests.builders import DRY_RUN, MOVIE, RUN, TV, entry, rules
from tests.fakes import (
    DOWN,
    SERVER,
    FakeArrNames,
    FakeFacts,
    FakeList,
    FakeMemory,
    FakeServer,
    a_film,
    a_series,
    whole,
)
from tests.fakes import Reading as Played

DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
MATRIX = a_film(603, "The Matrix", 1999, imdb="tt0133093")
LOST = a_series(4607, "Lost", 2004, tvdb=73739, imdb="tt0411008")
DUNE_ENTRY = entry("Dune", 2021, MOVIE, rank=1)
LOST_ENTRY = entry("Lost", imdb="tt0411008", rank=2)
MATRIX_ENTRY = entry("The Matrix", 1999, MOVIE, tmdb=603, rank=3)
MINE = (DUNE_ENTRY, LOST_ENTRY, MATRIX_ENTRY)


class House:
    """A server, a memory, lists; each `sync` is one run."""

    def __init__(self, *entries: ListEntry) -> None:
        self.server = FakeServer(DUNE, MATRIX, LOST)
        self.memory = FakeMemory()
        self.arr_names = FakeArrNames()
        self.board = ProgressBoard()
        self.lists: dict[str, tuple[ListRules, Played]] = {}
        self.exclusions: list[Exclusion] = []
        self.added: list[Exclusion] = []
        self.asked: list[int] = []
        self.goes_on = True
        self.follow(*entries)

    def follow(self, *entries: ListEntry, of: ListRules | None = None) -> House:
        return self.play(whole(*entries), of)

    def play(self, played: Played, of: ListRules | None = None) -> House:
        one = of or rules()
        self.lists[one.name] = (one, played)
        return self

    def sync(self, run: SyncRun = RUN, stop: Callable[[], bool] = lambda: False) -> SyncReport:
        parts = Parts(
            lists=[Followed(of, FakeList(played)) for of, played in self.lists.values()],
            exclusions=self.exclusions,
            server=self.server,
            memory=self.memory,
            arr_names=self.arr_names,
            board=self.board,
            go_on=self._go_on,
            stop=stop,
            facts=FakeFacts(),
            excluded_since=self._added,
        )
        return sync(run, parts)

    def _added(self) -> list[Exclusion]:
        added, self.added = self.added, []
        return added

    def _go_on(self, count: int) -> bool:
        self.asked.append(count)
        return self.goes_on

    def forget_status(self, key: TitleKey) -> None:
        """Let the server look as after a decline, or a deleted request."""
        self.server.states.pop(key)


def verdicts(report: SyncReport) -> dict[Verdict, int]:
    return dict(report.lists[0].verdicts)


def test_what_is_long_is_read_once_in_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(MATRIX_ENTRY)
    memory, read = house.memory, list[str]()

    def tell(of: object, name: str) -> None:
        look = getattr(of, name)

        def told() -> object:
            read.append(repr(of))
            return look()

        monkeypatch.setattr(of, name, told)

    tell(memory.index, "pages")
    tell(memory.failed_requests, "load")
    tell(memory.handled, "load")
    assert len(house.sync().requested) == 1
    assert len(read) == len(set(read)) == 3


def test_a_first_sync_asks_for_what_is_missing() -> None:
    house = House(*MINE)
    report = house.sync()
    assert [body.key for body in house.server.posted] == [DUNE.key, LOST.key, MATRIX.key]
    assert (report.result, report.why, report.server) == (Result.OK, "", SERVER)
    assert report.requested == tuple(house.server.posted)
    assert verdicts(report) == {Verdict.REQUESTED: 3}


def test_every_request_is_on_disk_before_it_is_sent() -> None:
    """Also where one commit holds the intents of several, and some are not asked for after all."""
    films = [entry(f"Film {number}", kind=MOVIE, tmdb=number) for number in range(1, 41)]
    house = House(*films, *films[:5])
    house.exclusions = [Exclusion(key=TitleKey(MOVIE, 7))]
    unready: list[RequestBody] = []

    def look(body: RequestBody) -> None:
        if body not in [one.body for one in house.memory.requests.open_intents()]:
            unready.append(body)

    house.server.while_asked = look
    house.sync()
    assert [body.key.tmdb_id for body in house.server.posted] == [*range(1, 7), *range(8, 41)]
    assert unready == []
    assert len(house.memory.commits) < 12
    assert house.memory.requests.open_intents() == ()


def test_a_second_sync_asks_for_nothing_and_costs_two_calls() -> None:
    house = House(*MINE)
    house.sync()
    report = house.sync()
    assert len(house.server.posted) == 3
    assert report.calls == 2
    assert verdicts(report) == {Verdict.ALREADY: 3}


def test_a_second_sync_works_on_the_remembered_index() -> None:
    house = House(*MINE)
    house.sync()
    house.sync()
    pages = house.memory.index.pages()
    house.sync()
    assert house.memory.index.pages() is pages


@pytest.mark.parametrize("status", [None, MediaStatus.DELETED], ids=["declined", "deleted"])
def test_what_was_turned_down_stays_away(status: MediaStatus | None) -> None:
    house = House(*MINE)
    house.sync()
    house.forget_status(MATRIX.key)
    if status is not None:
        house.server.set_status(MATRIX.key, status)
    report = house.sync()
    assert len(house.server.posted) == 3
    assert report.count(Verdict.HANDLED) == 1


def test_what_was_turned_down_comes_back_with_its_entry() -> None:
    house = House(*MINE)
    house.sync()
    house.forget_status(MATRIX.key)
    house.follow(DUNE_ENTRY, LOST_ENTRY)
    house.sync()
    house.sync()
    house.follow(*MINE)
    house.sync()
    assert [body.key for body in house.server.posted].count(MATRIX.key) == 2


def test_one_reading_without_the_entry_is_not_enough() -> None:
    house = House(*MINE)
    house.sync()
    house.forget_status(MATRIX.key)
    house.follow(DUNE_ENTRY, LOST_ENTRY)
    house.sync()
    house.follow(*MINE)
    house.sync()
    assert [body.key for body in house.server.posted].count(MATRIX.key) == 1


def test_what_was_turned_down_stays_away_on_another_list_too() -> None:
    house = House(MATRIX_ENTRY)
    house.sync()
    house.forget_status(MATRIX.key)
    house.follow(entry(imdb="tt0133093"), of=rules("other"))
    house.sync()
    assert len(house.server.posted) == 1


# The first sync of many titles


def many(house: House, count: int) -> House:
    entries = [entry(f"Film {n}", kind=MOVIE, tmdb=n, rank=n) for n in range(1, count + 1)]
    return house.follow(*entries)


def test_a_first_sync_of_many_titles_is_asked_for() -> None:
    house = many(House(), ASK_ABOVE + 1)
    house.sync()
    assert house.asked == [ASK_ABOVE + 1]
    assert len(house.server.posted) == ASK_ABOVE + 1


def test_a_no_asks_for_nothing_and_the_next_run_asks_anew() -> None:
    house = many(House(), ASK_ABOVE + 1)
    house.goes_on = False
    report = house.sync()
    house.sync()
    assert (report.result, house.server.posted) == (Result.DECLINED, [])
    assert len(house.asked) == 2


def test_a_first_sync_of_few_titles_is_not_asked_for() -> None:
    house = many(House(), ASK_ABOVE)
    assert house.sync().is_first
    assert house.asked == []


def test_only_the_first_sync_is_asked_for() -> None:
    house = House(MATRIX_ENTRY)
    house.sync()
    report = many(house, ASK_ABOVE + 1).sync()
    assert not report.is_first
    assert house.asked == []


def test_a_dry_run_is_never_asked_for() -> None:
    house = many(House(), ASK_ABOVE + 1)
    assert house.sync(DRY_RUN).is_first
    assert house.asked == []


def test_a_dry_run_tells_what_it_would_ask_for() -> None:
    house = House(*MINE)
    report = house.sync(DRY_RUN)
    assert house.server.posted == []
    assert house.server.counts["request"] == 0
    assert len(report.requested) == 3
    assert verdicts(report) == {Verdict.REQUESTED: 3}


# Exclusions and rules


@pytest.mark.parametrize(
    "exclusion",
    [
        Exclusion(key=MATRIX.key),
        Exclusion(imdb="tt0133093"),
        Exclusion(title="the matrix", year=1999),
        Exclusion(title="The Matrix!", kind=MOVIE),
    ],
    ids=["key", "imdb", "title-and-year", "title-and-kind"],
)
@pytest.mark.parametrize(
    "wanted",
    [
        MATRIX_ENTRY,
        entry(kind=MOVIE, tmdb=603),
        entry(tmdb=603),
        entry(imdb="tt0133093"),
        entry("The Matrix", 1999, MOVIE),
    ],
    ids=["tmdb", "number", "number-without-kind", "imdb", "title"],
)
def test_what_is_excluded_is_never_asked_for(exclusion: Exclusion, wanted: ListEntry) -> None:
    house = House(wanted)
    house.exclusions = [exclusion]
    report = house.sync()
    assert house.server.posted == []
    assert verdicts(report) == {Verdict.EXCLUDED: 1}


def test_an_excluded_series_is_found_by_its_tvdb_id() -> None:
    house = House(entry("Lost", 2004, TV, tmdb=4607))
    house.exclusions = [Exclusion(tvdb=73739)]
    house.sync()
    assert house.server.posted == []


@pytest.mark.parametrize(
    "excluded",
    [
        entry("The Matrix", 1999),
        entry("Matrix", 1999, MOVIE),
        entry(imdb="tt0133093"),
        entry(tmdb=603),
    ],
    ids=["title", "title-written-otherwise", "imdb", "number-without-kind"],
)
def test_what_a_list_of_exclusions_names_otherwise_is_never_asked_for(excluded: ListEntry) -> None:
    house = House(entry(kind=MOVIE, tmdb=603))
    house.follow(excluded, of=rules("not these", is_exclusion=True))
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1}
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1}
    assert house.server.posted == []


CATS_2019 = a_film(536869, "Cats", 2019)
CATS_1998 = a_film(8204, "Cats", 1998)
CATS_SERIES = a_series(99, "Cats", 2012, tvdb=99)
CATS = [entry(kind=one.key.kind, tmdb=one.key.tmdb_id) for one in (CATS_2019, CATS_1998)]
CATS.append(entry(kind=TV, tmdb=99))


@pytest.mark.parametrize(
    ("exclusion", "asked_for"),
    [
        (Exclusion(title="Cats"), []),
        (Exclusion(title="Cats", kind=MOVIE), [CATS_SERIES.key]),
        (Exclusion(title="Cats", year=1998), [CATS_2019.key, CATS_SERIES.key]),
        (Exclusion(title="Cats", kind=TV), [CATS_2019.key, CATS_1998.key]),
    ],
    ids=["name", "films", "year", "series"],
)
def test_an_ambiguous_name_excludes_all_that_bear_it(
    exclusion: Exclusion, asked_for: list[TitleKey]
) -> None:
    house = House()
    house.server.titles += [CATS_2019, CATS_1998, CATS_SERIES, a_film(7, "Cats and Dogs", 2001)]
    house.follow(*CATS, entry(kind=MOVIE, tmdb=7))
    house.exclusions = [exclusion]
    house.sync()
    house.sync()
    assert [body.key for body in house.server.posted] == [*asked_for, TitleKey(MOVIE, 7)]


def test_all_of_one_name_and_year_are_excluded_now_and_later() -> None:
    """Where one of them is taken for the title, the doubt about the other stays."""
    twins = [a_film(1, "Dune", 2021), a_film(2, "DUNE!", 2021)]
    house = House(*(entry(kind=MOVIE, tmdb=one.key.tmdb_id) for one in twins))
    house.server.titles = twins
    house.exclusions = [Exclusion(title="Dune", year=2021)]
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 2}
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 2}


def test_more_of_one_name_than_a_person_is_shown_are_excluded() -> None:
    films = [a_film(number, "Home", 1990 + number) for number in range(1, 13)]
    house = House(*(entry(kind=MOVIE, tmdb=number) for number in range(1, 13)))
    house.server.titles = films
    house.exclusions = [Exclusion(title="Home")]
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 12}


def test_a_name_found_nowhere_excludes_by_name() -> None:
    house = House(entry("Unheard Of", 2020, MOVIE, imdb="tt5"), MATRIX_ENTRY)
    house.server.titles.append(a_film(5, "A Film", 2020, imdb="tt5"))
    house.exclusions = [Exclusion(title="Unheard of")]
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1, Verdict.REQUESTED: 1}


def test_an_exclusion_whose_search_fails_once_holds() -> None:
    """The server answers a search that failed like one that found nothing."""
    house = House(entry(kind=MOVIE, tmdb=603))
    house.server.on("search", SearchPage(candidates=(), page=1, pages=1))
    house.exclusions = [Exclusion(title="The Matrix")]
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1}


def test_nothing_is_asked_for_while_an_excluded_title_cannot_be_looked_up() -> None:
    house = House(entry(kind=MOVIE, tmdb=603))
    house.exclusions = [Exclusion(title="The Matrix", year=1999)]
    house.server.catalogue_down = True
    report = house.sync()
    assert report.result is Result.FAILED
    assert "the exclusion The Matrix (1999) could not be looked up" in report.why
    assert house.server.posted == []


@pytest.mark.parametrize(
    "exclusion",
    [Exclusion(key=MATRIX.key), Exclusion(imdb="tt0133093"), Exclusion(title="The Matrix")],
    ids=["key", "imdb", "title"],
)
def test_what_is_excluded_while_a_sync_runs_is_not_asked_for_any_more(
    exclusion: Exclusion,
) -> None:
    house = House(*MINE)
    house.server.while_asked = lambda _: house.added.append(exclusion)
    report = house.sync()
    assert [body.key for body in house.server.posted] == [DUNE.key, LOST.key]
    assert verdicts(report) == {Verdict.REQUESTED: 2, Verdict.EXCLUDED: 1}


def test_a_list_of_exclusions_excludes_whatever_its_place() -> None:
    house = House(*MINE)
    house.follow(entry(imdb="tt0133093"), of=rules("not these", is_exclusion=True))
    house.sync()
    assert MATRIX.key not in [body.key for body in house.server.posted]


def test_known_exclusions_cost_nothing_later() -> None:
    house = House(*MINE)
    house.exclusions = [
        Exclusion(imdb="tt0411008"),
        Exclusion(title="The Matrix", year=1999),
        Exclusion(title="Unheard of"),
        Exclusion(title="Dune"),
    ]
    house.follow(entry(kind=TV, tmdb=4607), of=rules("not these", is_exclusion=True))
    house.sync()
    assert house.sync().calls == 2


def test_an_unread_exclusion_list_holds_all_requests_back() -> None:
    house = House(*MINE)
    house.play(DOWN, rules("not these", is_exclusion=True))
    report = house.sync()
    assert house.server.posted == []
    assert verdicts(report) == {Verdict.ON_HOLD: 3}
    assert "could not be read" in report.items[0].why


def test_a_limit_is_heeded() -> None:
    house = House()
    house.follow(*MINE, of=rules(limit=1))
    house.sync()
    assert [body.key for body in house.server.posted] == [DUNE.key]


def test_a_kind_is_heeded_where_only_the_look_up_tells_it() -> None:
    house = House()
    house.follow(*MINE, of=rules(kind=MOVIE))
    report = house.sync()
    assert LOST.key not in [body.key for body in house.server.posted]
    assert report.count(Verdict.EXCLUDED) == 1


def test_two_lists_share_a_title() -> None:
    house = House(MATRIX_ENTRY)
    house.follow(entry(imdb="tt0133093"), of=rules("other"))
    report = house.sync()
    assert len(house.server.posted) == 1
    assert report.count(Verdict.REQUESTED) == len(report.requested) == 1
    assert report.count(Verdict.SHARED) == 1


def test_4k_is_asked_for_apart() -> None:
    house = House(MATRIX_ENTRY)
    house.follow(MATRIX_ENTRY, of=rules("4k", four_k=True))
    house.sync()
    assert [body.four_k for body in house.server.posted] == [False, True]
    assert house.sync().calls == 2


@pytest.mark.parametrize(
    ("wanted", "info", "why"),
    [
        (MATRIX_ENTRY, replace(SERVER, movie_4k=False), "the server has no 4K Radarr"),
        (
            entry(kind=TV, tmdb=4607),
            replace(SERVER, series_4k=False),
            "the server has no 4K Sonarr",
        ),
    ],
    ids=["film", "series"],
)
def test_4k_is_held_where_nothing_would_fetch_it(
    wanted: ListEntry, info: object, why: str
) -> None:
    house = House()
    house.follow(wanted, of=rules(four_k=True))
    house.server.info = info  # type: ignore[assignment]  # replace() keeps the type
    report = house.sync()
    assert report.items[0].why == f"on hold: {why}"
    assert house.server.posted == []
    assert (report.result, str(report.notices[0])) == (
        Result.PARTLY,
        f"mine: 1 title on hold: {why}",
    )


# Trouble


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("server", "connection refused"),
        RefusedError("server", Refusal.CREDENTIAL, "the key is refused"),
        ResponseChangedError("server", "what is this?"),
    ],
    ids=["down", "key", "shape"],
)
@pytest.mark.parametrize("method", ["identify", "read_index"])
def test_a_server_in_trouble_fails_the_run(error: Exception, method: str) -> None:
    house = House(*MINE)
    house.server.on(method, error)
    report = house.sync()
    assert (report.result, report.why) == (Result.FAILED, str(error))
    assert report.requested == ()


def test_a_run_without_a_server_is_remembered_as_failed() -> None:
    house = House(*MINE)
    house.server.on("identify", DOWN)
    house.sync()
    assert [report.result for report in house.memory.runs.reports] == [Result.FAILED]


def test_a_run_that_ends_early_keeps_what_it_did() -> None:
    house = House(*MINE)
    house.server.on("request", None, RefusedError("server", Refusal.CREDENTIAL, "no"))
    report = house.sync()
    assert report.result is Result.FAILED
    assert [body.key for body in report.requested] == [DUNE.key]
    assert [sent.body.key for sent in house.memory.shelf.sent] == [DUNE.key]


def test_a_failed_list_makes_the_run_partly_good() -> None:
    house = House(*MINE)
    house.play(DOWN, rules("other"))
    report = house.sync()
    assert report.result is Result.PARTLY
    assert len(house.server.posted) == 3


def test_a_failed_title_makes_the_run_partly_good() -> None:
    house = House(*MINE)
    house.server.on("request", RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no"))
    assert house.sync().result is Result.PARTLY


def test_the_impossible_is_not_tried_again_at_once() -> None:
    house = House(MATRIX_ENTRY)
    house.server.on("request", RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no"))
    house.sync()
    assert verdicts(house.sync()) == {Verdict.SKIPPED: 1}
    assert house.server.counts["request"] == 1


@pytest.mark.parametrize("done", [1, 2, 5])
def test_what_was_asked_for_before_a_stop_is_remembered_and_no_more_than_that(done: int) -> None:
    films = [a_film(number, f"Film {number}", 2000) for number in range(1, 31)]
    house = House()
    house.server.titles += films
    mine = [
        entry(one.name, one.year, MOVIE, tmdb=one.key.tmdb_id, rank=rank)
        for rank, one in enumerate(films, start=1)
    ]
    house.follow(*mine)
    report = house.sync(stop=lambda: len(house.server.posted) >= done)
    assert report.result is Result.CANCELLED
    assert len(house.server.posted) == done
    assert [sent.body for sent in house.memory.shelf.sent] == house.server.posted
    assert house.memory.requests.open_intents() == ()


def test_a_stop_ends_the_run() -> None:
    house = House(*MINE)
    report = house.sync(stop=lambda: True)
    assert (report.result, report.why) == (Result.CANCELLED, "stopped on request")
    assert house.server.posted == []


def test_a_state_that_cannot_be_written_is_raised() -> None:
    house = House(*MINE)
    house.memory.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        house.sync()
    assert house.server.posted == []
    assert house.board.snapshot().phase is Phase.IDLE


def test_at_another_server_nothing_is_asked_for_until_it_is_confirmed() -> None:
    house = House(*MINE)
    house.sync()
    house.server.states.clear()
    house.server.covered.clear()
    house.server.info = replace(SERVER, identity="fake-2")
    report = house.sync()
    assert "this is a new server" in report.notices[0].text
    assert "this is another server; 3 titles were handled at the last" in report.notices[1].text
    assert verdicts(report) == {Verdict.ON_HOLD: 3}
    holds = house.memory.guard.learned().holds
    assert {(one.kind, one.four_k) for one in holds} == set(product(MediaType, (False, True)))
    assert {one.why for one in holds} == {report.notices[1].text}
    assert len(house.server.posted) == 3
    assert verdicts(house.sync(replace(RUN, confirmed=True))) == {Verdict.REQUESTED: 3}
    assert house.sync().notices == ()
    assert house.memory.guard.learned().holds == ()


def test_a_run_of_which_no_list_could_be_read_has_failed() -> None:
    house = House(*MINE)
    house.sync()
    house.play(DOWN)
    report = house.sync()
    assert (report.result, report.why) == (Result.FAILED, "no list could be read")
    assert report.is_whole
    assert report.count(Verdict.ALREADY) == 3


def test_a_run_that_was_stopped_did_not_look_at_everything() -> None:
    assert not House(*MINE).sync(stop=lambda: True).is_whole


def test_what_is_set_by_the_user_leaves_a_run_well() -> None:
    house = House()
    house.follow(*MINE, of=replace(rules(limit=2), max_per_run=1))
    house.exclusions.append(Exclusion(key=DUNE.key))
    report = house.sync()
    assert (report.result, report.notices) == (Result.OK, ())
    assert report.lists[0].left_out == {"beyond its limit of 2": 1}


def test_what_was_handled_belongs_to_one_server() -> None:
    house = House(MATRIX_ENTRY)
    house.sync()
    house.forget_status(MATRIX.key)
    house.server.info = replace(SERVER, identity="fake-2")
    house.sync(replace(RUN, confirmed=True))
    assert len(house.server.posted) == 2
    assert Edition(MATRIX.key, False) in house.memory.handled.load().editions


def test_an_index_that_lost_most_holds_everything_until_it_is_confirmed() -> None:
    films = [a_film(number, f"Film {number}", 2000) for number in range(1, 26)]
    rows = [
        entry(one.name, one.year, MOVIE, tmdb=one.key.tmdb_id, rank=rank)
        for rank, one in enumerate(films, start=1)
    ]
    house = House(*rows[:24])
    house.sync()
    for one in films[:13]:
        house.forget_status(one.key)
    house.follow(*rows)
    report = house.sync()
    assert "the server has lost 13 of the 24 titles requested" in report.notices[0].text
    assert report.result is Result.PARTLY
    assert len(house.server.posted) == 24
    confirmed = house.sync(replace(RUN, confirmed=True))
    assert [body.key for body in house.server.posted[24:]] == [films[24].key]
    assert confirmed.count(Verdict.HANDLED) == 13
    assert house.sync().notices == ()


def test_a_list_that_shrank_is_believed_when_that_is_confirmed() -> None:
    films = [
        entry(f"Film {number}", 2000, MOVIE, tmdb=number, rank=number) for number in range(1, 31)
    ]
    house = House(*films)
    house.sync()
    house.follow(*films[:15])
    for _ in range(3):
        assert house.sync().lists[0].why.startswith("15 entries are gone at once")
    for _ in range(2):
        assert house.sync(replace(RUN, confirmed=True)).lists[0].why == ""
    assert len(house.memory.snapshots.entries("file:mine")) == 15


def test_the_board_comes_to_rest_with_all_counted() -> None:
    house = House(*MINE, entry("The Matrix", imdb="tt0133093", rank=4))
    house.sync()
    shown = house.board.snapshot()
    assert shown.phase is Phase.IDLE
    assert shown.requested == 3
    assert [(one.done, one.total) for one in shown.lists] == [(4, 4)]


def test_the_run_is_timed_and_its_calls_are_counted() -> None:
    house = House(MATRIX_ENTRY)
    report = house.sync()
    assert report.calls == house.server.calls == 4
    assert report.duration_s >= 0
    assert house.memory.runs.reports == [report]


def test_a_stop_while_the_server_is_waited_for_is_no_failure() -> None:
    house = House(*MINE)
    house.server.on("identify", DOWN)
    report = house.sync(stop=lambda: True)
    assert (report.result, report.why) == (Result.CANCELLED, "stopped on request")
    assert report.retry is None


def test_the_log_says_once_that_the_server_was_reached(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "listsync")
    House(*MINE).sync()
    said = [one.getMessage() for one in caplog.records if "API connection" in one.getMessage()]
    assert said == ["API connection successful: Overseerr 1.34.0, as owner"]


def test_each_batch_of_twenty_that_asks_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    house = House(*(entry(f"Film {n}", rank=n, kind=MOVIE, tmdb=n) for n in range(1, 46)))
    caplog.set_level("INFO", "listsync")
    house.sync()
    batches = [one.getMessage() for one in caplog.records if "batch" in one.getMessage()]
    assert batches == ["Adding batch 1/3", "Adding batch 2/3", "Adding batch 3/3"]
    caplog.clear()
    house.sync()
    assert not [one for one in caplog.records if "batch" in one.getMessage()]


def test_no_titles_are_kept_in_memory_after_a_run() -> None:
    house = House(*MINE)
    fold("Dune")
    house.sync()
    assert (fold.cache_info().currsize, folded.cache_info().currsize) == (0, 0)


def test_an_exclusion_with_an_id_means_that_title_only_now_and_later() -> None:
    """Its id is found nowhere, and the title is: no namesake is meant, whatever is remembered."""
    house = House(entry(kind=MOVIE, tmdb=1), entry(kind=MOVIE, tmdb=2))
    house.server.titles = [a_film(1, "Dune", 2021), a_film(2, "DUNE!", 2021)]
    house.follow(
        entry("Dune", 2021, MOVIE, imdb="tt404"), of=rules("not these", is_exclusion=True)
    )
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1, Verdict.REQUESTED: 1}
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 1, Verdict.ALREADY: 1}


def test_an_exclusion_whose_id_is_found_nowhere_excludes_all_that_its_title_may_mean() -> None:
    house = House(entry(kind=MOVIE, tmdb=1), entry(kind=MOVIE, tmdb=2))
    house.server.titles = [a_film(1, "Dune", 2021), a_film(2, "Dune", 2021)]
    house.follow(
        entry("Dune", 2021, MOVIE, imdb="tt404"), of=rules("not these", is_exclusion=True)
    )
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 2}
    assert verdicts(house.sync()) == {Verdict.EXCLUDED: 2}
