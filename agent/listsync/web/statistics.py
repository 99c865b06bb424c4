"""`GET /stats`: the totals that programs of the field know, by their names."""

from __future__ import annotations

from typing import TypedDict, cast

from starlette.responses import Response

from listsync.protocol.messages import StatsReply
from listsync.terminal.output import megabytes
from listsync.web.application import Backend
from listsync.web.routes import HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope


class SessionTotals(TypedDict):
    """Since the agent's start. Films and series that were requested; none is transferred yet."""

    movies_synced: int
    episodes_synced: int
    failures: int
    bytes_transferred: int
    bytes_transferred_human: str


class DatabaseTotals(TypedDict):
    """Requests ever and today, and those that failed."""

    total_successful: int
    total_failed: int
    today_successful: int
    today_failed: int


class TotalsReply(TypedDict):
    session: SessionTotals
    database: DatabaseTotals


class StatisticsRoutes:
    """Handles `/stats`; all that is known is at `/api/v1/stats`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> tuple[HttpRoute, ...]:
        return (
            HttpRoute(
                method="GET",
                path="/stats",
                scope=TokenScope.READ,
                handler=self.totals,
                summary="Give a few totals, of this session and of the database.",
                answers=(ResponseSpec(status=200, what="The totals.", shapes=(TotalsReply,)),),
            ),
        )

    async def totals(self, _: WebRequest) -> Response:
        """Give the totals."""
        reply = cast("StatsReply", await self._backend.ask("stats", {"limit": 1}))
        periods = {one["name"]: one for one in reply["periods"]}
        session, today, ever = (periods[name] for name in ("session", "today", "total"))
        content = {
            "session": {
                "movies_synced": session["movies"],
                "episodes_synced": session["series"],
                "failures": session["failed"],
                "bytes_transferred": 0,
                "bytes_transferred_human": megabytes(0),
            },
            "database": {
                "total_successful": ever["requested"],
                "total_failed": ever["failed"],
                "today_successful": today["requested"],
                "today_failed": today["failed"],
            },
        }
        return json_response(content)
