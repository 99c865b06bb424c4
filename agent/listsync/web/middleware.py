"""What every request passes on its way to a route, and every answer on its way back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from listsync.protocol import Reason
from listsync.web.hosts import host_in, is_allowed, is_https, peer_of, plain
from listsync.web.routes import HttpError, error_response
from listsync.web.settings import HttpSettings

logger = logging.getLogger(__name__)

MOST_HEAD_BYTES = 32 * 1024
_MOST_HEADERS = 100
_BODY_S = 30.0
"""How long a client may take for a body."""
_ALWAYS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
OPEN_TO_ANY_HOST = frozenset({"/healthz"})


class HttpMiddleware:
    """Lets requests to *application* that name this machine, under the base path alone."""

    def __init__(self, application: ASGIApp, settings: Callable[[], HttpSettings]) -> None:
        self._application = application
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        sender = _Sender(send)
        try:
            await self._application(self._admitted(scope), receive, sender)
        except HttpError as error:
            await error_response(error)(scope, receive, sender)
        except Exception as error:
            failed = log_failure(error)
            if sender.has_begun:  # to close the connection tells a broken answer from a whole
                raise
            await error_response(failed)(scope, receive, sender)

    def _admitted(self, scope: Scope) -> Scope:
        """Give the scope as routes see it; raises HttpError."""
        settings = self._settings()
        _check_head(scope)
        path = _below(settings.base_path, scope["path"])
        if path not in OPEN_TO_ANY_HOST:
            _check_host(scope, settings)
        headers, trusted = Headers(scope=scope), settings.trusted_proxies
        client, port = scope["client"] or ("", 0)
        client = plain(client)
        peer = peer_of(client, ", ".join(headers.getlist("x-forwarded-for")), trusted)
        told = headers.get("x-forwarded-proto", "")
        secure = is_https(scope["scheme"], client, told, trusted)
        # Starlette takes root_path off the path to find a route, and puts it before its own.
        return {
            **scope,
            "path": settings.base_path + path,
            "root_path": settings.base_path,
            "client": (peer, port),
            "scheme": "https" if secure else "http",
        }


def log_failure(error: Exception) -> HttpError:
    """Log what went wrong in us, and give what is said of it elsewhere."""
    logger.error("an HTTP request failed", exc_info=error, extra={"action": "http_failed"})
    return HttpError(500, Reason.FAILED, "the agent failed: see its log")


def _check_head(scope: Scope) -> None:
    """Refuse a head that is larger than any client's; h11 bounds only one that comes in pieces."""
    size = len(scope["raw_path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size > MOST_HEAD_BYTES or len(scope["headers"]) > _MOST_HEADERS:
        raise HttpError(431, Reason.TOO_LARGE, "the head of the request is too large")
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
        # Proxies and servers that choose differently take one request for two (RFC 9112, 6.1).
        words = "a request has a Content-Length or a Transfer-Encoding, not both"
        raise HttpError(400, Reason.INVALID_REQUEST, words, headers={"Connection": "close"})


def _below(base_path: str, path: str) -> str:
    """Take the base path off, and a slash at the end: nothing is ever redirected for one."""
    if base_path and path != base_path and not path.startswith(f"{base_path}/"):
        raise HttpError(404, Reason.NOT_FOUND, "not found")
    return path.removeprefix(base_path).rstrip("/") or "/"


def _check_host(scope: Scope, settings: HttpSettings) -> None:
    headers = Headers(scope=scope).getlist("host")
    name = host_in(headers[0]) if len(headers) == 1 else ""
    if not name:
        raise HttpError(400, Reason.INVALID_REQUEST, "a request names one host")
    if not is_allowed(name, plain((scope["server"] or ("",))[0]), settings):
        words = (
            f"this listsync is not known as {name}: if it is to be, add the name to "
            "http.allowed_hosts of the configuration"
        )
        raise HttpError(400, Reason.INVALID_REQUEST, words)


_USUAL = [(name.encode(), value.encode()) for name, value in _ALWAYS.items()]


@lru_cache(1)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode()


class _Sender:
    """Adds to every answer what all have."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = message.setdefault("headers", [])
            said = {name for name, _ in headers}
            headers.append((b"date", _date(int(time.time()))))
            headers.extend(one for one in _USUAL if one[0] not in said)
        await self._send(message)


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Read a body of at most *most_bytes*; raises HttpError when it is too large or too slow.

    One in chunks is refused: tiny ones cost a thousand times what they carry.
    """
    if "transfer-encoding" in request.headers:
        words = "a body needs a Content-Length"
        raise HttpError(411, Reason.INVALID_REQUEST, words, headers={"Connection": "close"})
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise _too_large(most_bytes)
    if told in {"", "0"}:
        return b""
    parts, size = [], 0
    try:
        async with asyncio.timeout(_BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                parts.append(part)
    except ClientDisconnect:
        raise HttpError(400, Reason.INVALID_REQUEST, "the body broke off") from None
    except TimeoutError:
        words = f"the body did not come within {_BODY_S:.0f} s"
        close = {"Connection": "close"}
        raise HttpError(408, Reason.INVALID_REQUEST, words, headers=close) from None
    return b"".join(parts)


def _too_large(most_bytes: int) -> HttpError:
    words = f"the body is larger than {most_bytes // 1024} KiB"
    # What is left of it is not read, so the connection cannot go on.
    return HttpError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Reason.TOO_LARGE,
        words,
        headers={"Connection": "close"},
    )
