"""The sync routes that programs of the field know, and the checks of health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired, TypedDict

from starlette.responses import Response

from listsync.commands.schema import parameters_of
from listsync.protocol import Reason
from listsync.protocol.messages import About, ProgressReply
from listsync.web.application import Backend
from listsync.web.routes import HttpError, HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

_NOTHING_IN_FULL = {"limit": 1}


class TriggerBody(TypedDict, total=False):
    source: Annotated[str, About("who asks, for people")]


class TriggerReply(TypedDict):
    """`sent`: to a fleet, whose leader syncs; so nobody knows the run yet."""

    success: bool
    message: str
    run_id: NotRequired[str]
    state: Literal["started", "queued", "coalesced", "sent"]


class SyncBody(TypedDict, total=False):
    dry_run: Annotated[bool, About("change nothing, and keep what would be done")]


class SyncReply(TypedDict):
    """*status*: `passed_on` where another agent leads, whose progress this one does not know."""

    status: Literal["started", "passed_on"]
    message: str
    dry_run: bool
    check_progress: str
    run_id: str


class AgentStateReply(TypedDict):
    """*can_trigger*: a trigger is carried out now or after the sync that runs."""

    success: bool
    running: bool
    can_trigger: bool
    state: Literal["idle", "running", "paused"]
    message: str
    pid: int


class HealthReply(TypedDict):
    status: Literal["ok"]


STARTED = ResponseSpec(
    status=202, what="It has started, or the agent that leads was told.", shapes=(SyncReply,)
)
NOT_SENT = ResponseSpec(
    status=500,
    what="Agents share the work, and PostgreSQL, which tells them, did not take it.",
    is_refusal=True,
)
BUSY = ResponseSpec(
    status=409,
    what="A sync is running, or the agent is paused; `reason` says which.",
    is_refusal=True,
)


def _ok(what: str, shape: type) -> ResponseSpec:
    return ResponseSpec(status=200, what=what, shapes=(shape,))


class SyncRoutes:
    """Handles `POST /api/sync`, `/api/sync/trigger` and `/sync`, and tells how it goes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> tuple[HttpRoute, ...]:
        return (
            *(
                HttpRoute(
                    method="POST",
                    path=path,
                    scope=TokenScope.CONTROL,
                    handler=self.trigger,
                    summary="Sync now, or after the sync that runs, or when a pause ends.",
                    takes=parameters_of(TriggerBody),
                    answers=(_ok("The trigger was taken.", TriggerReply), NOT_SENT),
                )
                for path in ("/api/sync", "/api/sync/trigger")
            ),
            HttpRoute(
                method="GET",
                path="/api/sync/status",
                scope=TokenScope.READ,
                handler=self.agent,
                summary="Tell whether the agent runs, and can take a trigger.",
                answers=(_ok("The agent runs.", AgentStateReply),),
            ),
            HttpRoute(
                method="POST",
                path="/sync",
                scope=TokenScope.CONTROL,
                handler=self.start,
                summary="Start a sync of all lists now, unless one runs.",
                takes=parameters_of(SyncBody),
                answers=(STARTED, BUSY),
            ),
            HttpRoute(
                method="GET",
                path="/sync/progress",
                scope=TokenScope.READ,
                handler=self.progress,
                summary="Tell how far the running sync is, or how the last one ended.",
                answers=(_ok("How far it is.", ProgressReply),),
            ),
            *(
                HttpRoute(
                    method="GET",
                    path=path,
                    scope=None,
                    handler=self.health,
                    summary=summary,
                    answers=(_ok("It is.", HealthReply),),
                    tags=("health",),
                )
                for path, summary in (
                    ("/healthz", "Tell whether the agent answers."),
                    ("/readyz", "Tell whether the agent answers its commands."),
                )
            ),
        )

    async def trigger(self, request: WebRequest) -> Response:
        """Trigger a sync; in a pause it waits for the end of that.

        In a fleet every agent is told, whichever leads: so does the answer not depend on that.
        """
        usual = "api" if self._backend.has_fleet else "HTTP"
        source = request.json().get("source", usual)
        if not isinstance(source, str):
            raise HttpError(400, Reason.INVALID, "source must be text")
        sent = "Sync trigger notification sent to worker"
        if self._backend.has_fleet:
            await self._backend.send_trigger(source.strip() or usual)
            return json_response({"success": True, "message": sent, "state": "sent"})
        reply = await self._order(request, source, {"await_resume": True})
        waits = f"{sent}: it syncs after the sync that runs, or when the pause ends"
        message = sent if reply["state"] == "started" else waits
        return json_response({"success": True, "message": message, **reply})

    async def start(self, request: WebRequest) -> Response:
        """Start a sync, or say why not."""
        is_dry = request.json().get("dry_run", False)
        if not isinstance(is_dry, bool):
            raise HttpError(400, Reason.INVALID, "dry_run must be true or false")
        reply = await self._order(request, "HTTP", {"dry_run": is_dry, "no_queue": True})
        is_here = reply["state"] == "started"
        passed_on = f"Passed on to {reply.get('leader')}, which leads"
        content = {
            "status": "started" if is_here else "passed_on",
            "message": "Sync started in background" if is_here else passed_on,
            "dry_run": is_dry,
            "check_progress": f"{self._backend.settings.base_path}/sync/progress",
            "run_id": reply["run_id"],
        }
        return json_response(content, 202)

    async def _order(
        self, request: WebRequest, source: str, how: Mapping[str, object]
    ) -> Mapping[str, object]:
        origin = source.strip() or "HTTP"
        return await self._backend.ask("trigger", {**how, "origin": origin}, request.identity)

    async def agent(self, _: WebRequest) -> Response:
        """Say whether a trigger is of any use."""
        status = await self._backend.ask("status", _NOTHING_IN_FULL)
        words = {
            "idle": "The agent is idle: a trigger starts a sync.",
            "running": "A sync is running: a trigger starts another after it.",
            "paused": "The agent is paused: a trigger is carried out when it resumes.",
        }
        state = str(status["state"])
        content = {
            "success": True,
            "running": True,
            "can_trigger": state != "paused",
            "state": state,
            "message": words.get(state, state),
            "pid": status["pid"],
        }
        return json_response(content)

    async def progress(self, _: WebRequest) -> Response:
        """Give the progress, with all lists."""
        return json_response(await self._backend.ask_all("progress", "lists"))

    async def health(self, _: WebRequest) -> Response:
        """Say that the agent answers, from memory alone."""
        await self._backend.ask("ping", {})
        return json_response({"status": "ok"})
