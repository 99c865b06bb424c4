"""Stands in for the network under the client of the request server."""

from __future__ import annotations

from abc import ABC, abstractmethod

import httpcore
import httpx


class Network(ABC):
    """Shows each call as one of httpx, whose requests and responses tests can write down."""

    @abstractmethod
    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one call, or raise one of httpcore's errors."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        call = httpx.Request(
            request.method.decode(),
            bytes(request.url).decode(),
            headers=request.headers,
            content=b"".join(request.stream),  # type: ignore[arg-type]
        )
        call.read()
        response = self.answer(call)
        return httpcore.Response(
            response.status_code, headers=response.headers.raw, content=response.content
        )

    def close(self) -> None:  # noqa: B027 - nothing is open
        pass
