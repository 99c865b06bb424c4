"""No secret enters PostgreSQL with what agents share, though a service quotes what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
import yaml

from listsync.sandbox.process import SandboxProcess
from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.conftest import Home

_PLANTED = {
    "query": "no-token-of-anybody-0123456789",
    "path": "noTokenInAPath0123456789abcd",
    "header": "no-header-of-anybody-0123456789",
    "refused": "no-token-that-is-refused-0123456789",
    "password": "noPasswordOfPostgreSQL",
}


class _Quoting(BaseHTTPRequestHandler):
    """A service that quotes the address and headers of each request in all that it says."""

    def do_GET(self) -> None:
        said = f"{self.path} {self.headers.get('X-Key', '')}".strip()
        rows = [{"title": f"Film {said}", "tmdb_id": 20_000_001, "type": "movie"}]
        refused = _PLANTED["refused"] in self.path
        body = json.dumps({"error": said} if refused else rows).encode()
        self.send_response(403 if refused else 200, said)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{said}"')
        self.send_header("Last-Modified", said)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def quoting() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Quoting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(30)


def in_postgresql(dsn: str) -> dict[str, str]:
    """Give all that the fleet's tables hold."""
    found = {}
    with psycopg.connect(dsn) as connection:
        for table in ("listsync_fleets", "listsync_members", "listsync_rows"):
            rows = connection.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t").fetchall()
            found[table] = "\n".join(text for (text,) in rows)
    return found


@pytest.mark.slow
def test_no_secret_is_in_what_agents_share(tmp_path: Path, postgres_dsn: str) -> None:
    home = Home(tmp_path, SandboxProcess())
    with quoting() as site:
        configuration = {
            "server": {"url": "sandbox"},
            "sync": {"every": 0},
            "postgres": {
                "dsn": f"{postgres_dsn} password={_PLANTED['password']}",
                "fleet": True,
            },
            "lists": [
                {"custom": {"url": address, "allow_private": True, **more}}
                for address, more in (
                    (f"{site}/a.json?token={_PLANTED['query']}", {}),
                    (f"{site}/{_PLANTED['path']}/b.json", {}),
                    (f"{site}/c.json", {"headers": {"X-Key": _PLANTED["header"]}}),
                    (f"{site}/d.json?token={_PLANTED['refused']}", {}),
                )
            ],
        }
        (tmp_path / "listsync.yaml").write_text(yaml.safe_dump(configuration))
        agent = AgentProcess(home)
        try:
            agent.until_ready()
            agent.ask("trigger")
            agent.until_synced(1)
            agent.terminate()
        finally:
            agent.close()
    shared = in_postgresql(postgres_dsn)
    assert shared["listsync_rows"].count('"noun": "followed"') == 4, agent.log
    assert '"noun": "entries"' in shared["listsync_rows"], agent.log
    found = [
        (name, [line for line in text.splitlines() if secret in line])
        for name, secret in _PLANTED.items()
        for text in shared.values()
        if secret in text
    ]
    assert not found
