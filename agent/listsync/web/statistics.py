"""`GET /stats`: the totals that programs of the field know, by their names."""

from __future__ import annotations

from typing import TypedDict, cast

from starlette.responses import Response

from listsync.protocol.job_shapes import TransferPeriodShape
from listsync.protocol.messages import StatsReply
from listsync.terminal.output import file_size
from listsync.web.application import Backend
from listsync.web.routes import HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

_PERIODS = ("session", "today", "total")


class SessionTotals(TypedDict):
    """Since the agent's start: copies, or requests where nothing is copied."""

    movies_synced: int
    episodes_synced: int
    failures: int
    bytes_transferred: int
    bytes_transferred_human: str


class DatabaseTotals(TypedDict):
    """Copies ever and today, or requests where nothing is copied, and those that failed."""

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
        copies = reply.get("transfers")
        return json_response({**(_of_copies(copies) if copies else _of_requests(reply))})


def _of_copies(copies: list[TransferPeriodShape]) -> TotalsReply:
    periods = {one["name"]: one for one in copies}
    session, today, ever = (periods[name] for name in _PERIODS)
    return {
        "session": {
            "movies_synced": session["movies"],
            "episodes_synced": session["episodes"],
            "failures": session["failed"],
            "bytes_transferred": session["bytes"],
            "bytes_transferred_human": file_size(session["bytes"]),
        },
        "database": {
            "total_successful": ever["copied"],
            "total_failed": ever["failed"],
            "today_successful": today["copied"],
            "today_failed": today["failed"],
        },
    }


def _of_requests(reply: StatsReply) -> TotalsReply:
    periods = {one["name"]: one for one in reply["periods"]}
    session, today, ever = (periods[name] for name in _PERIODS)
    return {
        "session": {
            "movies_synced": session["movies"],
            "episodes_synced": session["series"],
            "failures": session["failed"],
            "bytes_transferred": 0,
            "bytes_transferred_human": file_size(0),
        },
        "database": {
            "total_successful": ever["requested"],
            "total_failed": ever["failed"],
            "today_successful": today["requested"],
            "today_failed": today["failed"],
        },
    }
