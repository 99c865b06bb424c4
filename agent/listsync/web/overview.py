"""A few facts of an agent, flat, as start pages show them."""

from __future__ import annotations

from typing import TypedDict

from listsync.protocol.messages import StatusReply
from listsync.protocol.shapes import ListShape


class OverviewReply(TypedDict):
    """Facts for a start page; times in ISO 8601, None where there is none.

    `review` titles wait for a decision; `requested` are those of the last sync.
    """

    state: str
    lists: int
    lists_failing: int
    notices: int
    needs_person: bool
    review: int
    last_sync: str | None
    last_result: str | None
    requested: int
    next_sync: str | None
    server: str | None
    version: str


def facts_of(status: StatusReply, lists: list[ListShape], review: int) -> OverviewReply:
    """Gather them; *review* counts the titles that wait for a decision."""
    last, server = status["last_run"], status["server"]
    return {
        "state": status["state"],
        "lists": status["lists"],
        "lists_failing": sum(one["failures"] > 0 for one in lists),
        "notices": status["notices_total"],
        "needs_person": status["needs_person"],
        "review": review,
        "last_sync": last and last["ended_at"],
        "last_result": last and last["result"],
        "requested": last["requested"] if last else 0,
        "next_sync": status["next_due"],
        "server": server and f"{server['product']} {server['version']}".strip(),
        "version": status["version"],
    }
