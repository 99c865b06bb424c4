"""What the queue of copies costs while 10,000 wait, and how fast webhooks are written."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.domain.transfer_rules import RetryPolicy
from listsync.domain.transfers import CopyResult, FailureClass, JobState
from listsync.store.database import FILE_NAME, Database
from listsync.store.transfer_jobs import SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers.retries import next_step
from tests.bench.figures import Figure
from tests.transfer_jobs import decision, event, movie, put_event

_JOBS = 10_000
_WEBHOOKS = 500
_CLAIMS = 101
_BODY = "x" * 2600


def transfer_queue() -> Iterator[Figure]:
    """Put, claim, settle and recover; a commit is on disk when it returns, so the disk counts."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / FILE_NAME
        database = Database(path)
        yield from _webhooks(database)
        inbox = SqliteWebhookInbox(database)
        for part in range(10):
            jobs = [movie(f"{part}-{n}", size=n) for n in range(_JOBS // 10)]
            put_event(inbox, event(), decision(*jobs), datetime.now(UTC))
        yield from _claims(database)
        database.close()
        yield from _start(path)


def _webhooks(database: Database) -> Iterator[Figure]:
    inbox = SqliteWebhookInbox(database)
    taken = []
    for number in range(_WEBHOOKS):
        began = time.monotonic()
        put_event(
            inbox, event(content=_BODY), decision(movie(f"film {number}")), datetime.now(UTC)
        )
        taken.append(1000 * (time.monotonic() - began))
    yield Figure(
        "webhooks with a job each, written", 1000 / statistics.mean(taken), "/s", least=50
    )
    yield Figure("  99th percentile", statistics.quantiles(taken, n=100)[-1], "ms", 20)
    yield Figure("  a bare commit, median", _bare_commit_ms(database), "ms")


def _bare_commit_ms(database: Database) -> float:
    taken = []
    for number in range(_CLAIMS):
        began = time.monotonic()
        with database.write() as connection:
            connection.execute("INSERT INTO scan_servers (name) VALUES (?)", (f"{number}",))
        taken.append(1000 * (time.monotonic() - began))
    with database.write() as connection:
        connection.execute("DELETE FROM scan_servers")
    return statistics.median(taken)


def _claims(database: Database) -> Iterator[Figure]:
    queue = SqliteJobQueue(database)
    walls, cpus = [], []
    for _ in range(_CLAIMS):
        now = datetime.now(UTC)
        wall, cpu = time.monotonic(), time.thread_time()
        jobs = queue.claim("bench", (), now)
        walls.append(1000 * (time.monotonic() - wall))
        cpus.append(1000 * (time.thread_time() - cpu))
        ended = [replace(job, state=JobState.SUCCEEDED, ended_at=now) for job in jobs]
        queue.settle(ended, {}, (), (), now)
    yield Figure(f"{_JOBS:,} queued: a claim, own CPU", statistics.median(cpus), "ms", 1)
    yield Figure("  with its commit on this disk", statistics.median(walls), "ms")
    began = time.monotonic()
    queue.next_due(datetime.now(UTC))
    yield Figure("  when the next one is due", 1000 * (time.monotonic() - began), "ms", 1)
    for _ in range(100):  # for the start
        queue.claim("a dead owner", (), datetime.now(UTC))


def _start(path: Path) -> Iterator[Figure]:
    """Open the state, take up what was running, and take the first batch."""
    began = time.monotonic()
    database = Database(path)
    queue = SqliteJobQueue(database)
    now = datetime.now(UTC)
    left = queue.recover(lambda _: False, now)
    result = CopyResult(number=0, failure=FailureClass.INTERRUPTED)
    queue.settle(
        [next_step(job, result, RetryPolicy(), now, 0.0) for job in left], {}, (), (), now
    )
    first = queue.claim("bench", (), now + timedelta(seconds=1))
    yield Figure(f"{_JOBS:,} queued: start, first batch", time.monotonic() - began, "s", 1)
    yield Figure("  taken up", len(left), "jobs", least=100)
    assert first
    database.close()


PARTS = (transfer_queue,)
