"""How each command shows its result as text, and which columns its plain lines have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from listsync.terminal.layout import table
from listsync.terminal.output import shown
from listsync.terminal.quantities import megabytes, span
from listsyncctl import list_view, plan_view, run_view, status_view, title_view
from listsyncctl.look import Look, Reply


class View(NamedTuple):
    """Text by *text*; plain lines from the rows under *rows* with *columns*, else all fields."""

    text: Callable[[Reply, Look], Iterator[str]]
    rows: str | None = None
    columns: Sequence[str] = ()


def _trigger(result: Reply, _: Look) -> Iterator[str]:
    run_id = shown(result.get("run_id"))
    match result.get("state"):
        case "queued":
            yield f"Sync {run_id} is queued: it starts when the running sync ends."
        case "coalesced":
            yield f"Sync {run_id} is queued already, and now includes this."
        case _:
            yield f"Sync {run_id} started; follow it with `listsyncctl progress --follow`."


def _decided(result: Reply, look: Look) -> Iterator[str]:
    yield from _message(result, look)
    if sync := result.get("sync"):
        yield from _trigger(sync, look)


def _pause(result: Reply, look: Look) -> Iterator[str]:
    until = result.get("until")
    yield f"Paused; resumes {look.ago(until)}." if until else "Paused until `listsyncctl resume`."


def _message(result: Reply, _: Look) -> Iterator[str]:
    yield shown(result.get("message") or "Done.")


def _version(result: Reply, _: Look) -> Iterator[str]:
    client = result.get("client") or {}
    yield f"agent        {shown(result.get('version'))} (protocol {result.get('protocol')})"
    yield f"listsyncctl  {shown(client.get('version'))} (protocol {client.get('protocol')})"


def _ping(result: Reply, _: Look) -> Iterator[str]:
    yield f"The agent responds (pid {result.get('pid')})."


def _agents(result: Reply, look: Look) -> Iterator[str]:
    yield from table(
        ("PID", "UP", "SOCKET", "MEMORY", "FILES"),
        [
            (
                one.get("pid"),
                span(one.get("uptime_s") or 0),
                one.get("socket") or "?",
                "?" if one.get("memory") is None else f"{one['memory'] / 2**20:.0f} MB",
                "?" if one.get("fds") is None else one["fds"],
            )
            for one in result.get("agents") or []
        ],
        palette=look.palette,
    )


def _signalled(result: Reply, _: Look) -> Iterator[str]:
    for one in result.get("signalled") or []:
        yield f"Sent SIGUSR1 to the agent (pid {one['pid']}); it syncs now."


def _backup(result: Reply, _: Look) -> Iterator[str]:
    size = megabytes(result.get("size") or 0)
    yield f"Backed up the state to {shown(result.get('file'))} ({size})."


_RUN = ("run_id", "origin", "started_at", "ended_at", "result", "requested", "calls", "message")
VIEWS: Mapping[str, View] = {
    "status": View(status_view.status),
    "progress": View(status_view.progress),
    "lists": View(
        list_view.lists,
        "lists",
        (
            "name",
            "service",
            "source",
            "outcome",
            "read",
            "declared",
            "last_success",
            "next_due",
            "retry_at",
            "why",
            "advice",
        ),
    ),
    "runs": View(run_view.runs, "runs", _RUN),
    "run": View(run_view.one_run),
    "items": View(
        list_view.items,
        "items",
        (
            "title",
            "kind",
            "tmdb_id",
            "list",
            "status",
            "at",
            "brought_by",
            "asked_as",
            "requested_at",
            "run_id",
            "year",
            "imdb_id",
            "tvdb_id",
        ),
    ),
    "explain": View(
        title_view.explained,
        "titles",
        ("title", "kind", "tmdb_id", "four_k", "decision", "lists", "match", "requests"),
    ),
    "review": View(
        title_view.reviews,
        "reviews",
        ("id", "title", "lists", "since", "score", "candidates", "choice"),
    ),
    "review_decide": View(_decided),
    "trigger": View(_trigger),
    "plan": View(plan_view.plan),
    "plan_result": View(
        plan_view.plan_result,
        "items",
        (
            "verdict",
            "label",
            "kind",
            "tmdb_id",
            "lists",
            "four_k",
            "seasons",
            "asking",
            "why",
        ),
    ),
    "backup": View(_backup),
    "pause": View(_pause),
    "version": View(_version),
    "ping": View(_ping),
    "agents": View(_agents, "agents", ("pid", "uptime_s", "socket", "memory", "fds")),
    "signalled": View(_signalled, "signalled", ("pid",)),
}
MESSAGE = View(_message)
