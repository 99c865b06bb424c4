"""A server that plays every list service: the same 1,000 films as each of them would tell them.

A process of its own, so that only the reader's work is measured; ten hosts, because a service is
asked in turns by its host. Every call is counted and waits before it is answered.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from urllib.parse import parse_qs, urlsplit

from tests.integration.providers.lists import LETTERBOXD, MDBLIST, TRAKT
from tests.integration.providers.test_letterboxd import page_of

TITLES = 1000
LATENCY_S = 0.05
HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 11))
CHANGED = "2026-10-30T08:15:00.000Z"
_STAMPS = {"all": CHANGED, "plantowatch": CHANGED}
_COUNT = "/how-many-calls"


@dataclass(frozen=True, slots=True)
class Player:
    """One host that plays every service."""

    url: str

    def calls(self) -> int:
        """Say how many calls came since this was asked last."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        connection.request("GET", _COUNT)
        count = int(connection.getresponse().read())
        connection.close()
        return count


@contextmanager
def players() -> Iterator[list[Player]]:
    """Start all hosts."""
    command = [sys.executable, "-m", "tests.bench.players"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield [Player(url) for url in json.loads(process.stdout.readline())]
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class _Response:
    body: bytes
    headers: Mapping[str, str]


def _json(content: object, headers: Mapping[str, str] | None = None) -> _Response:
    return _Response(
        json.dumps(content).encode(), {"content-type": "application/json", **(headers or {})}
    )


def _numbers(page: int, size: int) -> range:
    return range((page - 1) * size + 1, min(page * size, TITLES) + 1)


def _anilist(chunk: int) -> _Response:
    entries = [
        {
            "status": "PLANNING",
            "media": {
                "id": number,
                "idMal": number,
                "format": "MOVIE",
                "title": {"romaji": f"Film {number}", "english": None, "native": None},
                "startDate": {"year": 2019},
            },
        }
        for number in _numbers(chunk, 500)
    ]
    found = {
        "hasNextChunk": chunk * 500 < TITLES,
        "lists": [{"name": "Planning", "entries": entries}],
    }
    return _json({"data": {"MediaListCollection": found}})


def _imdb(first: int, after: int) -> _Response:
    last = min(after + first, TITLES)
    edges = [
        {
            "title": {
                "id": f"tt{90_000_000 + number}",
                "titleText": {"text": f"Film {number}"},
                "originalTitleText": {"text": f"Film {number}"},
                "titleType": {"id": "movie"},
                "releaseYear": {"year": 2019},
            }
        }
        for number in range(after + 1, last + 1)
    ]
    page = {"hasNextPage": last < TITLES, "endCursor": str(last)}
    found = {"total": TITLES, "pageInfo": page, "edges": edges}
    named = {"lastModifiedDate": CHANGED, "listType": {"id": "TITLES"}}
    return _json({"data": {"list": {**named, "titleListItemSearch": found}}})


def _trakt(page: int, limit: int) -> _Response:
    size = min(limit, 250)
    rows = [
        {
            "rank": number,
            "id": number,
            "listed_at": CHANGED,
            "notices": None,
            "type": "movie",
            "movie": {
                "title": f"Film {number}",
                "year": 2019,
                "ids": {
                    "trakt": number,
                    "slug": f"film-{number}-2019",
                    "imdb": f"tt{90_000_000 + number}",
                    "tmdb": 9_000_000 + number,
                },
            },
        }
        for number in _numbers(page, size)
    ]
    counts = {"page": page, "limit": size, "page-count": -(-TITLES // size), "item-count": TITLES}
    return _json(rows, {f"x-pagination-{name}": str(count) for name, count in counts.items()})


def _mdblist() -> list[dict[str, object]]:
    return [
        {
            "id": 9_000_000 + number,
            "rank": number,
            "adult": 0,
            "title": f"Film {number}",
            "imdb_id": f"tt{90_000_000 + number}",
            "tvdb_id": None,
            "language": "en",
            "mediatype": "movie",
            "release_year": 2019,
            "spoken_language": "en",
            "country": "us",
        }
        for number in _numbers(1, TITLES)
    ]


def _mdblist_pages(offset: int, limit: int) -> _Response:
    """Answer as for an official list or a watchlist: films and series apart."""
    page, end = _mdblist()[offset : offset + limit], offset + limit
    more = end < TITLES
    pagination = {"limit": limit, "offset": offset, "total": TITLES, "has_more": more}
    return _json({"movies": page, "shows": [], "pagination": pagination})


def _myanimelist(offset: int) -> _Response:
    rows = [
        {
            "node": {
                "id": number,
                "title": f"Film {number}",
                "alternative_titles": {"synonyms": [], "en": "", "ja": ""},
                "media_type": "movie",
                "start_date": "2019-05-01",
            }
        }
        for number in range(offset + 1, TITLES + 1)
    ]
    return _json({"data": rows, "paging": {}})


def _tvdb(path: str) -> _Response:
    if path == "/login":
        data: object = {"token": "SYNTHETIC.JWT.TOKEN"}
    elif path == "/lists/990001/extended":
        rows = [{"order": n, "seriesId": None, "movieId": n} for n in _numbers(1, TITLES)]
        data = {"id": 990001, "entities": rows}
    else:
        number = int(path.split("/")[2])
        remote = [{"id": str(number), "type": 10, "sourceName": "TheMovieDB.com"}]
        data = {"id": number, "name": f"Film {number}", "year": "2019", "remoteIds": remote}
    return _json({"status": "success", "data": data})


def _tmdb(page: int) -> _Response:
    rows = [
        {
            "adult": False,
            "id": 9_000_000 + number,
            "media_type": "movie",
            "title": f"Film {number}",
            "original_title": f"Film {number}",
            "release_date": "2019-05-01",
            "genre_ids": [18],
            "overview": "A film about a film. " * 10,
        }
        for number in _numbers(page, 20)
    ]
    counts = {"page": page, "total_pages": TITLES // 20, "total_results": TITLES}
    return _json({"id": 8990001, "item_count": TITLES, **counts, "results": rows})


def _letterboxd(page: int) -> _Response:
    text = page_of(LETTERBOXD, page, _numbers(page, 100), TITLES // 100, TITLES)
    date = f'<span class="updated"><time datetime="{CHANGED}"></time></span>'
    body = text.replace("<body>", f"<body>{date}").encode()
    return _Response(body, {"content-type": "text/html; charset=utf-8"})


def _plex(start: int, size: int) -> _Response:
    rows = [
        {
            "ratingKey": f"{number:024x}",
            "key": f"/library/metadata/{number:024x}",
            "guid": f"plex://movie/{number:024x}",
            "type": "movie",
            "title": f"Film {number}",
            "year": 2019,
            "originallyAvailableAt": "2019-05-01",
            "Guid": [
                {"id": f"imdb://tt{90_000_000 + number}"},
                {"id": f"tmdb://{9_000_000 + number}"},
            ],
        }
        for number in range(start + 1, min(start + size, TITLES) + 1)
    ]
    page = {"offset": start, "size": len(rows), "totalSize": TITLES, "Metadata": rows}
    return _json({"MediaContainer": page}, {"etag": f'"thousand-{start}"'})


def _simkl() -> _Response:
    rows = [
        {
            "added_to_watchlist_at": CHANGED,
            "last_watched_at": None,
            "user_rated_at": None,
            "user_rating": None,
            "status": "plantowatch",
            "movie": {
                "title": f"Film {number}",
                "year": 2019,
                "poster": "00/000000",
                "ids": {
                    "simkl": 500_000 + number,
                    "slug": f"film-{number}",
                    "imdb": f"tt{90_000_000 + number}",
                    "tmdb": f"{9_000_000 + number}",
                },
            },
        }
        for number in _numbers(1, TITLES)
    ]
    return _json({"movies": rows})


def _stevenlu() -> _Response:
    rows = [
        {
            "title": f"Film {number}",
            "imdb_id": f"tt{90_000_000 + number}",
            "tmdb_id": 9_000_000 + number,
            "poster_url": "https://image.example.invalid/x.jpg",
            "genres": ["drama"],
        }
        for number in _numbers(1, TITLES)
    ]
    return _json(rows, {"etag": '"thousand"'})


@cache
def _answer(target: str, body: bytes) -> _Response | None:
    """Find what is answered; None where nothing is."""
    path, query = urlsplit(target).path, dict(parse_qs(urlsplit(target).query))
    page, limit = (int(query.get(name, ["1"])[0]) for name in ("page", "limit"))
    start, size = (
        int(query.get(f"X-Plex-Container-{name}", ["1"])[0]) for name in ("Start", "Size")
    )
    offset = int(query.get("offset", ["0"])[0])
    places = {
        f"/users/{TRAKT}": lambda: _json({"updated_at": CHANGED, "item_count": TITLES}),
        f"/users/{TRAKT}/items": lambda: _trakt(page, limit),
        f"/lists/{MDBLIST}/json/": lambda: _json(_mdblist(), {"etag": '"thousand"'}),
        f"/lists/{MDBLIST}": lambda: _json([{"items": TITLES, "updated": CHANGED}]),
        f"/lists/{MDBLIST}/items": lambda: _json(_mdblist(), {"x-has-more": "false"}),
        "/lists/official/trending/items": lambda: _mdblist_pages(offset, limit),
        "/watchlist/items": lambda: _mdblist_pages(offset, limit),
        "/users/sample_user/animelist": lambda: _myanimelist(offset),
        "/4/list/8990001": lambda: _tmdb(page),
        "/library/sections/watchlist/all": lambda: _plex(start, size),
        "/mine.json": _stevenlu,
        "/movies.json": _stevenlu,
        "/sync/activities": lambda: _json(dict.fromkeys(("movies", "tv_shows", "anime"), _STAMPS)),
        "/sync/all-items/movies/plantowatch": _simkl,
    }
    if re.fullmatch(r"/login|/lists/990001/extended|/movies/\d+/extended", path):
        return _tvdb(path)
    if body:
        asked = json.loads(body)["variables"]
        if "n" in asked:
            return _anilist(asked["n"])
        return _imdb(asked["first"], int(asked["after"] or 0))
    if found := re.fullmatch(rf"/{LETTERBOXD}/(?:page/(\d+)/)?", path):
        return _letterboxd(int(found[1] or 1))
    return places[path]() if path in places else None


@dataclass
class _Host:
    """Counts what it is asked."""

    count: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's questions until it is closed."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.rstrip().split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (x.partition(": ") for x in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(await self._reply(first.split()[1], headers, body))
                await writer.drain()
        writer.close()

    async def _reply(self, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        if target == _COUNT:
            count, self.count = self.count, 0
            return _raw("200 OK", {}, str(count).encode())
        self.count += 1
        await asyncio.sleep(LATENCY_S)
        answer = _answer(target, body)
        if answer is None:
            return _raw("404 Not Found", {"content-type": "text/plain"}, b"no such page")
        if answer.headers.get("etag") == headers.get("if-none-match", "none"):
            return _raw("304 Not Modified", answer.headers, b"")
        return _raw("200 OK", answer.headers, answer.body)


def _raw(status: str, headers: Mapping[str, str], body: bytes) -> bytes:
    told = {**headers, "date": formatdate(usegmt=True)}
    if not status.startswith("304"):
        told["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


async def _play() -> None:
    servers = [await asyncio.start_server(_Host().serve, host, 0) for host in HOSTS]
    names = (server.sockets[0].getsockname() for server in servers)
    print(json.dumps([f"http://{host}:{port}" for host, port in names]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_play())
