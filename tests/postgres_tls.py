"""TLS in front of a PostgreSQL that has none, as its own would be: asked for in the protocol."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_TLS = 80_877_103
_WAIT_S = 30.0


class _Encrypting:
    """Takes clients at a port of its own, and relays them to the server of *dsn*."""

    def __init__(self, dsn: str, chain: Path) -> None:
        given = conninfo_to_dict(dsn)
        self._address = (str(given["host"]), int(given["port"] or 0))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(_WAIT_S)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_WAIT_S)
            assert not thread.is_alive()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                client = self._listening.accept()[0]
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with (
            client,
            suppress(OSError, struct.error),
            socket.create_connection(self._address, _WAIT_S) as server,
        ):
            while struct.unpack("!II", client.recv(8, socket.MSG_WAITALL))[1] != _TLS:
                client.sendall(b"N")
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True) as encrypted:
                self._open += [encrypted, server]
                _relay(encrypted, server)


def _relay(client: ssl.SSLSocket, server: socket.socket) -> None:
    while True:
        ready = [client] if client.pending() else select([client, server], [], [])[0]
        for one in ready:
            data = one.recv(65_536)
            if not data:
                return
            (server if one is client else client).sendall(data)


@contextmanager
def encrypted(dsn: str, folder: Path, chain: bytes) -> Iterator[str]:
    """Give the DSN by which the same database is reached over TLS, with *chain* as its key."""
    file = folder / "postgres.pem"
    file.write_bytes(chain)
    relay = _Encrypting(dsn, file)
    try:
        yield make_conninfo(dsn, port=relay.port)
    finally:
        relay.close()
