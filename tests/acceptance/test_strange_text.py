"""What lists and servers say reaches nobody's terminal raw, whichever command shows it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from listsync.sandbox.process import SandboxProcess
from tests.acceptance.conftest import Home
from tests.integration.ctl.test_terminal import EVIL, steering


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    """Says who it is with names that steer terminals, and fails with words that do."""

    def do_GET(self) -> None:
        known = self.path.startswith(("/api/v1/status", "/api/v1/settings/public"))
        answer = {"version": f"1.34.0{EVIL}", "applicationTitle": EVIL, "commitTag": EVIL}
        body = json.dumps(answer if known else {"message": EVIL, "error": EVIL}).encode()
        self.send_response(200 if known else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def strange_server() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _rows() -> str:
    evil = EVIL.replace("\x00", "").replace('"', "'")
    aside = "x" * 3000  # so that it passes for text
    rows = [f'"No Such {evil} Film",1999,movie,{aside}', f'"Alien{evil}",1979,movie,']
    return "\n".join(["title,year,kind,aside", *rows, ""])


@pytest.mark.parametrize("options", [("-v", "--dry-run"), ("--json", "--dry-run")])
def test_titles_of_a_list_do_not_steer(home: Home, options: tuple[str, ...]) -> None:
    home.write_config([home.write_list("a.csv", _rows())])
    ran = home.run("once", *options, FORCE_COLOR="1")
    assert "No Such" in ran.out
    assert steering(ran.out + ran.err) == set()
    assert "\nINJECTED" not in ran.out + ran.err


@pytest.mark.parametrize("command", ["once -v", "once --json", "check --live"])
def test_the_words_of_a_server_do_not_steer(tmp_path: Path, command: str) -> None:
    home = Home(tmp_path, SandboxProcess())
    home.write_list("a.csv", _rows())
    with strange_server() as url:
        config = {"server": {"url": url, "api_key": "key"}, "lists": [{"file": "a.csv"}]}
        (tmp_path / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")
        ran = home.run(*command.split(), FORCE_COLOR="1")
    assert ran.code != 0
    assert "Traceback" not in ran.err
    assert steering(ran.out + ran.err) == set()
    assert "\nINJECTED" not in ran.out + ran.err


def test_the_values_of_a_configuration_do_not_steer(tmp_path: Path) -> None:
    home = Home(tmp_path, SandboxProcess())
    evil = json.dumps(EVIL)
    text = f"server: {{url: {evil}, {evil}: 1}}\nlists: [{{stevenlu: {evil}, kind: {evil}}}]\n"
    (tmp_path / "listsync.yaml").write_text(text, encoding="utf-8")
    ran = home.run("check", FORCE_COLOR="1")
    assert ran.code == 78
    assert steering(ran.out + ran.err) == set()
    assert "\nINJECTED" not in ran.err
