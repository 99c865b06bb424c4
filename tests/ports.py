"""Ports that a test must know before anybody listens at them, and that nobody else can take."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def held_port() -> Iterator[int]:
    """Keep a port of this machine for who asks for it by its number, as often as they like.

    The socket that keeps it never listens: who sets SO_REUSEADDR, as servers do, may bind to it
    beside us, while the system gives it to nobody else.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


@pytest.fixture
def port() -> Iterator[int]:
    with held_port() as number:
        yield number
