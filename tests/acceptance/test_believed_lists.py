"""What a list says is believed only as far as it can be, at every service.

A service that repeats rows, loses some, sends nulls or answers 403 for a while has nothing taken
back and nothing wrong requested; a title that really left its list is taken back.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import listsync.sandbox
from tests.acceptance.conftest import Home
from tests.unit.agent.providers.test_letterboxd import page_of

_EACH = 8
_REQUEST = 32
_LISTS = {
    "trakt": "sample_user/lists/synthetic-list",
    "tmdb": "8990001",
    "mdblist": "sample_user/synthetic-list",
    "imdb": "ls990000001",
    "letterboxd": "sample_user/list/synthetic-list",
    "stevenlu": "popular",
}
Film = dict[str, Any]
Rows = list[Film | None]


def _films() -> dict[str, list[Film]]:
    """Give each service films of its own that all lists can name."""
    path = Path(listsync.sandbox.__file__).with_name("catalogue.jsonl")
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    titles = [one.get("title") for one in found]
    films = [
        one
        for one in found
        if one.get("media_type") == "movie"
        and one.get("imdb_id")
        and one.get("date", "")[:2] == "20"
        and titles.count(one["title"]) == 1
        and one["title"].replace(" ", "").isalpha()
        and len(one["title"]) > 12
    ]
    films.sort(key=lambda one: -one.get("popularity", 0))
    return {name: films[place :: len(_LISTS)][:_EACH] for place, name in enumerate(_LISTS)}


_FILMS = _films()


def _trakt(path: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    if not path.endswith("/items"):
        return {"updated_at": "2099-01-01T00:00:00.000Z", "item_count": declared}, {}
    content = [
        one
        and {"type": "movie", "movie": {"title": one["title"], "ids": {"tmdb": one["tmdb_id"]}}}
        for one in rows
    ]
    counts = {"page": 1, "limit": 250, "page-count": 1, "item-count": declared}
    return content, {f"x-pagination-{name}": str(count) for name, count in counts.items()}


def _tmdb(_: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    results = [
        one and {"id": one["tmdb_id"], "media_type": "movie", "title": one["title"]}
        for one in rows
    ]
    return {"page": 1, "total_pages": 1, "total_results": declared, "results": results}, {}


def _mdblist(path: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    if not path.endswith("/items"):
        return [{"items": declared}], {}
    content = [
        one and {"id": one["tmdb_id"], "title": one["title"], "mediatype": "movie"} for one in rows
    ]
    return content, {"x-has-more": "false"}


def _imdb(_: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    edges = [
        {
            "title": one
            and {
                "id": one["imdb_id"],
                "titleText": {"text": one["title"]},
                "titleType": {"id": "movie"},
                "releaseYear": {"year": int(one["date"][:4])},
            }
        }
        for one in rows
    ]
    info = {"hasNextPage": False, "endCursor": None}
    found = {"total": declared, "pageInfo": info, "edges": edges}
    return {"data": {"list": {"titleListItemSearch": found}}}, {}


def _letterboxd(_: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    nameless = '<li class="posteritem"><div data-component-class="LazyPoster"></div></li>'
    text = page_of(_LISTS["letterboxd"], 1, [], 1, declared=declared)
    items = [
        nameless
        if one is None
        else f'<li><div data-component-class="LazyPoster" data-item-slug="film-{one["tmdb_id"]}" '
        f'data-item-name="{one["title"]} ({one["date"][:4]})"></div></li>'
        for one in rows
    ]
    return text.replace("</ul>", "".join(items) + "</ul>", 1), {}


def _stevenlu(_: str, rows: Rows, declared: int) -> tuple[object, dict[str, str]]:
    del declared  # it gives none
    return [one and {"title": one["title"], "tmdb_id": one["tmdb_id"]} for one in rows], {}


_SHAPES: dict[str, Callable[[str, Rows, int], tuple[object, dict[str, str]]]] = {
    "trakt": _trakt,
    "tmdb": _tmdb,
    "mdblist": _mdblist,
    "imdb": _imdb,
    "letterboxd": _letterboxd,
    "stevenlu": _stevenlu,
}


def _well(films: list[Film]) -> tuple[Rows, int]:
    return [*films], len(films)


def _repeating(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:4], *films[:4]], len(films)


def _losing(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:5]], len(films)


def _breaking(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:6], None, None], len(films)


def _without_the_last(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:-1]], len(films) - 1


@dataclass
class Services:
    """All services on one port, each below its own name; `says` is what they make of a list."""

    url: str = ""
    says: Callable[[list[Film]], tuple[Rows, int]] | None = _well
    asked: set[str] = field(default_factory=set)

    def answer(self, path: str) -> tuple[int, str, dict[str, str]]:
        service, _, rest = path.partition("?")[0].removeprefix("/").partition("/")
        self.asked.add(service)
        if self.says is None:
            return 403, "", {}
        content, headers = _SHAPES[service](rest, *self.says(_FILMS[service]))
        if isinstance(content, str):
            return 200, content, {"Content-Type": "text/html; charset=utf-8"}
        return 200, json.dumps(content), {"Content-Type": "application/json", **headers}


@pytest.fixture
def services() -> Iterator[Services]:
    made = Services()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, text, headers = made.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield made
        server.shutdown()
        thread.join(10)


def _configure(home: Home, url: str) -> None:
    home.sandbox.admin("users", {"id": 2, "name": "family", "permissions": _REQUEST})
    keys: dict[str, dict[str, object]] = {
        "trakt": {"client_id": "not-a-real-key"},
        "tmdb": {"api_key": "not-a-real-key"},
        "mdblist": {"api_key": "not-a-real-key"},
        "imdb": {"browser": "never"},
        "letterboxd": {"browser": "never", "film_pages": 0, "pace_s": 0},
        "stevenlu": {},
    }
    rules = {"user": "family", "cancel_removed": True}
    home.write_config(
        [{service: name, "name": service, **rules} for service, name in _LISTS.items()],
        providers={
            service: {"base_url": f"{url}/{service}", **more} for service, more in keys.items()
        },
    )


def _outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in report["lists"]}


def test_what_a_service_does_wrong_takes_nothing_back(home: Home, services: Services) -> None:
    _configure(home, services.url)
    wanted = {f"movie/{film['tmdb_id']}" for films in _FILMS.values() for film in films}

    first = home.once()
    assert set(first.requested) == wanted
    assert services.asked == set(_LISTS)
    for says in (_repeating, _losing, _breaking, None):
        services.says = says
        for _ in range(2 if says is _repeating else 1):
            ran = home.once()
            assert ran.requested == []
            assert ran.verdicts("cancelled") == {}
            outcomes = set(_outcomes(ran.report).values())
            assert says is not None or not outcomes & {"complete", "unchanged", "empty"}

    services.says = _well
    assert set(_outcomes(home.once().report).values()) <= {"complete", "unchanged"}
    services.says = _without_the_last
    assert home.once().verdicts("cancelled") == {}
    left = home.once().verdicts("cancelled")
    assert len(left) == len(_LISTS), left
