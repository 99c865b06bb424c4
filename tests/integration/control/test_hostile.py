"""Whoever can connect may send what they like: no bytes end it, wedge it or fill its memory."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from listsync.control import connections, server
from listsync.control.server import ControlSocket
from listsync.control.zmtp import Conversation
from listsync.protocol import MAX_BYTES, METHODS
from tests.integration.control.conftest import RawPeer, Scripted, Talker, body
from tests.seeds import drawing
from tests.thorough import IS_THOROUGH

pytestmark = pytest.mark.usefixtures("forked_scripts")
_FUZZ_S = 60.0 if IS_THOROUGH else 1.5
_MB = 1 << 20
_NOBODY = 65534
_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
_SERVE = textwrap.dedent("""
    import sys
    from pathlib import Path
    from listsync.control.server import ControlSocket
    from tests.integration.control.conftest import Scripted, running
    sys.setswitchinterval(0.001)
    with running(ControlSocket(Path(sys.argv[1]), Scripted(), group=int(sys.argv[2]) or None)):
        print("ready", flush=True)
        sys.stdin.read()
    print("well", flush=True)
""")


@contextmanager
def served(path: Path, group: int = 0) -> Iterator[int]:
    """Serve *path* from a process of its own, which has to end well; gives its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(path), str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child.pid
        assert (child.communicate(timeout=30)[0], child.returncode) == ("well\n", 0)


def peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(one.split()[1]) * 1024 for one in lines if one.startswith("VmHWM"))


def files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


# -- memory -------------------------------------------------------------------------------------


def test_a_message_of_endless_parts_takes_no_memory_and_is_answered(path: Path) -> None:
    part = struct.pack(">BQ", 3, 65_000) + bytes(65_000)
    with served(path) as pid, closing(Talker(path)) as talker:
        talker.ask()
        before = peak(pid)
        with RawPeer(path) as peer:
            peer.write(b"\x01\x00")
            for _ in range(1000):  # 65 MB
                peer.write(part)
            assert "result" in talker.ask()
            peer.write(b"\x00\x01x")
            peer.until_said(b"a request is one frame, this was 1001")
        assert peak(pid) - before < 4 * _MB


def test_whatever_all_connections_hold_back_takes_little_memory(path: Path) -> None:
    with served(path) as pid, closing(Talker(path)) as talker, ExitStack() as crowd:
        talker.ask()
        before = peak(pid)
        for _ in range(200):
            peer = crowd.enter_context(RawPeer(path))
            with suppress(ConnectionError):  # one that came later may have put it out
                peer.write(b"\x01\x00" + struct.pack(">BQ", 2, MAX_BYTES) + bytes(MAX_BYTES - 1))
        assert "result" in talker.ask()
        assert peak(pid) - before < 10 * _MB
        assert files(pid) < 100


def test_who_takes_no_answers_is_not_read_from_any_more(path: Path) -> None:
    with served(path) as pid, closing(Talker(path)) as talker, RawPeer(path, 2) as peer:
        talker.ask()
        before = peak(pid)
        request = b"\x01\x00\x00\x05hello" * 5000
        with pytest.raises(TimeoutError):
            peer.write(request * 500)
        assert "result" in talker.ask()
        assert peak(pid) - before < 6 * _MB


# -- who is kept ----------------------------------------------------------------------------------

_CROWD = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from tests.integration.control.conftest import RawPeer
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    crowd = [RawPeer(Path(sys.argv[1])) for _ in range(300)]
    print("there", flush=True)
    sys.stdin.read()
""")


def test_one_more_than_there_is_room_for_puts_the_most_silent_out(path: Path) -> None:
    with served(path), closing(Talker(path)) as talker, ExitStack() as crowd:
        first = crowd.enter_context(RawPeer(path))
        for _ in range(70):
            crowd.enter_context(RawPeer(path))
        assert "result" in talker.ask()
        assert first.ended()


@_as_root
def test_the_crowd_of_one_user_puts_nobody_else_out(path: Path) -> None:
    with served(path, _NOBODY), RawPeer(path) as peer:
        peer.until_said(b"READY")
        with subprocess.Popen(
            [sys.executable, "-c", _CROWD, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == b"there\n"
            peer.send(b"", body())
            peer.until_said(b'"result"')
            crowd.communicate()


# -- any bytes --------------------------------------------------------------------------------


@pytest.mark.fuzz
def test_random_bytes_end_nothing_and_honest_clients_are_answered_meanwhile(path: Path) -> None:
    dice = drawing()
    with served(path) as pid, closing(Talker(path)) as talker:
        talker.ask()
        before, open_before = peak(pid), files(pid)
        until = time.monotonic() + _FUZZ_S
        rounds = 0
        while time.monotonic() < until:
            with ExitStack() as crowd:
                for _ in range(dice.randrange(1, 8)):
                    raw = crowd.enter_context(socket.socket(socket.AF_UNIX))
                    raw.settimeout(0.05)
                    with suppress(OSError):
                        raw.connect(str(path))
                        raw.sendall(_script(dice))
                        rounds += 1
                if not dice.randrange(4):
                    assert "result" in talker.ask()
        assert "result" in talker.ask()
        assert rounds > 50
        assert peak(pid) - before < 10 * _MB
        until = time.monotonic() + 30
        while files(pid) > open_before + 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert files(pid) <= open_before + 2


def _script(dice: random.Random) -> bytes:
    """Make what one client says: mostly ZMTP, cut off or changed somewhere."""
    said = _greeting(dice) + b"".join(
        dice.choice(_PIECES)(dice) for _ in range(dice.randrange(12))
    )
    match dice.randrange(4):
        case 0:
            return said[: dice.randrange(len(said) + 1)]
        case 1:
            changed = bytearray(said + b"\0")
            changed[dice.randrange(len(changed))] = dice.randrange(256)
            return bytes(changed)
        case _:
            return said


def _greeting(dice: random.Random) -> bytes:
    if not dice.randrange(8):
        return dice.choice(
            [
                b"",
                b"\x01\x00\x01\x01\x06\x00hello",  # ZMTP 1
                b"\xff" + bytes(8) + b"\x7f\x01\x03\x00\x00\x01\x00\x00\x05hello",  # ZMTP 2
                b"GET / HTTP/1.1\r\n\r\n",
                dice.randbytes(100),
            ]
        )
    version = bytes((dice.choice([3, 3, 3, 3, 0, 1, 2, 4, 255]), dice.randrange(3)))
    mechanism = dice.choice([b"NULL"] * 6 + [b"PLAIN", b"CURVE", b"GSSAPI", b"\xff" * 20])
    return (
        b"\xff"
        + bytes(8)
        + b"\x7f"
        + version
        + mechanism.ljust(20, b"\0")
        + bytes(32)
        + (_ready(dice))
    )


def _ready(dice: random.Random) -> bytes:
    kind = dice.choice([b"REQ"] * 6 + [b"DEALER", b"SUB", b"REP", b"PAIR", b"\xff" * 300, b""])
    return _frame(4, b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind)


def _ping(dice: random.Random) -> bytes:
    return _frame(4, b"\x04PING" + dice.randbytes(dice.choice([0, 2, 10, 18, 19, 600])))


def _command(dice: random.Random) -> bytes:
    names = [b"\x09SUBSCRIBE", b"\x06CANCEL", b"\x04PONG", b"\x05HELLO", b"\x05ERROR", b""]
    return _frame(4, dice.choice(names) + dice.randbytes(dice.randrange(40)))


def _declared(dice: random.Random) -> bytes:
    return bytes((dice.randrange(256),)) + struct.pack(">Q", dice.randrange(1 << 64))


def _small_parts(dice: random.Random) -> bytes:
    return b"".join(_frame(1, b"x") for _ in range(dice.randrange(300)))


def _large_parts(dice: random.Random) -> bytes:
    return _frame(1, bytes(dice.randrange(MAX_BYTES + 2))) * dice.randrange(4)


def _any_bytes(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(200))


def _any_frame(dice: random.Random) -> bytes:
    return _frame(dice.randrange(8), dice.randbytes(dice.randrange(20)))


def _request(dice: random.Random) -> bytes:
    return _frame(1, b"") + _frame(0, body(dice.choice(sorted(METHODS))))


_PIECES = (
    _ping,
    _command,
    _declared,
    _small_parts,
    _large_parts,
    _any_bytes,
    _any_frame,
    _request,
    _request,
)


def _frame(flags: int, content: bytes) -> bytes:
    if len(content) > 255:
        return bytes((flags | 2,)) + len(content).to_bytes(8, "big") + content
    return bytes((flags & ~2, len(content))) + content


# -- faults of our own ----------------------------------------------------------------------------


def test_the_failure_of_one_connection_ends_it_alone(
    talker: Talker, path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty(Conversation):
        def receive(self, data: bytes) -> None:
            if b"trip" in data:
                raise ValueError("what went wrong")
            super().receive(data)

    monkeypatch.setattr(connections, "Conversation", Faulty)
    with talker.connected() as asking, RawPeer(path) as peer:
        asking.send(body())
        asking.recv()
        peer.send(b"", b"trip")
        assert peer.ended()
        asking.send(body())
        assert asking.poll(30_000)
    assert caplog.text.count("a control connection failed") == 1
    assert "what went wrong" in caplog.text


@pytest.mark.parametrize(
    ("place", "name"), [(server.ControlSocket, "_answered"), (connections.Connections, "handle")]
)
def test_the_failure_of_a_thread_ends_the_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, place: type, name: str
) -> None:
    """Whoever runs it is told, instead of a socket that answers no more."""

    def fail(*_: object) -> None:
        raise ValueError("what went wrong")

    monkeypatch.setattr(place, name, fail)
    control = ControlSocket(path, Scripted())
    control.open()
    with closing(Talker(path)) as talker, talker.connected() as asking:
        asking.send(body())
        with pytest.raises(ValueError, match="what went wrong"):
            control.run(threading.Event())
    control.close()
    assert not path.exists()


def test_the_failure_of_a_thread_is_told_also_while_an_answer_hangs(
    path: Path, answer: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LAST_ANSWER_S", 0.05)
    control = ControlSocket(path, answer, look_every_s=0.3)
    control.open()
    begun, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> dict[str, object]:
        begun.set()
        assert go_on.wait(60)
        return {}

    answer.does = hang

    def fail(*_: object) -> None:
        if begun.is_set():
            raise ValueError("what went wrong")

    monkeypatch.setattr(control, "_be_there", fail)
    with closing(Talker(path)) as talker, talker.connected() as asking:
        asking.send(body())
        with pytest.raises(ValueError, match="what went wrong"):
            control.run(threading.Event())
        assert not go_on.is_set()
    control.close()
    assert not path.exists()
    # The process would end here; in this one, what hangs is waited for and closed.
    go_on.set()
    control._answering.join(30)
    control.close()
