"""What a route is: where it stands, who may use it, what it takes and what it answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response

from listsync.commands.schema import CommandParameter
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand
from listsync.web.settings import TokenScope
from listsync.web.tokens import Identity

Handler = Callable[["WebRequest"], Awaitable[Response]]

STATUSES: Mapping[Reason, int] = {
    Reason.PARSE: 400,
    Reason.INVALID_REQUEST: 400,
    Reason.UNKNOWN_METHOD: 404,
    Reason.INVALID: 400,
    Reason.FAILED: 500,
    Reason.EXPIRED: 503,
    Reason.FORBIDDEN: 403,
    Reason.BUSY: 409,
    Reason.PAUSED: 409,
    Reason.NOT_FOUND: 404,
    Reason.CONFIG_INVALID: 422,
    Reason.TOO_LARGE: 413,
    Reason.UNAVAILABLE: 503,
    Reason.OTHER_VERSION: 400,
}
"""How HTTP says each."""


class Audience(Enum):
    """Who reads the answers of a route, so that a refusal is in their form."""

    PROGRAMS = "programs"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request that may be answered: who sent it, and what its body holds."""

    request: Request
    identity: Identity
    body: bytes = b""

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def json(self) -> dict[str, object]:
        """Read the body as a JSON object, whatever type it says it is; no body is an empty one.

        Raises:
            HttpError: it is none.
        """
        if not self.body.strip():
            return {}
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise HttpError(400, Reason.PARSE, "the body is no JSON") from None
        if not isinstance(found, dict):
            raise HttpError(400, Reason.PARSE, "the body is no JSON object")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSpec:
    """One kind of answer of a route, for the OpenAPI document."""

    status: int
    what: str
    shapes: tuple[object, ...] = ()
    media_type: str = "application/json"
    is_refusal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One route and method.

    `path` is as Starlette writes it; `scope` what a token must be good for, None: everybody may,
    and with `tells_readers_more` a token that is given is looked at. `takes` is what the query of
    a GET, or else the body, may hold.
    """

    method: str
    path: str
    scope: TokenScope | None
    handler: Handler
    summary: str
    takes: tuple[CommandParameter, ...] = ()
    answers: tuple[ResponseSpec, ...] = ()
    audience: Audience = Audience.PROGRAMS
    most_bytes: int = 1024 * 1024
    tells_readers_more: bool = False
    tags: tuple[str, ...] = field(default=("api",))


class HttpError(Exception):
    """A request that is not answered as it wishes."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.headers = dict(headers or {})
        self.data = dict(data or {})

    @classmethod
    def of(cls, refused: RefusedCommand) -> HttpError:
        """Say what a command refused."""
        is_over = STATUSES[refused.reason] == 503
        headers = {"Retry-After": f"{refused.data.get('retry_after_s', 30)}"} if is_over else {}
        return cls(
            STATUSES[refused.reason],
            refused.reason,
            refused.message,
            headers=headers,
            data=refused.data,
        )


def json_response(
    content: Mapping[str, object] | list[object], status: int = 200, **headers: str
) -> Response:
    """Build an answer in JSON; headers with _ in place of -."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode(errors="replace")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, named, media_type="application/json")


def error_response(error: HttpError) -> Response:
    """Build the answer of programs to what is refused."""
    content = {
        "success": False,
        "reason": error.reason.value,
        "message": error.message,
        **({"data": error.data} if error.data else {}),
    }
    return json_response(content, error.status, **error.headers)
