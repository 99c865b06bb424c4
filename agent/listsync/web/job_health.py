"""`GET /health`: how an agent is that copies, from what was found last; it touches no mount."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, TypedDict, cast

from starlette.responses import Response

from listsync.commands.serializers import iso
from listsync.protocol.job_shapes import RootShape, TransfersShape
from listsync.protocol.messages import StatusReply
from listsync.protocol.notifications import TargetsReply
from listsync.web.application import Backend
from listsync.web.routes import HttpError, HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

_FIRST = {"limit": 1}
_COPIES = "transfers"
"""The service that copies."""


class JobsOfDay(TypedDict):
    """Of the last 24 hours."""

    success: int
    failed: int


class HealthReport(TypedDict):
    """*nfs_status* is of all mapped folders: `ok`, `error`, or `none` where there are none.

    What is wrong with which one is for who may read; others are told how many are not well.
    """

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: str
    dry_run: bool
    notifications: bool
    nfs_status: Literal["ok", "error", "none"]
    nfs_issues: list[str]
    jobs_24h: JobsOfDay
    uptime_since: str | None


class HealthRoutes:
    """Handles `/health`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> tuple[HttpRoute, ...]:
        well, ill = (
            ResponseSpec(status=status, what=what, shapes=(HealthReport,))
            for status, what in (
                (200, "It works; `degraded`: a mapped folder is not well."),
                (503, "It does not work."),
            )
        )
        return (
            HttpRoute(
                method="GET",
                path="/health",
                scope=None,
                handler=self.health,
                summary="Tell how the agent, its copies and the folders for them are.",
                answers=(well, ill),
                tells_readers_more=True,
                tags=("health",),
            ),
        )

    async def health(self, request: WebRequest) -> Response:
        """Say how the agent is; 503 only where a new start may help."""
        try:
            status = cast("StatusReply", await self._backend.ask("status", {"limit": 200}))
            targets = cast("TargetsReply", await self._backend.ask("targets", _FIRST))
        except HttpError:
            return json_response({**_report(None, has_targets=False, is_reader=False)}, 503)
        report = _report(
            status,
            has_targets=bool(targets.get("total")),
            is_reader=TokenScope.READ in request.identity.scopes,
        )
        return json_response({**report}, 503 if report["status"] == "unhealthy" else 200)


def _report(status: StatusReply | None, *, has_targets: bool, is_reader: bool) -> HealthReport:
    copies = status.get("transfers") if status else None
    roots = copies["roots"] if copies else []
    ill = [one for one in roots if not one["is_healthy"]]
    works = status is not None and not _is_down(status)
    return {
        "status": "unhealthy" if not works else "degraded" if ill else "healthy",
        "timestamp": iso(datetime.now(UTC)),
        "dry_run": bool(copies and copies["dry_run"]),
        "notifications": has_targets,
        "nfs_status": "error" if ill else "ok" if roots else "none",
        "nfs_issues": [*_issues(ill, len(roots), is_reader=is_reader)],
        "jobs_24h": _jobs_of_day(copies),
        "uptime_since": status["started_at"] if status else None,
    }


def _is_down(status: StatusReply) -> bool:
    services = status.get("services") or []
    return any(one["name"] == _COPIES and one["state"] == "failed" for one in services)


def _issues(ill: list[RootShape], total: int, *, is_reader: bool) -> Iterator[str]:
    if is_reader:
        yield from (f"{one['path']}: {one['why']}" for one in ill)
    elif ill:
        yield f"{len(ill)} of {total} folders: a token shows which"


def _jobs_of_day(copies: TransfersShape | None) -> JobsOfDay:
    if copies is None:
        return {"success": 0, "failed": 0}
    return {"success": copies["succeeded_24h"], "failed": copies["failed_24h"]}
