"""A port that a test holds: to be had again and again, by its number alone."""

from __future__ import annotations

import socket

import pytest

from tests.ports import held_port


def test_who_asks_for_a_held_port_has_it_as_often_as_they_like(port: int) -> None:
    for _ in range(2):
        with (
            socket.create_server(("127.0.0.1", port)) as server,
            socket.create_connection(("127.0.0.1", port), timeout=30) as client,
            server.accept()[0] as accepted,
        ):
            accepted.sendall(b"a")
            assert client.recv(1) == b"a"


def test_nobody_is_at_a_held_port_and_nobody_else_is_given_it() -> None:
    with held_port() as first, held_port() as second, socket.socket() as client:
        assert first != second
        assert client.connect_ex(("127.0.0.1", first)) != 0
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", first))
