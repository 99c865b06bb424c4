"""Webhooks of Radarr and Sonarr: written down, then answered; nothing on the way looks at a disk.

Both programs send an event once, and switch a receiver off for a while that fails or is slow, so
that whatever is understood is answered 2xx, also what nothing can be done about.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
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
from listsync.transfers.intake import IntakeReply, IntakeRequest
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
    from listsync.transfers.intake import WebhookIntake

MOST_BYTES = 5 * 1024 * 1024
"""Of a body, and of all that are written together."""
_MOST_TOGETHER = 100
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


_Reply = IntakeReply | WebhookShapeError | StateError


class _Writer:
    """Writes webhooks down, in a thread of its own, so that no slow command holds one up.

    What comes while it writes is written together, next: a write costs the disk as much for many
    as for one. It belongs to the loop.
    """

    def __init__(self, intake: WebhookIntake) -> None:
        self._intake = intake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listsync-webhooks")
        self._waiting: deque[tuple[IntakeRequest, asyncio.Future[_Reply]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def write(self, request: IntakeRequest) -> _Reply:
        """Write it; returns what came of it."""
        answer: asyncio.Future[_Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [*self._next_batch()]
            requests = [request for request, _ in batch]
            try:
                replies = await loop.run_in_executor(
                    self._thread, self._intake.take_all, requests, datetime.now(UTC)
                )
            except Exception as error:  # noqa: BLE001 - each of them tells it
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), reply in zip(batch, replies, strict=True):
                if not answer.done():  # else its client has gone
                    answer.set_result(reply)

    def _next_batch(self) -> Iterator[tuple[IntakeRequest, asyncio.Future[_Reply]]]:
        size = 0
        for _ in range(min(len(self._waiting), _MOST_TOGETHER)):
            size += len(self._waiting[0][0].body)
            if size > MOST_BYTES:
                return
            yield self._waiting.popleft()

    def close(self) -> None:
        """Write nothing more; what is being written is ended."""
        self._thread.shutdown(wait=False)


class WebhookRoutes:
    """Handles `/sync/radarr`, `/sync/sonarr`, `/sync/NAME` and `/sync/manual`."""

    def __init__(self, backend: Backend, intake: WebhookIntake) -> None:
        self._intake = intake
        self._writer = _Writer(intake)
        backend.at_end(self._writer.close)

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
        return await self._answered(IntakeRequest(app=app, name=name, body=request.body))

    async def manual(self, request: WebRequest) -> Response:
        """Take what a person asks for."""
        asked = IntakeRequest(app=ImportApp.MANUAL, name="", body=request.body)
        return await self._answered(asked)

    async def _answered(self, request: IntakeRequest) -> Response:
        if not self._intake.settings.is_on:
            raise HttpError(409, Reason.UNAVAILABLE, _NOT_SET_UP)
        reply = await self._writer.write(request)
        match reply:
            case WebhookShapeError():
                raise HttpError(400, Reason.INVALID, str(reply))
            case StateError():
                words, later = f"it could not be written down: {reply}", {"Retry-After": "30"}
                raise HttpError(503, Reason.UNAVAILABLE, words, headers=later)
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
