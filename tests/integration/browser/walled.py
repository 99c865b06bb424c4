"""Letterboxd and IMDb on loopback, behind a bot wall that lets browsers through."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures"
_CHALLENGE = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<script>window._cf_chl_opt = {};
setTimeout(() => { document.cookie = "cleared=yes;path=/"; location.reload(); }, 300);
</script></body></html>"""
_LETTERBOXD = {
    "/sample_user/list/synthetic-list/": (200, "list.page1.html"),
    "/sample_user/list/synthetic-list/page/2/": (200, "list.page2.html"),
    "/sample_user/list/hidden/": (403, "private-403.html"),
    "/sample_user/list/lost/": (404, "404.html"),
    "/sample_user/list/old/": (200, "list.drift-unknown-markup.html"),
}
IMDB_TITLES = 300
_IMDB_PAGE = 250


_HOSTS = cycle(range(2, 250))
"""For cookies a port makes no difference."""


class WalledSite(ThreadingHTTPServer):
    """Remembers what was asked and answered; `is_open` False: nobody gets through."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((f"127.0.0.{next(_HOSTS)}", 0), _Handler)
        self.asked: list[tuple[str, int]] = []
        self.is_open = True
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def statuses(self, path: str) -> list[int]:
        return [status for asked, status in self.asked if asked == path]


class _Handler(BaseHTTPRequestHandler):
    server: WalledSite

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(403, "<html><head><title>403 Forbidden</title></head></html>")

    def do_GET(self) -> None:
        cleared = "cleared=yes" in self.headers.get("Cookie", "") and self.server.is_open
        path, _, query = self.path.partition("?")
        if path == "/favicon.ico":
            self._answer(404, "")
        elif not cleared:
            self._answer(403, _CHALLENGE)
        elif path == "/sample_user/list/stalls/":
            self._stall()
        elif path in _LETTERBOXD:
            status, name = _LETTERBOXD[path]
            page = (FIXTURES / "letterboxd/pages" / name).read_text(encoding="utf-8")
            self._answer(status, page)
        elif path == "/list/ls990000001/":
            self._answer(200, _imdb(int(query.removeprefix("page="))))
        else:
            page = (FIXTURES / "letterboxd/pages/404.html").read_text(encoding="utf-8")
            self._answer(404, page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        pass

    def _answer(self, status: int, text: str) -> None:
        self.server.asked.append((self.path, status))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stall(self) -> None:
        self.server.asked.append((self.path, 200))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Synthetic list</title>" + b" " * 4096)
        self.wfile.flush()
        self.server.over.wait()


def _imdb(number: int) -> str:
    first = (number - 1) * _IMDB_PAGE
    titles = [
        {
            "id": f"tt{rank:07}",
            "titleText": {"text": f"Film {rank}"},
            "titleType": {"id": "movie"},
            "releaseYear": {"year": 1950 + rank % 70},
        }
        for rank in range(first + 1, min(first + _IMDB_PAGE, IMDB_TITLES) + 1)
    ]
    found = {"total": IMDB_TITLES, "edges": [{"listItem": title} for title in titles]}
    data = {"props": {"pageProps": {"mainColumnData": {"list": {"titleListItemSearch": found}}}}}
    return (
        "<!DOCTYPE html><html><head><title>A list</title></head><body>"
        f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(data)}</script>'
        "</body></html>"
    )


@contextmanager
def walled_site() -> Iterator[WalledSite]:
    with WalledSite() as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            serving.join()
