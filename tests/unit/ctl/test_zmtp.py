"""ZMTP against a peer whose bytes lie ready: each is written before the question is asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from listsyncctl import zmtp

NULL = b"NULL".ljust(20, b"\0")
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + NULL + bytes(32)
MORE, LONG, COMMAND = 1, 2, 4
MOST = 1000
_SOON_S = 0.05


def short(flags: int, body: bytes) -> bytes:
    return bytes([flags, len(body)]) + body


def long(flags: int, body: bytes) -> bytes:
    return bytes([flags | LONG]) + len(body).to_bytes(8, "big") + body


def stated(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value


def ready(properties: bytes) -> bytes:
    return short(COMMAND, b"\x05READY" + properties)


READY = ready(stated(b"Socket-Type", b"REP"))
REPLY = short(MORE, b"") + short(0, b"answer")
HANDSHAKE = GREETING + READY
WHOLE = HANDSHAKE + REPLY
OF_REQ = short(COMMAND, b"\x05READY\x0bSocket-Type\0\0\0\x03REQ\x08Identity\0\0\0\0")


class Slow(socket.socket):
    """Gives at most *size* bytes at a time, and calls *each_time* before."""

    size = 1

    @staticmethod
    def each_time() -> None:
        """Do nothing."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self.each_time()
        return super().recv(min(bufsize, self.size), flags)


class Pair:
    """The connection that asks, and the peer's end of it."""

    def __init__(self) -> None:
        asking, self.peer = socket.socketpair()
        self.asking: socket.socket = asking
        self.peer.settimeout(30)

    def slow(self) -> Slow:
        made = Slow(fileno=self.asking.detach())
        self.asking = made
        return made

    def ask(self, body: bytes = b"question", *, in_s: float = 5, most: int = MOST) -> bytes:
        return zmtp.ask(self.asking, body, until=time.monotonic() + in_s, most=most)

    def heard(self) -> bytes:
        """Give all that was said to the peer."""
        self.asking.close()
        heard = b""
        while piece := self.peer.recv(65536):
            heard += piece
        return heard


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.asking.close()
    made.peer.close()


def test_a_question_is_asked_as_a_req_would(pair: Pair) -> None:
    pair.peer.sendall(WHOLE)
    assert pair.ask() == b"answer"
    assert pair.heard() == GREETING + OF_REQ + short(MORE, b"") + short(0, b"question")


@pytest.mark.parametrize(
    ("size", "framed"), [(0, short), (255, short), (256, long), (65536, long)]
)
def test_bodies_of_every_size(
    pair: Pair, size: int, framed: Callable[[int, bytes], bytes]
) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    pair.peer.sendall(HANDSHAKE + short(MORE, b"") + framed(0, body))
    assert pair.ask(body, most=65536) == body
    assert pair.heard().endswith(short(MORE, b"") + framed(0, body))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 63, 65])
def test_bytes_may_come_in_any_pieces(pair: Pair, size: int) -> None:
    pair.peer.sendall(HANDSHAKE + short(COMMAND, b"\x04PING\0\0x") + REPLY)
    pair.slow().size = size
    assert pair.ask() == b"answer"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(GREETING.replace(b"\x03\x01", b"\x03\x00") + READY + REPLY, id="zmtp-3.0"),
        pytest.param(
            GREETING.replace(b"\x03\x01", b"\x04\x07") + READY + REPLY, id="later-version"
        ),
        pytest.param(
            GREETING.replace(bytes(8), b"whatever", 1) + READY + REPLY, id="padding-is-free"
        ),
        pytest.param(GREETING + ready(stated(b"Socket-Type", b"ROUTER")) + REPLY, id="router"),
        pytest.param(
            GREETING
            + ready(stated(b"X-Mine", b"") + stated(b"socket-TYPE", b"REP") + stated(b"x", b"y"))
            + REPLY,
            id="other-properties",
        ),
        pytest.param(
            GREETING + long(COMMAND, b"\x05READY" + stated(b"Socket-Type", b"REP")) + REPLY,
            id="long-command",
        ),
        pytest.param(HANDSHAKE + long(MORE, b"") + long(0, b"answer"), id="long-frames"),
        pytest.param(HANDSHAKE + short(COMMAND, b"\x03NEW!") + REPLY, id="unknown-command"),
        pytest.param(HANDSHAKE + short(COMMAND, b"") + REPLY, id="empty-command"),
        pytest.param(
            HANDSHAKE + short(MORE, b"") + short(COMMAND, b"\x04PONG") + short(0, b"answer"),
            id="command-inside",
        ),
    ],
)
def test_what_is_allowed_is_taken(pair: Pair, said: bytes) -> None:
    pair.peer.sendall(said)
    assert pair.ask() == b"answer"


@pytest.mark.parametrize("context", [b"", b"x", b"0123456789abcdef"])
def test_a_ping_is_answered_with_its_context(pair: Pair, context: bytes) -> None:
    ping = short(COMMAND, b"\x04PING\x00\x0a" + context)
    pair.peer.sendall(HANDSHAKE + ping + ping + REPLY)
    assert pair.ask() == b"answer"
    assert pair.heard().endswith(b"question" + 2 * short(COMMAND, b"\x04PONG" + context))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"H", id="another-first-byte"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="http"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(b"\xff" * 10, id="no-end-of-the-signature"),
        pytest.param(b"\xff" + bytes(8) + b"\x7f\x01\x03\0\0", id="zmtp-2"),
        pytest.param(GREETING.replace(b"NULL", b"CURV") + READY, id="mechanism"),
        pytest.param(GREETING.replace(b"NULL\0", b"NULLS") + READY, id="longer-mechanism"),
        pytest.param(GREETING + GREETING, id="greeting-twice"),
        pytest.param(GREETING + short(0, b"\x05READY"), id="message-for-ready"),
        pytest.param(GREETING + short(COMMAND, b"\x04PING\0\0"), id="ping-for-ready"),
        pytest.param(GREETING + short(COMMAND, b"\x05ERROR\x03no!"), id="error-for-ready"),
        pytest.param(GREETING + short(COMMAND, b""), id="empty-for-ready"),
        pytest.param(GREETING + ready(b""), id="no-type"),
        pytest.param(GREETING + ready(stated(b"Socket-Type", b"")), id="empty-type"),
        pytest.param(GREETING + OF_REQ, id="req"),
        pytest.param(GREETING + ready(stated(b"Socket-Type", b"PUB")), id="pub"),
        pytest.param(GREETING + ready(stated(b"Socket-Type", b"REP")[:-1]), id="cut-value"),
        pytest.param(GREETING + ready(b"\x0bSocket-Type\0\0\0"), id="cut-size"),
        pytest.param(GREETING + ready(b"\x0bSocket-Type"), id="no-value"),
        pytest.param(GREETING + ready(b"\xffSocket-Type"), id="cut-name"),
        pytest.param(
            GREETING + ready(stated(b"Socket-Type", b"REP") + b"\x01"), id="rest-after-the-type"
        ),
        pytest.param(GREETING + b"\x06" + (513).to_bytes(8, "big"), id="large-ready"),
        pytest.param(HANDSHAKE + b"\x06" + (513).to_bytes(8, "big"), id="large-command"),
        pytest.param(HANDSHAKE + short(0, b"answer"), id="no-empty-frame"),
        pytest.param(HANDSHAKE + short(MORE, b"x"), id="envelope"),
        pytest.param(HANDSHAKE + short(0, b""), id="no-body"),
        pytest.param(
            HANDSHAKE + short(MORE, b"") + short(MORE, b"answer") + short(0, b""), id="two-bodies"
        ),
        pytest.param(
            HANDSHAKE + short(MORE, b"") + b"\x02" + (MOST + 1).to_bytes(8, "big"), id="large-body"
        ),
        pytest.param(
            HANDSHAKE + short(MORE, b"") + b"\x02" + b"\xff" * 8, id="largest-body-of-all"
        ),
        pytest.param(HANDSHAKE + short(COMMAND, b"\x05ERROR\x03no!"), id="error"),
        pytest.param(HANDSHAKE + short(COMMAND, b"\x04PING\0\0" + bytes(17)), id="long-ping"),
        pytest.param(HANDSHAKE + short(COMMAND | MORE, b"") + REPLY, id="command-and-more"),
        *(
            pytest.param(
                HANDSHAKE + short(MORE | flag, b"") + short(0, b"answer"), id=f"flag-{flag:#04x}"
            )
            for flag in (8, 0x10, 0x20, 0x40, 0x80)
        ),
    ],
)
def test_what_is_wrong_is_known_at_once(pair: Pair, said: bytes) -> None:
    pair.peer.sendall(said)
    with pytest.raises(zmtp.StrangerError):
        pair.ask()
    assert (b"question" in pair.heard()) is said.startswith(HANDSHAKE)


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_an_end_at_any_byte_is_an_end(pair: Pair, cut: int) -> None:
    pair.peer.sendall(WHOLE[:cut])
    pair.peer.shutdown(socket.SHUT_WR)
    with pytest.raises(zmtp.HungUpError) as caught:
        pair.ask()
    assert caught.value.met is (cut >= len(HANDSHAKE))


def test_a_peer_that_has_gone_before(pair: Pair) -> None:
    pair.peer.close()
    with pytest.raises(zmtp.HungUpError) as caught:
        pair.ask()
    assert caught.value.met is False


def test_a_peer_that_goes_without_reading(pair: Pair) -> None:
    pair.peer.sendall(GREETING)
    pair.slow().each_time = pair.peer.close  # type: ignore[method-assign]
    with pytest.raises(zmtp.HungUpError):
        pair.ask()


@pytest.mark.parametrize("cut", [0, 1, 63, 64, len(HANDSHAKE), len(WHOLE) - 1])
def test_silence_ends_in_time(pair: Pair, cut: int) -> None:
    pair.peer.sendall(WHOLE[:cut])
    with pytest.raises(TimeoutError):
        pair.ask(in_s=_SOON_S)


def test_a_peer_that_does_not_read_ends_in_time(pair: Pair) -> None:
    pair.peer.sendall(WHOLE)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        pair.ask(bytes(4 << 20), in_s=_SOON_S)
    assert time.monotonic() - started < 30


def test_a_moment_that_has_passed_is_too_late(pair: Pair) -> None:
    pair.peer.sendall(WHOLE)
    with pytest.raises(TimeoutError):
        pair.ask(in_s=0)


@pytest.mark.parametrize(("in_s", "comes"), [(len(WHOLE) - 1, False), (len(WHOLE) + 1, True)])
def test_dripping_bytes_do_not_stretch_the_time(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, in_s: float, comes: bool
) -> None:
    clock = SimpleNamespace(now=0.0)

    def tick() -> None:
        clock.now += 1

    monkeypatch.setattr(zmtp, "time", SimpleNamespace(monotonic=lambda: clock.now))
    pair.peer.sendall(WHOLE)
    pair.slow().each_time = tick  # type: ignore[method-assign]
    if comes:
        assert zmtp.ask(pair.asking, b"question", until=in_s, most=MOST) == b"answer"
    else:
        with pytest.raises(TimeoutError):
            zmtp.ask(pair.asking, b"question", until=in_s, most=MOST)


def test_what_comes_after_the_answer_is_left_alone(pair: Pair) -> None:
    pair.peer.sendall(WHOLE + b"\xff" * 100)
    assert pair.ask() == b"answer"


def test_questions_of_one_talk_shake_hands_once(pair: Pair) -> None:
    talk, until = zmtp.Talk(pair.asking), time.monotonic() + 30
    pair.peer.sendall(WHOLE + short(MORE, b"") + short(0, b"another"))
    answers = []
    for body in (b"question", b"next"):
        talk.send(body, until=until)
        answers.append(talk.receive(until=until, most=MOST))
    assert answers == [b"answer", b"another"]
    asked = [short(MORE, b"") + short(0, body) for body in (b"question", b"next")]
    assert pair.heard() == GREETING + OF_REQ + b"".join(asked)


def test_a_talk_that_is_over_is_told_from_one_that_never_was(pair: Pair) -> None:
    talk, until = zmtp.Talk(pair.asking), time.monotonic() + 30
    pair.peer.sendall(WHOLE)
    talk.send(b"question", until=until)
    assert talk.receive(until=until, most=MOST) == b"answer"
    pair.peer.close()
    with pytest.raises(zmtp.HungUpError) as caught:
        talk.send(b"next", until=until)
    assert caught.value.met
