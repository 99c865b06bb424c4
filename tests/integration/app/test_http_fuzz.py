"""Any bytes at all over real sockets: HTTP answers each in its own words, or not at all."""

from __future__ import annotations

import logging
import random
import socket
import time
from contextlib import suppress

import httpx
import pytest

from tests.integration.app.conftest import AgentInProcess
from tests.integration.app.test_http_hostile import HOSTILE, KEY, OpenServer, post, web  # noqa: F401
from tests.seeds import drawing
from tests.thorough import tries

_LASTS_S = tries(1, 60)
_PATHS = (
    b"/healthz",
    b"/api/v1/status",
    b"/sync/radarr",
    b"/api/sync",
    b"/",
    b"/feeds/l",
    b"/stats",
)
_WEBHOOK = b'{"eventType": "Download", "movie": {"id": 1}, "movieFile": {"relativePath": "a"}}'
_HEADS = (
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n",
    b"Cookie: listsync=a; =b; c\r\n",
    b"Accept-Encoding: gzip;q=x\r\n",
    b'If-None-Match: "\r\n',
    b"Range: bytes=0-0,5-\r\n",
    b"X-Forwarded-For: ::, a\r\n",
    b"Last-Event-ID: -1\r\n",
    KEY,
)


@pytest.mark.fuzz
def test_random_requests_are_answered_in_our_words_and_keep_nobody_out(
    web: OpenServer,  # noqa: F811 - a fixture
    caplog: pytest.LogCaptureFixture,
) -> None:
    chance, ends_at, rounds = drawing(), time.monotonic() + _LASTS_S, 0
    while time.monotonic() < ends_at or rounds < 50:
        request = _request(chance)
        answer = _send(web.port, request)
        assert not answer or answer.startswith(b"HTTP/1."), (request, answer[:200])
        status = int(answer.split()[1]) if answer else 0
        assert status != 500, (request, answer[:500])
        rounds += 1
    assert _is_well(web.agent, web.port)
    assert not [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


def _send(port: int, request: bytes) -> bytes:
    """Send all of it, and take what is answered; it may be hung up on in the middle."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as client,
        suppress(ConnectionError),
    ):
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return client.recv(65536)
    return b""


def _is_well(agent: AgentInProcess, port: int) -> bool:
    answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=30)
    return answer.is_success and agent.ask("ping")["pid"] > 0


def _request(chance: random.Random) -> bytes:
    """Make one that is nearly right, or one of those that were refused before, changed."""
    if not chance.randrange(4):
        request = chance.choice([*HOSTILE.values()])[1][:5000]
    else:
        head = b"".join(chance.sample(_HEADS, k=chance.randrange(4)))
        body = chance.choice([b"", _WEBHOOK, b"5\r\nhello\r\n0\r\n\r\n", chance.randbytes(20)])
        request = post(head, body, chance.choice(_PATHS))
        request = request.replace(
            b"POST", chance.choice([b"POST", b"GET", b"HEAD", b"OPTIONS"]), 1
        )
    changed = bytearray(request)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
    return bytes(changed[: chance.choice([len(changed), chance.randrange(len(changed) + 1)])])
