"""A web site on loopback with a bot wall, and pages that are bad for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CHALLENGE = """<!doctype html><title>Just a moment...</title><p>Checking your browser</p>
<script>
setTimeout(() => { document.cookie = "cleared=yes"; location.reload(); }, 200);
</script>"""
_LIST = """<!doctype html><title>Films</title><ul></ul><script>
setTimeout(() => {
  document.querySelector("ul").innerHTML = "<li class=film>Alien</li><li class=film>Amélie</li>";
}, 200);
</script>"""
_WALL = "<!doctype html><title>Just a moment...</title><p>Checking your browser</p>"
_GREEDY = """<!doctype html><title>Greedy</title><script>
const held = [];
setInterval(() => held.push(new Uint8Array(4e7).fill(1)), 10);
</script>"""
_BUSY = "<!doctype html><title>Busy</title><script>for (;;) {}</script>"
_PLAIN = "<!doctype html><title>Plain</title><p>Nothing special</p>"
_BEGINNING = b"<!doctype html><title>Endless</title><p class=film>Alien</p>" + b" " * 4096
_PICTURE = "<!doctype html><title>Picture</title><p class=film>Alien</p><img src=/endless.png>"
PAGES = {
    "/picture": (200, _PICTURE),
    "/plain": (200, _PLAIN),
    "/private": (404, "<!doctype html><title>Not found</title>"),
    "/wall": (403, _WALL),
    "/nothing": (202, ""),
    "/forbidden": (403, ""),
    "/greedy": (200, _GREEDY),
    "/busy": (200, _BUSY),
}


class Site(ThreadingHTTPServer):
    """Remembers who asked: path, status and User-Agent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, int, str]] = []
        self.over = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def statuses(self, path: str) -> list[int]:
        return [status for asked, status, _ in self.asked if asked == path]


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        if self.path == "/endless":
            self._endless("text/html; charset=utf-8", _BEGINNING)
        elif self.path == "/endless.png":
            self._endless("image/png", b"\x89PNG\r\n\x1a\n")
        elif self.path.startswith("/list"):
            cleared = "cleared=yes" in self.headers.get("Cookie", "")
            self._answer(*((200, _LIST) if cleared else (403, _CHALLENGE)))
        else:
            self._answer(*PAGES.get(self.path, (404, "")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        pass

    def _answer(self, status: int, text: str) -> None:
        self.server.asked.append((self.path, status, self.headers.get("User-Agent", "")))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _endless(self, kind: str, beginning: bytes) -> None:
        """Send the beginning and never the end."""
        self.server.asked.append((self.path, 200, self.headers.get("User-Agent", "")))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(beginning)
        self.wfile.flush()
        self.server.over.wait()


@contextmanager
def site() -> Iterator[Site]:
    with Site() as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            serving.join()
