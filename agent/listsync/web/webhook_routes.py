"""Webhooks of Radarr and Sonarr: written down, then answered; nothing on the way looks at a disk.

Both programs send an event once, and switch a receiver off for a while that fails or is slow, so
that whatever is understood is answered 2xx, also what nothing can be done about.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response

from listsync.commands.schema import parameters_of
from listsync.domain.transfers import EventOutcome, ImportApp
from listsync.errors import StateError
from listsync.protocol import Reason
from listsync.protocol.messages import About
from listsync.terminal.output import plural
from listsync.transfers.events import WebhookShapeError
from listsync.web.application import Backend
from listsync.web.routes import (
    Handler,
    HttpError,
    HttpRoute,
    ResponseSpec,
    WebRequest,
    json_response,
)
from listsync.web.settings import TokenScope

if TYPE_CHECKING:
    from listsync.transfers.intake import IntakeReply, WebhookIntake

MOST_BYTES = 5 * 1024 * 1024
_NOT_SET_UP = (
    "transfers are not configured: name the libraries under transfers.mappings of listsync.yaml"
)
_USED = frozenset({EventOutcome.ACCEPTED, EventOutcome.IGNORED})


class SenderNameConvertor(StringConvertor):
    """Matches names of senders in addresses: all but those of other routes."""

    regex = r"(?!(?:manual|progress)(?:/|$))\w[\w .-]{0,49}"


register_url_convertor("sender", SenderNameConvertor())


class WebhookBody(TypedDict, total=False):
    eventType: Annotated[str, About("what happened, such as Download or Test")]
    instanceName: Annotated[str, About("what the sender calls itself")]


class ManualBody(TypedDict, total=False):
    path: Annotated[str, About("file or folder, as Radarr or Sonarr or as this machine sees it")]
    type: Annotated[str, About("what it is: movie, tv, file or folder")]
    instance: Annotated[str, About("as if this Radarr or Sonarr had told of it")]


class WebhookTaken(TypedDict):
    """*success* is false where nothing can be done about it; *message* says why.

    *jobs* are the numbers of copies that it made or joined. A test is told which libraries are
    mapped.
    """

    success: bool
    outcome: str
    message: str
    jobs: list[int]
    scans: int
    libraries: NotRequired[list[dict[str, str | None]]]


_ANSWERS = (
    ResponseSpec(status=200, what="Taken note of.", shapes=(WebhookTaken,)),
    ResponseSpec(status=202, what="Will be copied or scanned.", shapes=(WebhookTaken,)),
    ResponseSpec(status=409, what="No libraries are configured.", is_refusal=True),
    ResponseSpec(status=503, what="It cannot be written down now.", is_refusal=True),
)
_NO_NAME = ResponseSpec(status=404, what="No sender can be called so.", is_refusal=True)


class WebhookRoutes:
    """Handles `/sync/radarr`, `/sync/sonarr`, `/sync/NAME` and `/sync/manual`."""

    def __init__(self, backend: Backend, intake: WebhookIntake) -> None:
        self._intake = intake
        # A thread of its own: no command that takes long holds a webhook up.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listsync-webhooks")
        backend.at_end(partial(self._thread.shutdown, wait=False))

    def routes(self) -> tuple[HttpRoute, ...]:
        apps = (ImportApp.RADARR, ImportApp.SONARR)
        return (
            _route("POST", "/sync/manual", self.manual, "Copy a file or folder now.", ManualBody),
            *(
                _route(
                    method,
                    f"/sync/{app}{secret}",
                    partial(self.take, app),
                    f"Take a webhook of {app.capitalize()}.",
                )
                for app in apps
                for secret in _SECRETS
                for method in _METHODS
            ),
            *(
                _route(
                    method,
                    f"/sync/{{name:sender}}{secret}",
                    partial(self.take, None),
                    "Take a webhook of the Radarr or Sonarr that is called so.",
                )
                for secret in _SECRETS
                for method in _METHODS
            ),
        )

    async def take(self, app: ImportApp | None, request: WebRequest) -> Response:
        """Take a webhook."""
        name = app or request.request.path_params["name"]
        return await self._answered(partial(self._take, app, name, request.body))

    async def manual(self, request: WebRequest) -> Response:
        """Take what a person asks for."""
        return await self._answered(partial(self._manual, request.body))

    def _take(self, app: ImportApp | None, name: str, body: bytes) -> IntakeReply:
        return self._intake.take(app, name, _object_in(body), datetime.now(UTC))

    def _manual(self, body: bytes) -> IntakeReply:
        given = _object_in(body)
        texts = [given.get(key, "") for key in ("path", "type", "instance")]
        if not all(isinstance(one, str) for one in texts) or not texts[0]:
            raise WebhookShapeError("expected a path, and perhaps a type and an instance, as text")
        path, kind, instance = map(str, texts)
        return self._intake.manual(path, kind, datetime.now(UTC), instance[:100])

    async def _answered(self, work: Callable[[], IntakeReply]) -> Response:
        if not self._intake.settings.is_on:
            raise HttpError(409, Reason.UNAVAILABLE, _NOT_SET_UP)
        loop = asyncio.get_running_loop()
        try:
            reply = await loop.run_in_executor(self._thread, work)
        except WebhookShapeError as error:
            raise HttpError(400, Reason.INVALID, str(error)) from None
        except StateError as error:
            words, later = f"it could not be written down: {error}", {"Retry-After": "30"}
            raise HttpError(503, Reason.UNAVAILABLE, words, headers=later) from error
        status = 202 if reply.outcome is EventOutcome.ACCEPTED else 200
        return json_response({**self._told(reply)}, status)

    def _told(self, reply: IntakeReply) -> WebhookTaken:
        is_test = reply.event_type.casefold() == "test"
        told: WebhookTaken = {
            "success": reply.outcome in _USED,
            "outcome": reply.outcome,
            "message": _test_message(self._senders()) if is_test else _message(reply),
            "jobs": [*reply.jobs],
            "scans": reply.scans,
        }
        if is_test:
            told["libraries"] = [
                {
                    "from": one.sender,
                    "source": str(one.source),
                    "destination": str(one.destination) if one.destination else None,
                    "instance": one.instance,
                }
                for one in self._intake.settings.mappings
            ]
        return told

    def _senders(self) -> list[str]:
        return [one.sender for one in self._intake.settings.mappings]


_METHODS = ("POST", "PUT")
_SECRETS = ("", "/{token}")
"""The token may stand in the address, for versions that can send no header."""


def _route(
    method: str, path: str, handler: Handler, summary: str, takes: type = WebhookBody
) -> HttpRoute:
    return HttpRoute(
        method=method,
        path=path,
        scope=TokenScope.WEBHOOK,
        handler=handler,
        summary=summary,
        takes=parameters_of(takes),
        answers=(*_ANSWERS, *((_NO_NAME,) if "{" in path else ())),
        most_bytes=MOST_BYTES,
        tags=("webhooks",),
    )


def _object_in(body: bytes) -> dict[str, object]:
    """Read a body; raises WebhookShapeError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookShapeError("the body is no JSON") from None
    if not isinstance(found, dict):
        raise WebhookShapeError("the body is no JSON object")
    return found


def _message(reply: IntakeReply) -> str:
    made = [
        words
        for count, words in (
            (len(reply.jobs), f"{plural(len(reply.jobs), 'copy', 'copies')} will be made"),
            (reply.scans, f"{plural(reply.scans, 'folder')} will be scanned"),
        )
        if count
    ]
    return "; ".join(filter(None, (*made, reply.why)))


def _test_message(senders: list[str]) -> str:
    return f"webhooks arrive; {plural(len(senders), 'library', 'libraries')} mapped: " + ", ".join(
        senders[:20]
    )
