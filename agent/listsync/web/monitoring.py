"""What other programs watch: a few facts for a start page, and Prometheus' metrics.

Both are made of the same commands as everything else, when they are asked for.
"""

from __future__ import annotations

from typing import cast

from starlette.responses import Response

from listsync.protocol.job_shapes import TransferPeriodShape
from listsync.protocol.messages import ReviewReply, StatsReply, StatusReply
from listsync.web.application import Backend
from listsync.web.dashboard.agent_view import all_lists
from listsync.web.overview import OverviewReply, facts_of
from listsync.web.routes import HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

_FIRST = {"limit": 1}


class Monitoring:
    """Handles `/api/v1/overview` and `/metrics`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> tuple[HttpRoute, ...]:
        facts = ResponseSpec(status=200, what="The facts.", shapes=(OverviewReply,))
        figures = ResponseSpec(
            status=200, what="The figures.", shapes=(str,), media_type="text/plain"
        )
        return (
            HttpRoute(
                method="GET",
                path="/api/v1/overview",
                scope=TokenScope.READ,
                handler=self.overview,
                summary="Give a few facts, flat, for start pages.",
                answers=(facts,),
            ),
            HttpRoute(
                method="GET",
                path="/metrics",
                scope=TokenScope.READ,
                handler=self.metrics,
                summary="Give all figures in Prometheus' text format.",
                answers=(figures,),
            ),
        )

    async def overview(self, _: WebRequest) -> Response:
        """Give the facts."""
        facts = facts_of(
            await self._status(), await all_lists(self._backend), await self._review()
        )
        return json_response({**facts})

    async def metrics(self, _: WebRequest) -> Response:
        """Give the figures."""
        from listsync.web.metrics import CONTENT_TYPE, rendered  # noqa: PLC0415 - if asked for

        status, lists = await self._status(), await all_lists(self._backend)
        facts = facts_of(status, lists, await self._review())
        copied = await self._copied() if "transfers" in status else None
        return Response(rendered(status, facts, lists, copied), media_type=CONTENT_TYPE)

    async def _status(self) -> StatusReply:
        return cast("StatusReply", await self._backend.ask("status", _FIRST))

    async def _copied(self) -> TransferPeriodShape | None:
        """Count what was ever copied."""
        reply = cast("StatsReply", await self._backend.ask("stats", _FIRST))
        periods = reply.get("transfers") or []
        return next((one for one in periods if one["name"] == "total"), None)

    async def _review(self) -> int:
        return cast("ReviewReply", await self._backend.ask("review", _FIRST)).get("total", 0)
