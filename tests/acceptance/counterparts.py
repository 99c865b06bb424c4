"""All with whom an agent has to do, and what each may do wrong: faults, one after the other.

Each can say what it does, so that a schedule can be told, and is well again after `heal`.
"""

from __future__ import annotations

import random
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pytest

from listsync.sandbox.process import SandboxProcess
from tests.faulty_web import OF_ALL, FaultyWeb, Manner, WebAnswer
from tests.integration.notify.receiver import CannedResponse, Receiver
from tests.media_servers import Fault, PlexFake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.notify.mail_server import MailServer
    from tests.postgres_server import PostgresServer
    from tests.small_disk import SmallDisk

_JSON = {"Content-Type": "application/json"}


class Counterpart(Protocol):
    """One with whom the agent has to do."""

    def harm(self, chance: random.Random) -> str:
        """Do something wrong, or begin to; returns what."""
        ...

    def heal(self) -> None:
        """Do nothing wrong any more."""
        ...


# -- the request server ------------------------------------------------------------------

_TMDB = "[TMDB] Failed to fetch movie details: Request failed with status code"
_WORDS_OF_500 = (
    'Could not find any entity of type "User" matching: {"where": {"id": 9}}',
    'Could not find any entity of type "Media" matching: {"where": {"id": 9}}',
    *(f"{_TMDB} {status}" for status in (404, 429, 500)),
    "Cannot read properties of undefined (reading 'filter')",
    "SQLITE_CONSTRAINT: UNIQUE constraint failed: media.tvdbId",
)
_WORDS_OF_403 = (
    "You do not have permission to modify the request user.",
    "You do not have permission to make movie requests.",
    "Movie Quota exceeded.",
    "This media is blocklisted.",
)
_STATUSES = (500, 502, 503, 504, 429, 403, 409)
_OF_SERVER: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status} for status in _STATUSES),
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "html"},
    {"kind": "login_page"},
    {"kind": "garbage"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "drop_midway"},
    {"kind": "hang", "seconds": 3},
    {"kind": "hang_after", "seconds": 3},
    {"kind": "slow", "seconds": 0.5},
    {"kind": "slow_before", "seconds": 2},
    {"kind": "tmdb_down"},
    {"kind": "die"},
    {"kind": "die_midway"},
    {"kind": "die_after"},
)
_OF_POSTS = tuple(
    {"kind": "status", "status": status, "body": words}
    for status, all_words in ((500, _WORDS_OF_500), (403, _WORDS_OF_403))
    for words in all_words
)
_SOONEST_S = 1.1
"""How long a server is away at least while another takes its place."""
_POST = {"path": "/request", "method": "POST"}


@dataclass
class ServerCalls:
    """Single calls to the request server go wrong."""

    sandbox: SandboxProcess

    def harm(self, chance: random.Random) -> str:
        if chance.random() < 0.4:
            fault, where = chance.choice(_OF_POSTS), _POST
        else:
            fault, where = chance.choice(_OF_SERVER), chance.choice([_POST, {"path": "/api/v1"}])
        order = {**fault, **where, "after": chance.randrange(4)}
        tell(self.sandbox, "faults", order)
        return f"server: {order}"

    def heal(self) -> None:
        tell(self.sandbox, "faults", None, method="DELETE")


class ServerItself:
    """The request server is started again, as another version or another server, or loses rows."""

    def __init__(self, sandbox: SandboxProcess, lost: set[int]) -> None:
        """Name in *lost* the titles whose requests are gone."""
        self.sandbox = sandbox
        self.lost = lost
        self.key = sandbox.api_key
        """As the user knows it."""
        self._kept: Path | None = sandbox.state
        self._keys = 0

    @property
    def is_another(self) -> bool:
        return self.sandbox.state is None

    def harm(self, chance: random.Random) -> str:
        deeds = (self.restart, self.upgrade, self.change_key, self.replace, self.lose)
        deed = chance.choice(deeds)
        if not self.is_another:
            deed()
        return f"server: {deed.__name__}"

    def restart(self) -> None:
        self._end()
        self.sandbox.restart()

    def upgrade(self) -> None:
        self._end()
        self.sandbox.product = "seerr"
        self.sandbox.restart()

    def change_key(self) -> None:
        self._keys += 1
        self._end()
        self.sandbox.api_key = f"another-key-{self._keys}"
        self.sandbox.restart()

    def replace(self) -> None:
        """Have a new one at its address that holds nothing; nobody can do that in no time."""
        self._end()
        time.sleep(_SOONEST_S)
        self.sandbox.state = None
        self.sandbox.restart()

    def lose(self) -> None:
        """Roll back the newest request, though a 201 was answered."""
        newest = max(_requests(self.sandbox), key=lambda one: int(one["id"]), default=None)
        if newest is not None and len(self.lost) < 3:
            self.lost.add(newest["tmdbId"])
            order = {"kind": "movie", "tmdbId": newest["tmdbId"], "do": "roll_back"}
            with suppress(Exception):
                self.sandbox.admin("requests", order)

    def heal(self) -> None:
        """Be the one that it was; what a new one was asked for is nothing."""
        if self.is_another:
            assert not _requests(self.sandbox), "requested at another server"
            self.sandbox.kill()
            time.sleep(_SOONEST_S)
            self.sandbox.state = self._kept
            self.sandbox.restart()
        self.key = self.sandbox.api_key

    def _end(self) -> None:
        """End it with all that it knows on disk."""
        if self.sandbox.exit_code is None:
            tell(self.sandbox, "die", {})
            with suppress(TimeoutError):
                self.sandbox.wait(10)


def tell(
    sandbox: SandboxProcess, path: str, body: dict[str, Any] | None, *, method: str | None = None
) -> Any:
    """Tell the request server something, which may be dying of what it was told last."""
    for _ in range(3):
        revive(sandbox)
        with suppress(OSError, HTTPException):
            return sandbox.admin(path, body, method=method)
        sandbox.wait(10)
    pytest.fail("the server dies again and again")


def revive(sandbox: SandboxProcess) -> None:
    if sandbox.exit_code is not None:
        sandbox.restart()


def _requests(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """Give what the server holds; of one with a new key, too."""
    revive(sandbox)
    with suppress(OSError, HTTPException):
        status, reply = sandbox.api("GET", "/request?take=10000")
        if status == 200:
            return [{"tmdbId": one["media"]["tmdbId"], **one} for one in reply["results"]]
    return []


# -- list services and who is told -------------------------------------------------------------


@dataclass
class Service:
    """A list service, or one that takes messages: faults of all, and `own` ones."""

    name: str
    web: FaultyWeb
    own: Sequence[WebAnswer] = ()
    lets_in: Callable[[bool], None] | None = None
    """Says whether its certificate is the right one, where it has one."""

    def harm(self, chance: random.Random) -> str:
        if self.lets_in is not None and not chance.randrange(4):
            self.lets_in(False)
            return f"{self.name}: another certificate"
        answer = chance.choice([*OF_ALL, *self.own, *self.own])
        if answer.manner is Manner.CUT_OFF:
            answer = replace(answer, body=b'[{"title": "A')
        if chance.random() < 0.5:
            self.web.always = answer
        else:
            self.web.faults.append(answer)
        return f"{self.name}: {answer}"

    def heal(self) -> None:
        self.web.always = None
        self.web.faults.clear()
        if self.lets_in is not None:
            self.lets_in(True)


OF_LISTS = tuple(
    WebAnswer(200, body, _JSON)
    for body in (
        b"null",
        b"7",
        b'{"error": "no"}',
        b'[{"title": {"a": 1}, "tmdb_id": [603], "id": {}, "kind": 9}]',
        b'[{"title": "A',
        b"",
    )
)
OF_DISCORD = tuple(
    WebAnswer(status, body, _JSON)
    for status, body in (
        (429, b'{"message": "You are being rate limited.", "retry_after": 0.4, "global": false}'),
        (429, b'{"message": "You are being rate limited.", "retry_after": 1, "global": true}'),
        (404, b'{"message": "Unknown Webhook", "code": 10015}'),
        (401, b'{"message": "Invalid Webhook Token", "code": 50027}'),
    )
)
OF_TELEGRAM = tuple(
    WebAnswer(status, body, _JSON)
    for status, body in (
        (429, b'{"ok": false, "error_code": 429, "parameters": {"retry_after": 1}}'),
        (401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}'),
        (400, b'{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}'),
        (502, b'{"ok": false, "error_code": 502, "description": "Bad Gateway"}'),
    )
)


@dataclass
class Mail:
    """An SMTP server that says no for a time, or nothing."""

    server: MailServer

    def harm(self, chance: random.Random) -> str:
        command = chance.choice(["MAIL", "RCPT", "DATA"])
        said = chance.choice(["421 4.3.2 going down", "451 4.7.1 try again later", ""])
        self.server.answers[command] = said
        return f"mail: {command} is answered {said!r}"

    def heal(self) -> None:
        self.server.answers.clear()


_OF_RECEIVER = (
    CannedResponse(500),
    CannedResponse(503, b"<html>no</html>"),
    CannedResponse(429),
    CannedResponse(429, headers={"Retry-After": "1"}),
    CannedResponse(302, headers={"Location": "http://127.0.0.1:9/"}),
    CannedResponse(401),
)
_OF_PLEX = (
    Fault(),
    Fault(status=401),
    Fault(status=429),
    Fault(status=503, body=b"<html>", content_type="text/html"),
    Fault(status=200, body=b"<html>", content_type="text/html"),
    Fault(status=200, body=b"{", content_type="application/json"),
    Fault(status=200, body=b'{"MediaContainer": 7}', content_type="application/json"),
)


@dataclass
class OneByOne:
    """One that answers *faults* before it answers as usual."""

    name: str
    queue: deque[Any]
    faults: Sequence[Any]

    def harm(self, chance: random.Random) -> str:
        fault = chance.choice(self.faults)
        self.queue.extend([fault] * chance.randint(1, 3))
        return f"{self.name}: {fault}"

    def heal(self) -> None:
        self.queue.clear()


def receiver_of(receiver: Receiver) -> OneByOne:
    return OneByOne("receiver", receiver.answers, _OF_RECEIVER)


def plex_of(plex: PlexFake) -> OneByOne:
    return OneByOne("plex", plex.faults, _OF_PLEX)


# -- PostgreSQL, the disk, the agent itself ----------------------------------------------------

_TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid()
"""


class Postgres:
    """It is stopped, takes nobody in, or ends all connections."""

    def __init__(self, server: PostgresServer, dsn: str) -> None:
        self._server = server
        self.dsn = dsn
        self._name = str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])
        self.is_up = self._is_open = True

    def harm(self, chance: random.Random) -> str:
        deed = chance.choice([self.stop, self.shut, self.terminate, self.restart])
        if self.is_up:
            deed()
        return f"PostgreSQL: {deed.__name__}"

    def stop(self) -> None:
        self._server.stop()
        self.is_up = False

    def restart(self) -> None:
        self._server.stop()
        self._server.start()

    def shut(self) -> None:
        self._let_in(False)
        self.terminate()

    def terminate(self) -> None:
        with psycopg.connect(self._server.dsn("postgres"), autocommit=True) as admin:
            admin.execute(_TERMINATE, (self._name,))

    def notify(self) -> None:
        """Trigger a sync, where that can be."""
        if self.is_up and self._is_open:
            with psycopg.connect(self.dsn, autocommit=True) as one:
                one.execute("NOTIFY sync_trigger")

    def heal(self) -> None:
        if not self.is_up:
            self._server.start()
            self.is_up = True
        if not self._is_open:
            self._let_in(True)

    def _let_in(self, is_open: bool) -> None:
        self._is_open = is_open
        with psycopg.connect(self._server.dsn("postgres"), autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS {is_open}')


@dataclass
class Disk:
    """The disk on which the state and the copies lie is full."""

    disk: SmallDisk

    def harm(self, _: random.Random) -> str:
        self.disk.fill()
        return "the disk is full"

    def heal(self) -> None:
        self.disk.free()


@dataclass
class AgentItself:
    """It is killed, ended, or told to look at its configuration; `started` starts it again."""

    end: Callable[[bool], None]
    signal: Callable[[signal.Signals], None]

    def harm(self, chance: random.Random) -> str:
        deeds: dict[str, Callable[[], None]] = {
            "killed": partial(self.end, True),
            "started again": partial(self.end, False),
            "SIGHUP": partial(self.signal, signal.SIGHUP),
        }
        name = chance.choice([*deeds])
        deeds[name]()
        return f"agent: {name}"

    def heal(self) -> None:
        """It is well."""
