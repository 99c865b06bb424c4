"""How answers are written, and how a route is found, over a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from listsync.web.server import _HeadsWait
from tests.integration.web.conftest import ALL, WebServer

HEAD = b"HTTP/1.1 200 \r\n\r\n"


class Written:
    """A transport that notes each of its writes."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ((HEAD, b"body", b""), [HEAD + b"body"]),
        ((HEAD, b""), [HEAD]),
        ((HEAD, b"one", b"two", b""), [HEAD + b"one", b"two"]),
        ((b"HTTP/1.1 100 \r\n\r\n", HEAD, b"body"), [b"HTTP/1.1 100 \r\n\r\n", HEAD + b"body"]),
        ((HEAD, b"a", b"HTTP/1.1 is", b""), [HEAD + b"a", b"HTTP/1.1 is"]),
    ],
)
def test_a_head_is_written_with_what_follows_it(
    given: tuple[bytes, ...], written: list[bytes]
) -> None:
    transport = Written()
    gathering = _HeadsWait(cast("Any", transport))
    for data in given:
        gathering.write(data)
    assert transport.writes == written


def test_a_head_that_nothing_follows_is_written_before_the_end() -> None:
    transport = Written()
    gathering = _HeadsWait(cast("Any", transport))
    gathering.write(HEAD)
    gathering.close()
    assert (transport.writes, transport.is_closed) == ([HEAD], True)


@contextmanager
def connected(web: WebServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as client:
        yield client


def heard(client: socket.socket) -> bytes:
    """Read until the server closes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_body_that_waits_to_be_let_on_is_asked_for(web: WebServer) -> None:
    web.commands.answers["trigger"] = lambda _: {"run_id": "0", "state": "started"}
    with connected(web) as client:
        head = f"POST /sync HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {ALL}\r\n"
        end = "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        client.sendall((head + end).encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert heard(client).startswith(b"HTTP/1.1 202 ")


def test_requests_that_come_at_once_are_answered_in_their_order(web: WebServer) -> None:
    lines = "HTTP/1.1\r\nHost: localhost\r\n"
    with connected(web) as client:
        first = f"GET /healthz {lines}\r\nHEAD /healthz {lines}\r\n"
        client.sendall(f"{first}GET /nowhere {lines}Connection: close\r\n\r\n".encode())
        told = heard(client)
    statuses = [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"404"]
    assert told.count(b'{"status": "ok"}') == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/healthz/", 200),
        ("POST", "/healthz", 405),
        ("HEAD", "/sync", 405),
        ("GET", "/healthz/more", 404),
        ("OPTIONS", "/healthz", 405),
    ],
)
@pytest.mark.parametrize("base_path", ["", "/listsync"])
def test_a_path_and_a_method_are_found_or_refused(
    web: WebServer, base_path: str, method: str, path: str, status: int
) -> None:
    web.follow(base_path=base_path)
    with web.client() as client:
        answer = client.request(method, f"{base_path}{path}")
    assert answer.status_code == status
    if status == 405:
        assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]
