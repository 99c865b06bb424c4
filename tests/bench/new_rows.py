"""100,000 rows that are all new, beside the largest library: the memory of the whole sync.

Two calls a row are much work for a server that keeps what it is asked. So searches, requests and
the index are answered within the process, as the servers answer; all else is as it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from listsync.cli import main as listsync
from listsync.http.response import Headers, Response
from listsync.seerr.transport import ServerTransport
from tests.bench import measure
from tests.bench.figures import Figure
from tests.bench.runs import Bench, bench

ROWS, LIBRARY = 100_000, 110_000
MOST_MB = 200
_IMDB, _TMDB, _OLD = 20_000_000, 30_000_000, 1_000_000
_send = ServerTransport._send
_posted = 0


def new_rows() -> Iterator[Figure]:
    with bench() as one:
        one.write_list(
            [
                {
                    "imdb_id": f"tt{_IMDB + n}",
                    "title": _title(n),
                    "year": _year(n),
                    "kind": "movie",
                }
                for n in range(ROWS)
            ]
        )
        requested, peak_mb = _measured(one)
    yield Figure("100,000 new rows beside 110,000 titles: requested", requested, "titles")
    yield Figure("  peak memory", peak_mb, "MB", MOST_MB)


def _measured(one: Bench) -> tuple[int, float]:
    options = ["--config", str(one.folder / "listsync.yaml")]
    options += ["--state-dir", str(one.folder / "state")]
    cost, report = one.folder / "cost.json", one.folder / "report.json"
    command = [sys.executable, "-m", "tests.bench.new_rows", "once", "--json", *options]
    with report.open("wb") as output:
        subprocess.run(
            [sys.executable, measure.__file__, str(cost), *command], stdout=output, check=False
        )
    requested = len(json.loads(report.read_text(encoding="utf-8"))["requested"])
    return requested, json.loads(cost.read_text(encoding="utf-8"))["peak_mb"]


def _title(number: int) -> str:
    return f"A film of the year {number}"


def _year(number: int) -> int:
    return 1950 + number % 70


def _answering(
    self: ServerTransport,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    way: Any,
) -> Response:
    path, _, query = target.partition("?")
    answer = _answer(method, Path(path).name, query, body)
    if answer is None:
        return _send(self, method, target, headers, body, way=way)
    return Response(
        service="server",
        status=201 if method == "POST" else 200,
        headers=Headers([(b"content-type", b"application/json")]),
        body=json.dumps(answer).encode(),
        path=path,
    )


def _answer(method: str, name: str, query: str, body: bytes | None) -> object:
    global _posted  # noqa: PLW0603 - what a server counts
    asked = parse_qs(query)
    if (method, name) == ("POST", "request"):
        _posted += 1
        asked_for = json.loads(body or b"{}")["mediaId"]
        media = {"id": _posted, "mediaType": "movie", "tmdbId": asked_for, "status": 3}
        return {"id": _posted, "status": 2, "type": "movie", "is4k": False, "media": media}
    if name == "search":
        return _found(int(asked["query"][0].removeprefix("imdb:tt")) - _IMDB)
    if name == "media":
        return _page(int(asked["skip"][0]), int(asked["take"][0]))
    return None


def _found(number: int) -> object:
    film = {
        "id": _TMDB + number,
        "mediaType": "movie",
        "title": _title(number),
        "releaseDate": f"{_year(number)}-05-05",
        "popularity": 12.5,
        "voteCount": 1234,
    }
    return {"page": 1, "totalPages": 1, "results": [film]}


def _page(skip: int, take: int) -> object:
    """Answer one page of the index, what was requested last first."""
    total = LIBRARY + _posted
    rows = [
        {
            "mediaType": "movie",
            "tmdbId": _TMDB + _posted - 1 - n if n < _posted else _OLD + n,
            "status": 3 if n < _posted else 5,
        }
        for n in range(skip, min(skip + take, total))
    ]
    return {"pageInfo": {"results": total}, "results": rows}


PARTS = (new_rows,)


if __name__ == "__main__":
    ServerTransport._send = _answering  # type: ignore[method-assign]
    listsync()
