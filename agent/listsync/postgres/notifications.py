"""What others NOTIFY, on a connection that waits for it without asking.

`Connection.notifies` of psycopg wakes up ten times a second, and its handlers decode what may not
be UTF-8: so this waits for the socket itself, and takes what libpq has read.
"""

from __future__ import annotations

import secrets
import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, LiteralString

from listsync.lean_dataclasses import dataclass
from listsync.postgres.connection import CONNECT_S, PostgresLink, PostgresServerError

if TYPE_CHECKING:
    from psycopg.pq import PGnotify
    from psycopg.pq.abc import PGconn

PING_S = 5.0
"""How long the server may take to answer the least of questions."""
_MOST_AT_ONCE = 256
"""Each may have 8 KB."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What came; `pid` is that of the sender's session at the server."""

    channel: str
    payload: str
    pid: int


class PostgresNotifications:
    """Listens on *channels*, over *link*, which nobody else uses. For one thread, but for `wake`.

    All that talks to the server raises PostgresServerError; the link is of no use then.
    """

    def __init__(self, link: PostgresLink, channels: Sequence[str]) -> None:
        self._link = link
        self._found: list[Notification] = []
        self._probe, self._is_heard = "", False
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._pgconn: PGconn = link.connection.pgconn
        self._pgconn.notify_handler = self._note
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        try:
            with link.within(CONNECT_S):
                self._poll.register(link.connection.fileno(), select.POLLIN)
            self._say("LISTEN {}", *channels)
        except PostgresServerError:
            self.close()
            raise

    def wait(self, timeout_s: float) -> tuple[Notification, ...]:
        """Wait for notifications; give some of those that came, or none if it was woken.

        There may be more: the next call has them at once.
        """
        self._read()
        if not self._found:
            ready = {number for number, _ in self._poll.poll(max(0.0, timeout_s) * 1000)}
            if self._woken.fileno() in ready:
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
            if ready - {self._woken.fileno()}:
                self._read()
        found = tuple(islice(self._found, _MOST_AT_ONCE))
        del self._found[: len(found)]
        return found

    def wake(self) -> None:
        """Let `wait` return. Any thread may call it, also when all is closed."""
        with suppress(OSError):
            self._waker.send(b"w")

    def ping(self, limit_s: float = PING_S) -> None:
        """Ask the server for a sign of life: a proxy in between may hide that it is gone."""
        with self._link.within(limit_s) as connection:
            connection.execute("SELECT 1", prepare=False)

    def hears_itself(self, limit_s: float) -> bool:
        """Tell whether what is sent arrives: poolers that hand out connections break LISTEN.

        A pooler's server may answer ourselves while we talk to it, so another session sends where
        the one that we know is not the one at the server.
        """
        self._probe = f"listsync_{secrets.token_hex(8)}"
        self._say("LISTEN {}", self._probe)
        with self._link.within(limit_s) as connection:
            row = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
        heard = self._hears(self._link, limit_s)
        if heard and row != (self._pgconn.backend_pid,):
            heard = self._hears_another(limit_s)
        self._say("UNLISTEN {}", self._probe)
        return heard

    def close(self) -> None:
        """Close the link, too."""
        self._link.close()
        self._woken.close()
        self._waker.close()

    def _hears_another(self, limit_s: float) -> bool:
        try:
            other = self._link.another()
        except PostgresServerError:
            return True  # nobody can tell
        try:
            return self._hears(other, limit_s)
        finally:
            other.close()

    def _hears(self, sender: PostgresLink, limit_s: float) -> bool:
        """Send something and wait for it; all else that comes meanwhile is kept."""
        self._is_heard = False
        with sender.within(limit_s) as connection:
            connection.execute("SELECT pg_notify(%s, '')", (self._probe,), prepare=False)
        until = time.monotonic() + limit_s
        while True:
            self._read()
            left_s = until - time.monotonic()
            if self._is_heard or len(self._found) >= _MOST_AT_ONCE or left_s <= 0:
                return self._is_heard or len(self._found) >= _MOST_AT_ONCE
            self._poll_server(left_s)

    def _poll_server(self, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(self._link.connection.fileno(), select.POLLIN)
        poll.poll(max(0.0, timeout_s) * 1000)

    def _say(self, words: LiteralString, *channels: str) -> None:
        from psycopg import sql  # noqa: PLC0415 - an extra

        with self._link.within(CONNECT_S) as connection:
            for name in channels:
                statement = sql.SQL(words).format(sql.Identifier(name))
                connection.execute(statement, prepare=False)

    def _read(self) -> None:
        """Take what has come; a piece that TLS holds back shows up on no socket.

        What came before the end of the connection is given first.
        """
        try:
            with self._link.naming_errors():
                self._read_rounds()
        except PostgresServerError:
            if not self._found:
                raise

    def _read_rounds(self) -> None:
        before = -1
        while before < len(self._found) < _MOST_AT_ONCE:
            before = len(self._found)
            self._pgconn.consume_input()
            while one := self._pgconn.notifies():
                self._note(one)

    def _note(self, one: PGnotify) -> None:
        channel, payload = (part.decode("utf-8", "replace") for part in (one.relname, one.extra))
        if channel == self._probe:
            self._is_heard = True
        else:
            self._found.append(Notification(channel, payload, one.be_pid))
