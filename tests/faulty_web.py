"""A web server that answers as a service does, until it is told to misbehave.

What it may do is what proxies, networks and busy services do: refuse, answer with pages, send on
to a login, end in the middle, dribble, or never answer.
"""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAUSE_S = 0.05
_HANG_S = 20.0
LOGIN = b"<!DOCTYPE html><html><title>Sign in</title><form action=/login></form></html>"
GATEWAY = b"<html><title>502 Bad Gateway</title><center>nginx</center></html>"


class Manner(Enum):
    """How an answer goes out."""

    WHOLE = auto()
    CUT_OFF = auto()
    """Ends before it is as long as it says."""
    RESET = auto()
    """There is none: the connection ends."""
    DRIP = auto()
    """A byte now and then, for ever."""
    HANG = auto()


@dataclass(frozen=True, slots=True)
class WebRequest:
    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WebAnswer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.WHOLE


def page(status: int, body: bytes = GATEWAY) -> WebAnswer:
    return WebAnswer(status, body, {"Content-Type": "text/html"})


OF_ALL = (
    WebAnswer(429),
    WebAnswer(429, headers={"Retry-After": "1"}),
    WebAnswer(500, b"{}", {"Content-Type": "application/json"}),
    page(502),
    WebAnswer(503, headers={"Retry-After": "1"}),
    page(504),
    page(200),
    page(200, LOGIN),
    WebAnswer(302, headers={"Location": "/login"}),
    WebAnswer(302, headers={"Location": "http://127.0.0.1:9/login"}),
    WebAnswer(401, b"{}", {"Content-Type": "application/json"}),
    WebAnswer(manner=Manner.CUT_OFF),
    WebAnswer(manner=Manner.RESET),
    WebAnswer(manner=Manner.DRIP),
    WebAnswer(manner=Manner.HANG),
)
"""What any web server may answer instead of the right thing."""


class FaultyWeb:
    """Answers what `usual` says, and each of `faults` before that once; `always` until it is None.

    `accepted` are the requests that it answered as usual, in full.
    """

    def __init__(
        self, usual: Callable[[WebRequest], WebAnswer], context: ssl.SSLContext | None = None
    ) -> None:
        self.usual = usual
        self.faults: deque[WebAnswer] = deque()
        self.always: WebAnswer | None = None
        self.accepted: list[WebRequest] = []
        self._ends = threading.Event()
        self._server = _server_of(self)
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self._server.server_address[1])
        self.url = f"http{'s' if context else ''}://localhost:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, request: WebRequest) -> WebAnswer:
        if request.path == "/login":
            return page(200, LOGIN)
        with suppress(IndexError):
            return self.faults.popleft()
        if self.always is not None:
            return self.always
        self.accepted.append(request)
        return self.usual(request)

    def wait(self, seconds: float) -> bool:
        """Wait so long; returns whether the server is to end."""
        return self._ends.wait(seconds)

    def close(self) -> None:
        self._ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def serving_web(
    usual: Callable[[WebRequest], WebAnswer], context: ssl.SSLContext | None = None
) -> Iterator[FaultyWeb]:
    web = FaultyWeb(usual, context)
    try:
        yield web
    finally:
        web.close()


def _server_of(web: FaultyWeb) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = web.answer(WebRequest(self.command, self.path, body))
            if answer.manner is Manner.HANG:
                web.wait(_HANG_S)
            self.close_connection = answer.manner is not Manner.WHOLE
            if answer.manner not in (Manner.RESET, Manner.HANG):
                self._send(answer)

        def _send(self, answer: WebAnswer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            more = 0 if answer.manner is Manner.WHOLE else 1000
            self.send_header("Content-Length", str(len(answer.body) + more))
            self.end_headers()
            self.wfile.write(answer.body)
            while answer.manner is Manner.DRIP and not web.wait(_PAUSE_S):
                self.wfile.write(b" ")

        do_GET = do_POST = do_PUT = do_HEAD = _take  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that went away."""

    return Server(("127.0.0.1", 0), Handler)
