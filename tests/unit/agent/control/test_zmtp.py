"""One conversation, without a socket: what is kept, what is refused, what goes back."""

from __future__ import annotations

import random

import pytest

from listsync.control.zmtp import Conversation, RefusedPeerError, ZmtpMessage
from listsync.protocol import MAX_BYTES
from tests.thorough import tries

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
MORE, LONG, COMMAND = 1, 2, 4


def frame(flags: int, body: bytes) -> bytes:
    if len(body) > 255:
        return bytes((flags | LONG,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


def ready(kind: bytes = b"REQ") -> bytes:
    size = len(kind).to_bytes(4, "big")
    return frame(COMMAND, b"\x05READY\x0bSocket-Type" + size + kind)


def asked(*parts: bytes) -> bytes:
    return b"".join(frame(MORE * (part is not parts[-1]), part) for part in parts)


_HANDSHAKE = _GREETING + ready()


def met() -> Conversation:
    talk = Conversation()
    talk.receive(_HANDSHAKE)
    talk.sent(len(talk.unsent))
    assert talk.has_met
    return talk


def test_a_request_is_told_and_its_reply_framed() -> None:
    talk = met()
    talk.receive(asked(b"", b"question"))
    assert talk.message == ZmtpMessage(frame(MORE, b""), b"question", 1)
    talk.reply(b"answer")
    assert bytes(talk.unsent) == asked(b"", b"answer")
    assert talk.message is None


@pytest.mark.parametrize("size", [1, 3, 64, 5000])
def test_the_pieces_in_which_bytes_come_do_not_matter(size: int) -> None:
    talk, long = Conversation(), MAX_BYTES if size >= 64 else 3000
    stream = _HANDSHAKE + asked(b"", b"x" * 300) + asked(b"a", b"", b"y" * long)
    found = []
    while stream or talk.message:
        if talk.message:
            found.append(talk.message)
            talk.reply(b"")
        piece, stream = stream[:size], stream[size:]
        talk.receive(piece)
    assert [(one.body[:1], len(one.body), one.frames) for one in found] == [
        (b"x", 300, 1),
        (b"y", long, 1),
    ]
    assert found[1].envelope == asked(b"a", b"", b"y")[:-3]


def test_the_second_request_waits_for_the_first_reply() -> None:
    talk = met()
    talk.receive(asked(b"", b"one") + asked(b"", b"two"))
    assert talk.message is not None
    assert talk.message.body == b"one"
    assert not talk.is_listening
    talk.reply(b"")
    assert talk.message is not None
    assert talk.message.body == b"two"


def test_nothing_more_is_taken_while_replies_are_not() -> None:
    talk = met()
    ping = frame(COMMAND, b"\x04PING\0\0" + b"c" * 16)
    for _ in range(10_000):
        if talk.is_listening:
            talk.receive(ping)
    assert not talk.is_listening
    assert len(talk.unsent) < 70_000
    talk.sent(len(talk.unsent))
    assert talk.is_listening


def test_of_many_parts_only_the_first_is_kept() -> None:
    talk = met()
    talk.receive(frame(MORE, b"") + frame(MORE, b"first"))
    for _ in range(500):
        talk.receive(frame(MORE, bytes(MAX_BYTES)))
        assert talk.missing <= MAX_BYTES + 9
    talk.receive(frame(0, b"last"))
    assert talk.message == ZmtpMessage(frame(MORE, b""), b"first", 502)


def test_pings_are_answered_and_other_commands_not_heeded() -> None:
    talk = met()
    others = b"".join(
        frame(COMMAND, one)
        for one in (b"\x09SUBSCRIBEx", b"\x06CANCELx", b"\x03new", b"", b"\xff")
    )
    talk.receive(frame(MORE, b"") + others + frame(COMMAND, b"\x04PING\0\x0ahello"))
    assert bytes(talk.unsent) == frame(COMMAND, b"\x04PONGhello")
    talk.receive(frame(0, b"body"))
    assert talk.message is not None
    assert talk.message.body == b"body"


def test_what_has_no_delimiter_is_dropped_as_a_rep_does() -> None:
    talk = met()
    talk.receive(asked(b"lone") + asked(b"") + asked(b"a", b"b") + asked(b"", b"good"))
    assert talk.message is not None
    assert talk.message.body == b"good"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\n", id="http"),
        pytest.param(b"\x01\x00\x01\x01\x06\x00hello", id="zmtp-1"),
        pytest.param(b"\xff" + bytes(8) + b"\x7f\x01\x03", id="zmtp-2"),
        pytest.param(b"\xff" + bytes(8) + b"\x7e\x03", id="no-signature"),
        pytest.param(_GREETING.replace(b"NULL\0", b"PLAIN"), id="password"),
        pytest.param(_GREETING + asked(b"", b"x"), id="message-before-ready"),
        pytest.param(_GREETING + frame(COMMAND, b"\x05HELLO"), id="another-command"),
        pytest.param(_GREETING + ready(b"SUB"), id="sub"),
        pytest.param(_GREETING + ready(b"REP"), id="rep"),
        pytest.param(_GREETING + frame(COMMAND, b"\x05READY"), id="no-type"),
        pytest.param(_GREETING + frame(COMMAND, b"\x05READY\x0bSocket"), id="cut-off"),
        pytest.param(
            _GREETING + frame(COMMAND, b"\x05READY\x01a\xff\xff\xff\xff"), id="huge-value"
        ),
        pytest.param(_HANDSHAKE + b"\x08\x00", id="flag"),
        pytest.param(_HANDSHAKE + b"\xff" * 20, id="flags"),
        pytest.param(_HANDSHAKE + b"\x05\x00", id="more-commands"),
        pytest.param(_HANDSHAKE + frame(COMMAND, b"\x05ERROR\x02no"), id="error"),
        pytest.param(_HANDSHAKE + frame(COMMAND, b"\x04PING\0\0" + bytes(17)), id="long-ping"),
        pytest.param(_HANDSHAKE + frame(COMMAND, bytes(1025)), id="long-command"),
        pytest.param(_HANDSHAKE + b"\x02" + (MAX_BYTES + 1).to_bytes(8, "big"), id="large"),
        pytest.param(_HANDSHAKE + b"\x02" + b"\xff" * 8, id="largest"),
        pytest.param(_HANDSHAKE + asked(*[b"a"] * 9, b"", b"x"), id="many-routing-frames"),
        pytest.param(_HANDSHAKE + asked(bytes(256), b"", b"x"), id="long-routing-frame"),
    ],
)
def test_what_is_none_of_ours_is_refused(sent: bytes) -> None:
    with pytest.raises(RefusedPeerError):
        Conversation().receive(sent)


def test_random_bytes_are_read_or_refused_and_little_is_kept() -> None:
    dice = random.Random(14)
    for _ in range(tries(500, 30_000)):
        talk = Conversation()
        stream = bytearray(_HANDSHAKE + asked(b"", b"x" * dice.randrange(400)) * 3)
        for _ in range(dice.randrange(4)):
            stream[dice.randrange(len(stream))] = dice.randrange(256)
        stream += dice.randbytes(dice.randrange(50))
        try:
            talk.receive(bytes(stream))
            while talk.message is not None:
                talk.reply(b"")
        except RefusedPeerError:
            continue
        assert talk.missing <= MAX_BYTES + 9
        assert len(talk.unsent) < 4000
