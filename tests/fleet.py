"""Real agents that share the work: `listsync run` for each, one PostgreSQL, one request server.

What the request server noted of POSTs is the judge of what was requested twice, or not at all.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from listsync.domain.fleet import TIMES_VARIABLE, LeaseTimes
from listsync.sandbox.process import SandboxProcess
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import AgentProcess, replace_file, until
from tests.acceptance.conftest import Home, titles_csv
from tests.fork_server import LOADS
from tests.seeds import drawing

FIRST = 20_000_001
"""The first of the sandbox's invented films."""
TIMES = LeaseTimes(3.0, 0.6, 1.0)
PATIENCE_S = 90.0


class AgentFleet:
    """Agents by name, each with a folder and a state of its own; all follow one list."""

    def __init__(
        self, folder: Path, dsn: str, sandbox: SandboxProcess, times: LeaseTimes = TIMES
    ) -> None:
        self.chance = drawing()
        self.folder = folder
        self.dsn = dsn
        self.sandbox = sandbox
        self.times = times
        self.timeout_s = times.post_s
        self.agents: dict[str, AgentProcess] = {}
        self._ended: list[AgentProcess] = []
        self._exclusions: Sequence[dict[str, object]] = ()
        self.list_file = folder / "titles.csv"
        self._admin: psycopg.Connection[Any] | None = None

    # -- agents ------------------------------------------------------------------------------

    def write_list(self, count: int, first: int = FIRST) -> list[int]:
        """Let the list hold so many films; gives their numbers."""
        return self.write_numbers(list(range(first, first + count)))

    def write_numbers(self, numbers: list[int]) -> list[int]:
        """Let the list hold these films."""
        replace_file(self.list_file, titles_csv(numbers))
        return numbers

    def write_exclusions(self, name: str, numbers: Sequence[int]) -> dict[str, object]:
        """Write a list of films that must not be requested; gives its entry for `start`."""
        path = self.folder / f"{name}.csv"
        replace_file(path, titles_csv(numbers))
        return {"file": str(path), "name": name, "exclude": True}

    def start(self, name: str, executable: Sequence[str] | None = None) -> AgentProcess:
        """Start an agent, or start one again with the state that it has; it is not waited for."""
        home = Home(self.folder / name, self.sandbox)
        home.folder.mkdir(exist_ok=True)
        self._write_config(home, name)
        times = ",".join(str(one) for one in (self.times.lease_s, self.times.renew_s))
        environment = {
            TIMES_VARIABLE: f"{times},{self.times.post_s}",
            "FLEET_DSN": self.dsn,
            LOADS: "psycopg",
        }
        agent = AgentProcess(home, environment=environment, executable=executable)
        self.agents[name] = agent
        return agent

    def _write_config(self, home: Home, name: str) -> None:
        config = {
            "server": {
                "url": self.sandbox.url,
                "api_key": self.sandbox.api_key,
                "timeout_s": self.timeout_s,
            },
            "sync": {"every": "24h"},
            "lists": [{"file": str(self.list_file), "name": "films"}, *self._exclusions],
            "postgres": {"dsn": {"env": "FLEET_DSN"}, "fleet": True, "agent_name": name},
        }
        (home.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")

    def start_all(self, count: int, exclusions: Sequence[dict[str, object]] = ()) -> AgentProcess:
        """Start so many and wait for them; the first one leads."""
        self._exclusions = exclusions
        self.start("agent1").until_ready()
        leader = self.until_led()
        for number in range(2, count + 1):
            self.start(f"agent{number}")
        for agent in self.agents.values():
            agent.until_ready()
        return leader

    def kill(self, agent: AgentProcess) -> None:
        """End it as a power failure would; it may be started again by its name."""
        agent.close()
        self._ended.append(agent)
        self.agents = {name: one for name, one in self.agents.items() if one is not agent}

    def others(self, agent: AgentProcess) -> list[AgentProcess]:
        return [one for one in self.agents.values() if one is not agent]

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()
        everybody = [*self.agents.values(), *self._ended]
        for agent in everybody:
            agent.close()
        for agent in everybody:
            assert "Traceback" not in agent.log, agent.log

    # -- the lease ---------------------------------------------------------------------------

    @property
    def admin(self) -> psycopg.Connection[Any]:
        """A connection to look at the fleet by; opened anew after a restart of the server."""
        if self._admin is None or self._admin.broken or self._admin.closed:
            self._admin = psycopg.connect(self.dsn, autocommit=True)
        return self._admin

    def lease(self) -> tuple[str, int, float]:
        """Give who leads or led last, in which epoch, and for how long that holds."""
        asked = "SELECT leader, epoch, extract(epoch FROM expires_at - clock_timestamp())::float8"
        with suppress(psycopg.errors.UndefinedTable):
            found = self.admin.execute(f"{asked} FROM listsync_fleets").fetchone()
            if found is not None:
                return str(found[0]), int(found[1]), float(found[2])
        return "", 0, 0.0

    def leader(self) -> AgentProcess | None:
        name, _, left_s = self.lease()
        return self.agents.get(name) if left_s > 0 else None

    def until_led(self, after: int = 0) -> AgentProcess:
        """Wait until somebody leads in an epoch after *after*."""

        def led() -> AgentProcess | None:
            return self.leader() if self.lease()[1] > after else None

        found = until(lambda: self._how_it_stands(after), led, within_s=PATIENCE_S)
        assert found is not None
        return found

    def _how_it_stands(self, after: int) -> str:
        logs = (f"{name}:\n{one.log}" for name, one in self.agents.items())
        return "\n".join([f"a leader after epoch {after}; the lease is {self.lease()}", *logs])

    def takeover_s(self, epoch: int) -> float:
        """Say how long it takes from now until somebody leads in a later epoch."""
        began = time.monotonic()
        self.until_led(epoch)
        return time.monotonic() - began

    def end_backends(self, name: str = "listsync%") -> int:
        """End the server's side of the agents' connections, by what they call themselves."""
        found = self.admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name LIKE %s",
            (name,),
        ).fetchone()
        return int(found[0]) if found is not None else 0

    # -- what was requested ------------------------------------------------------------------

    def posted(self) -> list[int]:
        return [one["tmdbId"] for one in self.sandbox.admin("log")["requests"]]

    def duplicates(self) -> dict[int, int]:
        return {number: times for number, times in Counter(self.posted()).items() if times > 1}

    def until_posted(self, count: int) -> None:
        until(f"{count} requests", lambda: len(self.posted()) >= count, within_s=PATIENCE_S)

    def until_all(self, numbers: Sequence[int]) -> None:
        """Wait until all is requested, as somebody does who asks for a sync now and then."""
        wanted, asked_at = set(numbers), time.monotonic()

        def is_all() -> bool:
            nonlocal asked_at
            if wanted <= set(self.posted()):
                return True
            if time.monotonic() - asked_at > self.times.post_s:
                asked_at = time.monotonic()
                self.sync_now()
            return False

        until("all is requested", is_all, within_s=PATIENCE_S)

    def sync_now(self) -> None:
        """Ask any agent for a sync."""
        agent = self.chance.choice(list(self.agents.values()))
        with suppress(ClientError):
            agent.ask("trigger")

    def until_at_rest(self) -> None:
        """Wait until no agent syncs."""

        def is_at_rest() -> bool:
            with suppress(ClientError):
                return all(one.is_at_rest() for one in self.agents.values())
            return False

        until("no agent syncs", is_at_rest, within_s=PATIENCE_S)

    def assert_each_once(self, numbers: Sequence[int]) -> None:
        """Compare what the request server was sent with what the list wants."""
        assert self.duplicates() == {}
        assert sorted(self.posted()) == sorted(numbers)


@contextmanager
def agent_fleet(
    folder: Path, dsn: str, sandbox: SandboxProcess, times: LeaseTimes = TIMES
) -> Iterator[AgentFleet]:
    """Give a fleet without agents yet; all that are started end with the block."""
    fleet = AgentFleet(folder, dsn, sandbox, times)
    try:
        yield fleet
    finally:
        fleet.close()
