"""HTTP of a running agent: it follows the configuration, and its tokens come first."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integration.app.conftest import AgentInProcess
from tests.ports import held_port

OLD, NEW = "no-secret-but-long-enough", "another-one-that-is-long"


def tokens(secret: str) -> list[dict[str, str]]:
    return [{"name": "me", "token": secret}]


def state(port: int, token: str, client: httpx.Client | None = None) -> int:
    """Ask whether the agent runs; gives the status code."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{port}/api/sync/status"
    if client is not None:
        return client.get(url, headers=headers).status_code
    return httpx.get(url, headers=headers, timeout=30, trust_env=False).status_code


def service(agent: AgentInProcess) -> Mapping[str, Any]:
    services: list[dict[str, Any]] = agent.ask("status")["services"]
    return next(one for one in services if one["name"] == "http")


def note_of(agent: AgentInProcess) -> str:
    web = service(agent)
    return f"{web['state']}: {web.get('address') or web['why']}"


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_one_line_opens_it_with_a_token_that_only_we_can_read(
    agent: AgentInProcess, port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "listsync")
    agent.write({"http.listen": f"127.0.0.1:{port}"})
    assert agent.reload()["pending"] == []
    path = tmp_path / "state" / "http-token"
    assert note_of(agent) == f"running: http://127.0.0.1:{port}/"
    assert service(agent)["note"] == (
        f"the token lies in {path}, the one for feeds in {path.with_name('feed-token')}"
    )
    assert f"the dashboard is at http://127.0.0.1:{port}/; the token lies in {path}" in caplog.text
    for name in ("http-token", "feed-token"):
        assert stat.S_IMODE((tmp_path / "state" / name).stat().st_mode) == 0o600
    token = path.read_text().strip()
    assert state(port, token) == 200
    assert state(port, (tmp_path / "state" / "feed-token").read_text().strip()) == 403
    agent.write({})
    assert agent.reload()["pending"] == []
    assert not is_open(port)
    agent.write({"http.listen": f"127.0.0.1:{port}"})
    agent.reload()
    assert state(port, token) == 200, "the token is the one of before"


def test_a_token_for_webhooks_is_made_as_soon_as_a_library_is_mapped(
    agent: AgentInProcess, port: int, tmp_path: Path
) -> None:
    path = tmp_path / "state" / "webhook-token"
    agent.write({"http.listen": f"127.0.0.1:{port}"})
    agent.reload()
    assert not path.exists()
    library = {"from": "/movies", "source": "/nowhere/movies", "destination": "/nowhere/copies"}
    agent.write({"http.listen": f"127.0.0.1:{port}", "transfers.mappings": [library]})
    assert agent.reload()["pending"] == []
    assert service(agent)["note"].endswith(f", the one for webhooks in {path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = path.read_text().strip()
    assert state(port, token) == 403
    url = f"http://127.0.0.1:{port}/sync/radarr/{token}/"
    answer = httpx.put(url, json={"eventType": "Test"}, timeout=30, trust_env=False)
    assert answer.status_code == 200
    assert [one["from"] for one in answer.json()["libraries"]] == ["/movies"]


def test_which_port_the_system_chose_is_said_for_as_long_as_http_is_open(
    agent: AgentInProcess,
) -> None:
    agent.write({"http.listen": "127.0.0.1:0", "http.tokens": tokens(OLD)})
    assert agent.reload()["pending"] == []
    (chosen,) = re.findall(r"^running: http://127\.0\.0\.1:(\d+)/$", note_of(agent))
    assert state(int(chosen), OLD) == 200
    agent.write({"http.listen": "127.0.0.1:0", "http.tokens": tokens(NEW)})
    assert agent.reload()["pending"] == []
    assert note_of(agent) == f"running: http://127.0.0.1:{chosen}/"
    assert state(int(chosen), NEW) == 200


def test_other_tokens_are_in_force_at_once_for_who_is_connected(
    agent: AgentInProcess, port: int
) -> None:
    agent.write({"http.listen": f"127.0.0.1:{port}", "http.tokens": tokens(OLD)})
    agent.reload()
    with httpx.Client(trust_env=False, timeout=30) as client:
        assert state(port, OLD, client) == 200
        agent.write({"http.listen": f"127.0.0.1:{port}", "http.tokens": tokens(NEW)})
        assert agent.reload()["pending"] == []
        assert [state(port, one, client) for one in (OLD, NEW)] == [401, 200]


def open_at(agent: AgentInProcess, port: int) -> None:
    agent.write({"http.listen": f"127.0.0.1:{port}", "http.tokens": tokens(OLD)})
    assert agent.reload()["pending"] == []
    assert state(port, OLD) == 200


def test_it_moves_to_another_address(agent: AgentInProcess, port: int) -> None:
    before = port
    open_at(agent, before)
    with (
        held_port() as after,
        socket.create_connection(("127.0.0.1", before), timeout=30) as stuck,
    ):
        stuck.sendall(b"GET / HTTP/1.1\r\n")
        open_at(agent, after)
        with suppress(ConnectionError):
            assert stuck.recv(1) == b"", "it leaves nobody connected behind"
    assert not is_open(before)


def test_an_address_that_is_taken_is_said_and_had_as_soon_as_it_is_free(
    agent: AgentInProcess, port: int
) -> None:
    with socket.create_server(("127.0.0.1", port)):
        agent.write({"http.listen": f"127.0.0.1:{port}", "http.tokens": tokens(OLD)})
        (pending,) = agent.reload()["pending"]
        assert pending["key"] == "http"
        words = f"http.listen: 127.0.0.1:{port} cannot be listened at: Address already in use"
        assert words in pending["why"]
        assert note_of(agent) == f"failed: {words}"
    agent.reload()
    assert state(port, OLD) == 200


def test_a_client_that_stays_connected_does_not_hold_the_end(
    agent: AgentInProcess, port: int
) -> None:
    agent.write({"http.listen": f"127.0.0.1:{port}", "http.tokens": tokens(OLD)})
    agent.reload()
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        socket.socket() as half_open,
        socket.create_connection(("127.0.0.1", port), timeout=30) as listener,
    ):
        listener.sendall(
            f"GET /ui/live HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {OLD}\r\n\r\n".encode()
        )
        assert b"text/event-stream" in listener.recv(4096)
        half_open.connect(("127.0.0.1", port))
        half_open.sendall(b"GET / HTTP/1.1\r\n")
        assert state(port, OLD, client) == 200
        agent.write({})
        assert agent.reload()["pending"] == []
    assert not is_open(port)


def test_feeds_are_served_with_the_token_that_was_made_for_them(
    agent: AgentInProcess, tmp_path: Path
) -> None:
    agent.write({"http.listen": "127.0.0.1:0"})
    agent.reload()
    token = (tmp_path / "state" / "feed-token").read_text().strip()
    (name,) = (one.name for one in agent.daemon._snapshot.lists)
    url = f"{agent.http_url}t/{token}/feeds/{quote(name, safe='')}/radarr.json"
    answer = httpx.get(url, timeout=30, trust_env=False)
    assert (answer.status_code, answer.json()["message"]) == (
        503,
        f"the list {name} was not read yet",
    )
    assert answer.headers["Retry-After"]
