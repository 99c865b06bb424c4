"""What each command's result says in text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from listsyncctl import plans, stories
from listsyncctl.output import harmless, moment, painted, relative, span, table

Result = Mapping[str, Any]


class Look(NamedTuple):
    """How to render: *now* for relative times, *colour* for a terminal that has it."""

    now: datetime
    colour: bool

    def paint(self, word: object) -> str:
        return painted(harmless(word)) if self.colour else harmless(word)

    def ago(self, text: object) -> str:
        return relative(text, self.now) if text else "never"


class View(NamedTuple):
    """Text by *text*; plain lines from the rows under *rows* with *columns*, else all fields."""

    text: Callable[[Result, Look], Iterator[str]]
    rows: str | None = None
    columns: Sequence[str] = ()


def _status(result: Result, look: Look) -> Iterator[str]:
    up = span(result.get("uptime_s") or 0)
    yield (
        f"listsync {harmless(result.get('version'))}, pid {result.get('pid')}, up {up}: "
        f"{look.paint(result.get('state'))}"
    )
    for name, words in _status_rows(result, look):
        yield f"  {name:<9} {words}"


def _status_rows(result: Result, look: Look) -> Iterator[tuple[str, str]]:
    if paused := result.get("paused"):
        until = paused.get("until")
        yield "Paused", f"ends {look.ago(until)}" if until else "until `listsyncctl resume`"
    if running := result.get("running"):
        yield "Running", progress_words(running)
    if pending := result.get("pending"):
        lists = pending.get("lists")
        what = "all lists" if lists is None else ", ".join(map(harmless, lists))
        origins = ", ".join(map(harmless, pending.get("origins") or []))
        yield "Waiting", f"{what} (asked for by {origins}; run {harmless(pending.get('run_id'))})"
    if last := result.get("last_run"):
        yield "Last run", f"{look.paint(last.get('result'))}, {run_words(last, look)}"
    if next_run := _next_run(result, look):
        yield "Next run", next_run
    yield "Lists", harmless(result.get("lists"))
    yield "Server", _server(result)
    yield from _config_rows(result.get("config") or {}, look)
    yield "Watcher", harmless(result.get("watcher"))
    yield from _service_rows(result.get("services") or [], look)
    notices = result.get("notices") or []
    for notice in notices:
        yield _notice_row(notice, look)
    if more := (result.get("notices_total") or 0) - len(notices):
        yield "", f"and {more} more"


def _notice_row(notice: Result, look: Look) -> tuple[str, str]:
    """Tell a notice, and since when; what waits for a person stands out."""
    since = f" (since {look.ago(notice['since'])})" if notice.get("since") else ""
    name = "To do" if notice.get("needs_person") else "Note"
    return name, f"{notice_words(notice)}{since}"


def notice_words(notice: Result) -> str:
    """Say a notice with the list that it is about."""
    head = f"{harmless(notice['list'])}: " if notice.get("list") else ""
    return head + harmless(notice.get("text"))


def _server(result: Result) -> str:
    if server := result.get("server"):
        known = f"{harmless(server.get('product'))} {harmless(server.get('version'))}"
        return f"{known} at {harmless(server.get('url'))}"
    return "being reached" if result.get("running") else "not reached yet"


def _next_run(result: Result, look: Look) -> str:
    due = look.ago(result["next_due"]) if result.get("next_due") else ""
    retry = result.get("retry")
    if not retry:
        return due
    words = f"retry {look.ago(retry.get('at'))}: {harmless(retry.get('why'))}"
    return f"{words}; by schedule {due}" if due else words


def _config_rows(config: Result, look: Look) -> Iterator[tuple[str, str]]:
    word = look.paint("ok") if config.get("valid") else look.paint("invalid")
    yield (
        "Config",
        f"{harmless(config.get('file'))} {word}, loaded {look.ago(config.get('loaded_at'))}",
    )
    for problem in config.get("problems") or []:
        yield "", harmless(problem)
    for pending in config.get("pending") or []:
        yield "", f"not in force yet: {harmless(pending['key'])}: {harmless(pending.get('why'))}"


def _service_rows(services: Sequence[Result], look: Look) -> Iterator[tuple[str, str]]:
    """Tell which services run, and of each that has failed why and when it is tried again."""
    running = [harmless(one["name"]) for one in services if one.get("state") == "running"]
    if running:
        yield "Services", f"running: {', '.join(running)}"
    for one in services:
        if one.get("state") == "failed":
            again = f"; next try {look.ago(one['next_try'])}" if one.get("next_try") else ""
            words = f"{harmless(one['name'])} {look.paint('failed')} {look.ago(one.get('since'))}"
            yield "Service", f"{words}: {harmless(one.get('why'))}{again}"


def progress_words(progress: Result) -> str:
    """Say a snapshot in a few words."""
    if not progress.get("in_progress"):
        last = progress.get("last_result")
        return "nothing runs" + (
            f"; the last run: {harmless(last.get('message'))}" if last else ""
        )
    words = harmless(progress.get("phase"))
    if total := progress.get("total"):
        words += f" {progress.get('progress')}/{total} ({progress.get('percent')} %)"
    if requested := progress.get("requested"):
        words += f", {requested} requested"
    if (eta_s := progress.get("eta_s")) is not None:
        words += f", {span(eta_s)} left"
    return words


def _progress(result: Result, look: Look) -> Iterator[str]:
    yield progress_words(result)
    if result.get("in_progress") and (lists := result.get("lists")):
        yield from table(
            ("LIST", "STATE", "READ", "DONE", "TOTAL"),
            [
                [one.get(name) for name in ("name", "state", "read", "done", "total")]
                for one in lists
            ],
            paint=1,
            colour=look.colour,
        )


def _lists(result: Result, look: Look) -> Iterator[str]:
    lists = result.get("lists") or []
    yield from table(
        ("LIST", "SERVICE", "OUTCOME", "READ", "LAST SUCCESS", "NEXT", "WHY"),
        [
            (
                one.get("name"),
                one.get("service"),
                one.get("outcome"),
                _read_of(one),
                look.ago(one.get("last_success")),
                _next_of(one, look),
                one.get("why"),
            )
            for one in lists
        ],
        paint=2,
        colour=look.colour,
    )
    for one in lists:
        if one.get("advice"):
            yield f"{harmless(one.get('name'))}: what you can do: {harmless(one['advice'])}"
        for notice in one.get("notices") or []:
            yield notice_words(notice)
    if "counts" in result:
        counts = [f"{count} {harmless(word)}" for word, count in result["counts"].items()]
        yield f"Entries: {', '.join(counts) or 'none'}"
    for one in result.get("requests") or []:
        yield f"  {harmless(one.get('title'))}: {stories.request_words(one, look)}"


def _next_of(one: Result, look: Look) -> str:
    if one.get("retry_at"):
        return f"asked again {look.ago(one['retry_at'])}"
    return relative(one["next_due"], look.now) if one.get("next_due") else ""


def _read_of(one: Result) -> str:
    read, declared = one.get("read"), one.get("declared")
    return harmless(read) if declared in {None, read} else f"{read} of {declared}"


def run_words(run: Result, look: Look) -> str:
    words = look.ago(run.get("ended_at") or run.get("started_at"))
    return f"{words}: {harmless(run.get('message') or _count(run))}"


def _count(run: Result) -> str:
    return f"{run.get('requested') or 0} requested"


def _runs(result: Result, look: Look) -> Iterator[str]:
    if "run" in result:
        yield from run_lines(result, look)
        return
    yield from table(
        ("RUN", "ORIGIN", "STARTED", "TOOK", "RESULT", "REQUESTED", "MESSAGE"),
        [
            (
                run.get("run_id"),
                run.get("origin"),
                look.ago(run.get("started_at")),
                _took(run),
                run.get("result"),
                run.get("requested"),
                _why_too(run),
            )
            for run in result.get("runs") or []
        ],
        paint=4,
        colour=look.colour,
    )


def _why_too(run: Result) -> str:
    """Say what came of a run, and why not all was done, if so."""
    message, why = harmless(run.get("message")), harmless(run.get("why"))
    return f"{message}: {why}" if message and why not in message else message or why


def run_lines(result: Result, look: Look) -> Iterator[str]:
    """Tell one run, and each request of it."""
    run = result["run"]
    name = f"{harmless(run.get('run_id'))} ({harmless(run.get('origin'))})"
    yield f"Run {name}: {look.paint(run.get('result'))}"
    yield f"  {run_words(run, look)}" + (f", took {_took(run)}" if _took(run) else "")
    notices = result.get("notices") or []
    for notice in notices:
        yield f"  {notice_words(notice)}"
    if not notices and harmless(run.get("why")) not in harmless(run.get("message")):
        yield f"  {harmless(run['why'])}"
    requests = result.get("requests") or []
    if requests:
        yield from table(
            ("TITLE", "KIND", "TMDB", "4K", "SEASONS", "ANSWER", "FOR", "AS", "WHEN"),
            [_request_row(one, look) for one in requests],
            paint=5,
            colour=look.colour,
        )


def _request_row(one: Result, look: Look) -> tuple[object, ...]:
    return (
        *(one.get(name) for name in ("title", "kind", "tmdb_id")),
        "4K" if one.get("four_k") else "",
        *(one.get(name) for name in ("seasons", "answer", "lists", "asked_as")),
        look.ago(one.get("at")),
    )


def _took(run: Result) -> str:
    begin, end = moment(run.get("started_at")), moment(run.get("ended_at"))
    return span((end - begin).total_seconds()) if begin and end else ""


def _items(result: Result, look: Look) -> Iterator[str]:
    items = result.get("items") or []
    yield from table(
        ("TITLE", "KIND", "TMDB", "LIST", "STATUS", "SINCE", "REQUESTED FOR"),
        [
            (
                *(one.get(name) for name in ("title", "kind", "tmdb_id", "list", "status")),
                look.ago(one.get("at")),
                _requested_for(one),
            )
            for one in items
        ],
        paint=4,
        colour=look.colour,
    )
    total = result.get("total") or 0
    if total > len(items):
        yield f"{len(items)} of {total}: see more with --limit and --offset, or ask for a title"


def _requested_for(one: Result) -> str:
    user = f", as {one['asked_as']}" if one.get("asked_as") else ""
    return f"{one.get('brought_by') or ''}{user}"


def _trigger(result: Result, _: Look) -> Iterator[str]:
    run_id = harmless(result.get("run_id"))
    match result.get("state"):
        case "queued":
            yield f"Sync {run_id} starts when the running one has ended."
        case "coalesced":
            yield f"Sync {run_id} was waiting already and now includes this."
        case _:
            yield f"Sync {run_id} started; watch it with `listsyncctl progress --follow`."


def _decided(result: Result, look: Look) -> Iterator[str]:
    yield from _message(result, look)
    if sync := result.get("sync"):
        yield from _trigger(sync, look)


def _pause(result: Result, look: Look) -> Iterator[str]:
    until = result.get("until")
    how = f"ends {look.ago(until)}" if until else "lasts until `listsyncctl resume`"
    yield f"Paused; it {how}."


def _message(result: Result, _: Look) -> Iterator[str]:
    yield harmless(result.get("message") or "Done.")


def _version(result: Result, _: Look) -> Iterator[str]:
    client = result.get("client") or {}
    yield f"agent        {harmless(result.get('version'))} (protocol {result.get('protocol')})"
    yield f"listsyncctl  {harmless(client.get('version'))} (protocol {client.get('protocol')})"


def _ping(result: Result, _: Look) -> Iterator[str]:
    yield f"The agent answers, pid {result.get('pid')}."


def _agents(result: Result, look: Look) -> Iterator[str]:
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
        colour=look.colour,
    )


def _signalled(result: Result, _: Look) -> Iterator[str]:
    for one in result.get("signalled") or []:
        yield f"Sent SIGUSR1 to the agent with pid {one['pid']}: it syncs now."


def _backup(result: Result, _: Look) -> Iterator[str]:
    size = (result.get("size") or 0) / 2**20
    yield f"The state is in {result.get('file')} ({size:.1f} MB)."


_RUN = ("run_id", "origin", "started_at", "ended_at", "result", "requested", "calls", "message")
VIEWS: Mapping[str, View] = {
    "status": View(_status),
    "progress": View(_progress),
    "lists": View(
        _lists,
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
    "runs": View(_runs, "runs", _RUN),
    "run": View(run_lines),
    "items": View(
        _items,
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
        stories.explained,
        "titles",
        ("title", "kind", "tmdb_id", "four_k", "decision", "lists", "match", "requests"),
    ),
    "review": View(
        stories.reviews,
        "reviews",
        ("id", "title", "lists", "since", "score", "candidates", "choice"),
    ),
    "review_decide": View(_decided),
    "trigger": View(_trigger),
    "plan": View(plans.plan),
    "plan_result": View(
        plans.plan_result,
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
