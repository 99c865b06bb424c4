"""Writes on a real socket: they end within the time of a fleet, and leave only under its lease."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from listsync.config_types import SecretStr
from listsync.domain.server import ResponseKind
from listsync.errors import LeaseLostError, UnavailableError
from listsync.http.deadline import Timeouts
from listsync.seerr.client import Seerr
from tests.builders import film_body
from tests.integration.providers.trap import HeardRequest, said, trap
from tests.integration.seerr.test_deadlines import BARE_HEAD, dripping

FILM = b'{"id": 603, "title": "Dune", "mediaInfo": null}'
PATIENT = Timeouts(connect_s=30, answer_s=30, whole_s=60)


class OpenFence:
    """Lets writes pass, after `before` has been called with the number of each look."""

    def __init__(self, post_s: float, before: Callable[[int], None] = lambda _: None) -> None:
        self.post_s = post_s
        self._before = before
        self.looks = 0

    def share(self) -> None:
        raise AssertionError("the core calls it, not the client")

    def check(self) -> None:
        self.looks += 1
        self._before(self.looks)


def client(url: str, fence: OpenFence) -> Seerr:
    return Seerr(url, SecretStr("key"), timeouts=PATIENT, fence=fence)


def answer(heard: HeardRequest) -> object:
    return dripping(BARE_HEAD) if heard.head.startswith("POST") else [said(FILM)]


def test_a_write_takes_no_longer_than_a_fleet_allows_it() -> None:
    with trap(answer) as server:  # type: ignore[arg-type]  # pieces of bytes
        one = client(server.url, OpenFence(0.5))
        began = time.monotonic()
        assert one.request(film_body()).kind is ResponseKind.UNSURE
        assert 0.4 < time.monotonic() - began < 25
        one.close()


def test_its_error_says_how_long_that_was() -> None:
    def nothing_found(heard: HeardRequest) -> object:
        return answer(heard) if heard.head.startswith("POST") else []

    with trap(nothing_found) as server:  # type: ignore[arg-type]  # as above
        one = client(server.url, OpenFence(0.5))
        with pytest.raises(UnavailableError, match=r"not whole after 0\.5 s"):
            one.request(film_body())
        one.close()


def test_no_byte_leaves_when_the_lease_ended_while_it_connected() -> None:
    def at_the_second_look(number: int) -> None:
        if number == 2:
            raise LeaseLostError("another agent leads now")

    with trap(answer) as server:  # type: ignore[arg-type]  # as above
        one = client(server.url, OpenFence(20, at_the_second_look))
        with pytest.raises(LeaseLostError):
            one.request(film_body())
        one.close()
        assert server.asked == []


def test_what_is_read_meanwhile_is_not_looked_at() -> None:
    with trap(lambda _: [said(FILM)]) as server:
        fence = OpenFence(20)
        one = client(server.url, fence)
        one.find_requests(film_body())
        assert fence.looks == 0
        one.close()


def test_what_nobody_acknowledges_is_not_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a POST of a dead leader could arrive when a network is back, long after its lease."""
    told: list[int] = []
    real = socket.socket.setsockopt

    def setsockopt(self: socket.socket, level: int, name: int, value: int) -> None:
        if (level, name) == (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT):
            told.append(value)
        real(self, level, name, value)

    monkeypatch.setattr(
        socket, "socket", type("Watched", (socket.socket,), {"setsockopt": setsockopt})
    )
    with trap(answer) as server:  # type: ignore[arg-type]  # as above
        one = client(server.url, OpenFence(0.5))
        one.request(film_body())
        one.close()
    assert told == [500]
