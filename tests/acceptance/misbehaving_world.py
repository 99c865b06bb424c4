"""A busy world in which everybody may misbehave: who serves, who is told, the disk, the agent.

Titles come by a file and by three list services, messages go by webhook, Discord, Telegram and
mail, syncs are triggered by command and by PostgreSQL, state and copies lie on a small disk.
"""

from __future__ import annotations

import json
import shutil
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

import httpx

from listsync.domain.fleet import TIMES_VARIABLE
from listsync.domain.transfers import LIVE_STATES
from listsyncctl.client import ClientError
from tests import hurried_agent
from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.busy_world import FIRST, World, targets_of
from tests.acceptance.conftest import Home, titles_csv
from tests.acceptance.counterparts import (
    OF_DISCORD,
    OF_LISTS,
    OF_TELEGRAM,
    AgentItself,
    Counterpart,
    Disk,
    Mail,
    Postgres,
    ServerCalls,
    ServerItself,
    Service,
    plex_of,
    receiver_of,
    revive,
)
from tests.faulty_web import FaultyWeb, WebAnswer, WebRequest, serving_web
from tests.integration.http.authority import authority
from tests.integration.notify.mail_server import MailServer, taking_mail
from tests.integration.notify.receiver import receiving
from tests.media_servers import Library, PlexFake, serving
from tests.small_disk import KEEPER, SmallDisk, small_disk

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_SCRIPT = [sys.executable, hurried_agent.__file__, "run"]
_WHERE = ("file", "custom", "stevenlu", "mdblist")
_TOLD = ("requested", "transfer", "failure", "needs_attention", "recovered")
_DISK_MB = 32
_PATIENCE_S = 120.0
_PASSING = ("server_changed", "requests_unchecked", "config_warning", "open_to_others")
"""Notices that tell of something, and of nothing that is wrong still."""
_TIMES = "3.0,0.6,1.0"
"""Of the lease of a fleet."""


@dataclass(kw_only=True)
class Services:
    """Whoever is asked for lists or told something over HTTP; by name."""

    custom: FaultyWeb
    stevenlu: FaultyWeb
    mdblist: FaultyWeb
    discord: FaultyWeb
    telegram: FaultyWeb
    mail: MailServer
    ca_file: Path
    lets_in: Callable[[bool], None]
    """Says whether the first one shows the right certificate."""


@dataclass(kw_only=True)
class MisbehavingWorld(World):
    """Titles are dealt out to four lists; `counterparts` may each do something wrong."""

    services: Services
    disk: SmallDisk
    server: ServerItself
    postgres: Postgres
    is_fleet: bool
    places: dict[int, str] = field(default_factory=dict)
    """By which list a title comes."""
    agent: AgentProcess | None = None
    ends: int = 0
    """How often it was killed or ended, so that it may not know that a message was taken."""
    counterparts: list[Counterpart] = field(default_factory=list)

    @property
    def media(self) -> Path:
        return self.disk.path / "media"

    # -- what is wanted ------------------------------------------------------------------------

    def write_lists(self) -> None:
        for title in self.titles:
            self.places.setdefault(title, _WHERE[title % len(_WHERE)])
        self.home.write_list("l.csv", titles_csv(self.titles_of("file")))

    def titles_of(self, place: str) -> list[int]:
        return [title for title, where in self.places.items() if where == place]

    def config(self) -> dict[str, Any]:
        config, services = super().config(), self.services
        config["server"]["api_key"] = self.server.key
        config["lists"] += [
            {
                "custom": {"url": f"{services.custom.url}/list.json", "allow_private": True},
                "name": "custom",
            },
            {"stevenlu": "movies", "name": "stevenlu"},
            {"mdblist": "ann/films", "name": "mdblist"},
        ]
        quick = {"timeout_s": 1, "list_timeout_s": 3}
        config["providers"] = {
            "custom": {**quick, "ca_file": str(services.ca_file)},
            "stevenlu": {**quick, "base_url": services.stevenlu.url},
            "mdblist": {**quick, "web_url": services.mdblist.url},
        }
        config["notify"] = [
            {"webhook": {"url": self.receiver.url, "timeout_s": 1}, "on": [*_TOLD]},
            {"discord": {"url": f"{services.discord.url}/api/webhooks/7/a-key", "timeout_s": 1}},
            {"telegram": self._telegram()},
            {"email": self._mail()},
        ]
        mapping = config["transfers"]["mappings"][0]
        mapping["destination"] = str(self.disk.point / "media")
        config["transfers"]["retry"] = {"attempts": 100}
        config["postgres"] = {
            "dsn": self.postgres.dsn,
            "fleet": self.is_fleet,
            "agent_name": "one",
        }
        return config

    def _telegram(self) -> dict[str, Any]:
        token = "123456:a-token-of-nobody-at-all"
        base = self.services.telegram.url
        return {"token": token, "chat": "7", "base_url": base, "timeout_s": 1}

    def _mail(self) -> dict[str, Any]:
        place = {"host": "localhost", "port": self.services.mail.port, "security": "none"}
        return {**place, "from": "a@example.org", "to": "b@example.org", "timeout_s": 1}

    # -- what happens --------------------------------------------------------------------------

    def start(self, executable: Sequence[str] | None = None) -> AgentProcess:
        """Start it, again where it cannot start for a full disk; then there is room."""
        agent = super().start(executable or _SCRIPT)
        if agent.code is not None:
            assert "disk is full" in agent.log, agent.log
            self.disk.free()
            agent = super().start(executable or _SCRIPT)
        assert agent.code is None, agent.log
        self.agent = agent
        return agent

    def end_agent(self, is_killed: bool) -> None:
        """End it, and start it again."""
        self.ends += 1
        if self.agent is not None and is_killed:
            self.agent.kill()
        elif self.agent is not None:
            assert self.agent.terminate() == 0, self.agent.log
        self.start()

    def signal(self, number: Signals) -> None:
        assert self.agent is not None
        self.agent.signal(number)

    def is_taken(self, answer: httpx.Response) -> bool:
        """Tell whether a webhook was; a full disk takes none, and says so."""
        assert answer.status_code in {202, 500, 503}, answer.text
        return answer.status_code == 202

    def give_what_can_be_given(self) -> None:
        """Give work to an agent that may not be able to take it."""
        assert self.agent is not None
        self.add_work()
        self.write_config()
        self.postgres.notify()
        with suppress(ClientError):
            self.post_webhooks(self.agent)
            self.ask_for_sync(self.agent)

    def heal(self) -> None:
        for one in self.counterparts:
            one.heal()
        revive(self.home.sandbox)
        self.write_config()

    # -- what must hold ------------------------------------------------------------------------

    def check_notices(self) -> None:
        """Each thing that is wrong is said once."""
        notices = self.notices()
        twice = Counter((one["kind"], one["list"], one["text"]) for one in notices)
        assert not {one: times for one, times in twice.items() if times > 1}

    def notices(self) -> list[dict[str, Any]]:
        assert self.agent is not None
        found: list[dict[str, Any]] = self.agent.status["notices"]
        return found

    def said(self) -> set[tuple[str, str | None]]:
        """Say what is wrong, and of which list."""
        return {(one["kind"], one["list"]) for one in self.notices()}

    def recover(self) -> None:
        """Wait until all is done, told and well again, without any help but that of time."""
        agent = self.agent
        assert agent is not None
        until("all webhooks are taken", lambda: self._have_taken(agent), within_s=_PATIENCE_S)
        self.ask_for_sync(agent)
        until(self._missing, lambda: not self._unrequested(), within_s=_PATIENCE_S)
        until("nothing runs", agent.is_at_rest, within_s=_PATIENCE_S)
        jobs = lambda: agent.ask("jobs", state=[*LIVE_STATES])["total"] == 0  # noqa: E731
        until("all is copied", jobs, within_s=_PATIENCE_S)
        until(lambda: f"all is told: {targets_of(agent)}", self._have_told, within_s=_PATIENCE_S)
        until("nothing is tried again", lambda: agent.status["retry"] is None)
        until(lambda: f"all is well: {self.notices()}", self._are_well, within_s=_PATIENCE_S)

    def _have_taken(self, agent: AgentProcess) -> bool:
        self.post_webhooks(agent)
        return not self.waiting

    def _unrequested(self) -> set[int]:
        return set(self.titles) - set(self.held()) - self.requested_again

    def _missing(self) -> str:
        assert self.agent is not None
        missing = {one: self.places[one] for one in self._unrequested()}
        return f"all is requested: {missing}, {self.notices()}\n{self.agent.log[-4000:]}"

    def _have_told(self) -> bool:
        assert self.agent is not None
        return not any(one["waiting"] for one in targets_of(self.agent))

    def _are_well(self) -> bool:
        return all(one["kind"] in _PASSING for one in self.notices())

    def check(self) -> None:
        """Hold what is there against what was wanted, once all is done and no agent runs."""
        shutil.copytree(self.disk.path / "state", self.home.state)  # SQLite goes no such way
        held = self.held()
        assert set(held) | self.requested_again == set(self.titles) | self.requested_again
        assert not {title: times for title, times in held.items() if times > 1}
        self.check_rest()
        for web in (self.services.discord, self.services.telegram):
            twice = len(web.accepted) - len({one.body for one in web.accepted})
            assert twice <= self.ends, "told again, though no end came before that was noted"


def _list_of(titles: Callable[[], Sequence[int]]) -> Callable[[WebRequest], WebAnswer]:
    def answer(_: WebRequest) -> WebAnswer:
        rows = [
            {
                "tmdb_id": title,
                "id": title,
                "kind": "movie",
                "mediatype": "movie",
                "title": f"Sandbox Film {title - FIRST + 1:06}",
            }
            for title in titles()
        ]
        return WebAnswer(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})

    return answer


def _said(status: int, body: bytes = b"") -> Callable[[WebRequest], WebAnswer]:
    return lambda _: WebAnswer(status, body, {"Content-Type": "application/json"})


class _Certificate:
    """That of a list service: the right one, or one that nobody knows."""

    def __init__(self, folder: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca_file = folder / "authority.pem"
        self.ca_file.write_bytes(authority("lists").pem)
        self._files = {True: folder / "right.pem", False: folder / "wrong.pem"}
        for is_right, name in ((True, "lists"), (False, "others")):
            self._files[is_right].write_bytes(authority(name).signed("localhost"))
        self.lets_in(True)

    def lets_in(self, is_right: bool) -> None:
        """Show the right certificate to who connects from now on, or another."""
        self.context.load_cert_chain(self._files[is_right])


@contextmanager
def misbehaving(
    home: Home, start_agent: Callable[..., AgentProcess], server: PostgresServer, dsn: str
) -> Iterator[MisbehavingWorld]:
    """Have a world in which all is well, until its counterparts are harmed."""
    point = home.folder / "disk"
    point.mkdir()
    places: dict[int, str] = {}
    lost: set[int] = set()
    certificate = _Certificate(home.folder)

    def titles_of(place: str) -> Callable[[], Sequence[int]]:
        return lambda: [title for title, where in [*places.items()] if where == place]

    with ExitStack() as stack:
        enter = stack.enter_context
        disk = enter(small_disk(point, _DISK_MB))
        for name in ("media", "state"):
            (disk.path / name).mkdir()
        shelf = Library(key="1", type="movie", title="Films", locations=("/data/movies",))
        services = Services(
            custom=enter(serving_web(_list_of(titles_of("custom")), certificate.context)),
            stevenlu=enter(serving_web(_list_of(titles_of("stevenlu")))),
            mdblist=enter(serving_web(_list_of(titles_of("mdblist")))),
            discord=enter(serving_web(_said(204))),
            telegram=enter(serving_web(_said(200, b'{"ok": true, "result": {}}'))),
            mail=enter(taking_mail()),
            ca_file=certificate.ca_file,
            lets_in=certificate.lets_in,
        )
        plex = enter(serving(PlexFake, (shelf,), {"/data/movies": disk.path / "media"}))
        world = MisbehavingWorld(
            home=home,
            receiver=enter(receiving()),
            plex=plex,
            start_agent=start_agent,
            services=services,
            disk=disk,
            server=ServerItself(home.sandbox, lost),
            requested_again=lost,
            postgres=Postgres(server, dsn),
            is_fleet=home.sandbox.product == "seerr",
            places=places,
            environment={
                KEEPER: str(disk.keeper),
                TIMES_VARIABLE: _TIMES,
                "LISTSYNC_STATE_DIR": str(point / "state"),
            },
        )
        world.counterparts += _counterparts(world)
        stack.callback(world.heal)
        for _ in range(2):  # an empty list would be doubted
            world.add_work()
        world.write_config()
        yield world


def _counterparts(world: MisbehavingWorld) -> Iterator[Counterpart]:
    services = world.services
    yield ServerCalls(world.home.sandbox)
    yield world.server
    yield Service("custom", services.custom, OF_LISTS, services.lets_in)
    yield Service("stevenlu", services.stevenlu, OF_LISTS)
    yield Service("mdblist", services.mdblist, OF_LISTS)
    yield Service("Discord", services.discord, OF_DISCORD)
    yield Service("Telegram", services.telegram, OF_TELEGRAM)
    yield Mail(services.mail)
    yield receiver_of(world.receiver)
    yield plex_of(world.plex)
    yield world.postgres
    yield Disk(world.disk)
    yield AgentItself(world.end_agent, world.signal)
