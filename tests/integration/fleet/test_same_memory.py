"""Whatever several agents write, and however they are cut off, all remember the same at last."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice
from listsync.domain.lists import ListOutcome
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import (
    FailedRequest,
    HandledSeasons,
    Handling,
    Intent,
    Miss,
    Notes,
    Sent,
)
from listsync.domain.server import (
    RequestBody,
    RequestResponse,
    ResponseKind,
    ServerRequest,
)
from listsync.domain.server_knowledge import RequestList
from listsync.store.clock_changes import follow_step
from listsync.store.imported_titles import import_titles
from listsync.sync.deduplication import members_of
from tests.builders import entry
from tests.integration.fleet.sharing import FleetAgent, changes_in, memory_of
from tests.integration.store.state import rules
from tests.thorough import tries

_FLEETS = count(1)
_SOURCES = ("mine", "yours")
_NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


class _KilledError(Exception):
    pass


class World:
    """Two agents that are driven at random; the first leads at the beginning."""

    def __init__(self, dsn: str, folder: Path, chance: random.Random) -> None:
        self._dsn = dsn
        self._folder = folder
        self._chance = chance
        self._fleet = f"fleet_{next(_FLEETS)}"
        self._runs = count(1)
        self._minutes = count(1)
        self.agents = [self.new("one"), self.new("two")]
        self.leader = self.agents[0]
        self._read(self.agents[1])
        for one in self.agents:
            one.join()
        self.leader.lead()

    def new(self, name: str) -> FleetAgent:
        return FleetAgent(self._dsn, self._folder / f"{name}.db", self._fleet)

    def do(self, name: str) -> None:
        if name in _ANYBODY:
            _ANYBODY[name](self, self._chance.choice(self.agents))
        else:
            _LEADERS[name](self, self.leader)

    def end(self) -> None:
        self.leader.pull()
        self.leader.push()
        for one in self.agents:
            one.exchange.drop_left_over(one.link)
            one.pull()

    def close(self) -> None:
        for one in self.agents:
            one.close()

    def _at(self) -> datetime:
        return _NOW + timedelta(minutes=next(self._minutes))

    def _key(self, kind: MediaType | None = None) -> TitleKey:
        return TitleKey(kind or self._chance.choice(list(MediaType)), self._chance.randint(1, 5))

    def _edition(self, kind: MediaType | None = None) -> Edition:
        return Edition(self._key(kind), four_k=self._chance.random() < 0.3)

    def _read(self, agent: FleetAgent) -> None:
        source = self._chance.choice(_SOURCES)
        numbers = self._chance.sample(range(1, 6), self._chance.randint(1, 5))
        found = [entry(f"Film {one}", 2000, tmdb=one, rank=at) for at, one in enumerate(numbers)]
        agent.file.read(source, *found, at=self._at())

    def _fail(self, agent: FleetAgent) -> None:
        later = self._at() + timedelta(days=1)
        given = rules(self._chance.choice(_SOURCES))
        agent.memory.list_setbacks.save(given, ListOutcome.BLOCKED, "away", self._at(), later)

    def _rename(self, agent: FleetAgent) -> None:
        source = rules(self._chance.choice(_SOURCES)).source
        for old in list(agent.memory.snapshots.entries(source))[:1]:
            agent.memory.snapshots.rename(source, {old: f"other {self._chance.randint(1, 3)}"})

    def _request(self, agent: FleetAgent) -> None:
        """Act on an entry, as far as a kill lets it."""
        given = rules(self._chance.choice(_SOURCES))
        entries = agent.memory.snapshots.entries(given.source)
        if not entries:
            return
        name = self._chance.choice(sorted(entries))
        member = members_of(given, [entries[name]])[0]._replace(entry_id=name)
        edition = self._edition()
        body = RequestBody(key=edition.key, four_k=edition.four_k)
        agent.memory.record(Notes(), [Intent("Film", (given.name,), body)])
        if self._chance.random() < 0.5:
            agent.push()
        if self._chance.random() < 0.2:
            return
        kind = self._chance.choice([ResponseKind.REQUESTED, ResponseKind.UNSURE])
        answered = RequestResponse(kind=kind, request_id=self._chance.randint(1, 9))
        seasons = HandledSeasons("all", "1,2") if edition.key.kind is MediaType.TV else None
        agent.memory.record(
            Notes(
                handled=[Handling(member, edition, seasons)],
                sent=[Sent(f"run-{agent.path.stem}", "Film", (given.name,), body, answered)],
            )
        )

    def _learn(self, agent: FleetAgent) -> None:
        found = Match(
            found=Found.FOUND, how=How.TITLE, key=self._key(), title="A", score=0.1 + 0.2
        )
        missed = Match(found=Found.REVIEW, how=How.TITLE, reasons=("ähnlich",))
        edition = self._edition()
        request = ServerRequest(edition=edition, status=1, request_id=3, seasons=frozenset({1}))
        series = self._edition(MediaType.TV)
        agent.memory.record(
            Notes(
                matches={f"title:{self._chance.randint(1, 3)}": found, "title:x": missed},
                misses={"title:x": Miss(Found.REVIEW, 1, self._at())},
                failed={
                    (edition, self._chance.choice([None, 7])): FailedRequest("no", 2, self._at())
                },
                looked={series: date(2026, 12, 1)},
                seen=[request],
            )
        )

    def _requests_read(self, agent: FleetAgent) -> None:
        one = ServerRequest(edition=self._edition(), status=3, request_id=1, seasons=frozenset())
        agent.memory.server_requests.save_reading([one], RequestList(), self._at())

    def _depart(self, agent: FleetAgent) -> None:
        found = agent.memory.departures.load()
        agent.memory.departures.save_warnings(found[:2])
        run = SyncRun(run_id=f"run-{agent.path.stem}", origin="test", started_at=self._at())
        for one in found:
            if one.is_gone and self._chance.random() < 0.7:
                agent.memory.departures.settle(one, run, cancelled=self._chance.random() < 0.5)

    def _run(self, agent: FleetAgent) -> None:
        run = SyncRun(
            run_id=f"{agent.path.stem}-{next(self._runs)}", origin="test", started_at=self._at()
        )
        agent.memory.runs.begin(run)
        if self._chance.random() < 0.7:
            agent.state.runs.close_cut_off(self._at())

    def _available(self, agent: FleetAgent) -> None:
        edition = self._edition()
        with agent.database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO title_status (server, kind, tmdb, four_k, status)"
                " SELECT id, ?, ?, ?, 'available' FROM servers",
                (*edition.key, edition.four_k),
            )

    def _import(self, agent: FleetAgent) -> None:
        import_titles(agent.database, [(self._edition(), "Imported", self._at())])
        agent.push()

    def _set_clock(self, agent: FleetAgent) -> None:
        step = timedelta(seconds=self._chance.choice([-3600, 90]))
        follow_step(agent.database, step, since=_NOW, now=datetime.now(UTC))

    def _push(self, agent: FleetAgent) -> None:
        agent.push()

    def _killed(self, agent: FleetAgent) -> None:
        """Kill the agent between the commit in PostgreSQL and ours; start it again."""
        real = agent.rows.note_shared

        def killed(*_: object) -> None:
            raise _KilledError

        agent.rows.note_shared = killed  # type: ignore[method-assign,assignment]
        with suppress(_KilledError):
            agent.push()
        agent.rows.note_shared = real  # type: ignore[method-assign]
        self._restart(agent)

    def _restart(self, agent: FleetAgent) -> None:
        at = self.agents.index(agent)
        agent.close()
        again = self.agents[at] = self.new(agent.path.stem)
        again.state.runs.close_cut_off(self._at())
        again.join()
        if agent is self.leader:
            self.leader = again
            again.lead()

    def _change_leader(self, agent: FleetAgent) -> None:
        for one in self.agents:
            if one is not agent:
                one.lease.clock.end()
        agent.lead()
        self.leader = agent
        for one in self.agents:
            if one is not agent:
                one.stand_by()

    def _pull(self, agent: FleetAgent) -> None:
        agent.pull()

    def _say(self, agent: FleetAgent) -> None:
        exclusions, reviews = agent.state.exclusions, agent.state.reviews
        what: list[Callable[[], object]] = [
            lambda: exclusions.add(f"tmdb:movie/{self._chance.randint(1, 3)}", self._at()),
            lambda: reviews.choose("title:1", Choice(self._key(), "A", self._at())),
            lambda: reviews.withdraw("title:1"),
            exclusions.forget_all,
        ]
        with agent.exchange.command(agent.link):
            self._chance.choices(what, [3, 3, 2, 1])[0]()

    def _undone(self, agent: FleetAgent) -> None:
        """Say something that PostgreSQL does not take."""
        before = memory_of(agent.database)
        agent.link.cut()
        with pytest.raises(Exception, match="PostgreSQL"), agent.exchange.command(agent.link):
            agent.state.exclusions.add("tmdb:movie/9", self._at())
        assert memory_of(agent.database) == before
        self._restart(agent)


_LEADERS: dict[str, Callable[[World, FleetAgent], None]] = {
    "read": World._read,
    "fail": World._fail,
    "rename": World._rename,
    "request": World._request,
    "learn": World._learn,
    "requests read": World._requests_read,
    "depart": World._depart,
    "run": World._run,
    "available": World._available,
    "import": World._import,
    "clock": World._set_clock,
    "push": World._push,
    "killed": World._killed,
}
_ANYBODY: dict[str, Callable[[World, FleetAgent], None]] = {
    "pull": World._pull,
    "say": World._say,
    "undone": World._undone,
    "restart": World._restart,
    "lead": World._change_leader,
}
_OFTEN = ("read", "request", "learn", "depart", "pull", "say")


def is_same(dsn: str, seed: int, steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        world = World(dsn, Path(folder), random.Random(seed))
        try:
            for step in steps:
                world.do(step)
            world.end()
            world.agents.append(fresh := world.new("fresh"))
            fresh.join()
            for one in world.agents:
                one.pull()
                assert not changes_in(one.database)
            first, *others = (memory_of(one.database) for one in world.agents)
            for other in others:
                for noun, rows in first.items():
                    assert rows == other[noun], noun
        finally:
            world.close()


_STEPS = st.lists(st.sampled_from([*_LEADERS, *_ANYBODY, *_OFTEN, *_OFTEN]), max_size=25)


@pytest.mark.slow
@pytest.mark.timeout(tries(120, 3600))
@settings(
    max_examples=tries(8, 500),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), steps=_STEPS)
def test_all_agents_remember_the_same(postgres_dsn: str, seed: int, steps: list[str]) -> None:
    is_same(postgres_dsn, seed, steps)
