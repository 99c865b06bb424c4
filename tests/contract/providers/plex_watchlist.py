"""A server that plays Plex's watchlist, by `httpx.MockTransport`: its pages, ETag and titles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import httpx

from tests.contract.providers.site import FIXTURES, answer

LIST = "/library/sections/watchlist/all"
_TITLE = "/library/metadata/"


def rows_of_samples() -> list[dict[str, object]]:
    """Give the rows of the sample pages."""
    found = []
    for number in (1, 2):
        text = (FIXTURES / f"plex/watchlist.page{number}.json").read_bytes()
        found += json.loads(text)["MediaContainer"]["Metadata"]
    return found


def film(number: int, *, has_ids: bool = True) -> dict[str, object]:
    ids = [{"id": f"imdb://tt{90_000_000 + number}"}, {"id": f"tmdb://{number}"}]
    key = f"{number:024x}"
    row: dict[str, object] = {"ratingKey": key, "type": "movie", "title": f"Film {number}"}
    return {**row, "year": 2019, "Guid": ids if has_ids else []}


@dataclass
class Watchlist:
    """Holds one watchlist; `titles` is what it says of single titles, by their key."""

    token: str
    rows: Sequence[dict[str, object]] = field(default_factory=rows_of_samples)
    titles: dict[str, httpx.Response] = field(default_factory=dict)
    most_of_a_page: int = 100
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.headers.get("X-Plex-Token") != self.token:
            return answer(b'{"Error": {"id": 401, "statusCode": 401}}', 401)
        if request.url.path.startswith(_TITLE):
            return self.titles.get(
                request.url.path.removeprefix(_TITLE), answer(b'{"Error": {"id": 404}}', 404)
            )
        assert request.url.path == LIST
        start = int(request.url.params["X-Plex-Container-Start"])
        size = min(int(request.url.params["X-Plex-Container-Size"]), self.most_of_a_page)
        rows = list(self.rows[start : start + size])
        page: dict[str, object] = {"offset": start, "size": len(rows)}
        page["totalSize"] = len(self.rows)
        content = {"MediaContainer": {**page, **({"Metadata": rows} if rows else {})}}
        body = json.dumps(content).encode()
        etag = f'W/"{blake2b(body, digest_size=8).hexdigest()}"'  # of this page alone
        if request.headers.get("If-None-Match") == etag:
            return answer(status=304, etag=etag)
        return answer(body, etag=etag)

    def calls(self, path: str) -> int:
        """Count what was asked at *path*."""
        return sum(one.url.path == path for one in self.seen)
