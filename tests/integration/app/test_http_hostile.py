"""What nobody should send to the HTTP transport: it is refused in words, and nothing changes."""

from __future__ import annotations

import logging
import re
import socket
import time
from contextlib import ExitStack, suppress

import httpx
import pytest

from listsync.web import application, hosts, middleware, server
from tests.integration.app.conftest import AgentInProcess, StartAgent

TOKEN = "a-token-for-everything-in-tests"
KEY = f"X-Api-Key: {TOKEN}\r\n".encode()


class OpenServer:
    """An agent whose HTTP server is open, spoken to byte by byte."""

    def __init__(self, agent: AgentInProcess, port: int) -> None:
        self.agent, self.port = agent, port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, request: bytes) -> bytes:
        """Send *request*, and give the beginning of the answer; empty: there was none."""
        with self.connect() as client, suppress(ConnectionError):
            client.sendall(request)
            answer = client.recv(65536)
            while answer and len(answer) < _length_of(answer):
                answer += client.recv(65536) or b"\0" * _length_of(answer)
            return answer
        return b""

    def status(self, request: bytes) -> int:
        answer = self.send(request)
        return int(answer.split()[1]) if answer else 0

    def has_a_sync(self) -> bool:
        status = self.agent.ask("status")
        return status["running"] is not None or status["pending"] is not None

    def rest(self) -> None:
        """Wait for the first sync, and pause: what is triggered now, waits."""
        until = time.monotonic() + 30
        while self.agent.ask("status")["last_run"] is None or self.has_a_sync():
            assert time.monotonic() < until
            time.sleep(0.01)
        self.agent.ask("pause")


def _length_of(answer: bytes) -> int:
    """Say how long an answer is to be, as far as its head is there."""
    head, blank, _ = answer.partition(b"\r\n\r\n")
    told = re.search(rb"content-length: (\d+)", head)
    return len(head) + len(blank) + int(told[1]) if told else len(answer)


def has_ended(client: socket.socket) -> bool:
    with suppress(ConnectionError):
        return client.recv(1) == b""
    return True


@pytest.fixture
def web(start_agent: StartAgent) -> OpenServer:
    agent = start_agent()
    tokens = [{"name": "me", "token": TOKEN}]
    agent.write({"http.listen": "127.0.0.1:0", "http.tokens": tokens})
    assert agent.reload()["pending"] == []
    return OpenServer(agent, httpx.URL(agent.http_url).port or 0)


def post(head: bytes = b"", body: bytes = b"", target: bytes = b"/api/sync") -> bytes:
    host = b"" if b"Host:" in head else b"Host: localhost\r\n"
    length = (
        b"" if b"ength:" in head or b"ncoding:" in head else b"Content-Length: %d\r\n" % len(body)
    )
    return b"POST %s HTTP/1.1\r\n%s%s%s%s\r\n%s" % (target, host, KEY, length, head, body)


_BOTH = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
HOSTILE = {
    "no-host": (400, b"POST /api/sync HTTP/1.1\r\n" + KEY + b"\r\n"),
    "two-hosts": (400, post(b"Host: localhost\r\nHost: evil.example\r\n")),
    "another-host": (400, post(b"Host: evil.example\r\n")),
    "host-with-path": (400, post(b"Host: localhost/abc?bar=\r\n")),
    "host-with-login": (400, post(b"Host: me@localhost\r\n")),
    "another-address": (400, post(b"Host: 10.1.2.3:4222\r\n")),
    "length-and-chunks": (
        400,
        post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nGET /"),
    ),
    "chunks": (411, post(b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n" * 9999)),
    "a-body-of-a-get": (413, b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"),
    "half-a-character": (400, post(body=b'{"source": "\\ud800"}')),
    "an-origin-that-is-none": (403, post(b"Origin: http://[\r\n")),
    "two-lengths": (400, post(b"Content-Length: 0\r\nContent-Length: 9\r\n")),
    "negative-length": (400, post(b"Content-Length: -1\r\n")),
    "endless-length": (413, post(b"Content-Length: 99999999999\r\n")),
    "folded-header": (400, post(b"X-A: b\r\n  c\r\nContent Length: 3\r\n")),
    "10000-headers": (431, post(b"".join(b"X-%d: a\r\n" % n for n in range(10000)))),
    "long-target": (431, post(target=b"/" + b"a" * 70000)),
    "target-that-is-no-ascii": (400, post(target="/api/syn\u00e7".encode())),
    "absolute-target": (404, post(target=b"http://evil.example/api/sync")),
    "no-http": (400, b"hello\r\n\r\n"),
    "tls": (400, bytes.fromhex("16030100a1010000") + b"\r\n\r\n"),
    "method-in-small-letters": (405, post().replace(b"POST", b"post")),
    "not-json": (400, post(body=b"\xff\xfe{}")),
    "deep-json": (400, post(body=b"[" * 500_000)),
    "json-of-a-number": (400, post(body=b"7")),
    "a-source-that-is-none": (400, post(body=b'{"source": ["a"]}')),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_and_changes_nothing(web: OpenServer, name: str) -> None:
    web.rest()
    status, request = HOSTILE[name]
    assert web.status(request) == status
    assert not web.has_a_sync()
    assert web.status(post()) == 200
    assert web.has_a_sync()


def test_a_body_of_more_than_a_megabyte_is_refused(web: OpenServer) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{web.port}", trust_env=False) as client:
        headers = {"X-Api-Key": TOKEN}
        answer = client.post("/api/sync", content=b" " * (1024 * 1024 + 1), headers=headers)
        assert answer.status_code == 413
        assert client.post("/api/sync", content=b" " * (1024 * 1024), headers=headers).is_success


@pytest.mark.parametrize(
    "head",
    [b"Origin: https://evil.example\r\n", b"Sec-Fetch-Site: cross-site\r\nOrigin: null\r\n"],
    ids=["origin", "fetch-metadata"],
)
def test_a_page_elsewhere_makes_no_browser_act_with_a_password_it_remembers(
    web: OpenServer, head: bytes
) -> None:
    web.rest()
    assert web.status(post(head)) == 403
    assert not web.has_a_sync()


def test_a_host_that_is_not_ours_is_told_which_key_allows_it(web: OpenServer) -> None:
    answer = web.send(post(b"Host: sync.example.org\r\n"))
    assert b"http.allowed_hosts" in answer
    for good in (b"LOCALHOST.:4222", b"[::1]:80", b"127.0.0.1", socket.gethostname().encode()):
        assert web.status(post(b"Host: %s\r\n" % good)) == 200
    probe = b"GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n"
    assert web.status(probe) == 200


def test_wrong_tokens_are_slowed_down_and_keep_no_right_one_out(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "_SLOWED_S", 0.01)

    def get(token: str) -> int:
        head = f"GET /api/v1/ping HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {token}\r\n\r\n"
        return web.status(head.encode())

    assert get(TOKEN) == 200
    assert [get(f"guess-{n}") for n in range(11)] == [401] * 10 + [429]
    assert get(TOKEN) == 200
    assert get("guess") == 429


def test_who_has_guessed_too_often_waits_for_the_answer(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "_SLOWED_S", 1000.0)
    guess = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: guess\r\n\r\n"
    assert [web.status(guess) for _ in range(10)] == [401] * 10
    with web.connect() as client:
        client.sendall(guess)
        assert web.status(post()) == 200
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_one_client_cannot_hold_all_connections(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_OF_ONE_MACHINE", 5)
    web.agent.ask("pause")
    with ExitStack() as stack:
        held = [stack.enter_context(web.connect()) for _ in range(5)]
        for one in held:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in one.recv(4096)
        assert has_ended(stack.enter_context(web.connect()))
        place = ("127.0.0.1", web.port)
        alias = socket.create_connection(place, 10, ("127.0.0.2", 0))
        assert has_ended(stack.enter_context(alias)), "the machine has many addresses"
        monkeypatch.setattr(hosts, "_OF_ONE_MACHINE", 6)
        assert web.status(post()) == 200


def test_who_asks_is_not_what_they_say_they_are(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is no trusted proxy cannot take on others to guess on."""
    monkeypatch.setattr(application, "_SLOWED_S", 0.01)
    guesses = []
    for n in range(12):
        head = f"X-Forwarded-For: 10.0.0.{n}\r\nX-Api-Key: guess\r\nHost: localhost\r\n"
        guesses.append(web.status(b"GET /metrics HTTP/1.1\r\n" + head.encode() + b"\r\n"))
    assert guesses == [401] * 10 + [429] * 2


def test_a_head_or_a_body_that_does_not_come_is_not_waited_for(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HEAD_S", 0.2)
    monkeypatch.setattr(middleware, "_BODY_S", 0.2)
    with web.connect() as silent, web.connect() as slow, web.connect() as half:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        half.sendall(post(b"Content-Length: 10\r\n", b"{"))
        assert half.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert has_ended(silent)
        assert has_ended(slow)


def test_who_reads_nothing_is_not_written_to_for_ever(
    web: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_WRITE_S", 0.2)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(30)
        client.connect(("127.0.0.1", web.port))
        asking = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n" + KEY + b"\r\n"
        with suppress(ConnectionError):
            for _ in range(200):
                client.sendall(asking)
        deadline = time.monotonic() + 30
        while connections_of(web) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert connections_of(web) == 0


def connections_of(web: OpenServer) -> int:
    running = web.agent.daemon.http._server
    assert running is not None
    return len(running._server.server_state.connections)


def test_a_body_that_breaks_off_is_no_fault_of_ours(
    web: OpenServer, caplog: pytest.LogCaptureFixture
) -> None:
    with web.connect() as client:
        client.sendall(post(b"Content-Length: 9\r\n", b"{"))
    assert web.status(post()) == 200
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_a_page_elsewhere_keeps_nobody_out_by_guessing(web: OpenServer) -> None:
    cross = b"Host: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n"
    for number in range(12):
        guess = b"GET /feeds/all/radarr.json?token=guess-%d HTTP/1.1\r\n" % number
        assert web.status(guess + cross) == 401
    assert web.status(post()) == 200


def test_what_is_no_http_is_refused_as_everything_else(web: OpenServer) -> None:
    answer = web.send(b"hello\r\n\r\n")
    assert b'"success": false' in answer
    assert b"application/json" in answer


def test_a_body_that_is_no_http_behind_a_head_is_refused_by_one(
    web: OpenServer, caplog: pytest.LogCaptureFixture
) -> None:
    head = post(b"Transfer-Encoding: chunked\r\n", b"no size\r\n").replace(b"POST", b"HEAD", 1)
    with web.connect() as client:
        client.sendall(head)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert answer.endswith(b"\r\n\r\n"), answer
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_connections_are_bounded(web: OpenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 5)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(web.connect()).sendall(b"GET")
        assert has_ended(stack.enter_context(web.connect()))
    assert web.status(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == 200


def test_every_answer_forbids_what_browsers_could_do_with_it(web: OpenServer) -> None:
    for target, status in (("/healthz", 200), ("/nothing", 404), ("/api/v1/status", 401)):
        answer = httpx.get(f"http://127.0.0.1:{web.port}{target}", trust_env=False)
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
