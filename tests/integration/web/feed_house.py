"""An agent whose lists are read by syncs with a real state, for its feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion
from listsync.domain.report import SyncReport, SyncRun
from listsync.store.database import FILE_NAME, Database
from listsync.store.feeds import SqliteFeeds
from listsync.store.match_cache import SqliteFacts
from listsync.store.server_guard import SqliteArrNames
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import rules
from tests.fakes import FakeList, FakeServer, Reading, a_film, a_series, whole
from tests.unit.agent.commands.world import World

DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
MATRIX = a_film(603, "The Matrix", 1999, imdb="tt0133093")
LOST = a_series(4607, "Lost", 2004, tvdb=73739, imdb="tt0411008")
DARK = a_series(70523, "Dark", 2017, tvdb=334824, imdb="tt5753856")


class FeedHouse:
    """Lists, a server, a state; each `sync` is one run."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / FILE_NAME)
        self.state = SqliteAgentState(self.database)
        self.server = FakeServer(DUNE, MATRIX, LOST, DARK)
        self.has_server = True
        self.exclusions: list[Exclusion] = []
        self.agent = World()
        self.agent.state = self.state  # type: ignore[assignment]  # the real one
        self.context = self.agent.context
        self._readings: dict[str, tuple[ListRules, Reading]] = {}

    def play(self, reading: Reading, of: ListRules | None = None) -> FeedHouse:
        """Let a list be read so by the next syncs."""
        one = of or rules()
        self._readings[one.name] = (one, reading)
        self.agent.follow(*(rules for rules, _ in self._readings.values()))
        self.context = self.agent.context
        return self

    def follow(self, *entries: ListEntry, of: ListRules | None = None) -> FeedHouse:
        return self.play(whole(*entries), of)

    def unfollow(self, name: str) -> None:
        del self._readings[name]
        self.agent.follow(*(rules for rules, _ in self._readings.values()))
        self.context = self.agent.context

    def sync(self, only: Sequence[str] | None = None) -> SyncReport:
        run = SyncRun(run_id=uuid4().hex, origin="test", started_at=datetime.now(UTC))
        report = sync(run, self.parts(only))
        self.agent.shown = {row.source: row for row in self.state.lists.all()}
        return report

    def parts(self, only: Sequence[str] | None = None) -> Parts:
        return Parts(
            lists=[
                Followed(of, FakeList(reading))
                for of, reading in self._readings.values()
                if only is None or of.name in only
            ],
            exclusions=self.exclusions,
            server=self.server if self.has_server else None,
            memory=SqliteMemory(self.database),
            arr_names=SqliteArrNames(self.database),
            board=ProgressBoard(),
            facts=SqliteFacts(self.database),
            feeds=SqliteFeeds(self.database),
        )
