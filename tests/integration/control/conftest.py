"""A real control socket in a thread, and ways to talk to it, good and bad."""

from __future__ import annotations

import json
import socket
import struct
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest
import zmq

from listsync.commands.context import Caller
from listsync.commands.dispatch import checked
from listsync.control.server import ControlSocket
from listsync.protocol import request


class Scripted:
    """Answers what it is told to, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.result: Mapping[str, Any] | Exception = {"ok": True}
        self.takes_s = 0.0
        self.checks = True
        """Whether parameters are checked first, as they are by the agent."""
        self.does: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None

    def __call__(self, method: str, params: Mapping[str, Any], _: Caller) -> Mapping[str, Any]:
        if self.checks:
            checked(method, params)
        time.sleep(self.takes_s)
        self.asked.append((method, dict(params)))
        if self.does is not None:
            return self.does(method, params)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@contextmanager
def running(control: ControlSocket) -> Iterator[threading.Thread]:
    """Open *control* and serve until the block ends."""
    control.open()
    stop = threading.Event()

    def serve() -> None:
        try:
            control.run(stop)
        finally:
            control.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        control.wake()
        thread.join(30)
        assert not thread.is_alive()


def body(method: str = "ping", *, id_: str = "", in_s: float = 3600, **params: object) -> bytes:
    """Build a request that is right."""
    message = request(method, params, id_=id_ or uuid.uuid4().hex, deadline=time.time() + in_s)
    return json.dumps(message).encode()


class Talker:
    """Sends frames as they are and gives the reply."""

    def __init__(self, path: Path) -> None:
        self._context = zmq.Context()
        self.address = f"ipc://{path}"

    def connected(self, kind: int = zmq.REQ) -> zmq.Socket[bytes]:
        talking = self._context.socket(kind)
        talking.setsockopt(zmq.LINGER, 0)
        talking.connect(self.address)
        return talking

    def exchange(self, *frames: bytes, wait_s: float = 30) -> dict[str, Any] | None:
        with self.connected() as asking:
            asking.send_multipart(frames)
            if not asking.poll(round(wait_s * 1000)):
                return None
            reply: dict[str, Any] = json.loads(asking.recv())
            return reply

    def ask(self, *frames: bytes) -> dict[str, Any]:
        reply = self.exchange(*(frames or (body(),)))
        assert reply is not None, "no reply"
        return reply

    def code(self, *frames: bytes) -> int:
        code = self.ask(*frames)["error"]["code"]
        assert isinstance(code, int)
        return code

    def close(self) -> None:
        self._context.destroy(linger=0)


class RawPeer:
    """Speaks ZMTP by hand: libzmq as a sender aborts its process when it is cut off halfway."""

    def __init__(self, path: Path, patience_s: float = 30) -> None:
        self._raw = socket.socket(socket.AF_UNIX)
        self._raw.connect(str(path))
        self._raw.settimeout(patience_s)
        ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ"
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
        with suppress(ConnectionError):  # one that came later may have put it out
            self._raw.sendall(greeting + bytes([4, len(ready)]) + ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def send(self, *frames: bytes) -> None:
        """Send one message; may fail as any socket does."""
        parts = []
        for number, frame in enumerate(frames, start=1):
            parts.append(struct.pack(">BQ", 2 | (number < len(frames)), len(frame)) + frame)
        self.write(b"".join(parts))

    def write(self, what: bytes) -> None:
        self._raw.sendall(what)

    def until_said(self, words: bytes) -> None:
        """Read until *words* came; fails after too long a silence."""
        found = b""
        while words not in found:
            piece = self._raw.recv(4096)
            assert piece, found
            found += piece

    def ended(self) -> bool:
        """Read until the other side closes; False if it does not and says nothing."""
        try:
            while self._raw.recv(4096):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder with a short name, as sockets need, that others may pass through."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "run" / "agent.sock"


@pytest.fixture
def answer() -> Scripted:
    return Scripted()


@pytest.fixture
def control(path: Path, answer: Scripted) -> Iterator[ControlSocket]:
    """Give a socket that is being served."""
    made = ControlSocket(path, answer)
    with running(made):
        yield made


@pytest.fixture
def talker(control: ControlSocket, path: Path) -> Iterator[Talker]:  # noqa: ARG001 - serves it
    made = Talker(path)
    yield made
    made.close()
