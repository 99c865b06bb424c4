"""Servers, services and proxies that quote all that they were sent, in every kind of answer.

What they know of us is looked for in everything that a sync and the agent say and keep.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from listsync import logs
from listsync.cli import once, report_view
from listsync.config.configuration import load
from listsync.http import response
from listsync.store.database import FILE_NAME
from listsync.terminal.output import Palette
from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.conftest import Home

SECRETS = {
    "server": "pass of the/server",
    "mirror": "pass+of/mirrors",
    "proxy": "pass&of=proxies",
    "mdblist": "mdblist0123456789key",
    "tmdb": "eyJhbGciOi.tmdb-token.x_y",
    "client_id": "c1ient1d0123456789abcdef",
    "client_secret": "c1ientsecret0123456789abcdef",
    "access": "acc3ss0123456789abcdef",
    "refresh": "r3fresh0123456789abcdef",
    "simkl_id": "s1mklid0123456789abcdef",
    "simkl_access": "s1mklacc3ss0123456789abcdef",
    "simkl_refresh": "s1mklr3fresh0123456789abcdef",
    "plex": "plex0123456789token",
    "feed": "5ec2e7e0-0000-4000-8000-0f0ffeedbacc",
    "tvdb": "tvdb0123456789key",
    "pin": "tvdb0123456789pin",
    "mal": "mal0123456789clientid",
    "header": "h3aderOfAnAddress0123456789",
    "parameter": "par4meterOfAnAddress0123456789",
    "path": "pA7hOfAnAddress0123456789",
    "share": "Sh4reT0kenOfAList",
    "address": "t0kenInAnAddress",
}
_LOGINS = {"trakt.json": "", "simkl.json": "simkl_"}
_KINDS = ("message", "late", "page", "refused", "away", "header", "shape", "rows", "slow-down")
_OF_THE_SERVER = (
    (r"POST .*/request", "message"),
    (r"POST .*/request", "created"),
    (r"GET .*/(movie|tv)/", "page"),
    (r"GET .*/search", "shape"),
    (r"GET .*/media", "late"),
    (r"POST .*/request", "refused"),
    (r"GET .*/settings/public", "away"),
    (r"GET .*/auth/me", "refused"),
    (r"GET .*/status", "header"),
)
_FILMS = (
    *("Alien,1979", "Heat,1995", "Jaws,1975", "Fargo,1996", "Casino,1995", "Se7en,1995"),
    *("Memento,2000", "Inception,2010", "The Matrix,1999"),
)


class Parrot(ThreadingHTTPServer):
    """Passes on what is below /seerr/, unless `hostile` matches; quotes everything else."""

    daemon_threads = True

    def __init__(self, sandbox: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = urlsplit(sandbox).netloc
        self.hostile, self.kind, self.own = "never", "message", "message"
        self.heard = ""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Parrot

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _answer(self, body: bytes) -> None:
        is_ours = self.path.startswith("/seerr/")
        if is_ours and not re.match(self.server.hostile, f"{self.command} {self.path}"):
            self._pass_on(body)
            return
        sent = [f"{name}: {value}" for name, value in self.headers.items()]
        said = "\n".join([self.path, *sent, body.decode()])
        self.server.heard += said
        kind = self.server.own if is_ours else self.server.kind
        status, headers, content = _quoted(kind, said)
        self._send(status, headers, content)

    def _pass_on(self, body: bytes) -> None:
        with closing(http.client.HTTPConnection(self.server.sandbox, timeout=30)) as there:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "authorization"}
            there.request(self.command, self.path.removeprefix("/seerr"), body, headers)
            answer = there.getresponse()
            kept = {k: v for k, v in answer.getheaders() if k.lower() in ("content-type", "etag")}
            coding = answer.getheader("content-encoding")
            kept |= {"content-encoding": coding} if coding else {}
            self._send(answer.status, kept, answer.read())

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status not in {204, 304}:
            self.wfile.write(content)


def _quoted(kind: str, said: str) -> tuple[int, dict[str, str], bytes]:
    line = quote(said, safe="")
    words = f"{said} {line} {line.lower()}"
    json_kind = {"Content-Type": "application/json"}
    row: dict[str, object] = {"title": words, "name": words, "id": 348, "imdb_id": "tt0078748"}
    row |= {"mediatype": "movie", "movie": {"title": words, "ids": {"tmdb": 348}}}
    late = "x" * 150 + words
    answers: dict[str, tuple[int, dict[str, str], object]] = {
        "message": (500, json_kind, {"message": words}),
        "late": (418, json_kind, {"error": late, "status_message": late}),
        "page": (404, {"Content-Type": "text/html"}, f"<title>{words}</title>{words}"),
        "refused": (403, json_kind, {"error": words, "message": words}),
        "away": (302, {"Location": f"http://localhost:1/{line}?{line}"}, ""),
        "header": (200, json_kind | {"ETag": line, "Content-Encoding": line[:120]}, [row]),
        "shape": (200, json_kind, {"results": words, "x": [words]}),
        "created": (201, json_kind, {"id": 7, "media": {"tmdbId": 1, "mediaType": words}}),
        "slow-down": (429, {"Retry-After": line}, words),
        "rows": (200, json_kind | {"ETag": f'"{line}"'}, [row]),
    }
    status, headers, content = answers[kind]
    text = content if isinstance(content, str) else json.dumps(content)
    return status, headers, text.encode()


@pytest.fixture
def parrot(home: Home) -> Iterator[Parrot]:
    with Parrot(home.sandbox.url) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)


def _write_config(home: Home, parrot: Parrot) -> None:
    mirror = f"http://me:{quote(SECRETS['mirror'], safe='')}@{parrot.place}"
    proxy = f"http://me:{quote(SECRETS['proxy'], safe='')}@{parrot.place}"
    token = SECRETS["address"]
    config = {
        "server": {
            "url": f"http://me:{quote(SECRETS['server'], safe='')}@{parrot.place}/seerr",
            "api_key": home.sandbox.api_key,
        },
        "sync": {"every": 0},
        "log": {"level": "debug", "format": "json"},
        "providers": {
            "imdb": {"base_url": mirror, "web_url": mirror, "browser": "never"},
            "letterboxd": {"base_url": mirror, "browser": "never", "pace_s": 0},
            "mdblist": {"base_url": mirror, "api_key": SECRETS["mdblist"]},
            "stevenlu": {"base_url": "http://lists.invalid", "proxy": proxy},
            "tmdb": {"base_url": f"http://{parrot.place}", "token": SECRETS["tmdb"]},
            "trakt": {
                "base_url": f"http://{parrot.place}",
                "auth_url": mirror,
                "client_id": SECRETS["client_id"],
                "client_secret": SECRETS["client_secret"],
            },
            "anime_ids": {"base_url": mirror},
            "anilist": {"base_url": mirror, "pace_s": 0},
            "myanimelist": {"base_url": mirror, "client_id": SECRETS["mal"], "pace_s": 0},
            "plex": {"base_url": mirror, "token": SECRETS["plex"]},
            "simkl": {
                "base_url": f"http://{parrot.place}",
                "client_id": SECRETS["simkl_id"],
            },
            "tvdb": {
                "base_url": f"http://{parrot.place}",
                "api_key": SECRETS["tvdb"],
                "pin": SECRETS["pin"],
            },
        },
        "lists": [
            home.write_list("two.csv", "title,year\nAlien,1979\n"),
            {"imdb": f"https://www.imdb.com/list/ls012345678/?apikey={token}"},
            {"letterboxd": f"https://letterboxd.com/a/list/b-c/share/{SECRETS['share']}/"},
            {"mdblist": f"https://mdblist.com/lists/u/l?apikey={token}"},
            {"stevenlu": "popular"},
            {"tmdb": f"discover/movie?with_genres=27&token={token}"},
            {"trakt": "trending:movies"},
            {"trakt": "me/watchlist"},
            {"anilist": "somebody"},
            {"myanimelist": "somebody"},
            {"plex": "watchlist"},
            {"plex": f"https://rss.plex.tv/{SECRETS['feed']}"},
            {"simkl": "plantowatch"},
            {"tvdb": "favorites"},
            {"seerr": "watchlist"},
            {
                "custom": {
                    "url": f"http://{parrot.place}/{SECRETS['path']}/list.json",
                    "headers": {"X-Api-Key": SECRETS["header"]},
                    "parameters": {"k": SECRETS["parameter"]},
                    "allow_private": True,
                }
            },
        ],
    }
    (home.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")


def _log_in(home: Home, expires_at: str) -> None:
    home.state.mkdir(exist_ok=True, mode=0o700)
    for name, prefix in _LOGINS.items():
        content = {
            "access_token": SECRETS[f"{prefix}access"],
            "refresh_token": SECRETS[f"{prefix}refresh"],
            "expires_at": expires_at,
        }
        (home.state / name).write_text(json.dumps(content))
        (home.state / name).chmod(0o600)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Log everything without the last net: what is proved is the edge."""
    before = [*logging.root.handlers]
    settings = logs.LogSettings(level="debug", format="json", file=path)
    logs.set_up(settings, stream=StringIO(), environ={}, run_id=lambda: "")
    try:
        yield
    finally:
        for handler in {*logging.root.handlers} - {*before}:
            logging.root.removeHandler(handler)
            handler.close()


def _sync(home: Home) -> str:
    if (home.state / FILE_NAME).exists():  # ask every list again, at once
        with closing(sqlite3.connect(home.state / FILE_NAME)) as connection:
            connection.execute("UPDATE followed SET retry_at = NULL, failures = 0")
            connection.execute("DELETE FROM intents")
            connection.execute("DELETE FROM setbacks")
            connection.commit()
    config = load(home.folder / "listsync.yaml", {})
    told = once.run(config, home.state, dry_run=False, ask=False, confirmed=True)
    lines = [
        *report_view.as_json(told),
        *report_view.lines(told, Palette(enabled=False), verbose=True),
    ]
    return "\n".join(lines)


def _forms(secret: str) -> set[str]:
    login = base64.b64encode(f"me:{secret}".encode()).decode()
    coded = base64.b64encode(secret.encode()).decode()
    quoted = quote(secret, safe="")
    return {secret, quoted, quote(secret), quoted.lower(), login, coded, quote(login, safe="")}


def _leaks(home: Home, texts: dict[str, str]) -> list[tuple[str, str, str]]:
    known = {**SECRETS, "key": home.sandbox.api_key}
    files = [one for one in home.state.rglob("*") if one.is_file() and one.name not in _LOGINS]
    found = texts | {str(one): one.read_bytes().decode("latin-1") for one in files}
    return [
        (place, name, text[max(0, text.find(form) - 80) : text.find(form) + 60])
        for place, text in found.items()
        for name, secret in known.items()
        for form in _forms(secret)
        if form in text
    ]


def test_nothing_that_a_server_quotes_is_said_or_kept(
    home: Home,
    parrot: Parrot,
    start_agent: Callable[..., AgentProcess],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response, "PAUSES_S", (0.0,))
    _write_config(home, parrot)
    log, texts = tmp_path / "sync.log", {}
    with _logged(log):
        for number in range(max(len(_KINDS), len(_OF_THE_SERVER))):
            _log_in(home, "2099-01-01T00:00:00Z" if number else "2020-01-01T00:00:00Z")
            parrot.kind = _KINDS[number % len(_KINDS)]
            parrot.hostile, parrot.own = _OF_THE_SERVER[number % len(_OF_THE_SERVER)]
            home.write_list("two.csv", f"title,year\n{_FILMS[number]}\n")
            texts[f"sync {number}"] = _sync(home)
    texts["log"] = log.read_text(encoding="utf-8")

    parrot.hostile = "never"
    agent = start_agent(home)
    agent.ctl("sync-now", "--wait")
    for command in (
        "status",
        "status -o json",
        "lists -o json",
        "runs -o json",
        "items -o json",
        "explain alien -o json",
    ):
        told = agent.ctl(*command.split())
        texts[command] = told.out + told.err
    texts["agent"] = agent.log

    assert _leaks(home, texts) == []
    assert "***" in texts["log"]
    # All but what only a login needs were really sent, and heard.
    heard = parrot.heard
    sent = {**SECRETS, "key": home.sandbox.api_key}
    silent = [name for name, one in sent.items() if not any(f in heard for f in _forms(one))]
    assert silent == ["address"]
