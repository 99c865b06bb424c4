"""MDBList's official lists as the service has them: their kind is no part of the path."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import httpx

from tests.contract.providers.site import answer

LARGEST_PAGE = 100
_CHARTS = "/justwatch/streaming-charts/"


def row(number: int, kind: str) -> dict[str, object]:
    return {"rank": number, "id": number, "title": f"{kind} {number}", "mediatype": kind}


@dataclass
class OfficialLists:
    """One official list, `trending`, of films and series; and the streaming charts of 20."""

    films: int = 0
    series: int = 0
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        path = request.url.path
        if path.startswith(_CHARTS):
            kind = path.removeprefix(_CHARTS)
            rows = [{"title": f"{kind} {number}", "id": number} for number in range(1, 21)]
            return _json({"media_type": kind, "results": rows})
        if path != "/lists/official/trending/items":
            return answer(b'{"error": "Not found"}', 404)
        return self._page(request.url.params)

    def _page(self, asked: httpx.QueryParams) -> httpx.Response:
        wanted = asked.get("mediatype")
        kinds = ("movie",) * self.films + ("show",) * self.series
        rows = [row(number, kind) for number, kind in enumerate(kinds, 1)]
        rows = [one for one in rows if wanted in (None, one["mediatype"])]
        size = min(int(asked["limit"]), LARGEST_PAGE)
        begin = int(asked["cursor"].removeprefix("c")) if "cursor" in asked else 0
        page, end = rows[begin : begin + size], begin + size
        more = end < len(rows)
        return _json(
            {
                "movies": [one for one in page if one["mediatype"] == "movie"],
                "shows": [one for one in page if one["mediatype"] == "show"],
                "pagination": {
                    "limit": size,
                    "total": len(rows),
                    "has_more": more,
                    "next_cursor": f"c{end}" if more else None,
                },
            }
        )

    @property
    def asked(self) -> list[tuple[str, dict[str, str]]]:
        """Each question's path and parameters, but for the key."""
        return [
            (
                one.url.path,
                {name: text for name, text in one.url.params.items() if name != "apikey"},
            )
            for one in self.seen
        ]


def _json(content: object) -> httpx.Response:
    return answer(json.dumps(content).encode())
