"""Where a first start looks for a server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from listsync.app.first_start import USUAL, find_servers, look_at_server
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess


class _Website(BaseHTTPRequestHandler):
    """Another program at the usual port."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>another program</html>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Website) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_servers_are_found_among_what_else_is_there(website: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        SandboxProcess("overseerr") as old,
        SandboxProcess("seerr") as new,
    ):
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        places = (new.url, website, "http://no-such-host.invalid:5055", hanging, old.url)
        found = find_servers(places, within_s=30)
    assert [(one.url, one.name.split()[0]) for one in found] == [
        (new.url, "Seerr"),
        (old.url, "Overseerr"),
    ]


def test_the_address_of_a_page_is_that_of_its_server() -> None:
    pages = ("", "/", "/login", "/discover/movies/genre/28", "/a/b/c/d/e", "/a?b=/c#d")
    with SandboxProcess("seerr") as server:
        found = {look_at_server(f"{server.url}{page}", None).url.rstrip("/") for page in pages}
    assert found == {server.url}


def test_another_program_is_no_server_at_any_of_its_addresses(website: str) -> None:
    with pytest.raises(UnavailableError, match=f"{website}/one/two: answers with a web page"):
        look_at_server(f"{website}/one/two", None)


def test_what_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert find_servers((hanging,), within_s=0.1) == ()


def test_this_machine_and_the_usual_containers_are_looked_at() -> None:
    hosts = [one.removeprefix("http://").removesuffix(":5055") for one in USUAL]
    assert hosts[:4] == ["localhost", "seerr", "jellyseerr", "overseerr"]
