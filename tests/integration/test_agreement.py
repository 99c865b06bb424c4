"""What a plan promises and `explain` claims is what the sync then does, in random worlds."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from listsync.commands.explain import explanations
from listsync.commands.serializers import PageRequest
from listsync.domain.arr_services import ArrChoice, ArrOffer, ArrService
from listsync.domain.decisions import SkipReason
from listsync.domain.feeds import FeedTitle
from listsync.domain.list_rules import (
    ALL_SEASONS,
    NO_FILTERS,
    Filters,
    ListRules,
    Seasons,
    Span,
    Which,
)
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, ExternalIds, MediaType, TitleKey
from listsync.domain.report import Result, SyncReport, SyncRun, Verdict
from listsync.domain.server import AS_USUAL, Asking, MediaStatus, RequestBody, TitleState
from listsync.domain.server_knowledge import Allowance, Quota
from listsync.protocol.shapes import (
    TitleShape,
)
from listsync.store.database import FILE_NAME, Database
from listsync.store.feeds import SqliteFeeds
from listsync.store.match_cache import SqliteFacts
from listsync.store.server_guard import SqliteArrNames
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.limits import Cap
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import MOVIE, TV, entry
from tests.fakes import SERVER, FakeList, FakeServer, Title, a_film, a_series, whole
from tests.unit.agent.commands.world import World

_EXAMPLES = int(os.environ.get("AGREEMENT_EXAMPLES", "25"))
"""So many in CI; `AGREEMENT_EXAMPLES=2000` by hand."""

_PHASES = set(Phase) - ({Phase.shrink} if _EXAMPLES < 100 else set())
"""A world that fails is made smaller by hand: that takes minutes."""
_MEMORY = Path("/dev/shm")

_BOTH = (False, True)
_FILMS = [a_film(n, f"Film Number {n}", 2000 + n, imdb=f"tt000{n}") for n in range(1, 6)]
_SERIES = [
    a_series(100 + n, f"Serial Number {n}", 2010 + n, tvdb=7000 + n, imdb=f"tt700{n}", seasons=s)
    for n, s in ((1, (1,)), (2, (0, 1, 2)), (3, (1, 2, 3)))
]
_TITLES = [*_FILMS, *_SERIES]
_EVERYTHING = frozenset((kind, four_k) for kind in MediaType for four_k in _BOTH)
_HD = ArrChoice(4, "HD")
_FORMS = ("tmdb", "tmdb", "imdb", "title", "tvdb", "season")
_CHECKED_FORMS = (
    *("right imdb", "right tmdb", "wrong imdb", "wrong tmdb", "contradicting", "translated"),
    *("dead imdb", "dead tmdb", "dead tmdb, right imdb", "right id", "wrong id", "dead id"),
    *("right imdb, no kind", "wrong imdb, no kind", "right id, no kind"),
    *("unknown title, wrong id", "unknown title, wrong imdb", "unknown title, dead imdb", "doubt"),
)
"""Forms whose ids are held against title and year, or that are doubted themselves."""
_BAD = (Asking(user="stranger"), Asking(user="family", profile="missing"))
_ASKINGS = (
    *(AS_USUAL,) * 9,
    Asking(user="family"),
    Asking(user="7"),
    Asking(user="guests"),
    Asking(user="family", profile="HD"),
    *_BAD,
)


def _key(title: Title) -> TitleKey:
    return title.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One list: its rules, and which titles it names, each how."""

    rules: ListRules
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomWorld:
    """A whole world.

    `first`: so many lists were followed before the others came; `before`: so many lists were
    synced already, `requested` titles at the most; `gone`: what the server has forgotten since.
    """

    lists: tuple[Wanted, ...]
    exclusions: tuple[Exclusion, ...]
    cap: Cap
    allowances: Mapping[str | None, Allowance]
    states: Mapping[TitleKey, int]
    covered: Mapping[TitleKey, int]
    has_4k: bool
    before: int
    requested: int | None
    gone: frozenset[TitleKey]
    first: int = 0


def _entry(title: Title, form: str, rank: int) -> ListEntry:
    ids, kind = title.ids, title.key.kind
    by_name = entry(title.name, title.year, kind, rank=rank)
    by_number = entry(kind=kind, tmdb=title.key.tmdb_id, rank=rank)
    forms = {
        "tmdb": by_number,
        "imdb": entry(imdb=ids.imdb, rank=rank),
        "tvdb": entry(tvdb=ids.tvdb, rank=rank) if kind is TV else by_name,
        "season": by_number._replace(seasons=(2,)) if kind is TV else by_name,
        "doubt": by_number._replace(doubt="its season is not understood: many"),
    }
    checked = _checked_entry(title, form, rank)
    return checked or forms.get(form, by_name)


def _checked_entry(title: Title, form: str, rank: int) -> ListEntry | None:
    """Write a row whose ids nobody vouches for; the next title's are wrong, 999 leads nowhere."""
    by_name = entry(title.name, title.year, title.key.kind, rank=rank)
    unknown = by_name._replace(title="Nothing Like It", year=1950)
    other = _TITLES[(_TITLES.index(title) + 3) % len(_TITLES)]
    own, wrong = title.key.tmdb_id, other.key.tmdb_id
    if form.endswith(", no kind"):
        row = _checked_entry(title, form.removesuffix(", no kind"), rank)
        return row and row._replace(kind=None)
    numbers = {"right id": own, "wrong id": wrong, "dead id": 999}
    if form in numbers:
        return by_name._replace(bare_id=numbers[form])
    if form == "unknown title, wrong id":
        return unknown._replace(bare_id=wrong)
    rows = {
        "right imdb": (by_name, title.ids.imdb, None),
        "right tmdb": (by_name, None, own),
        "wrong imdb": (by_name, other.ids.imdb, None),
        "wrong tmdb": (by_name, None, wrong),
        "contradicting": (by_name, title.ids.imdb, wrong),
        "translated": (by_name._replace(title="Etwas Anderes"), title.ids.imdb, None),
        "dead imdb": (by_name, "tt9990", None),
        "dead tmdb": (by_name, None, 999),
        "dead tmdb, right imdb": (by_name, title.ids.imdb, 999),
        "unknown title, wrong imdb": (unknown, other.ids.imdb, None),
        "unknown title, dead imdb": (unknown, "tt9990", None),
    }
    if form not in rows:
        return None
    row, imdb, tmdb = rows[form]
    return row._replace(ids=ExternalIds(imdb=imdb, tmdb=tmdb), check_ids=True)


@st.composite
def _lists(draw: st.DrawFn) -> tuple[Wanted, ...]:
    found = []
    for number in range(draw(st.sampled_from([2, 1, 3]))):
        name = f"list {number}"
        asking = draw(st.sampled_from(_ASKINGS))
        rules = ListRules(
            source=f"file:/{number}",
            name=name,
            service="file",
            limit=draw(st.sampled_from([None, None, None, 2])),
            kind=draw(st.sampled_from([None, None, None, MOVIE, TV])),
            is_exclusion=number > 0 and draw(st.sampled_from([False, False, True])),
            four_k=draw(st.sampled_from([False, False, True])),
            asking=asking,
            seasons=draw(
                st.sampled_from(
                    [
                        ALL_SEASONS,
                        Seasons(which=Which.FIRST),
                        Seasons(which=Which.NAMED, numbers=frozenset({2})),
                        Seasons(which=Which.NAMED, numbers=frozenset({99})),
                    ]
                )
            ),
            filters=draw(st.sampled_from([NO_FILTERS, NO_FILTERS, Filters(year=Span(low=2003))])),
            max_per_run=draw(st.sampled_from([*(None,) * 7, 1])),
            max_per_day=draw(st.sampled_from([*(None,) * 7, 2])),
            new_seasons=draw(st.sampled_from([False, False, True])),
        )
        chosen = draw(st.lists(st.sampled_from(_TITLES), min_size=3, max_size=7, unique_by=_key))
        are_checked = draw(st.booleans())
        offered = (*_FORMS, *_CHECKED_FORMS) if are_checked else _FORMS
        forms = [draw(st.sampled_from(offered)) for _ in chosen]
        entries = tuple(
            _entry(title, form, rank)
            for rank, (title, form) in enumerate(zip(chosen, forms, strict=True), start=1)
        )
        found.append(Wanted(rules=rules, entries=entries))
    return tuple(found)


def _quotas(films: int | None, seasons: int | None) -> dict[MediaType, Quota]:
    limits = {MOVIE: films, TV: seasons}
    return {
        kind: Quota(limit=5, remaining=left, days=7)
        for kind, left in limits.items()
        if left is not None
    }


_ALLOWANCES = st.builds(
    lambda films, seasons, permitted, guests, is_acting: {
        "family": (
            family := Allowance(
                user_id=7, name="family", permitted=permitted, quotas=_quotas(films, seasons)
            )
        ),
        "7": family,
        "guests": Allowance(
            user_id=8, name="guests", permitted=_EVERYTHING, quotas=_quotas(guests, None)
        ),
        **({None: family} if is_acting else {}),
    },
    st.sampled_from([None, 0, 1, 3]),
    st.sampled_from([None, 0, 2, 4]),
    st.sampled_from([_EVERYTHING, _EVERYTHING, frozenset({(MOVIE, False)}), frozenset()]),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([False, False, False, True]),
)
_KEYS = st.sampled_from([title.key for title in _TITLES])
_EXCLUSION = st.sampled_from(_TITLES).flatmap(
    lambda title: st.sampled_from(
        [
            Exclusion(key=title.key),
            Exclusion(imdb=title.ids.imdb),
            Exclusion(title=title.name, year=title.year),
            Exclusion(title=title.name),
        ]
    )
)
_WORLDS = st.builds(
    RandomWorld,
    lists=_lists(),
    exclusions=st.lists(_EXCLUSION, max_size=2).map(tuple),
    cap=st.sampled_from([Cap(), Cap(), Cap(), Cap(), Cap(per_run=3), Cap(per_day=3)]),
    allowances=_ALLOWANCES,
    states=st.dictionaries(
        _KEYS,
        st.sampled_from([MediaStatus.PENDING, MediaStatus.AVAILABLE, MediaStatus.DELETED, 4, 6]),
        max_size=3,
    ),
    covered=st.dictionaries(st.sampled_from([one.key for one in _SERIES]), st.just(1), max_size=2),
    has_4k=st.booleans(),
    before=st.sampled_from([3, 3, 3, 0, 1]),
    requested=st.sampled_from([0, 0, 0, 1, 2, None]),
    gone=st.frozensets(_KEYS, max_size=2),
    first=st.sampled_from([0, 0, 1]),
)


_PLAIN = RandomWorld(
    lists=(),
    exclusions=(),
    cap=Cap(),
    allowances={},
    states={},
    covered={},
    has_4k=False,
    before=0,
    requested=None,
    gone=frozenset(),
)


class House:
    """One random world in a folder of its own."""

    def __init__(self, world: RandomWorld, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.database = Database(folder / FILE_NAME)
        self.server = FakeServer(
            *_TITLES, info=replace(SERVER, movie_4k=world.has_4k, series_4k=world.has_4k)
        )
        self.server.troubles = {"stranger": "there is no user 'stranger'"}
        arr = self.server.arr_services
        for kind in MediaType:
            arr.services[kind] = tuple(
                ArrService(id=number, name="arr", four_k=four_k, is_default=True, profile=_HD)
                for number, four_k in enumerate(_BOTH)
            )
            arr.offers |= {(kind, number): ArrOffer(profiles=(_HD,)) for number in (0, 1)}
        self.server.allowances = dict(world.allowances)
        for key, status in world.states.items():
            is_series_only = status == MediaStatus.PARTIALLY_AVAILABLE and key.kind is MOVIE
            self.server.states[key] = TitleState(1 if is_series_only else status, 1)
        for key, season in world.covered.items():
            self.server.covered[Edition(key, four_k=False)] = {season}

    def sync(
        self,
        lists: tuple[Wanted, ...],
        database: Database,
        *,
        dry_run: bool = False,
        cap: Cap | None = None,
    ) -> SyncReport:
        run = SyncRun(
            run_id=uuid4().hex, origin="test", started_at=datetime.now(UTC), dry_run=dry_run
        )
        return sync(
            run,
            Parts(
                lists=[Followed(one.rules, FakeList(whole(*one.entries))) for one in lists],
                exclusions=self.world.exclusions,
                server=self.server,
                memory=SqliteMemory(database),
                arr_names=SqliteArrNames(database),
                board=ProgressBoard(),
                facts=SqliteFacts(database),
                cap=cap or self.world.cap,
                feeds=SqliteFeeds(database),
            ),
        )

    def feed(self, rules: ListRules) -> set[TitleKey] | None:
        """Give what the feed of a list holds."""
        feeds = SqliteFeeds(self.database)
        titles = feeds.titles(rules) if feeds.find(rules) else None
        return None if titles is None else {TitleKey(one.kind, one.tmdb or 0) for one in titles}

    def titles(self) -> dict[str, tuple[FeedTitle, ...]]:
        """Give what the feeds hold, by the names of their lists."""
        feeds, every = SqliteFeeds(self.database), [one.rules for one in self.world.lists]
        return {rules.name: feeds.titles(rules) for rules in every if feeds.find(rules)}

    def plan(self) -> SyncReport:
        """Run dry on a copy of the state, as the agent does."""
        self.database.copy_to(self.folder / "copy.sqlite3")
        copy = Database(self.folder / "copy.sqlite3")
        try:
            return self.sync(self.world.lists, copy, dry_run=True)
        finally:
            copy.close()

    def explain(self, key: TitleKey) -> list[TitleShape]:
        agent = World()
        agent.state = SqliteAgentState(self.database)  # type: ignore[assignment]  # the real ones
        agent.exclusions, agent.cap = self.world.exclusions, self.world.cap
        agent.owner_asks = None not in self.world.allowances
        agent.follow(*(one.rules for one in self.world.lists))
        return explanations(agent.context, str(key), PageRequest(limit=20))["titles"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a state file that is migrated already."""
    path = tmp_path_factory.mktemp("empty") / FILE_NAME
    Database(path).close()
    return path


@contextmanager
def house_in(world: RandomWorld, empty: Path) -> Iterator[House]:
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        shutil.copyfile(empty, Path(name) / FILE_NAME)
        house = House(world, Path(name))
        try:
            if world.before:
                cap = Cap(per_run=world.requested)
                if world.first:
                    house.sync(world.lists[: world.first], house.database, cap=cap)
                house.sync(world.lists[: world.before], house.database, cap=cap)
            for key in world.gone:
                house.server.states.pop(key, None)
            yield house
        finally:
            house.database.close()


def _claims(told: list[TitleShape], *, four_k: bool) -> bool | None:
    """Say whether `explain` claims that a title is requested, or is not; None: that depends."""
    decisions = [one["decision"] for one in told if one["four_k"] is four_k]
    if not decisions:
        return None
    if any(one["verdict"] == "open" and not one["conditions"] for one in decisions):
        return True
    return None if any(one["verdict"] in {"open", "new"} for one in decisions) else False


def _is_unknown(explained: TitleShape) -> bool:
    """Tell a title that a sync has looked up, and `explain` takes for one that was not."""
    why: str = explained["decision"]["why"]
    return why.startswith("not looked up yet")


def _is_checked(explained: TitleShape, world: RandomWorld) -> bool:
    """Tell whether a row of what is explained has ids that nobody vouches for."""
    labels = {(one["list"], one["rank"]) for one in explained["lists"]}
    return any(
        entry.check_ids or entry.bare_id is not None
        for one in world.lists
        for entry in one.entries
        if (one.rules.name, entry.rank) in labels
    )


def _bodies(bodies: list[RequestBody]) -> list[tuple[object, ...]]:
    return [(one.key, one.four_k, one.seasons, one.asking) for one in bodies]


@pytest.mark.timeout(60 + _EXAMPLES)
@given(_WORLDS)
@settings(max_examples=_EXAMPLES, deadline=None, phases=_PHASES)
def test_what_is_planned_and_explained_is_what_is_done(empty: Path, world: RandomWorld) -> None:
    with house_in(world, empty) as house:
        planned = house.plan()
        told = {title.key: house.explain(title.key) for title in _TITLES}
        before = len(house.server.posted)
        done = house.sync(world.lists, house.database)
        posted = house.server.posted[before:]
        united = list(done.requested)
        # A plan asks no Radarr; it says that what it would have to ask for is on hold.
        if not any("not looked up" in item.why for item in planned.items):
            assert _bodies(list(planned.requested)) == _bodies(united)
            assert planned.count(Verdict.FAILED) == done.count(Verdict.FAILED)
        assert {(one.key, one.four_k) for one in posted} == {
            (one.key, one.four_k) for one in united
        }, "the server refused something"
        requested = {Edition(one.key, one.four_k) for one in united}
        for key, all_told in told.items():
            explained = [one for one in all_told if (one["kind"], one["tmdb_id"]) == key]
            if world.before >= len(world.lists):
                assert not any(map(_is_unknown, all_told)), (key, all_told, world)
            for four_k in _BOTH:
                claim = _claims(explained, four_k=four_k)
                are_checked = any(_is_checked(one, world) for one in explained)
                event(f"explain claims: {claim}{', ids are checked' if are_checked else ''}")
                is_requested = Edition(key, four_k) in requested
                # Of a list that was never read nothing is known that could be claimed, nor of
                # what somebody did at the server since it was read.
                is_known = world.before >= len(world.lists)
                is_changed = key in world.gone and key in world.states
                if claim or (claim is False and is_known and not is_changed):
                    assert is_requested is claim, (key, four_k, explained, world)


def _have_settled(
    before: Mapping[str, tuple[FeedTitle, ...]], after: Mapping[str, tuple[FeedTitle, ...]]
) -> bool:
    """Tell whether feeds hold the same, but for IMDb ids of series that were learned meanwhile.

    Those are known once a sync has read a series' details. While a limit has room for less than
    a list wants, that may be any sync: readers go ahead of what uses the limit up. No feed of
    series serves them, and none is ever forgotten.
    """
    return before.keys() == after.keys() and all(
        len(titles) == len(after[name])
        and all(_is_same(*both) for both in zip(titles, after[name], strict=True))
        for name, titles in before.items()
    )


def _is_same(before: FeedTitle, after: FeedTitle) -> bool:
    is_learned = after.kind is TV and before.imdb is None
    return after == (before._replace(imdb=after.imdb) if is_learned else before)


_IN_NO_FEED = {Verdict.REVIEW, Verdict.NOT_FOUND, Verdict.EXCLUDED}


@pytest.mark.timeout(60 + _EXAMPLES)
@given(_WORLDS)
@settings(max_examples=_EXAMPLES, deadline=None, phases=_PHASES)
def test_a_feed_has_what_a_plan_takes_and_nothing_that_it_leaves_out(
    empty: Path, world: RandomWorld
) -> None:
    with house_in(world, empty) as house:
        planned = house.plan()
        done = house.sync(world.lists, house.database)
        if done.result not in (Result.OK, Result.PARTLY):
            return
        feeds = {one.rules.name: house.feed(one.rules) for one in world.lists}
        house.sync(world.lists, house.database)  # which may know more: by what the first one read
        before = house.titles()
        house.sync(world.lists, house.database)
        assert _have_settled(before, house.titles())
        assert all(
            (feeds[one.rules.name] is None) is one.rules.is_exclusion for one in world.lists
        )
        for item in (*planned.items, *done.items):
            feed = feeds[item.list_name]
            if feed is None or item.key is None:
                continue
            if item.verdict is Verdict.REQUESTED:
                event("what is requested is in the feed")
                assert item.key in feed, (item, feed)
            elif item.verdict in _IN_NO_FEED or item.why.startswith(SkipReason.FILTERED.value):
                event("what is left out is not in the feed")
                assert item.key not in feed, (item, feed)


@pytest.mark.parametrize("form", ["tvdb", "imdb", "tmdb"])
def test_a_feed_names_a_series_the_same_before_and_after_its_details_were_read(
    empty: Path, form: str
) -> None:
    plain, held = (ListRules(source=f"file:/{one}", name=one, service="file") for one in "ab")
    lists = (
        Wanted(rules=plain, entries=(_entry(_SERIES[1], "tmdb", 1),)),
        Wanted(rules=replace(held, four_k=True), entries=(_entry(_SERIES[1], form, 1),)),
    )
    with house_in(replace(_PLAIN, lists=lists), empty) as house:
        house.sync(lists, house.database)
        first = house.titles()
        house.sync(lists, house.database)
        second = house.titles()
        assert _have_settled(first, second)
        house.sync(lists, house.database)
        assert house.titles() == second
        assert [one.imdb for titles in second.values() for one in titles] == ["tt7002", "tt7002"]


def test_an_entry_that_came_later_is_explained_with_its_title(empty: Path) -> None:
    film = _entry(_FILMS[0], "imdb", 1)
    lists = tuple(
        Wanted(rules=ListRules(source=f"file:/{one}", name=one, service="file"), entries=(film,))
        for one in ("a", "b")
    )
    world = replace(_PLAIN, lists=lists, first=1, before=2, requested=0)
    with house_in(world, empty) as house:
        (told,) = house.explain(_FILMS[0].key)
        assert [one["list"] for one in told["lists"]] == ["a", "b"]


def test_explain_and_review_say_why_an_id_is_not_believed(empty: Path) -> None:
    other, matrix = _FILMS[4], _FILMS[1]
    rows = (
        entry(matrix.name, matrix.year, MOVIE, imdb=other.ids.imdb, check=True),
        entry("Nothing Like It", 1950, imdb=other.ids.imdb, check=True, rank=2),
        entry(matrix.name, matrix.year, imdb=matrix.ids.imdb, tmdb=3, check=True, rank=3),
    )
    rules = ListRules(source="file:/a", name="a", service="file")
    world = replace(_PLAIN, lists=(Wanted(rules=rules, entries=rows),))
    with house_in(world, empty) as house:
        report = house.sync(world.lists, house.database)
        why = "the list says Film Number 2 (2002), but tt0005 is Film Number 5 (2005) [movie/5]"
        assert [body.key for body in house.server.posted] == [matrix.key]
        assert why in report.items[0].reasons[0]
        (told, *_) = house.explain(matrix.key)
        assert told["match"] is not None
        assert why in told["match"]["why"]
        _, waiting, _ = SqliteAgentState(house.database).reviews.waiting(limit=9)
        said = {one.label: one.reasons[0] for one in waiting}
        assert said.keys() == {"Nothing Like It (1950)", "Film Number 2 (2002)"}
        assert "but tt0005 is Film Number 5" in said["Nothing Like It (1950)"]
        assert "the ids contradict each other" in said["Film Number 2 (2002)"]
