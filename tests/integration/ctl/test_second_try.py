"""An agent that loses one reply: what only looks is asked a second time, the rest is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from listsync.protocol import Exit, result_reply
from listsyncctl.client import ClientError, Line, ask


class Forgetful:
    """Notes the ids that it is asked with, and answers from the second question on."""

    def __init__(self, path: Path) -> None:
        self.ids: list[str] = []
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(f"ipc://{path}")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._context.destroy(linger=0)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._socket.poll(20):
                continue
            peer, _, request = self._socket.recv_multipart()
            id_ = json.loads(request)["id"]
            self.ids.append(id_)
            if len(self.ids) > 1:
                reply = json.dumps(result_reply(id_, {"pong": True})).encode()
                self._socket.send_multipart([peer, b"", reply])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.sock"


@pytest.fixture
def forgetful(path: Path) -> Iterator[Forgetful]:
    agent = Forgetful(path)
    yield agent
    agent.close()


def test_what_only_looks_is_asked_again_with_the_same_id(forgetful: Forgetful, path: Path) -> None:
    assert ask([path], "ping", {}, timeout_s=30) == {"pong": True}
    assert len(forgetful.ids) == 2
    assert len(set(forgetful.ids)) == 1


def test_what_changes_something_is_sent_once(forgetful: Forgetful, path: Path) -> None:
    with pytest.raises(ClientError) as caught:
        ask([path], "trigger", {}, timeout_s=1)
    assert caught.value.exit is Exit.NO_ANSWER
    assert len(forgetful.ids) == 1


def test_a_reply_that_a_line_loses_is_asked_for_again(forgetful: Forgetful, path: Path) -> None:
    line = Line([path], timeout_s=10)
    for _ in range(2):
        line.send("ping", {})
        assert line.result() == {"pong": True}
    line.close()
    assert len(forgetful.ids) == 3


def test_a_line_that_nobody_hears_is_told_of_when_its_reply_is_wanted(path: Path) -> None:
    line = Line([path], timeout_s=10)
    line.send("ping", {})
    with pytest.raises(ClientError) as caught:
        line.result()
    assert caught.value.exit is Exit.NOT_RUNNING
