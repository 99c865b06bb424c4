"""A pooler in front of a real PostgreSQL, as PgBouncer is one: clients share its sessions.

It speaks as much of the protocol (version 3, no TLS) as that takes: it answers a client's start-up
itself, gives each transaction a session until the server is idle again, and drops what the server
sends to a session that nobody has. So LISTEN counts for a session, not for a client.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from queue import SimpleQueue
from select import select

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_PROTOCOL = 196_608
_TLS, _GSS = 80_877_103, 80_877_104
_WAIT_S = 30.0
_PIDS = count(900_001)
"""Of the sessions that clients believe to have: a pooler shows them numbers of its own."""
Message = tuple[bytes, bytes]


class _Stream:
    """One side of a connection, as messages: the letter of their kind, and their content."""

    def __init__(self, one: socket.socket) -> None:
        self.socket = one
        self._bytes = b""

    def fileno(self) -> int:
        return self.socket.fileno()

    def read(self) -> list[Message]:
        """Wait for something, and give what is whole of it; EOFError: it is over."""
        more = self.socket.recv(65_536)
        if not more:
            raise EOFError
        self._bytes += more
        found = []
        while len(self._bytes) >= 5 and len(self._bytes) > (size := self._size()):
            found.append((self._bytes[:1], self._bytes[5 : size + 1]))
            self._bytes = self._bytes[size + 1 :]
        return found

    def write(self, *messages: Message) -> None:
        written = [
            kind + struct.pack("!I", len(content) + 4) + content for kind, content in messages
        ]
        self.socket.sendall(b"".join(written))

    def start_up(self) -> bytes:
        """Take a client's first message, which has no letter; no to encryption."""
        while True:
            (size,) = struct.unpack("!I", self.socket.recv(4, socket.MSG_WAITALL))
            content = self.socket.recv(size - 4, socket.MSG_WAITALL)
            (code,) = struct.unpack_from("!I", content)
            if code == _PROTOCOL:
                return content
            if code not in (_TLS, _GSS):
                raise EOFError  # it wants to cancel something
            self.socket.sendall(b"N")

    def drop_what_came(self) -> None:
        while select([self], [], [], 0)[0]:
            self.read()

    def greet(self, greeting: list[Message]) -> None:
        """Answer a client's start-up; it learns of a session that is none at the server."""
        pid = struct.pack("!II", next(_PIDS), 0)
        self.write(*((kind, pid if kind == b"K" else said) for kind, said in greeting))

    def end(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _size(self) -> int:
        (size,) = struct.unpack_from("!I", self._bytes, 1)
        return int(size)


class _Session(_Stream):
    """A session at the server; `greeting` is what the server said at its start."""

    def __init__(self, address: tuple[str, int], start_up: bytes) -> None:
        super().__init__(socket.create_connection(address, _WAIT_S))
        self.socket.sendall(struct.pack("!I", len(start_up) + 4) + start_up)
        self.greeting: list[Message] = []
        while not self.greeting or self.greeting[-1][0] != b"Z":
            self.greeting += self.read()


class PostgresPooler:
    """Pools *sessions* by transaction, the longest unused one first; None: one for each client.

    All clients are one user in one database.
    """

    def __init__(self, dsn: str, sessions: int | None) -> None:
        given = conninfo_to_dict(dsn)
        self._address = (str(given["host"]), int(given["port"] or 0))
        self._most = sessions
        self._pool: SimpleQueue[_Session] = SimpleQueue()
        self._streams: list[_Stream] = []
        self._greeting: list[Message] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.dsn = make_conninfo(dsn, host="127.0.0.1", port=port)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections, and wait for what they did."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(_WAIT_S)
        for one in self._streams:
            one.end()
        for thread in self._threads:
            thread.join(_WAIT_S)
            assert not thread.is_alive()
        for one in self._streams:
            one.socket.close()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                client = _Stream(self._listening.accept()[0])
                self._streams.append(client)
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: _Stream) -> None:
        with suppress(EOFError, OSError, struct.error):
            start_up = client.start_up()
            if self._most is None:
                session = self._new_session(start_up)
                client.greet(session.greeting)
                _converse(client, session)
            client.greet(self._greeting_of_all(start_up))
            while True:
                self._transaction(client, client.read())
        client.end()

    def _new_session(self, start_up: bytes) -> _Session:
        session = _Session(self._address, start_up)
        self._streams.append(session)
        return session

    def _greeting_of_all(self, start_up: bytes) -> list[Message]:
        """Give what the server says to a new client; the first one brings all sessions about."""
        with self._lock:
            if not self._greeting:
                for _ in range(self._most or 0):
                    session = self._new_session(start_up)
                    self._greeting = session.greeting
                    self._pool.put(session)
            return self._greeting

    def _transaction(self, client: _Stream, asked: list[Message]) -> None:
        """Let the client use a session until all that it asked is answered, and it is idle."""
        if not asked:
            return
        if asked[0][0] == b"X":
            raise EOFError
        session = self._pool.get(timeout=_WAIT_S)
        session.drop_what_came()
        _converse(client, session, asked)
        self._pool.put(session)


def _converse(client: _Stream, session: _Session, asked: Sequence[Message] = ()) -> None:
    """Hand on what both say: until the transaction ends that *asked* begins, or one of them."""
    session.write(*asked)
    is_for_ever = not asked
    open_questions, state = _questions(asked), b"I"
    while is_for_ever or open_questions or state != b"I":
        ready = select([client, session], [], [])[0]
        if client in ready:
            asked = client.read()
            session.write(*asked)
            open_questions += _questions(asked)
        if session in ready:
            said = session.read()
            client.write(*said)
            states = [content for kind, content in said if kind == b"Z"]
            open_questions -= len(states)
            state = states[-1] if states else state


def _questions(asked: Sequence[Message]) -> int:
    """Count after how many of them the server says that it is ready."""
    return sum(kind in {b"Q", b"S"} for kind, _ in asked)


@contextmanager
def pooled(dsn: str, sessions: int | None) -> Iterator[str]:
    """Give the DSN by which the same database is reached through a pooler."""
    pooler = PostgresPooler(dsn, sessions)
    try:
        yield pooler.dsn
    finally:
        pooler.close()
