"""A web server that takes messages as a service does, and answers what it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One request: `sent` is its body as JSON, or None."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def sent(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class CannedResponse:
    """What is answered; `hold` is waited for before."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None


class Receiver:
    """Takes all that comes; `answers` are given first, one each, then `usual`."""

    def __init__(self, usual: CannedResponse | None = None) -> None:
        self.usual = usual or CannedResponse()
        self.answers: deque[CannedResponse] = deque()
        self.taken: list[Taken] = []
        self.accepted: list[Taken] = []
        """Those that were answered at once, and with success."""
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                answer = receiver.take(
                    Taken(self.command, self.path, dict(self.headers.items()), body)
                )
                if answer.hold is not None:
                    answer.hold.wait(WAIT_S)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_HEAD = _take  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Say nothing of clients that went away."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def take(self, request: Taken) -> CannedResponse:
        with self._changed:
            self.taken.append(request)
            answer = self.answers.popleft() if self.answers else self.usual
            if answer.hold is None and answer.status < 300:
                self.accepted.append(request)
            self._changed.notify_all()
        return answer

    def wait(self, is_there: Callable[[list[Taken]], bool]) -> list[Taken]:
        """Wait until what was taken *is_there*."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self.taken), WAIT_S), self.taken
            return list(self.taken)

    def wait_for(self, count: int) -> list[Taken]:
        return self.wait(lambda taken: len(taken) >= count)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def receiving(usual: CannedResponse | None = None) -> Iterator[Receiver]:
    receiver = Receiver(usual)
    try:
        yield receiver
    finally:
        receiver.close()
