"""What listens is not an agent, or stops being one: one line, the right exit, and in time."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from listsync.protocol import Exit, result_reply
from listsyncctl.client import ClientError, ask
from tests.unit.ctl.test_zmtp import GREETING, HANDSHAKE, MORE, long, short

Behaviour = Callable[[socket.socket], None]
_OURS = 64 + len(short(4, b"\x05READY\x0bSocket-Type\0\0\0\x03REQ\x08Identity\0\0\0\0"))


class Listener:
    """Gives each connection the next behaviour, or the last again, and then hangs up."""

    def __init__(self, path: Path, *behaviours: Behaviour) -> None:
        self.connections = 0
        self._behaviours = behaviours
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(10)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            behave = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
            self.connections += 1
            # Whoever asked may have gone.
            with connection, suppress(OSError):
                connection.settimeout(30)
                behave(connection)


Listen = Callable[..., Listener]


@pytest.fixture
def listen(path: Path) -> Iterator[Listen]:
    with ExitStack() as stack:

        def start(*behaviours: Behaviour) -> Listener:
            made = Listener(path, *behaviours)
            stack.callback(made.close)
            return made

        yield start


def say(what: bytes) -> Behaviour:
    return lambda connection: connection.sendall(what)


def say_and_wait(what: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(what)
        while connection.recv(4096):
            pass

    return behave


def http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def echo(connection: socket.socket) -> None:
    while piece := connection.recv(4096):
        connection.sendall(piece)


def drip(connection: socket.socket) -> None:
    for number in range(1000):
        connection.sendall(HANDSHAKE[number : number + 1] or b"\x01")
        time.sleep(0.05)


def after_the_question(*then: Behaviour) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(HANDSHAKE)
        heard = b""
        while len(heard) <= _OURS:
            heard += connection.recv(4096)
        for one in then:
            one(connection)

    return behave


def replied(body: bytes) -> bytes:
    return short(MORE, b"") + long(0, body)


GOOD = replied(json.dumps(result_reply(None, {"pong": True})).encode())


def trouble(path: Path, method: str = "ping", timeout_s: float = 60) -> ClientError:
    with pytest.raises(ClientError) as caught:
        ask([path], method, {}, timeout_s=timeout_s)
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(http, id="http"),
        pytest.param(echo, id="echo"),
        pytest.param(say_and_wait(b"SSH-2.0-OpenSSH_9.2\r\n"), id="banner"),
        pytest.param(say(b"SSH-2.0-OpenSSH_9.2\r\n"), id="banner-and-end"),
        pytest.param(say_and_wait(b"\0" + os.urandom(200)), id="random"),
        pytest.param(lambda _: None, id="closes-at-once"),
        pytest.param(say(GREETING), id="closes-after-the-greeting"),
        pytest.param(after_the_question(say(replied(b"hello"))), id="no-json"),
        pytest.param(after_the_question(say(replied(b"[" * 60_000))), id="deep-json"),
        pytest.param(after_the_question(say(replied(b"[]"))), id="a-list"),
        pytest.param(after_the_question(say(replied(b'{"id": "x", "result": {}}'))), id="another"),
        pytest.param(after_the_question(say(short(0, b"{}"))), id="no-envelope"),
    ],
)
@pytest.mark.parametrize("method", ["ping", "trigger"])
def test_it_is_known_at_once(
    listen: Listen, path: Path, behaviour: Behaviour, method: str
) -> None:
    listen(behaviour)
    started = time.monotonic()
    found = trouble(path, method)
    assert time.monotonic() - started < 30
    assert found.message == f"what answers at {path} is not a listsync agent: look at --socket"
    assert found.exit is Exit.FAILED


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(say_and_wait(b""), id="nothing"),
        pytest.param(say_and_wait(GREETING[:30]), id="half-a-greeting"),
        pytest.param(say_and_wait(HANDSHAKE), id="no-answer"),
        pytest.param(drip, id="drips"),
    ],
)
def test_silence_is_no_answer_in_time(listen: Listen, path: Path, behaviour: Behaviour) -> None:
    listen(behaviour)
    started = time.monotonic()
    found = trouble(path, timeout_s=0.4)
    assert time.monotonic() - started < 30
    assert f"the agent at {path} did not answer within 0.4 s" in found.message
    assert found.exit is Exit.NO_ANSWER


@pytest.mark.parametrize("before", [GREETING, HANDSHAKE], ids=["greeting", "handshake"])
@pytest.mark.parametrize("method", ["ping", "trigger"])
def test_an_agent_that_ends_is_known_at_once(
    listen: Listen, path: Path, method: str, before: bytes
) -> None:
    def end(connection: socket.socket) -> None:
        path.unlink()
        connection.sendall(before)

    listen(end)
    started = time.monotonic()
    found = trouble(path, method)
    assert time.monotonic() - started < 30
    assert f"the agent at {path} ended before it answered: start it" in found.message
    assert found.exit is Exit.NOT_RUNNING


def test_what_changes_something_is_not_sent_again_when_it_is_hung_up_on(
    listen: Listen, path: Path
) -> None:
    listener = listen(after_the_question(), say_and_wait(b""))
    found = trouble(path, "trigger")
    assert "ended before it answered" in found.message
    assert found.exit is Exit.NOT_RUNNING
    # The second one only looked whether somebody listens, and said nothing.
    assert listener.connections <= 2


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(lambda _: None, id="at-once"),
        pytest.param(say(HANDSHAKE[:70]), id="in-the-handshake"),
        pytest.param(after_the_question(), id="after-the-question"),
    ],
)
def test_what_only_looks_is_asked_again_when_it_is_hung_up_on(
    listen: Listen, path: Path, first: Behaviour
) -> None:
    listen(first, after_the_question(say(GOOD)))
    assert ask([path], "ping", {}, timeout_s=30) == {"pong": True}


@pytest.mark.parametrize("first", [lambda _: None, say(HANDSHAKE[:70])], ids=["at-once", "half"])
def test_what_changes_something_is_sent_when_the_first_connection_heard_nothing(
    listen: Listen, path: Path, first: Behaviour
) -> None:
    listen(first, after_the_question(say(GOOD)))
    assert ask([path], "trigger", {}, timeout_s=30) == {"pong": True}


def test_an_agent_that_gets_too_busy_for_the_second_try_is_said_to_be_busy(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening, ExitStack() as queue:
        listening.bind(str(path))
        listening.listen(0)

        def hang_up() -> None:
            connection, _ = listening.accept()
            with connection:
                for _ in range(2):  # nobody takes these: the queue is full
                    waiting = queue.enter_context(socket.socket(socket.AF_UNIX))
                    waiting.setblocking(False)
                    with suppress(BlockingIOError):
                        waiting.connect(str(path))

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = trouble(path)
        thread.join()
    assert "too busy to take a connection" in found.message
    assert found.exit is Exit.NO_ANSWER


def test_a_good_answer_takes_one_connection(listen: Listen, path: Path) -> None:
    listener = listen(after_the_question(say(GOOD)))
    assert ask([path], "ping", {}, timeout_s=30) == {"pong": True}
    assert listener.connections == 1


def test_nothing_waits_for_an_agent_that_comes_too_late(path: Path) -> None:
    """A command that was given up does not lie in a queue: its connection is closed."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(path))
        frozen.listen(10)
        trouble(path, "trigger", timeout_s=0.2)
        frozen.settimeout(30)
        connection, _ = frozen.accept()
        with connection:
            connection.settimeout(30)
            while piece := connection.recv(4096):
                heard.append(piece)
    assert b"".join(heard) == GREETING
