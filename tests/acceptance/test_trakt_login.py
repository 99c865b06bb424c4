"""`listsync trakt-login` against a server that plays Trakt's login."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.acceptance.conftest import Home, Ran

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trakt"


class _Trakt(BaseHTTPRequestHandler):
    """Gives a code, and a login at the second question."""

    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/device/code"):
            code = json.loads((FIXTURES / "device-code.json").read_bytes())
            self._answer(200, json.dumps(code | {"interval": 0}).encode())
            return
        type(self).asked += 1
        if self.asked == 1:
            self._answer(400, b"")
        else:
            self._answer(200, (FIXTURES / "device-token.200.json").read_bytes())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def trakt() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Trakt) as server:
        _Trakt.asked = 0
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def log_in(home: Home, **options: object) -> Ran:
    home.write_config([], providers={"trakt": options})
    return home.run("trakt-login")


def test_a_login_is_kept_for_its_owner_only(home: Home, trakt: str) -> None:
    ran = log_in(home, auth_url=trakt, client_id="an-id", client_secret="a-secret")
    assert ran.code == 0, ran.err
    code = json.loads((FIXTURES / "device-code.json").read_bytes())
    assert code["user_code"] in ran.out
    assert code["verification_url"] in ran.out
    kept = home.state / "trakt.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    token = json.loads((FIXTURES / "device-token.200.json").read_bytes())
    assert token["access_token"] in kept.read_text()
    assert token["access_token"] not in ran.out + ran.err


def test_no_code_is_asked_for_that_could_not_be_kept(home: Home, trakt: str) -> None:
    home.state.parent.mkdir(exist_ok=True)
    home.state.write_text("a file where the folder should be")
    ran = log_in(home, auth_url=trakt, client_id="an-id", client_secret="a-secret")
    assert ran.code == 1
    assert ran.out == ""
    assert "trakt.json" in ran.err
    assert ran.err.count("\n") == 1


def test_without_an_app_it_says_what_is_needed(home: Home) -> None:
    ran = log_in(home)
    assert ran.code == 1
    assert "needs providers.trakt.client_id and client_secret" in ran.err
