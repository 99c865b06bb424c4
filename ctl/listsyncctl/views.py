"""How replies are shown: as text, as JSON, or as plain lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from listsync.protocol import SCHEMA_VERSION
from listsync.terminal.output import megabytes, shown, span
from listsync.text_cleaning import printable_json
from listsyncctl import job_views, statistics, status_views, title_views
from listsyncctl.fleet_views import passed_on
from listsyncctl.title_views import Display

if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    from listsync.protocol.messages import (
        BackupReply,
        DescribeReply,
        DoneReply,
        OrderReply,
        PauseReply,
        PingReply,
        ReviewDecideReply,
        VersionReply,
    )
    from listsync.protocol.shapes import ParameterShape

    # What is shown beside the replies of the agent.

    class DecidedResult(ReviewDecideReply):
        """What was decided, and the sync that was started for it."""

        sync: NotRequired[OrderReply]

    class VersionsResult(VersionReply):
        """The versions of the agent and of this program."""

        client: VersionReply

    class AgentShape(TypedDict):
        """A running agent as it looks from outside; None: may not be seen."""

        pid: int
        uptime_s: int
        socket: str | None
        memory: int | None
        fds: int | None

    class AgentsResult(TypedDict):
        agents: list[AgentShape]

    class SignalShape(TypedDict):
        pid: int

    class SignalledResult(TypedDict):
        signalled: list[SignalShape]


class View(NamedTuple):
    """Text by *text*; plain lines from the rows under *rows* with *columns*, else all fields."""

    text: Callable[[Any, Display], Iterator[str]]
    rows: str | None = None
    columns: Sequence[str] = ()


def _trigger(result: OrderReply, _: Display) -> Iterator[str]:
    run_id = shown(result.get("run_id"))
    match result.get("state"):
        case "queued":
            why = result.get("why") or "it starts when the running sync ends"
            yield f"Sync {run_id} is queued: {shown(why)}."
        case "passed_on":
            yield passed_on(result)
        case "coalesced":
            yield f"Sync {run_id} is queued already, and now includes this."
        case _:
            yield f"Sync {run_id} started; follow it with `listsyncctl progress --follow`."


def _decided(result: DecidedResult, display: Display) -> Iterator[str]:
    yield from _message(result, display)
    if sync := result.get("sync"):
        yield from _trigger(sync, display)


def _pause(result: PauseReply, display: Display) -> Iterator[str]:
    until = result.get("until")
    yield (
        f"Paused; resumes {display.ago(until)}." if until else "Paused until `listsyncctl resume`."
    )


def _message(result: DoneReply, _: Display) -> Iterator[str]:
    yield shown(result.get("message") or "Done.")


def _version(result: VersionsResult, _: Display) -> Iterator[str]:
    client = result["client"]
    yield f"agent        {shown(result.get('version'))} (protocol {result.get('protocol')})"
    yield f"listsyncctl  {shown(client['version'])} (protocol {client['protocol']})"


def _ping(result: PingReply, _: Display) -> Iterator[str]:
    yield f"The agent responds (pid {result.get('pid')})."


def _describe(result: DescribeReply, display: Display) -> Iterator[str]:
    """Tell each command, what it may be given, and what must be (without brackets)."""
    yield from display.table(
        ("COMMAND", "ACCESS", "PARAMETERS", "DOES"),
        [
            (
                one["name"],
                one.get("access"),
                " ".join(map(_parameter, one.get("parameters") or [])),
                one.get("summary"),
            )
            for one in result.get("commands") or []
        ],
        names=(),
        words=(2, 3),
    )


def _parameter(one: ParameterShape) -> str:
    name = shown(one["name"])
    return name if one.get("required") else f"[{name}]"


def _agents(result: AgentsResult, display: Display) -> Iterator[str]:
    yield from display.table(
        ("PID", "UP", "SOCKET", "MEMORY", "FILES"),
        [
            (
                one.get("pid"),
                span(one.get("uptime_s") or 0),
                one.get("socket") or "?",
                "?" if one["memory"] is None else f"{one['memory'] / 2**20:.0f} MB",
                "?" if one["fds"] is None else one["fds"],
            )
            for one in result.get("agents") or []
        ],
        names=(2,),
    )


def _signalled(result: SignalledResult, _: Display) -> Iterator[str]:
    for one in result.get("signalled") or []:
        yield f"Sent SIGUSR1 to the agent (pid {one['pid']}); it syncs now."


def _backup(result: BackupReply, _: Display) -> Iterator[str]:
    size = megabytes(result.get("size") or 0)
    yield f"Backed up the state to {shown(result.get('file'))} ({size})."


_RUN = ("run_id", "origin", "started_at", "ended_at", "result", "requested", "calls", "message")
VIEWS: Mapping[str, View] = {
    "status": View(status_views.status),
    "config": View(status_views.config, "settings", ("path", "value", "origin", "secret")),
    "progress": View(status_views.progress),
    "lists": View(
        status_views.lists,
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
            "requests",
        ),
    ),
    "runs": View(status_views.runs, "runs", _RUN),
    "run": View(status_views.one_run),
    "notices": View(
        status_views.notices,
        "notices",
        ("since", "ended_at", "severity", "kind", "subject", "run_id", "text"),
    ),
    "targets": View(
        status_views.targets,
        "targets",
        ("name", "waiting", "dead", "failures", "failing_since", "sent_at", "answer"),
    ),
    "notify_test_result": View(
        status_views.results_of_test, "results", ("target", "state", "answer")
    ),
    "stats": View(
        statistics.statistics,
        "lists",
        ("list", "service", "today", "days_7", "days_30", "total", "available", "failed"),
    ),
    "summary": View(title_views.summary),
    "items": View(
        title_views.items,
        "items",
        (
            "title",
            "kind",
            "tmdb_id",
            "list",
            "status",
            "at",
            "brought_by",
            "requested_as",
            "requested_at",
            "run_id",
            "year",
            "imdb_id",
            "tvdb_id",
            "excluded_by",
            "list_on_hold",
        ),
    ),
    "requests": View(
        title_views.requests,
        "requests",
        (
            "title",
            "kind",
            "tmdb_id",
            "four_k",
            "seasons",
            "answer",
            "lists",
            "requested_as",
            "at",
            "run_id",
        ),
    ),
    "explain": View(
        title_views.explained,
        "titles",
        ("title", "kind", "tmdb_id", "four_k", "decision", "lists", "match", "requests"),
    ),
    "review": View(
        title_views.reviews,
        "reviews",
        ("id", "title", "lists", "since", "score", "candidates", "choice"),
    ),
    "review_decide": View(_decided),
    "trigger": View(_trigger),
    "plan": View(title_views.plan),
    "plan_result": View(
        title_views.plan_result,
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
    "jobs": View(
        job_views.jobs,
        "jobs",
        (
            "id",
            "state",
            "kind",
            "title",
            "source",
            "destination",
            "size",
            "bytes",
            "attempts",
            "created_at",
            "next_at",
            "ended_at",
            "failure",
            "why",
        ),
    ),
    "job": View(job_views.one_job),
    "scans": View(
        job_views.scans,
        "scans",
        ("id", "server", "state", "folder", "due_at", "sent_at", "tries", "why"),
    ),
    "webhooks": View(
        job_views.webhooks,
        "webhooks",
        ("id", "at", "app", "instance", "event", "outcome", "why", "path", "jobs"),
    ),
    "mapping": View(job_views.mapping),
    "describe": View(
        _describe, "commands", ("name", "access", "parameters", "pages", "reasons", "summary")
    ),
    "agents": View(_agents, "agents", ("pid", "uptime_s", "socket", "memory", "fds")),
    "signalled": View(_signalled, "signalled", ("pid",)),
}
MESSAGE = View(_message)


def as_json(result: Mapping[str, object]) -> str:
    return printable_json({"schema_version": SCHEMA_VERSION, **result})


def plain(result: Mapping[str, object], rows: str | None, columns: Sequence[str]) -> Iterator[str]:
    """Give tab-separated lines: one per row of *rows*, or one `name<TAB>value` per field."""
    if rows is not None:
        for row in _rows_of(result, rows):
            yield "\t".join(_cell(row.get(column)) for column in columns)
        return
    yield from (f"{name}\t{_cell(value)}" for name, value in _fields(result))


def _fields(value: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from _fields(one, f"{prefix}{name}.")
        else:
            yield prefix + name, one


def _rows_of(result: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    found = result.get(name)
    yield from (row for row in found if isinstance(row, dict)) if isinstance(found, list) else ()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return shown(printable_json(value))
    return shown(value)
