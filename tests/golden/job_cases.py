"""What `listsyncctl` shows of copies, scans and webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from listsync.terminal.output import Palette
from listsyncctl.job_following import bar_of
from listsyncctl.job_views import transfer_rows
from listsyncctl.title_views import Display
from listsyncctl.views import MESSAGE, VIEWS
from tests import job_replies

_RUNNING = [job_replies.a_job(12), job_replies.a_job(13, progress=job_replies.progress(45, (13,)))]
_SEASON = [
    job_replies.a_job(n, title=f"Dark S01E{n:02}", progress=job_replies.progress(10, (1, 2, 3)))
    for n in (1, 2, 3)
]
_UNMAPPED = job_replies.mapping(
    mappings=[job_replies.a_mapping(0, "/downloads", "the path is not below it")],
    source=None,
    why="is under no mapping",
    advice="/downloads is where downloads lie, before the import; expected the library, "
    "where they lie after it: from: /movies",
)
_CASES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "jobs": ("jobs", {**job_replies.jobs()}),
    "jobs: none": ("jobs", {"jobs": [], "total": 0, "active": 0}),
    "jobs show": ("job", {**job_replies.one_job()}),
    "jobs show: copied": ("job", {**job_replies.one_job("succeeded"), "attempts": []}),
    "jobs show: running": ("job", {**job_replies.one_job("running", instance="")}),
    "jobs retry": ("job_retry", {**job_replies.retried(12)}),
    "scans": ("scans", {**job_replies.scans()}),
    "scans: none": ("scans", {"scans": [], "total": 0}),
    "webhooks": ("webhooks", {**job_replies.webhooks()}),
    "mapping explain": ("mapping", {**job_replies.mapping()}),
    "mapping explain: only scanned": (
        "mapping",
        {**job_replies.mapping(destination=None, at=None, event=None, instances=[])},
    ),
    "mapping explain: refused": ("mapping", {**_UNMAPPED}),
    "webhooks: none": ("webhooks", {"webhooks": [], "total": 0}),
}
_NARROW = (("jobs", 80), ("jobs", 40), ("jobs show", 80), ("scans", 80), ("webhooks", 80))


def cases() -> Iterator[tuple[str, list[str]]]:
    for name, (method, reply) in _CASES.items():
        yield f"listsyncctl {name}", _lines(method, reply, None)
    for name, columns in _NARROW:
        method, reply = _CASES[name]
        yield f"listsyncctl {name}, {columns} columns wide", _lines(method, reply, columns)
    for name, now in (
        ("status: copies", job_replies.transfers(needs_attention=3)),
        ("status: no copies", job_replies.transfers(waiting=0, running=0, blocked=0, progress=[])),
    ):
        rows = transfer_rows(now, Display(job_replies.NOW, Palette(enabled=False)))
        yield f"listsyncctl {name}", [f"{head:<9} {words}" for head, words in rows]
    yield (
        "listsyncctl jobs follow, on a terminal",
        [
            bar_of(_RUNNING[:1], 0, 80),
            bar_of(_RUNNING, 3, 120),
            bar_of(_SEASON, 12, 100),
            bar_of([], 2, 80),
            bar_of(_RUNNING[:1], 0, 40),
        ],
    )


def _lines(method: str, reply: Mapping[str, Any], columns: int | None) -> list[str]:
    view = VIEWS.get(method, MESSAGE)
    display = Display(job_replies.NOW, Palette(enabled=False), columns)
    return list(view.text(reply, display))
