"""Items say that they are excluded, and by whom: as the last sync said, and a command since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import BY_COMMAND, BY_CONFIGURATION, Exclusion
from listsync.domain.media import parse_exclusion as named
from listsync.domain.report import SyncRun
from listsync.store.database import FILE_NAME
from listsync.sync.fetch_lists import Followed
from listsync.sync.limits import Cap
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import MOVIE, entry, rules
from tests.fakes import FakeArrNames, FakeFacts, FakeList, FakeServer, a_film, whole
from tests.integration.store.test_history import World

ALIEN, DUNE, HEAT = 348, 438631, 949
_ALIEN = entry("Alien", 1979, MOVIE, tmdb=ALIEN)
_DUNE = entry("Dune", 2021, MOVIE, imdb="tt1160419", rank=2)
_HEAT = entry("Heat", 1995, MOVIE, rank=3)
_UNWANTED = rules("unwanted", is_exclusion=True)


class Syncs(World):
    """Syncs of the list `mine` and of what is `unwanted`, with a state file.

    They look titles up, and request nothing unless they may.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._numbers = count()

    def sync(
        self, *unwanted: ListEntry, exclusions: Sequence[Exclusion] = (), most: int = 0
    ) -> None:
        server = FakeServer(
            a_film(ALIEN, "Alien", 1979),
            a_film(DUNE, "Dune", 2021, imdb="tt1160419"),
            a_film(HEAT, "Heat", 1995),
        )
        parts = Parts(
            lists=[
                Followed(rules(), FakeList(whole(_ALIEN, _DUNE, _HEAT))),
                Followed(_UNWANTED, FakeList(whole(*unwanted))),
            ],
            exclusions=exclusions,
            server=server,
            memory=self.memory,
            arr_names=FakeArrNames(),
            board=ProgressBoard(),
            facts=FakeFacts(),
            cap=Cap(per_run=most),
        )
        run = SyncRun(
            run_id=f"r{next(self._numbers)}", origin="test", started_at=datetime.now(UTC)
        )
        sync(run, parts)

    def told(self, name: str = "mine") -> dict[str, tuple[str, str | None]]:
        found = [row for row in self.items() if row.list_name == name]
        return {row.title: (row.status, row.excluded) for row in found}


@pytest.fixture
def syncs(tmp_path: Path) -> Iterator[Syncs]:
    syncs = Syncs(tmp_path / FILE_NAME)
    yield syncs
    syncs.database.close()


_EVERYTHING = (named(f"tmdb:movie/{ALIEN}"), named("imdb:tt1160419"), Exclusion(title="Heat"))


@pytest.mark.parametrize("exclusion", _EVERYTHING, ids=["by-number", "by-imdb-id", "by-title"])
def test_what_the_configuration_excludes_says_so(syncs: Syncs, exclusion: Exclusion) -> None:
    syncs.sync(exclusions=[exclusion])
    excluded = {title: by for title, (status, by) in syncs.told().items() if status == "excluded"}
    (title,) = excluded
    assert excluded == {title: BY_CONFIGURATION}
    assert syncs.state.items.counts("mine")["excluded"] == 1


def test_what_a_list_excludes_names_the_list_and_so_do_its_own_rows(syncs: Syncs) -> None:
    syncs.sync(entry(imdb="tt1160419"), entry("Heat", 1995, rank=2))
    by_list = ("excluded", "by the list unwanted")
    told = syncs.told()
    assert (told["Dune (2021)"], told["Heat (1995)"]) == (by_list, by_list)
    assert told["Alien (1979)"] == ("new", None)
    assert set(syncs.told("unwanted").values()) == {by_list}


def test_a_sync_takes_back_what_excludes_no_more_and_only_of_its_own_lists(syncs: Syncs) -> None:
    syncs.read("other", _ALIEN)
    syncs.state.exclusions.add(f"tmdb:movie/{ALIEN}", datetime.now(UTC))
    syncs.sync(exclusions=_EVERYTHING)
    assert {status for status, _ in syncs.told().values()} == {"excluded"}
    syncs.sync()
    assert {by for _, by in syncs.told().values()} == {None}
    assert syncs.told("other") == {"Alien (1979)": ("excluded", BY_COMMAND)}


@pytest.mark.parametrize("item", [f"tmdb:movie/{ALIEN}", "imdb:tt1160419", f"tmdb:movie/{HEAT}"])
def test_a_command_shows_at_once_and_so_does_taking_it_back(syncs: Syncs, item: str) -> None:
    syncs.sync()
    syncs.state.exclusions.add(item, datetime.now(UTC))
    (by,) = [by for status, by in syncs.told().values() if status == "excluded"]
    assert by == BY_COMMAND
    syncs.state.exclusions.forget(item, named(item))
    assert "excluded" not in {status for status, _ in syncs.told().values()}


def test_forgetting_a_command_leaves_what_something_else_excludes(syncs: Syncs) -> None:
    item = f"tmdb:movie/{ALIEN}"
    syncs.sync(exclusions=[named(item)])
    syncs.state.exclusions.add(item, datetime.now(UTC))
    syncs.state.exclusions.forget(item, named(item))
    assert syncs.told()["Alien (1979)"] == ("excluded", BY_CONFIGURATION)


def test_what_was_done_before_stays_told_though_it_is_excluded_since(syncs: Syncs) -> None:
    syncs.sync(most=3)
    syncs.state.exclusions.add(f"tmdb:movie/{ALIEN}", datetime.now(UTC))
    assert syncs.told()["Alien (1979)"] == ("requested", None)
