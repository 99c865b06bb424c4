"""A pool that is closed while somebody is at a request leaves no connection behind."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

import httpcore
import pytest

from listsync.cancellation import CancelToken
from listsync.http.transport import FAILURES, Pool, open_pool, read_body
from tests.integration.providers.trap import said

PATIENT_S = 30.0
SOON_S = 5.0
STAGES = (
    "connection.connect_tcp.started",
    "connection.connect_tcp.complete",
    "http11.send_request_headers.complete",
    "http11.receive_response_headers.complete",
)


def a_pool(run: CancelToken) -> Pool:
    tls = ssl.create_default_context()
    return open_pool(run, tls, None, connections=2, keep_alive_s=PATIENT_S)


def request(url: str, trace: Callable[[str, object], None] = lambda *_: None) -> httpcore.Request:
    extensions = {"trace": trace, "timeout": {"read": SOON_S}}
    return httpcore.Request("GET", url, headers=[("Host", "a.test")], extensions=extensions)


class _Server:
    """Answers one request, and hears whether its connection is closed after it."""

    def __init__(self, listening: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        self.was_left = False
        self._listening = listening
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connected, _ = self._listening.accept()
        connected.settimeout(SOON_S)
        with connected, suppress(ConnectionError):
            try:
                while connected.recv(65536):
                    connected.sendall(said(b"[]"))
            except TimeoutError:
                self.was_left = True

    def join(self) -> None:
        self._thread.join(PATIENT_S)


@pytest.mark.parametrize("stage", STAGES)
def test_it_leaves_none_wherever_the_request_is(stage: str) -> None:
    run = CancelToken()
    pool = a_pool(run)

    def close_there(at: str, _: object) -> None:
        if at == stage:
            pool.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = _Server(listening)
        with suppress(*FAILURES):  # its answer may be whole by then
            read_body(pool.handle_request(request(server.url, close_there)), 100)
        with pytest.raises(FAILURES):  # nor is any made later
            pool.handle_request(request(server.url))
        if stage == STAGES[0]:
            socket.create_connection(listening.getsockname()).close()
        server.join()
        assert not server.was_left
    assert not run._breaks
    assert not run.is_set()


def test_it_ends_with_its_run() -> None:
    run = CancelToken()
    pool = a_pool(run)
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def cut_there(at: str, _: object) -> None:
            if at == "http11.send_request_headers.complete":
                run.cut()

        with pytest.raises(FAILURES):
            pool.handle_request(request(f"http://127.0.0.1:{silent.getsockname()[1]}/", cut_there))
    pool.close()
    assert not run._breaks
