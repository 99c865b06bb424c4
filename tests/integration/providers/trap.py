"""A server on loopback that sends what it is told to, byte by byte, and notes each request."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class HeardRequest:
    """One request as it came."""

    path: str
    query: Mapping[str, str]
    head: str
    body: bytes


Responder = Callable[[HeardRequest], Iterable[bytes]]
"""From a request to the raw bytes of a response, head included.

The connection ends with them, but for an answer in one piece that says `connection: keep-alive`.
"""


class Trap(socketserver.ThreadingTCPServer):
    """Answers every request with *answer*; `over` is set when nobody listens any more."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, answer: Responder, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.answer = answer
        self.asked: list[HeardRequest] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


class _Handler(socketserver.StreamRequestHandler):
    server: Trap

    def handle(self) -> None:
        with suppress(OSError):  # who asked may have had enough
            while (question := self._question()) and self._answer(question):
                pass

    def _answer(self, question: HeardRequest) -> bool:
        """Answer; returns whether the connection goes on."""
        self.server.asked.append(question)
        goes_on = False
        for piece in self.server.answer(question):
            if self.server.over.is_set():
                return False
            self.wfile.write(piece)
            goes_on = b"\r\nconnection: keep-alive\r\n" in piece[:1000]
        return goes_on

    def _question(self) -> HeardRequest | None:
        lines = []
        while (line := self.rfile.readline(65536)).strip():
            lines.append(line.decode("latin-1").strip())
        if not lines:
            return None
        target = urlsplit(lines[0].split()[1])
        lengths = [line.split()[1] for line in lines if line.lower().startswith("content-length:")]
        return HeardRequest(
            path=target.path,
            query=dict(parse_qsl(target.query)),
            head="\n".join(lines),
            body=self.rfile.read(int(lengths[0])) if lengths else b"",
        )


@contextmanager
def trap(answer: Responder, host: str = "127.0.0.1") -> Iterator[Trap]:
    """Serve *answer* in threads until the end."""
    with Trap(answer, host) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            serving.join()


def said(
    body: bytes, content_type: str = "application/json", status: str = "200 OK", **headers: str
) -> bytes:
    """Write a whole good answer; `x_has_more="true"` becomes the header `x-has-more`."""
    told = {
        "content-type": content_type,
        "content-length": str(len(body)),
        "connection": "keep-alive",
    }
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body
