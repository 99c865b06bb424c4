"""Syncs that were, and what they requested."""

from __future__ import annotations

from collections.abc import Iterator

from listsync.terminal.layout import table
from listsync.terminal.output import shown
from listsync.terminal.quantities import span, time_of
from listsync.terminal.titles import notice_words
from listsyncctl.look import Look, Reply


def run_words(run: Reply, look: Look) -> str:
    words = look.ago(run.get("ended_at") or run.get("started_at"))
    return f"{words}: {shown(run.get('message') or _count(run))}"


def _count(run: Reply) -> str:
    return f"{run.get('requested') or 0} requested"


def runs(result: Reply, look: Look) -> Iterator[str]:
    if "run" in result:
        yield from one_run(result, look)
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
        status=4,
        palette=look.palette,
    )


def _why_too(run: Reply) -> str:
    """Say what came of a run, and why not all was done, if so."""
    message, why = shown(run.get("message")), shown(run.get("why"))
    return f"{message}: {why}" if message and why not in message else message or why


def one_run(result: Reply, look: Look) -> Iterator[str]:
    """Tell one run, and each request of it."""
    run = result["run"]
    name = f"{shown(run.get('run_id'))} ({shown(run.get('origin'))})"
    yield f"Run {name}: {look.status(run.get('result'))}"
    yield f"  {run_words(run, look)}" + (f", took {_took(run)}" if _took(run) else "")
    notices = result.get("notices") or []
    for notice in notices:
        yield f"  {notice_words(notice)}"
    if not notices and shown(run.get("why")) not in shown(run.get("message")):
        yield f"  {shown(run['why'])}"
    requests = result.get("requests") or []
    if requests:
        yield from table(
            ("TITLE", "KIND", "TMDB", "4K", "SEASONS", "ANSWER", "FOR", "AS", "WHEN"),
            [_request_row(one, look) for one in requests],
            status=5,
            palette=look.palette,
        )


def _request_row(one: Reply, look: Look) -> tuple[object, ...]:
    return (
        *(one.get(name) for name in ("title", "kind", "tmdb_id")),
        "4K" if one.get("four_k") else "",
        *(one.get(name) for name in ("seasons", "answer", "lists", "asked_as")),
        look.ago(one.get("at")),
    )


def _took(run: Reply) -> str:
    begin, end = time_of(run.get("started_at")), time_of(run.get("ended_at"))
    return span((end - begin).total_seconds()) if begin and end else ""
