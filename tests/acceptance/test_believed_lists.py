"""What a list says is believed only as far as it can be, at every service and in a file.

One that repeats rows, loses some, sends nulls or answers 403 for a while has nothing taken
back and nothing wrong requested; a title that really left its list is taken back.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import listsync.sandbox
from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home
from tests.integration.providers.test_letterboxd import page_of

_EACH = 8
_REQUEST = 32
_FILE = "film numbers.csv"
_LISTS = {
    "file": _FILE,
    "trakt": "sample_user/lists/synthetic-list",
    "tmdb": "8990001",
    "mdblist": "sample_user/synthetic-list",
    "imdb": "ls990000001",
    "letterboxd": "sample_user/list/synthetic-list",
    "stevenlu": "popular",
}
_CANCEL = "DELETE /request/{requestId}"
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
    """Answer at the API, or at the open address, which tells no count."""
    if not path.endswith(("/items", "/json/")):
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
    answer: dict[str, object] = {"data": {"list": {"titleListItemSearch": found}}}
    path = ["list", "titleListItemSearch", "edges"]
    errors = [
        {"message": "Internal error", "path": [*path, place, "title"]}
        for place, one in enumerate(rows)
        if one is None
    ]
    return answer | ({"errors": errors} if errors else {}), {}


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


def _file(rows: Rows, declared: int) -> str:
    """Write what a person keeps; a row that was lost is one that was not written to its end."""
    lines = ["," if one is None else f"{one['title']},{one['tmdb_id']}" for one in rows]
    cut = "Cut" if len(lines) < declared else ""
    return "\n".join(["title,tmdb_id,type", *(f"{line},movie" for line in lines), cut])


# What is wrong hides one film of each list: more at once are held back for their number alone.


def _well(films: list[Film]) -> tuple[Rows, int]:
    return [*films], len(films)


def _repeating(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:-1], films[0]], len(films)


def _losing(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:-1]], len(films)


def _breaking(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:-1], None], len(films)


def _without_the_last(films: list[Film]) -> tuple[Rows, int]:
    return [*films[:-1]], len(films) - 1


Says = Callable[[list[Film]], tuple[Rows, int]]


@dataclass
class Services:
    """All services on one port, each below its own name; `says` is what they make of a list."""

    url: str = ""
    says: Says | None = _well
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
        thread.join(30)


@dataclass
class Sheet:
    """The list file of a person, which says what the services say."""

    path: Path

    def write(self, says: Says | None) -> None:
        """Write it anew; None has it away, as a disk that is not there.

        Rows that a person repeats are no sign of others that are missing.
        """
        if says is None:
            self.path.unlink()
        elif says is not _repeating:
            self.path.write_text(_file(*says(_FILMS["file"])), encoding="utf-8")


def _configure(home: Home, url: str, names: Collection[str], key: str | None) -> None:
    home.sandbox.admin("users", {"id": 2, "name": "family", "permissions": _REQUEST})
    options: dict[str, dict[str, object]] = {
        "trakt": {"client_id": "not-a-real-key"},
        "tmdb": {"api_key": "not-a-real-key"},
        "mdblist": {"api_key": key, "web_url": f"{url}/mdblist"},
        "imdb": {"browser": "never"},
        "letterboxd": {"browser": "never", "film_pages": 0, "pace_s": 0},
        "stevenlu": {},
    }
    rules = {"user": "family", "cancel_removed": True}
    home.write_config(
        [{name: _LISTS[name], "name": name, **rules} for name in names],
        sync={"every": 0},
        providers={name: {"base_url": f"{url}/{name}", **more} for name, more in options.items()},
    )


@dataclass
class Follower:
    """An agent that follows the lists; each sync is a run of its own."""

    agent: AgentProcess
    synced: int = 0

    def sync(self) -> set[str]:
        """Sync all lists; gives how they were read."""
        self.agent.ask("trigger")
        self.synced += 1
        self.agent.until_synced(self.synced)
        return {one["outcome"] for one in self.agent.ask("lists")["lists"]}

    @property
    def cancelled(self) -> int:
        calls: dict[str, int] = self.agent.home.sandbox.admin("log")["calls"]
        return calls.get(_CANCEL, 0)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        pytest.param(tuple(_LISTS), "not-a-real-key", id="every service, and a file"),
        pytest.param(("mdblist",), None, id="MDBList without a key"),
    ],
)
def test_what_a_list_does_wrong_takes_nothing_back(
    home: Home,
    services: Services,
    start_agent: Callable[..., AgentProcess],
    names: tuple[str, ...],
    key: str | None,
) -> None:
    _configure(home, services.url, names, key)
    sheet = Sheet(home.folder / _FILE)
    sheet.write(_well)
    follower = Follower(start_agent(home))
    wanted = sorted(film["tmdb_id"] for name in names for film in _FILMS[name])

    assert follower.sync() == {"complete"}
    assert services.asked == {*names} - {"file"}
    for says in (_repeating, _repeating, _losing, _breaking, None):
        services.says = says
        sheet.write(says)
        outcomes = follower.sync()
        assert says is not None or not outcomes & {"complete", "unchanged", "empty"}
        assert sorted(requested(home)) == wanted
        assert follower.cancelled == 0, says

    services.says = _well
    sheet.write(_well)
    assert follower.sync() <= {"complete", "unchanged"}
    services.says = _without_the_last
    sheet.write(_without_the_last)
    follower.sync()
    assert follower.cancelled == 0
    follower.sync()
    assert follower.cancelled == len(names)
    assert sorted(requested(home)) == wanted
