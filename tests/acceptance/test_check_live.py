"""`listsync check --live`, as a person tries the lists of a new configuration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.acceptance.conftest import Home

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


class _Wall(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html><head><title>Just a moment...</title></head></html>"
        self.send_response(403)
        self.send_header("cf-mitigated", "challenge")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        pass


@pytest.fixture
def wall() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Wall) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_every_list_says_whether_it_can_be_read_and_what_to_do(home: Home, wall: str) -> None:
    home.write_config(
        [
            home.write_list("two.csv", _TWO),
            {"file": "missing.csv", "name": "lost"},
            {"letterboxd": "someone/watchlist", "name": "wishes"},
        ],
        providers={"letterboxd": {"base_url": wall, "browser": "never"}},
    )
    ran = home.run("check", "--live")
    assert ran.code == 8
    assert ran.out.splitlines() == [
        "The file is valid: 3 lists.",
        "  server  ok: Seerr 3.1.0, which accepts the key (of owner)",
        "  two.csv  complete: 2 titles",
        "  lost     not found",
        f"      {home.folder}/missing.csv does not exist",
        "      what now: check the path in the configuration",
        "  wishes   blocked",
        "      bot protection answers in its place",
        (
            "      what now: let a browser try: providers.letterboxd.browser: auto, with "
            "Chromium and its chromedriver installed; where it does, only another network helps "
            "(providers.letterboxd.proxy)"
        ),
    ]
    assert ran.err == "2 of 3 lists cannot be read whole.\n"
    assert not home.state.exists()
    assert home.sandbox.admin("log")["requests"] == []


def test_when_all_is_well_it_says_so(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    ran = home.run("check", "--live")
    assert (ran.code, ran.err) == (0, "")


def test_a_wrong_key_is_never_good(home: Home) -> None:
    server = {"url": home.sandbox.url, "api_key": "wrong"}
    home.write_config([home.write_list("two.csv", _TWO)], server=server)
    ran = home.run("check", "--live")
    assert ran.code == 78
    assert "  server  wrong: the API key is refused (403)" in ran.out
    assert "  two.csv  complete: 2 titles" in ran.out
    assert "good" not in ran.out + ran.err


def test_arr_without_live_is_a_slip(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    ran = home.run("check", "--arr")
    assert (ran.code, "--arr needs --live" in ran.err) == (2, True)
