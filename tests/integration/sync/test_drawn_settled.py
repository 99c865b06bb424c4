"""Worlds drawn at random: to pass over what is settled changes no outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.list_rules import ALL_SEASONS, ListRules, Seasons, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, TitleKey
from listsync.domain.report import SyncReport
from listsync.domain.server import MediaStatus
from listsync.ports.state import Memory
from listsync.sync.fetch_lists import Followed
from listsync.sync.pipeline import Settled, Settler
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import MOVIE, RUN, TV, entry, rules
from tests.fakes import (
    FakeArrNames,
    FakeFacts,
    FakeList,
    FakeMemory,
    FakeServer,
    a_film,
    a_series,
    whole,
)
from tests.thorough import tries

_TITLES = (
    a_film(1, "Dune", 2021, imdb="tt0000001"),
    a_film(2, "Heat", 1995, imdb="tt0000002"),
    a_series(1, "Lost", 2004, tvdb=11, imdb="tt0000003"),
    a_series(2, "Tatort", 1970, tvdb=12),
    a_film(3, "Alien", 1979),
    a_series(3, "Dark", 2017, tvdb=13, imdb="tt0000004"),
)
_ENTRIES = st.builds(
    entry,
    st.sampled_from(["Dune", "Heat", "Lost", "Dark", "Nothing"]),
    st.sampled_from([2021, None]),
    st.sampled_from([MOVIE, TV, None]),
    imdb=st.sampled_from([None, "tt0000001", "tt0000002", "tt0000003", "tt0000009"]),
    tmdb=st.sampled_from([None, 1, 2, 3]),
    tvdb=st.sampled_from([None, 11, 13]),
    season=st.sampled_from([None, None, 2]),
)
_SEASONS = st.sampled_from(
    [ALL_SEASONS, Seasons(which=Which.FIRST), Seasons(which=Which.NAMED, numbers=frozenset({2}))]
)
_EXCLUSIONS = st.sampled_from(
    [Exclusion(title="Dune"), Exclusion(key=TitleKey(TV, 1)), Exclusion(imdb="tt0000002")]
)
_STATUSES = st.sampled_from([*MediaStatus, None])


def _runs(
    lists: Sequence[tuple[ListRules, Sequence[ListEntry]]],
    statuses: Sequence[MediaStatus | None],
    exclusions: Sequence[Exclusion],
    seasons: Sequence[Sequence[Seasons]],
) -> tuple[list[SyncReport], FakeServer, Memory]:
    """Sync twice; in between the server's titles change to *statuses*, and rules of *seasons*."""
    server, memory = FakeServer(*_TITLES), FakeMemory()
    reports = []
    for excluded, chosen in zip(((), exclusions), seasons, strict=True):
        parts = Parts(
            lists=[
                Followed(replace(one, seasons=which), FakeList(whole(*entries)))
                for (one, entries), which in zip(lists, chosen, strict=False)
            ],
            exclusions=excluded,
            server=server,
            memory=memory,
            arr_names=FakeArrNames(),
            board=ProgressBoard(),
            facts=FakeFacts(),
        )
        reports.append(replace(sync(RUN, parts), duration_s=0, calls=0))
        for title, status in zip(_TITLES, statuses, strict=True):
            if status is None:
                server.states.pop(title.key, None)
            else:
                server.set_status(title.key, status)
    return reports, server, memory


@settings(max_examples=tries(20, 500))
@given(
    st.lists(st.lists(_ENTRIES, max_size=4), min_size=1, max_size=3),
    st.tuples(*(_STATUSES for _ in _TITLES)),
    st.lists(_EXCLUSIONS, max_size=1),
    st.tuples(*(st.tuples(_SEASONS, _SEASONS, _SEASONS) for _ in range(2))),
)
def test_settling_changes_no_outcome(
    lists: list[list[ListEntry]],
    statuses: tuple[MediaStatus | None, ...],
    exclusions: list[Exclusion],
    seasons: tuple[tuple[Seasons, ...], ...],
) -> None:
    kinds = (None, None, MOVIE)
    followed = [
        (rules(f"list-{number}", kind=kinds[number], four_k=number == 1), entries)
        for number, entries in enumerate(lists)
    ]
    ours, server, memory = _runs(followed, statuses, exclusions, seasons)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settler, "settle", lambda _, wanted: Settled(open=list(wanted)))
        theirs, plain_server, plain_memory = _runs(followed, statuses, exclusions, seasons)
    assert ours == theirs
    assert server.posted == plain_server.posted
    # How often titles are looked up depends on how far readers are ahead, and so does the sum of
    # all calls.
    for method in ("identify", "read_index", "request"):
        assert server.counts[method] == plain_server.counts[method]
    assert memory.handled.load() == plain_memory.handled.load()
