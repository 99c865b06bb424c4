"""What was asked of the server, for tests that count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

OPTIONS = ("serverId", "profileId", "rootFolder", "languageProfileId", "tags")
"""The fields of a request that say where it is to be sent."""
_NO_OPTIONS: dict[str, Any] = {}


@dataclass(slots=True)
class CallLog:
    """Calls by method and route, searches by pattern, and every POST /request in order."""

    calls: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[Any, ...]] = field(default_factory=list)
    max_posts_in_flight: int = 0
    lost: int = 0

    def note_request(
        self, body: dict[str, Any], acting_id: int, status: int, number: int | None
    ) -> None:
        """Note a POST /request; `userId` is whom it is for, `actingId` who made it.

        `options` are the fields that say where it is to be sent, as far as there are any.
        """
        seasons = body.get("seasons")
        self.requests.append(
            (
                body["mediaType"],
                body["mediaId"],
                body.get("is4k"),
                tuple(seasons) if isinstance(seasons, list) else seasons,
                body.get("userId") or acting_id,
                acting_id,
                status,
                number,
                {name: body[name] for name in OPTIONS if name in body} or _NO_OPTIONS,
            )
        )

    def to_json(self) -> dict[str, object]:
        names = (
            "kind",
            "tmdbId",
            "is4k",
            "seasons",
            "userId",
            "actingId",
            "status",
            "requestId",
            "options",
        )
        return {
            "calls": dict(self.calls),
            "statuses": dict(self.statuses),
            "searches": dict(self.searches),
            "total": self.calls.total(),
            "max_posts_in_flight": self.max_posts_in_flight,
            "lost": self.lost,
            "requests": [dict(zip(names, request, strict=True)) for request in self.requests],
        }
