"""What a public host answers leads to no place at home; real servers stand at both ends.

Here 127.0.0.1 counts as public, as no test may leave this machine; 127.0.0.2 is what it is.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from listsync.config_types import SecretStr, ServiceOptions
from listsync.errors import RefusedError, UnavailableError
from listsync.http import redirects, response
from listsync.http.request import ServiceRequest
from listsync.http.service_client import ask, build_client

_lookup = socket.getaddrinfo
_is_public = redirects._is_public


@dataclass
class Site:
    """A server at *host* that sends everybody to *location*, if one is set."""

    host: str
    port: int = 0
    location: str = ""
    seen: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/a"


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(302 if site.location else 200)
            if site.location:
                self.send_header("Location", site.location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of a client that has read enough."""

    with Server((site.host, 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def sites() -> Iterator[tuple[Site, Site]]:
    """Give one at a public address, and one at home."""
    with ExitStack() as stack:
        public, home = (
            stack.enter_context(served(Site(host))) for host in ("127.0.0.1", "127.0.0.2")
        )
        yield public, home


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Let 127.0.0.1 be public, and give names addresses, the next one at each look-up."""
    known: dict[str, list[str]] = {}

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        addresses = known.get(host)
        if addresses is None:
            return _lookup(host, port, *more, **named)
        return _lookup(addresses.pop(0) if addresses[1:] else addresses[0], port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    public = ipaddress.ip_address("127.0.0.1")
    monkeypatch.setattr(redirects, "_is_public", lambda one: one == public or _is_public(one))
    monkeypatch.setattr(response, "PAUSES_S", ())
    return known


def asked(url: str, **more: Any) -> bytes:
    options = ServiceOptions(base_url=url, proxy=more.pop("proxy", None), timeout_s=5)
    with build_client(options) as http:
        return ask(http, ServiceRequest(service="stevenlu", url=url, **more)).body


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.2:{port}/",
        "http://2130706434:{port}/",
        "http://0x7f.2:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://inside.test:{port}/",
        "http://localhost:{port}/",
        "http://xn--mnchen-3ya.test:{port}/",
        "http://INSIDE.test:{port}/",
        "http://lists.example@127.0.0.2:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://[fe80::1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://0.0.0.0:{port}/",
        "http://[::127.0.0.2]:{port}/",
        "http://[64:ff9b:1::7f00:2]/",
        "http://[2002:7f00:2::]/",
    ],
)
def test_a_redirect_into_a_private_network_is_not_followed(
    sites: tuple[Site, Site], names: dict[str, list[str]], place: str
) -> None:
    public, home = sites
    names |= {"inside.test": ["127.0.0.2"], "localhost": ["127.0.0.2"]}
    names["xn--mnchen-3ya.test"] = ["127.0.0.2"]
    public.location = place.format(port=home.port)
    with pytest.raises(UnavailableError, match="private network: not followed"):
        asked(public.url)
    assert len(public.seen) == 1
    assert home.seen == []


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.2:{port}/",
        "http://2130706434:{port}/",
        "http://0x7f.2:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://inside.test:{port}/",
        "http://localhost:{port}/",
        "http://INSIDE.test:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[64:ff9b::a9fe:a9fe]/",
    ],
)
def test_what_is_to_be_public_is_never_asked_in_a_private_network(
    sites: tuple[Site, Site], names: dict[str, list[str]], place: str
) -> None:
    public, home = sites
    names |= {"inside.test": ["127.0.0.2"], "localhost": ["127.0.0.2"]}
    with pytest.raises(RefusedError, match="private network: not asked"):
        asked(place.format(port=home.port), public_only=True)
    public.location = place.format(port=home.port)
    with pytest.raises(UnavailableError, match="private network: not followed"):
        asked(public.url, public_only=True)
    public.location = ""
    assert asked(public.url, public_only=True) == b"[]"
    assert home.seen == []


def test_an_address_at_home_excuses_nothing_of_what_is_to_be_public(
    sites: tuple[Site, Site], names: dict[str, list[str]]
) -> None:
    public, home = sites
    # First it is looked up to be connected to; what it means later lets nobody follow it home.
    names["turning.test"] = ["127.0.0.1", "127.0.0.2"]
    public.location = home.url
    with pytest.raises(UnavailableError, match="not followed"):
        asked(f"http://turning.test:{public.port}/", public_only=True)
    assert home.seen == []


def test_a_name_that_means_another_address_at_each_look_up_gains_nothing(
    sites: tuple[Site, Site], names: dict[str, list[str]]
) -> None:
    public, home = sites
    with served(Site("127.0.0.1")) as other:
        names["turning.test"] = ["127.0.0.1", "127.0.0.2"]
        public.location = f"http://turning.test:{other.port}/"
        assert asked(public.url) == b"[]"
        assert len(other.seen) == 1
    assert home.seen == []


def test_a_redirect_to_another_public_host_is_followed(sites: tuple[Site, Site]) -> None:
    public, _ = sites
    with served(Site("127.0.0.1")) as other:
        public.location = other.url
        assert asked(public.url) == b"[]"


def test_an_address_of_the_users_own_network_is_theirs(sites: tuple[Site, Site]) -> None:
    _, home = sites
    with served(Site("127.0.0.3")) as nas:
        nas.location = home.url
        assert asked(nas.url) == b"[]"


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "unix:/run/docker.sock", "ftp://h/a", "gopher://h:70/_x"]
)
def test_a_redirect_to_another_scheme_is_not_followed(
    sites: tuple[Site, Site], place: str
) -> None:
    public, _ = sites
    public.location = place
    with pytest.raises(UnavailableError, match="not one of the web"):
        asked(public.url)


def test_no_secret_follows_to_another_server_of_the_same_host(sites: tuple[Site, Site]) -> None:
    public, _ = sites
    with served(Site("127.0.0.1")) as other:
        public.location = other.url
        secrets = {"authorization": SecretStr("Bearer key-1"), "api-key": SecretStr("key-2")}
        login = public.url.replace("://", "://me:key-3@")
        asked(login, secret_headers=secrets, headers={"trakt-api-key": "key-4"})
        assert "key-" in str(public.seen)
        assert "key-" not in str(other.seen)
        assert "authorization" not in other.seen[0]


def test_what_is_sent_follows_to_nobody(sites: tuple[Site, Site]) -> None:
    public, _ = sites
    with served(Site("127.0.0.1")) as other:
        public.location = other.url
        with pytest.raises(UnavailableError, match="with our data"):
            asked(public.url, body=b"{}")
        assert other.seen == []


def test_a_proxy_at_home_may_be_used(sites: tuple[Site, Site]) -> None:
    _, home = sites
    proxy = SecretStr(f"http://127.0.0.2:{home.port}")
    assert asked("http://lists.test/a", proxy=proxy) == b"[]"
    with served(Site("127.0.0.2", location="http://10.0.0.1/")) as sending:
        proxy = SecretStr(f"http://127.0.0.2:{sending.port}")
        with pytest.raises(UnavailableError, match="private network: not followed"):
            asked("http://lists.test/a", proxy=proxy)
