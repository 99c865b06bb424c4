"""Answers as the servers give them: JSON, weak ETags, the two shapes of an error."""

from __future__ import annotations

import base64
import hashlib
import json

from starlette.types import Send

from listsync.lean_dataclasses import dataclass

Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
NOTHING = b""
"""The type of an answer without a body."""
_ALWAYS: Headers = ((b"connection", b"keep-alive"), (b"keep-alive", b"timeout=5"))


@dataclass(frozen=True, slots=True)
class ApiReply:
    """One answer, ready to be sent."""

    status: int
    body: bytes
    kind: bytes = JSON
    headers: Headers = ()

    async def send(self, send: Send, *, known: bytes | None = None) -> None:
        """Send it; *known* is the If-None-Match of a GET, which may make it a bodyless 304."""
        tag = etag(self.body)
        is_known = known is not None and self.status == 200 and _matches(known, tag)
        headers = [*_ALWAYS, *self.headers]
        if self.kind:
            headers.append((b"etag", tag))
        if self.kind and not is_known:
            headers.append((b"content-type", self.kind))
        if self.status != 204 and not is_known:
            headers.append((b"content-length", str(len(self.body)).encode()))
        status = 304 if is_known else self.status
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_known else self.body})

    async def send_half(self, send: Send) -> None:
        """Promise the whole body, send the first half of it."""
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.kind), (b"content-length", length)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


class ApiError(Exception):
    """Ends the handling of a call with this answer."""

    def __init__(self, reply: ApiReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def ok(value: object, status: int = 200) -> ApiReply:
    return ApiReply(status, dumps(value))


def no_content() -> ApiReply:
    return ApiReply(204, b"", NOTHING)


def message(status: int, text: str) -> ApiReply:
    """Build the error shape of the handlers: `{"message"}`."""
    return ok({"message": text}, status)


def error(status: int, text: str) -> ApiError:
    return ApiError(message(status, text))


def invalid(status: int, text: str, *problems: tuple[str, ...]) -> ApiReply:
    """Build the error shape of the validator: `{"message", "errors"}`.

    A problem is a path, a message and, where a schema found it, the word of the schema.
    """
    errors = [_problem(*problem) for problem in problems]
    return ok({"message": text, "errors": errors}, status)


def _problem(path: str, what: str, keyword: str = "") -> dict[str, str]:
    shown = {"path": path, "message": what}
    return {**shown, "errorCode": f"{keyword}.openapi.validation"} if keyword else shown


def forbidden() -> ApiReply:
    """Build the error shape of the guards: a wrong key and a missing right look the same."""
    text = "You do not have permission to access this endpoint"
    return ok({"status": 403, "error": text}, 403)


def etag(body: bytes) -> bytes:
    """Compute the weak ETag as Express does: length, then 27 characters of SHA-1."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest())[:27]
    return b'W/"%x-%s"' % (len(body), digest)


def _matches(known: bytes, tag: bytes) -> bool:
    wanted = {part.strip().removeprefix(b"W/") for part in known.split(b",")}
    return b"*" in wanted or tag.removeprefix(b"W/") in wanted
