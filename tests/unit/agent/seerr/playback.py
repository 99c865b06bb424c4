"""A server that plays prepared answers back, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.seerr.client import Seerr
from tests.network import Network

URL = "http://seerr.test:5055"
KEY = "c2VjcmV0LWtleQ=="

Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def json_reply(value: object, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, json=value, headers=named)


def html_reply(
    status: int = 200, text: str = "<html><body>Sign in</body></html>"
) -> httpx.Response:
    return httpx.Response(status, html=text)


def created(number: int = 1, status: object = 2, **more: object) -> Reply:
    """Answer a request as the servers do: with the title that was asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        media = {"tmdbId": asked["mediaId"], "mediaType": asked["mediaType"]}
        told = {"id": number, "status": status, "is4k": asked["is4k"], "media": media, **more}
        return json_reply(told, 201)

    return answer


def message(status: int, text: str) -> httpx.Response:
    return json_reply({"message": text}, status)


GUARD = {"status": 403, "error": "You do not have permission to access this endpoint"}


class Clockless(CancelToken):
    """A stop flag that counts pauses instead of making them."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return self.is_set()


class Playback(Network):
    """Answers `METHOD /path` (without /api/v1, query optional) with what was given for it.

    Several replies are played in order; the last one stays.
    """

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[httpx.Request] = []
        self.stop = Clockless()

    def on(self, call: str, *replies: Reply) -> Playback:
        self.replies[call] = list(replies)
        return self

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        target = request.url.raw_path.decode().replace("/api/v1", "", 1)
        for call in (target, target.partition("?")[0]):
            replies = self.replies.get(f"{request.method} {call}")
            if replies:
                return self._play(replies.pop(0) if len(replies) > 1 else replies[0], request)
        return message(404, "not found")

    def _play(self, reply: Reply, request: httpx.Request) -> httpx.Response:
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            return reply(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def targets(self) -> list[str]:
        """All calls as they went over the wire: method, raw path and query."""
        return [f"{one.method} {one.url.raw_path.decode()}" for one in self.asked]

    @property
    def posted(self) -> list[dict[str, object]]:
        return [json.loads(one.content) for one in self.asked if one.method == "POST"]

    def seerr(
        self,
        url: str = URL,
        key: str = KEY,
        act_as: str | int | None = None,
        *,
        approve: bool = False,
        max_per_second: float | None = None,
    ) -> Seerr:
        return Seerr(
            url,
            SecretStr(key),
            act_as=act_as,
            approve=approve,
            token=self.stop,
            pool=self,
            max_per_second=max_per_second,
        )
