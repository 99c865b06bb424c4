"""Whatever arrives, something is sent back and the next honest client is served."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
import zmq

from listsync.control.server import ControlSocket
from listsync.protocol import MAX_BYTES, METHODS, Code, Reason, RefusedCommand
from tests.integration.control.conftest import RawPeer, Scripted, Talker, body, running
from tests.seeds import drawing

_FUZZ_S = 1.5


def changed(**fields: object) -> bytes:
    message = {**json.loads(body()), **fields}
    return json.dumps({name: one for name, one in message.items() if one is not ...}).encode()


def test_an_answer_comes_back_with_its_id(talker: Talker, answer: Scripted) -> None:
    answer.result = {"pong": True}
    reply = talker.ask(body("trigger", id_="mine", lists=["a"], dry_run=True))
    assert (reply["id"], reply["result"]) == ("mine", {"pong": True})
    assert answer.asked == [("trigger", {"lists": ["a"], "dry_run": True})]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param([b"a", b"b"], Code.INVALID_REQUEST, id="two-frames"),
        pytest.param([body(), b""], Code.INVALID_REQUEST, id="request-and-a-frame"),
        pytest.param([b"x"] * 100_000, Code.INVALID_REQUEST, id="100000-frames"),
        pytest.param([bytes(65_000)] * 50, Code.INVALID_REQUEST, id="3-megabytes-in-parts"),
        pytest.param([b""], Code.PARSE, id="empty"),
        pytest.param([b"\xff\xfe{}"], Code.PARSE, id="not-utf-8"),
        pytest.param([b"{"], Code.PARSE, id="half-json"),
        pytest.param([b"[" * 60_000], Code.PARSE, id="deep"),
        pytest.param([b'{"a":' * 10_000 + b"1" + b"}" * 10_000], Code.PARSE, id="deep-objects"),
        pytest.param([b'"' * 65_000], Code.PARSE, id="quotes"),
        pytest.param([b"9" * 65_000], Code.PARSE, id="endless-number"),
        pytest.param([changed(id="\ud800")], Code.PARSE, id="half-a-surrogate"),
        pytest.param([b"[]"], Code.INVALID_REQUEST, id="batch"),
        pytest.param([b"null"], Code.INVALID_REQUEST, id="null"),
        pytest.param([changed(jsonrpc="1.0")], Code.INVALID_REQUEST, id="other-jsonrpc"),
        pytest.param([changed(id=...)], Code.INVALID_REQUEST, id="no-id"),
        pytest.param([changed(id=7)], Code.INVALID_REQUEST, id="number-as-id"),
        pytest.param([changed(id="x" * 129)], Code.INVALID_REQUEST, id="long-id"),
        pytest.param([changed(method=...)], Code.INVALID_REQUEST, id="no-method"),
        pytest.param([changed(method={"a": 1})], Code.INVALID_REQUEST, id="object-as-method"),
        pytest.param([changed(deadline=...)], Code.INVALID_REQUEST, id="no-deadline"),
        pytest.param([changed(deadline=True)], Code.INVALID_REQUEST, id="true-as-deadline"),
        pytest.param([changed(deadline=float("nan"))], Code.INVALID_REQUEST, id="nan-deadline"),
        pytest.param([changed(params=[])], Code.INVALID_PARAMS, id="list-as-params"),
        pytest.param([changed(params={"a": 1})], Code.INVALID_PARAMS, id="unknown-param"),
        pytest.param([body("runs", limit=True)], Code.INVALID_PARAMS, id="true-as-number"),
        pytest.param([body("runs", limit="1")], Code.INVALID_PARAMS, id="text-as-number"),
        pytest.param([body("trigger", lists=[1])], Code.INVALID_PARAMS, id="numbers-as-lists"),
        pytest.param([body("pause", for_s=float("inf"))], Code.INVALID_PARAMS, id="endless-pause"),
        pytest.param([changed(method="shutdown")], Code.UNKNOWN_METHOD, id="unknown-method"),
        pytest.param([body(in_s=-1)], Code.EXPIRED, id="expired"),
    ],
)
def test_what_is_wrong_is_answered_and_not_carried_out(
    talker: Talker, answer: Scripted, frames: list[bytes], code: Code
) -> None:
    assert talker.code(*frames) == code
    assert answer.asked == []
    assert "result" in talker.ask()


def test_a_wrong_parameter_is_named(talker: Talker) -> None:
    message = talker.ask(body("pause", for_s="long", until=1))["error"]["message"]
    assert message == "pause does not take until; it takes for_s"
    message = talker.ask(body("pause", for_s="long"))["error"]["message"]
    assert message == "pause: for_s must be a number"


def test_an_unknown_method_is_told_what_there_is(talker: Talker) -> None:
    error = talker.ask(changed(method="shutdown"))["error"]
    assert error["data"]["known"] == sorted(METHODS)


def test_brackets_inside_strings_are_not_depth(talker: Talker) -> None:
    assert "result" in talker.ask(body("items", query='[[[[[[[[[["{{{{{{{{'))


def test_a_frame_over_the_limit_is_dropped_with_its_sender(talker: Talker, path: Path) -> None:
    with RawPeer(path) as peer:
        peer.send(b"", bytes(MAX_BYTES + 1))
        assert peer.ended()
    assert "result" in talker.ask()


def test_a_huge_frame_that_is_only_declared_takes_no_memory(talker: Talker, path: Path) -> None:
    before = _resident()
    with RawPeer(path) as peer:
        peer.send(b"", bytes(100))
        peer.write(struct.pack(">BQ", 2, 8 << 30) + b"part")
        assert peer.ended()
    assert _resident() - before < 10 << 20
    assert "result" in talker.ask()


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        pytest.param(
            RefusedCommand(Reason.PAUSED, "paused", {"until": 1}), Code.PAUSED, id="refusal"
        ),
        pytest.param(RefusedCommand(Reason.BUSY, "x" * 70_000), Code.BUSY, id="long-refusal"),
        pytest.param(RefusedCommand(Reason.BUSY, "no", {"a": {1}}), Code.BUSY, id="odd-refusal"),
        pytest.param(ValueError("secret detail"), Code.INTERNAL, id="failure"),
        pytest.param(RecursionError(), Code.INTERNAL, id="recursion"),
    ],
)
def test_a_handler_that_raises_is_an_answer(
    talker: Talker, answer: Scripted, raised: Exception, code: Code
) -> None:
    answer.result = raised
    reply = talker.ask()
    assert reply["error"]["code"] == code
    assert "secret" not in json.dumps(reply)
    answer.result = {}
    assert "result" in talker.ask()


def test_a_failure_is_logged_with_its_traceback(
    talker: Talker, answer: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    answer.result = ValueError("what went wrong")
    talker.ask()
    assert "what went wrong" in caplog.text


@pytest.mark.parametrize(
    ("result", "code"),
    [
        pytest.param({"items": ["x" * 1000] * 100}, Code.TOO_LARGE, id="large"),
        pytest.param({"a": object()}, Code.INTERNAL, id="not-json"),
        pytest.param({"a": float("nan")}, Code.INTERNAL, id="nan"),
    ],
)
def test_a_result_that_cannot_be_sent_is_an_error(
    talker: Talker, answer: Scripted, result: dict[str, object], code: Code
) -> None:
    answer.result = result
    assert talker.code(body("items")) == code


def test_a_repeat_gets_the_first_reply_and_is_not_carried_out(
    talker: Talker, answer: Scripted
) -> None:
    again = body("trigger", id_="once", in_s=0.3)
    answer.result = {"run_id": "first"}
    first = talker.ask(again)
    answer.result = {"run_id": "second"}
    time.sleep(0.35)
    assert talker.ask(again) == first
    assert len(answer.asked) == 1


def test_what_the_client_gave_up_is_not_carried_out(talker: Talker, answer: Scripted) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(method: str, _: object) -> dict[str, object]:
        if method == "status":
            begun.set()
            assert go_on.wait(30)
        return {}

    answer.does = hang
    with talker.connected() as busy:
        busy.send(body("status"))
        assert begun.wait(30)
        for _ in range(3):
            assert talker.exchange(body("trigger", in_s=0.1), wait_s=0.1) is None
        go_on.set()
        busy.recv()
    assert "result" in talker.ask()
    assert [method for method, _ in answer.asked] == ["status", "ping"]


def test_a_client_that_dies_after_asking_harms_nobody(talker: Talker) -> None:
    for _ in range(20):
        with talker.connected() as asking:
            asking.send(body())
    assert "result" in talker.ask()


def silent(_: socket.socket) -> None:
    return


def http(raw: socket.socket) -> None:
    raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


def half_a_greeting(raw: socket.socket) -> None:
    raw.sendall(b"\xff\x00\x00\x00\x00")


@pytest.mark.parametrize("act", [silent, http, half_a_greeting])
def test_raw_connections_do_not_disturb(
    talker: Talker, path: Path, act: Callable[[socket.socket], None]
) -> None:
    raws = []
    for _ in range(20):
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(str(path))
        act(raw)
        raws.append(raw)
    started = time.monotonic()
    assert "result" in talker.ask()
    assert time.monotonic() - started < 25
    for raw in raws:
        raw.close()


_OLD_PEERS = {
    "zmtp-1": b"\x01\x00\x01\x01\x06\x00hello",
    "zmtp-1-with-a-name": b"\x04\x00abc\x01\x01\x06\x00hello",
    "zmtp-1-without-delimiter": b"\x01\x00\x06\x00hello",
    "zmtp-2": b"\xff" + bytes(8) + b"\x7f\x01\x03" + b"\x00\x00" + b"\x01\x00\x00\x05hello",
    "zmtp-2-in-parts": b"\xff" + bytes(8) + b"\x7f\x01\x03\x00\x00\x01\x00\x01\x02hi\x00\x02ho",
}


@pytest.mark.parametrize("sent", _OLD_PEERS.values(), ids=_OLD_PEERS)
def test_a_peer_of_an_older_protocol_is_hung_up_on(
    talker: Talker, answer: Scripted, path: Path, sent: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(30)
        raw.connect(str(path))
        raw.sendall(sent)
        with suppress(ConnectionError):
            while raw.recv(100):
                pass
        assert "result" in talker.ask()
    assert [method for method, _ in answer.asked] == ["ping"]


def test_a_silent_peer_is_sent_away(talker: Talker, path: Path) -> None:
    assert "result" in talker.ask()
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(path))
        raw.settimeout(30)
        while raw.recv(100):
            pass


def test_requests_sent_ahead_are_answered_one_by_one(talker: Talker, answer: Scripted) -> None:
    """More than one read holds, each with its own envelope as behind a proxy."""
    with talker.connected(zmq.DEALER) as dealer:
        for number in range(200):
            dealer.send_multipart([b"proxy", b"%d" % number, b"", body(id_=f"n{number}")])
        for number in range(200):
            assert dealer.poll(30_000)
            *envelope, reply = dealer.recv_multipart()
            assert envelope == [b"proxy", b"%d" % number, b""]
            assert json.loads(reply)["id"] == f"n{number}"
    assert len(answer.asked) == 200


def test_pings_are_answered(talker: Talker) -> None:
    """Without a PONG libzmq would hang up after 50 ms, and ask again."""
    with talker.connected() as asking:
        for option, value in ((zmq.HEARTBEAT_IVL, 20), (zmq.HEARTBEAT_TIMEOUT, 50)):
            asking.setsockopt(option, value)
        events = asking.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        asking.connect(talker.address)
        time.sleep(0.3)
        assert not events.poll(0)
        asking.disable_monitor()
        events.close(linger=0)


def test_other_socket_types_are_answered_or_ignored(talker: Talker) -> None:
    with talker.connected(zmq.DEALER) as dealer:
        dealer.send(b"no delimiter")
        dealer.send_multipart([b""])
        dealer.send_multipart([b"", body()])
        assert dealer.poll(30_000)
        assert "result" in json.loads(dealer.recv_multipart()[1])
    assert "result" in talker.ask()


def test_a_flood_without_reading_is_bounded(talker: Talker) -> None:
    before = _resident()
    with talker.connected(zmq.DEALER) as flood:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            try:
                flood.send_multipart([b"", b"x" * 500], zmq.NOBLOCK)
            except zmq.Again:
                time.sleep(0.001)
        assert "result" in talker.ask()
    assert "result" in talker.ask()
    assert _resident() - before < 30 << 20


@pytest.mark.fuzz
def test_random_messages_leave_it_well(talker: Talker, path: Path) -> None:
    dice = drawing()
    files = _open_files()
    until = time.monotonic() + _FUZZ_S
    while time.monotonic() < until:
        with RawPeer(path) as peer, suppress(ConnectionError, TimeoutError):
            for _ in range(dice.randrange(1, 6)):
                delimiter = [b""] * dice.choice([0, 1, 1, 1])
                parts = [_random_frame(dice) for _ in range(dice.choice([1, 1, 1, 2, 40]))]
                peer.send(*delimiter, *parts)
            if not dice.randrange(4):
                peer.write(dice.randbytes(dice.randrange(1, 100)))
    assert "result" in talker.ask()
    until = time.monotonic() + 30
    while _open_files() > files + 10 and time.monotonic() < until:
        time.sleep(0.05)
    assert _open_files() <= files + 10


def _random_frame(dice: random.Random) -> bytes:
    match dice.randrange(5):
        case 0:
            return dice.randbytes(
                dice.choice([0, 1, 100, MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1])
            )
        case 1:
            frame = bytearray(body(dice.choice(sorted(METHODS))))
            frame[dice.randrange(len(frame))] = dice.randrange(256)
            return bytes(frame)
        case 2:
            return dice.choice([b"[", b'{"a":', b'"\\']) * dice.randrange(1, 9000)
        case 3:
            odd: object = dice.choice([None, [], {}, -1, 1e308, "x", True, 10**30])
            return changed(**{dice.choice(["id", "method", "params", "deadline", "jsonrpc"]): odd})
        case _:
            return body(in_s=dice.uniform(-1, 5))


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096


def test_stop_while_waiting_is_at_once(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer, look_every_s=60)
    control.open()
    stop = threading.Event()
    thread = threading.Thread(target=control.run, args=(stop,))
    thread.start()
    time.sleep(0.1)
    stop.set()
    control.wake()
    thread.join(30)
    assert not thread.is_alive()
    control.close()
    control.wake()
    assert not path.exists()


def test_waking_never_waits_and_never_fails(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer)
    control.open()
    for _ in range(10_000):
        control.wake()
    control.close()
    control.wake()


def test_the_heartbeat_goes_on(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer)
    with running(control):
        before = control.heartbeat
        with closing(Talker(path)) as talker:
            talker.ask()
            talker.ask()
        assert control.heartbeat > before


def test_the_heartbeat_stops_while_an_answer_hangs(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer)
    begun, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> dict[str, object]:
        begun.set()
        assert go_on.wait(30)
        return {}

    answer.does = hang
    with running(control), closing(Talker(path)) as talker, talker.connected() as asking:
        asking.send(body())
        assert begun.wait(30)
        stuck = control.heartbeat
        control.wake()
        time.sleep(0.1)
        assert control.heartbeat == stuck
        go_on.set()
        asking.recv()
        end = time.monotonic() + 30
        while control.heartbeat == stuck and time.monotonic() < end:
            control.wake()
            time.sleep(0.01)
        assert control.heartbeat > stuck
