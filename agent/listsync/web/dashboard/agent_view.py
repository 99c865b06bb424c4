"""What pages ask of the agent: its commands, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from listsync.lean_dataclasses import dataclass
from listsync.web.dashboard.overview import Overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listsync.protocol.messages import ListsReply, ProgressReply, ReviewReply, StatusReply
    from listsync.protocol.shapes import ListShape
    from listsync.web.application import Backend

_MOST_ROWS = 200


async def all_lists(backend: Backend) -> list[ListShape]:
    """Ask for all lists."""
    return cast("ListsReply", await backend.ask_all("lists", "lists"))["lists"]


async def status_of(backend: Backend) -> StatusReply:
    return cast("StatusReply", await backend.ask("status", {"limit": _MOST_ROWS}))


@dataclass
class LatestOverview:
    """Asks for all that the first page shows, anew what may have changed since it asked last."""

    backend: Backend
    _key: object = None
    _lists: Sequence[ListShape] = ()
    _waiting: int = 0

    def forget(self) -> None:
        """Ask for everything next."""
        self._key = None

    async def get(self) -> Overview:
        """Ask how the agent is; of its lists only when a run or the configuration is another."""
        status = await status_of(self.backend)
        key = _key_of(status)
        if key != self._key:
            self._lists = await all_lists(self.backend)
            self._waiting = await self._count_waiting(status)
            self._key = key
        if status["running"] and status.get("next"):  # its lists may be more than the page
            whole = cast("ProgressReply", await self.backend.ask_all("progress", "lists"))
            status = {**status, "running": whole if whole["in_progress"] else status["running"]}
        return Overview(status, self._lists, self._waiting)

    async def _count_waiting(self, status: StatusReply) -> int:
        """Count the titles for review, which is worth a query only where a notice tells of any."""
        if not any(one["kind"] == "review" for one in status["notices"]):
            return 0
        reply = cast("ReviewReply", await self.backend.ask("review", {"limit": 1}))
        return reply.get("total", 0)


def _key_of(status: StatusReply) -> object:
    last, running = status["last_run"], status["running"]
    notices = [(one["kind"], one["text"]) for one in status["notices"]]
    return (
        last and last["run_id"],
        running and running["run_id"],
        status["config"]["loaded_at"],
        status["lists"],
        status["next_due"],
        notices,
    )
