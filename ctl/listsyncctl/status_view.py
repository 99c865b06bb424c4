"""How the agent is, and how far its sync."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from listsync.terminal.layout import table
from listsync.terminal.output import shown
from listsync.terminal.progress import progress_words
from listsync.terminal.quantities import span
from listsync.terminal.titles import because, notice_words
from listsyncctl.look import Look, Reply
from listsyncctl.run_view import run_words


def status(result: Reply, look: Look) -> Iterator[str]:
    up = span(result.get("uptime_s") or 0)
    yield (
        f"listsync {shown(result.get('version'))}, pid {result.get('pid')}, up {up}: "
        f"{look.status(result.get('state'))}"
    )
    for name, words in _status_rows(result, look):
        yield f"  {name:<9} {words}"


def _status_rows(result: Reply, look: Look) -> Iterator[tuple[str, str]]:
    if paused := result.get("paused"):
        until = paused.get("until")
        yield "Paused", f"resumes {look.ago(until)}" if until else "until `listsyncctl resume`"
    if running := result.get("running"):
        yield "Running", progress_words(running)
    if pending := result.get("pending"):
        lists = pending.get("lists")
        what = "all lists" if lists is None else ", ".join(map(shown, lists))
        origins = ", ".join(map(shown, pending.get("origins") or []))
        yield "Queued", f"{what} (triggered by {origins}; run {shown(pending.get('run_id'))})"
    if last := result.get("last_run"):
        yield "Last run", f"{look.status(last.get('result'))}, {run_words(last, look)}"
    if next_run := _next_run(result, look):
        yield "Next run", next_run
    yield "Lists", shown(result.get("lists"))
    yield "Server", _server(result)
    yield from _config_rows(result.get("config") or {}, look)
    yield "Watcher", shown(result.get("watcher"))
    yield from _service_rows(result.get("services") or [], look)
    notices = result.get("notices") or []
    for notice in notices:
        yield _notice_row(notice, look)
    if more := (result.get("notices_total") or 0) - len(notices):
        yield "", f"and {more} more"


def _notice_row(notice: Reply, look: Look) -> tuple[str, str]:
    """Tell a notice, and since when; what waits for a person stands out."""
    since = f" (since {look.ago(notice['since'])})" if notice.get("since") else ""
    name = "To do" if notice.get("needs_person") else "Note"
    return name, f"{notice_words(notice)}{since}"


def _server(result: Reply) -> str:
    if server := result.get("server"):
        known = f"{shown(server.get('product'))} {shown(server.get('version'))}"
        return f"{known} at {shown(server.get('url'))}"
    return "connecting" if result.get("running") else "not connected yet"


def _next_run(result: Reply, look: Look) -> str:
    due = look.ago(result["next_due"]) if result.get("next_due") else ""
    retry = result.get("retry")
    if not retry:
        return due
    words = f"retry {look.ago(retry.get('at'))}: {shown(retry.get('why'))}"
    return f"{words}; by schedule {due}" if due else words


def _config_rows(config: Reply, look: Look) -> Iterator[tuple[str, str]]:
    word = look.status("ok") if config.get("valid") else look.status("invalid")
    yield (
        "Config",
        f"{shown(config.get('file'))} {word}, loaded {look.ago(config.get('loaded_at'))}",
    )
    for problem in config.get("problems") or []:
        yield "", shown(problem)
    for pending in config.get("pending") or []:
        yield "", f"not in force yet: {shown(pending['key'])}{because(pending.get('why'))}"


def _service_rows(services: Sequence[Reply], look: Look) -> Iterator[tuple[str, str]]:
    """Show which services run, and of each that has failed why and when it is tried again."""
    running = [shown(one["name"]) for one in services if one.get("state") == "running"]
    if running:
        yield "Services", f"running: {', '.join(running)}"
    for one in services:
        if one.get("state") == "failed":
            again = f"; next try {look.ago(one['next_try'])}" if one.get("next_try") else ""
            words = f"{shown(one['name'])} {look.status('failed')} {look.ago(one.get('since'))}"
            yield "Service", f"{words}{because(one.get('why'))}{again}"


def progress(result: Reply, look: Look) -> Iterator[str]:
    yield progress_words(result)
    if result.get("in_progress") and (lists := result.get("lists")):
        yield from table(
            ("LIST", "STATE", "READ", "DONE", "TOTAL"),
            [
                [one.get(name) for name in ("name", "state", "read", "done", "total")]
                for one in lists
            ],
            status=1,
            palette=look.palette,
        )
