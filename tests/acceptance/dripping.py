"""A proxy before the sandbox, in a process of its own: some of its answers never end.

While the file `drip` in its folder holds a method and the beginning of a path, such a call goes to
the server, but its answer comes as one byte every 50 ms; then there is a file `dripping`.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.acceptance.agent_process import until


@dataclass(frozen=True, slots=True)
class DrippingProxy:
    """The test's side of it."""

    url: str
    folder: Path

    def drip(self, calls: str) -> None:
        """Let the answers to *calls*, such as "GET /api/v1/media", never end."""
        self.stop()
        (self.folder / "drip").write_text(calls, encoding="utf-8")

    def until_dripping(self) -> None:
        until("an answer that drips", (self.folder / "dripping").exists)

    def stop(self) -> None:
        """Let calls from now on be answered well."""
        for name in ("drip", "dripping"):
            (self.folder / name).unlink(missing_ok=True)


@contextmanager
def dripping_proxy(server: str, folder: Path) -> Iterator[DrippingProxy]:
    """Run one before the server at that address."""
    folder.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.dripping", server, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        yield DrippingProxy(child.stdout.readline().strip(), folder)
    finally:
        child.kill()
        child.communicate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_address: str
    folder: Path

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        upstream = http.client.HTTPConnection(self.server_address, timeout=30)
        upstream.request(self.command, self.path, body or None, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", f"Content-Length: {len(content)}"]
        lines += [
            f"{name}: {value}"
            for name, value in answer.getheaders()
            if name.lower() not in ("content-length", "transfer-encoding", "connection")
        ]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        with suppress(OSError):
            if self._drips():
                self._drip(head.replace(b"Content-Length: ", b"Content-Length: 9999"))
            else:
                self.wfile.write(head + content)

    def _drips(self) -> bool:
        with suppress(OSError):
            method, path = (self.folder / "drip").read_text(encoding="utf-8").split()
            return self.command == method and self.path.startswith(path)
        return False

    def _drip(self, head: bytes) -> None:
        self.wfile.write(head)
        (self.folder / "dripping").touch()
        while True:
            self.wfile.write(b" ")
            time.sleep(0.05)

    do_GET = do_POST = _pass_on  # noqa: N815 - the base looks for these names

    def log_message(self, *_: object) -> None:
        pass


def _serve(server: str, folder: Path) -> None:
    _Handler.server_address, _Handler.folder = urlsplit(server).netloc, folder
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as serving:
        print(f"http://127.0.0.1:{serving.server_address[1]}", flush=True)
        serving.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
