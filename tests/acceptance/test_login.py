"""`listsync login` against servers that play the logins of Trakt, MDBList and Simkl."""

from __future__ import annotations

import json
import stat
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from listsync.app.provider_table import LOGINS
from listsync.cli.login import SERVICES
from tests.acceptance.conftest import Home, Ran

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trakt"
_ITEM = {"id": 603, "rank": 1, "title": "The Matrix", "mediatype": "movie", "release_year": 1999}
_KEY = "not-a-real-key"
_PIN = {"user_code": "AB12C", "expires_in": 300, "interval": 0}


class _Service(BaseHTTPRequestHandler):
    """Gives codes and logins, a login at the second question; and a list to who has one."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_form = "form" in self.headers["Content-Type"]
        fields = {k: v[0] for k, v in parse_qs(body).items()} if is_form else json.loads(body)
        self.asked.append((self.path, fields))
        if self.path.endswith("/device/code"):
            code = json.loads((FIXTURES / "device-code.json").read_bytes())
            self._answer(200, code | {"interval": 0})
        elif self.path == "/oauth/device-authorization/":
            address = "https://mdblist.com/oauth/device/"
            given = {"device_code": "not-a-real-code", "user_code": "ABCD-EFGH", "interval": 0}
            self._answer(200, given | {"verification_uri": address, "expires_in": 300})
        elif self.path.startswith("/oauth2/device?"):
            new_app = fields["client_id"] != "an-elder-id"
            code = {**_PIN, "verification_uri": "https://simkl.com/pin", "device_code": "a-code"}
            self._answer(200 if new_app else 412, code if new_app else {"error": "invalid_app"})
        elif fields.get("grant_type") == "refresh_token":
            self._answer(200, {"access_token": "second-access", "expires_in": 86400})
        elif [path for path, _ in self.asked].count(self.path) == 1:
            self._answer(400, {"error": "authorization_pending"} if is_form else None)
        elif is_form:
            self._answer(200, {"access_token": "first-access", "refresh_token": "a-refresh"})
        else:
            self._answer(200, json.loads((FIXTURES / "device-token.200.json").read_bytes()))

    def do_GET(self) -> None:
        if self.path.startswith("/oauth/pin"):
            path = self.path.partition("?")[0]
            self.asked.append((path, {}))
            is_in = [one for one, _ in self.asked].count(path) > 1
            pending, given = {"result": "KO"}, {"result": "OK", "access_token": "first-access"}
            code = {**_PIN, "verification_url": "https://simkl.com/pin/", "result": "OK"}
            self._answer(200, code if path == "/oauth/pin" else given if is_in else pending)
            return
        access = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if access not in ("first-access", "second-access") and f"apikey={_KEY}" not in self.path:
            self._answer(401, {"error": "Invalid API key!"})
            return
        self.asked.append((self.path.partition("?")[0], {"access": access}))
        if self.path.startswith("/user"):
            self._answer(200, {"user_name": "dave"})
        elif "/items" in self.path:
            self._answer(200, [_ITEM])
        else:
            self._answer(200, [{"items": 1, "updated": "2026-11-01"}])

    def _answer(self, status: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        _Service.asked.clear()
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def log_in(home: Home, service: str = "trakt", typed: str = "", **options: object) -> Ran:
    lists: list[dict[str, object]] = []
    if service == "mdblist":
        lists.append({"mdblist": "dave/films", "name": "films"})
    home.write_config(lists, providers={service: options})
    done = subprocess.run(
        home.command("login", service),
        env=home.environment(),
        cwd=home.folder,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_login_at_trakt_is_kept_for_its_owner_only(home: Home, service: str) -> None:
    ran = log_in(home, auth_url=service, client_id="an-id", client_secret="a-secret")
    assert ran.code == 0, ran.err
    code = json.loads((FIXTURES / "device-code.json").read_bytes())
    assert code["user_code"] in ran.out
    assert code["verification_url"] in ran.out
    kept = home.state / "trakt.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    token = json.loads((FIXTURES / "device-token.200.json").read_bytes())
    assert token["access_token"] in kept.read_text()
    assert token["access_token"] not in ran.out + ran.err


def test_the_old_name_says_the_new_one(home: Home, service: str) -> None:
    options = {"auth_url": service, "client_id": "an-id", "client_secret": "a-secret"}
    home.write_config([], providers={"trakt": options})
    ran = home.run("trakt-login")
    assert ran.code == 0, ran.err
    assert "is called `listsync login trakt` now" in ran.err
    assert (home.state / "trakt.json").is_file()
    assert "trakt-login" not in home.run("--help").out


def test_no_code_is_asked_for_that_could_not_be_kept(home: Home, service: str) -> None:
    home.state.parent.mkdir(exist_ok=True)
    home.state.write_text("a file where the folder should be")
    ran = log_in(home, auth_url=service, client_id="an-id", client_secret="a-secret")
    assert ran.code == 1
    assert ran.out == ""
    assert "trakt.json" in ran.err
    assert ran.err.count("\n") == 1


def test_without_an_app_it_says_what_is_needed(home: Home) -> None:
    ran = log_in(home)
    assert ran.code == 1
    assert "needs providers.trakt.client_id, that of an API app of your own" in ran.err


def test_a_login_at_mdblist_reads_lists_and_is_renewed(home: Home, service: str) -> None:
    """Without `expires_in` it is an hour; one that has ended is renewed, and keeps its refresh."""
    ran = log_in(home, "mdblist", base_url=service, client_id="an-id")
    assert ran.code == 0, ran.err
    assert "Open https://mdblist.com/oauth/device/ and enter the code ABCD-EFGH" in ran.out
    (_, code), *_, (_, polled) = _Service.asked
    assert code == {"client_id": "an-id"}
    assert polled == {
        "client_id": "an-id",
        "device_code": "not-a-real-code",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    }
    assert home.once("--yes").requested == ["movie/603"]
    assert _Service.asked[-1][1] == {"access": "first-access"}
    kept = home.state / "mdblist.json"
    login = json.loads(kept.read_text())
    kept.write_text(json.dumps(login | {"expires_at": "2026-01-01T00:00:00+00:00"}))
    assert home.once().code == 0
    assert _Service.asked[-1][1] == {"access": "second-access"}
    assert json.loads(kept.read_text())["refresh_token"] == "a-refresh"


def test_without_an_app_the_key_of_mdblist_is_kept_and_used(home: Home, service: str) -> None:
    wrong = log_in(home, "mdblist", "wrong-key\n", base_url=service)
    assert wrong.code == 1
    assert "does not accept" in wrong.err or "Invalid API key" in wrong.err
    none = log_in(home, "mdblist", "", base_url=service)
    assert none.code == 1
    assert "MDBLIST_API_KEY" in none.err
    ran = log_in(home, "mdblist", f"{_KEY}\n", base_url=service)
    assert ran.code == 0, ran.err
    assert "The key is dave's" in ran.out
    assert "warning" not in ran.err
    assert _KEY not in ran.out + ran.err
    assert home.once("--yes").requested == ["movie/603"]
    written = log_in(home, "mdblist", f"{_KEY}\n", base_url=service, api_key="another")
    assert "another key has the last word" in written.err


def test_the_command_names_every_service_of_the_table() -> None:
    assert list(SERVICES) == sorted(LOGINS)


@pytest.mark.parametrize(("client_id", "renews"), [("an-id", True), ("an-elder-id", False)])
def test_a_login_at_simkl_is_kept_whichever_way_the_app_knows(
    home: Home, service: str, client_id: str, renews: bool
) -> None:
    ran = log_in(home, "simkl", base_url=service, client_id=client_id)
    assert ran.code == 0, ran.err
    assert "Open https://simkl.com/pin" in ran.out
    assert "enter the code AB12C" in ran.out
    kept = json.loads((home.state / "simkl.json").read_text())
    assert (kept["access_token"], bool(kept["refresh_token"])) == ("first-access", renews)
    assert "first-access" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "needs providers.simkl.client_id, that of an app of your own"),
        ({"client_id": "an-id", "base_url": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
def test_a_login_at_simkl_that_cannot_be_is_told_in_one_line(
    home: Home, options: dict[str, str], said: str
) -> None:
    ran = log_in(home, "simkl", **options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not (home.state / "simkl.json").exists()
