"""Our few bytes of ZMTP against the real libzmq."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from listsyncctl import zmtp

MOST = 65536
Serve = Callable[["zmq.Socket[bytes]"], None]


@contextmanager
def serving(path: Path, kind: int, serve: Serve, **options: int) -> Iterator[None]:
    """Let *serve* answer one message after the other at a socket of *kind*."""
    context = zmq.Context()
    listening = context.socket(kind)
    listening.setsockopt(zmq.LINGER, 0)
    for name, value in options.items():
        listening.setsockopt(getattr(zmq, name), value)
    listening.bind(f"ipc://{path}")
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            if listening.poll(20):
                serve(listening)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        context.destroy(linger=0)


def echo(listening: zmq.Socket[bytes]) -> None:
    listening.send_multipart(listening.recv_multipart())


def ask(path: Path, body: bytes = b"question", *, in_s: float = 5) -> bytes:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        return zmtp.ask(asking, body, until=time.monotonic() + in_s, most=MOST)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "s.sock"


@pytest.mark.parametrize("kind", [zmq.REP, zmq.ROUTER], ids=["rep", "router"])
@pytest.mark.parametrize("size", [0, 1, 255, 256, 65536])
def test_a_body_of_any_size_comes_back(path: Path, kind: int, size: int) -> None:
    with serving(path, kind, echo):
        assert ask(path, b"x" * size) == b"x" * size


@pytest.mark.parametrize("kind", [zmq.REP, zmq.ROUTER], ids=["rep", "router"])
def test_several_clients_at_once_each_get_their_own(path: Path, kind: int) -> None:
    bodies = [b"%d" % number * 1000 for number in range(40)]
    with serving(path, kind, echo), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda body: ask(path, body), bodies)) == bodies


def test_it_arrives_as_one_frame_from_this_user(path: Path) -> None:
    seen: list[zmq.Frame] = []

    def note(listening: zmq.Socket[bytes]) -> None:
        seen.append(listening.recv(copy=False))
        listening.send(b"")

    with serving(path, zmq.REP, note):
        ask(path)
    assert seen[0].bytes == b"question"
    assert not seen[0].more
    assert str(seen[0].get("Peer-Address")).startswith("localhost:")


def test_an_answer_of_several_parts_is_none(path: Path) -> None:
    def parts(listening: zmq.Socket[bytes]) -> None:
        listening.recv()
        listening.send_multipart([b"a", b"b"])

    with serving(path, zmq.REP, parts), pytest.raises(zmtp.StrangerError):
        ask(path)


def test_an_answer_that_is_too_large_is_none(path: Path) -> None:
    def much(listening: zmq.Socket[bytes]) -> None:
        listening.recv()
        listening.send(bytes(MOST + 1))

    with serving(path, zmq.REP, much), pytest.raises(zmtp.StrangerError):
        ask(path)


def test_heartbeats_are_answered(path: Path) -> None:
    """Without a PONG libzmq would hang up after 50 ms."""

    def late(listening: zmq.Socket[bytes]) -> None:
        body = listening.recv()
        time.sleep(0.3)
        listening.send(body)

    with serving(path, zmq.REP, late, HEARTBEAT_IVL=20, HEARTBEAT_TIMEOUT=50):
        assert ask(path) == b"question"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param(zmq.PUB, {}, id="pub"),
        pytest.param(zmq.PULL, {}, id="pull"),
        pytest.param(zmq.REQ, {}, id="req"),
        pytest.param(zmq.DEALER, {}, id="dealer"),
        pytest.param(zmq.PAIR, {}, id="pair"),
        pytest.param(zmq.REP, {"PLAIN_SERVER": 1}, id="password"),
    ],
)
def test_a_socket_that_is_not_for_us_is_known_in_the_handshake(
    path: Path, kind: int, options: dict[str, int]
) -> None:
    """By what it says, or because libzmq hangs up on what we say."""
    with (
        serving(path, kind, lambda _: None, **options),
        pytest.raises((zmtp.StrangerError, zmtp.HungUpError)) as caught,
    ):
        ask(path)
    assert not getattr(caught.value, "met", False)


def test_a_question_that_is_too_large_for_the_other_side_is_hung_up_on(path: Path) -> None:
    with (
        serving(path, zmq.REP, echo, MAXMSGSIZE=100),
        pytest.raises(zmtp.HungUpError) as caught,
    ):
        ask(path, bytes(101))
    assert caught.value.met


def test_who_leaves_early_does_not_disturb_the_next(path: Path) -> None:
    def late(listening: zmq.Socket[bytes]) -> None:
        body = listening.recv()
        time.sleep(0.2)
        listening.send(body)

    with serving(path, zmq.REP, late):
        with pytest.raises(TimeoutError):
            ask(path, b"first", in_s=0.1)
        assert ask(path, b"second") == b"second"
