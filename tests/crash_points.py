"""Places where a whole agent can be killed: named calls, before or after they do their work.

Run as a program it is `listsync` with one of them armed: `python tests/crash_points.py NAME N
run ...` kills itself (SIGKILL, as a power cut does) at the Nth time. The places are the public
methods at which something is promised to last, or another side is told something.
"""

from __future__ import annotations

import faulthandler
import functools
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

CRASH_POINTS = Path(__file__)
"""The program."""


class Side(Enum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """`method` is `module:Class.name`, or `module:name` of what only its own module calls.

    `side` of its work is where the process is killed.
    """

    method: str
    side: Side


_RECORDER = "listsync.sync.run_recorder:Recorder"
_OUTBOX = "listsync.store.outbox:SqliteOutbox"
_JOBS = "listsync.store.transfer_jobs:SqliteJobQueue"
_DATABASE = "listsync.store.database"
_FENCE = "listsync.fleet.fence:LeaseFence"

POINTS = {
    "fetch: read, not kept": CrashPoint(
        "listsync.providers.file.reader:ListFile.fetch", Side.AFTER
    ),
    "fetch: kept": CrashPoint("listsync.store.list_snapshots:SqliteListSnapshots.add", Side.AFTER),
    "run: begun": CrashPoint("listsync.store.history:SqliteRunLog.begin", Side.AFTER),
    "request: no intent yet": CrashPoint(f"{_RECORDER}.intend", Side.BEFORE),
    "request: intent on disk": CrashPoint(f"{_RECORDER}.intend", Side.AFTER),
    "request: before it is sent": CrashPoint("listsync.seerr.client:Seerr.request", Side.BEFORE),
    "request: the server took it": CrashPoint("listsync.seerr.client:Seerr.request", Side.AFTER),
    "request: outcome not written": CrashPoint(f"{_RECORDER}.write", Side.BEFORE),
    "request: outcome written": CrashPoint(f"{_RECORDER}.write", Side.AFTER),
    "run: no report yet": CrashPoint("listsync.store.history:SqliteRunLog.end", Side.BEFORE),
    "run: report written": CrashPoint("listsync.store.history:SqliteRunLog.end", Side.AFTER),
    "queue: not written": CrashPoint("listsync.agent.queue_store:QueueStore.keep", Side.BEFORE),
    "queue: written": CrashPoint("listsync.agent.queue_store:QueueStore.keep", Side.AFTER),
    "outbox: taken": CrashPoint(f"{_OUTBOX}.begin", Side.AFTER),
    "outbox: sent, not settled": CrashPoint(f"{_OUTBOX}.settle", Side.BEFORE),
    "outbox: settled": CrashPoint(f"{_OUTBOX}.settle", Side.AFTER),
    "webhook: not written": CrashPoint(
        "listsync.store.webhook_events:SqliteWebhookInbox.put_all", Side.BEFORE
    ),
    "webhook: written, not answered": CrashPoint(
        "listsync.store.webhook_events:SqliteWebhookInbox.put_all", Side.AFTER
    ),
    "job: claimed": CrashPoint(f"{_JOBS}.claim", Side.AFTER),
    "job: begun": CrashPoint(f"{_JOBS}.note_begun", Side.AFTER),
    "job: copied, not settled": CrashPoint(f"{_JOBS}.settle", Side.BEFORE),
    "job: settled": CrashPoint(f"{_JOBS}.settle", Side.AFTER),
    "scan: asked for, not settled": CrashPoint(
        "listsync.store.library_scans:SqliteScanQueue.settle", Side.BEFORE
    ),
    "reload: read, not in force": CrashPoint(
        "listsync.app.config_loader:ConfigLoader.adopt", Side.BEFORE
    ),
    "reload: in force": CrashPoint("listsync.app.config_loader:ConfigLoader.adopt", Side.AFTER),
    "backup: copied, not checked": CrashPoint("listsync.store.backup:_check", Side.BEFORE),
    "backup: named": CrashPoint("listsync.store.backup:_name", Side.AFTER),
}
"""By what has happened, and what has not."""
OF_AN_UPGRADE = {
    "migration: not begun": CrashPoint(f"{_DATABASE}:_migrate", Side.BEFORE),
    "migration: only the copy kept": CrashPoint(f"{_DATABASE}:_keep_copy", Side.AFTER),
    "migration: made": CrashPoint(f"{_DATABASE}:_migrate", Side.AFTER),
}
OF_A_FLEET = {
    "lease: intent shared, not sent": CrashPoint(f"{_FENCE}.share", Side.AFTER),
    "lease: intent not shared": CrashPoint(f"{_FENCE}.share", Side.BEFORE),
    "lease: renewed": CrashPoint("listsync.fleet.lease:FleetLease.renew", Side.AFTER),
    "lease: acquired": CrashPoint("listsync.fleet.lease:FleetLease.acquire", Side.AFTER),
}
ALL_POINTS = POINTS | OF_AN_UPGRADE | OF_A_FLEET


def arm(name: str, nth: int) -> None:
    """Have the process kill itself at the *nth* call; must come before its threads."""
    point = ALL_POINTS[name]
    module, _, path = point.method.partition(":")
    *classes, method = path.split(".")
    owner = functools.reduce(getattr, classes, importlib.import_module(module))
    setattr(owner, method, _deadly(getattr(owner, method), point.side, nth))


def _deadly(work: Callable[..., Any], side: Side, nth: int) -> Callable[..., Any]:
    counting, calls = threading.Lock(), 0

    def is_time() -> bool:
        nonlocal calls
        with counting:
            calls += 1
            return calls == nth

    @functools.wraps(work)
    def call(*given: Any, **named: Any) -> Any:
        is_last = is_time()
        if is_last and side is Side.BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


if __name__ == "__main__":
    from listsync.cli import main

    faulthandler.enable()  # the only end that is expected here is SIGKILL
    _, point_name, number, *arguments = sys.argv
    arm(point_name, int(number))
    sys.argv[1:] = arguments
    main()
