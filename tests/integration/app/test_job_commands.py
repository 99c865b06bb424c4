"""Commands about copies, scans and webhooks, on a real state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from listsync.app.job_commands import TransferOverview, transfer_parts
from listsync.domain.transfers import (
    CopyProgress,
    EventDecision,
    EventOutcome,
    FailureClass,
    JobAttempt,
    JobState,
    MediaLabel,
    NewJob,
    RootHealth,
    ScanState,
)
from listsync.errors import StateError
from listsync.protocol import Reason
from listsync.store.database import FILE_NAME, Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.library_scans import SqliteScanQueue
from listsync.store.transfer_jobs import SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from tests.transfer_jobs import MEDIA, decision, episode, event, movie, put_event, scan
from tests.unit.agent.commands.world import World

_NOW = datetime.now(UTC)
_SETTLED = timedelta(minutes=3)


class Copies:
    """An agent with copies in a real file."""

    def __init__(self, database: Database) -> None:
        self.inbox = SqliteWebhookInbox(database)
        self.queue = SqliteJobQueue(database)
        self.scans = SqliteScanQueue(database)
        self.progress: tuple[CopyProgress, ...] = ()
        self.roots: tuple[RootHealth, ...] = ()
        self.woken = 0
        self.world = World("one")
        self.world.transfers = transfer_parts(
            database,
            lambda: self.progress,
            lambda: self.roots,
            wake=self._wake,
        )
        self.world.follow()

    def _wake(self) -> None:
        self.woken += 1

    def ask(self, method: str, **params: Any) -> Any:
        return self.world.ask(method, **params)

    def put(self, *jobs: NewJob, at: datetime = _NOW) -> tuple[int, ...]:
        return put_event(self.inbox, event(), decision(*jobs), at)

    def run(self, *jobs: NewJob) -> None:
        """Let *jobs* be copied from now on."""
        numbers = self.put(*jobs, at=_NOW - _SETTLED)
        while numbers:
            claimed = {one.number for one in self.queue.claim("me", (), _NOW)}
            assert claimed
            numbers = tuple(one for one in numbers if one not in claimed)

    def end(self, number: int, state: JobState, **more: Any) -> None:
        job = self.world.transfers.jobs.find(number)
        assert job is not None
        ended_at = None if state is JobState.RETRY_WAIT else _NOW
        attempt = JobAttempt(
            number=1,
            started_at=_NOW - timedelta(minutes=1),
            ended_at=_NOW,
            exit_code=23,
            failure=more.get("failure"),
            errors="rsync: read errors\nrsync error",
        )
        ended = replace(job, **{"state": state, "ended_at": ended_at, "attempts": 1, **more})
        self.queue.settle([ended], {number: attempt}, (), (), _NOW)

    def state(self, number: int) -> str:
        return str(self.ask("jobs", id=number)["job"]["state"])


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    database = Database(tmp_path / FILE_NAME)
    yield Copies(database)
    database.close()


def test_copies_are_listed_the_newest_first_page_by_page(copies: Copies) -> None:
    copies.put(*(movie(f"Film {number}") for number in range(7)))
    first = copies.ask("jobs", limit=3)
    assert [one["title"] for one in first["jobs"]] == ["Film 6", "Film 5", "Film 4"]
    assert (first["total"], first["active"]) == (7, 7)
    second = copies.ask("jobs", limit=3, cursor=first["next"])
    assert [one["title"] for one in second["jobs"]] == ["Film 3", "Film 2", "Film 1"]
    assert second["total"] == 7
    last = copies.ask("jobs", limit=3, cursor=second["next"])
    assert [one["title"] for one in last["jobs"]] == ["Film 0"]
    assert last["next"] is None
    skipped = copies.ask("jobs", limit=3, offset=5)
    assert [one["title"] for one in skipped["jobs"]] == ["Film 1", "Film 0"]


def test_copies_are_found_by_state_kind_and_failure(copies: Copies) -> None:
    copies.run(movie("Done"), movie("Failed"), movie("Given up"), episode(1))
    copies.put(episode(2))
    copies.end(1, JobState.SUCCEEDED, bytes=5)
    copies.end(2, JobState.RETRY_WAIT, failure=FailureClass.TRANSIENT, next_at=_NOW)
    copies.end(3, JobState.NEEDS_ATTENTION, failure=FailureClass.PERMANENT)

    def found(**params: Any) -> list[int]:
        return [one["id"] for one in copies.ask("jobs", **params)["jobs"]]

    assert found(failed=True) == [3, 2]
    assert found(state=["succeeded"]) == [1]
    assert found(state=["running", "queued"]) == [5, 4]
    assert found(kind="episode") == [5, 4]
    assert found(kind="episode", state=["running"]) == [4]
    assert found(kind="manual") == []
    assert copies.ask("jobs", kind="movie")["total"] == 3
    assert copies.ask("jobs")["active"] == 2


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"state": ["done"]}, "state: 'done' is none of queued, running"),
        ({"kind": "film"}, "kind: 'film' is none of movie, episode, manual"),
        ({"id": 0}, "id must be at least 1"),
    ],
)
def test_a_word_that_is_none_is_refused(
    copies: Copies, params: dict[str, Any], words: str
) -> None:
    refused = copies.world.refusal("jobs", **params)
    assert refused.reason is Reason.INVALID
    assert words in refused.message


def test_one_copy_is_told_with_all_that_is_known_of_it(copies: Copies) -> None:
    copies.scans.follow(["plex"], _NOW)
    wanted = movie("Dune (2021)", instance="Radarr 4K", size=9, is_upgrade=True)
    folder = scan("/data/Dune (2021)")
    put_event(copies.inbox, event(), decision(wanted, scans=(folder,)), _NOW - _SETTLED)
    copies.run(wanted)
    copies.end(1, JobState.NEEDS_ATTENTION, failure=FailureClass.PERMANENT, why="no\nroom")
    told = copies.ask("jobs", id=1)
    job = told["job"]
    assert job["source"] == "/mnt/nas/Dune (2021)/Dune (2021).mkv"
    assert job["destination"] == "/mnt/media/Dune (2021)/Dune (2021).mkv"
    assert (job["events"], job["size"], job["is_upgrade"]) == (2, 9, True)
    assert (job["failure"], job["why"], job["next_at"]) == ("permanent", "no room", None)
    (attempt,) = told["attempts"]
    assert (attempt["exit_code"], attempt["errors"]) == (23, "rsync: read errors\nrsync error")
    assert [one["jobs"] for one in told["webhooks"]] == [[1], [1]]
    assert [(one["server"], one["state"]) for one in told["scans"]] == [("plex", "waiting")]


def test_what_runs_is_told_with_its_progress(copies: Copies) -> None:
    copies.run(episode(1), episode(2))
    copies.put(movie())
    copies.progress = (CopyProgress(jobs=(1, 2), done=50, total=200, rate=9.7, eta_s=15.4),)
    rows = {one["id"]: one for one in copies.ask("jobs")["jobs"]}
    told = {"jobs": [1, 2], "done": 50, "total": 200, "percent": 25.0, "rate": 10, "eta_s": 15}
    assert rows[1]["progress"] == rows[2]["progress"] == told
    assert "progress" not in rows[3]
    assert copies.ask("status")["transfers"]["progress"] == [told]


def test_a_copy_that_is_not_there_is_not_found(copies: Copies) -> None:
    for method in ("job_retry", "job_cancel", "scan_retry"):
        assert copies.world.refusal(method, id=7).reason is Reason.NOT_FOUND
    assert copies.world.refusal("jobs", id=7).reason is Reason.NOT_FOUND
    assert copies.woken == 0


def test_what_failed_is_tried_again_at_once(copies: Copies) -> None:
    copies.run(movie("a"), movie("b"), movie("c"))
    later = _NOW + timedelta(hours=1)
    copies.end(1, JobState.RETRY_WAIT, failure=FailureClass.TRANSIENT, next_at=later)
    copies.end(2, JobState.NEEDS_ATTENTION, failure=FailureClass.PERMANENT)
    copies.end(3, JobState.SUCCEEDED)
    done = copies.ask("job_retry", id=1)
    assert (done["jobs"], done["message"]) == ([1], "job 1 is queued: a")
    assert copies.ask("jobs_retry_failed")["jobs"] == [2]
    assert [copies.state(number) for number in (1, 2, 3)] == ["queued", "queued", "succeeded"]
    assert copies.woken == 2
    refused = copies.world.refusal("job_retry", id=3)
    assert (refused.reason, refused.message) == (
        Reason.INVALID,
        "job 3 cannot be tried again: it has succeeded",
    )
    assert copies.world.refusal("job_retry", id=1).reason is Reason.BUSY
    assert copies.ask("jobs_retry_failed") == {
        "ok": True,
        "message": "no job failed within 1 d",
        "jobs": [],
    }


def test_a_job_is_not_tried_again_beside_another_of_its_destination(copies: Copies) -> None:
    copies.run(movie())
    copies.end(1, JobState.CANCELLED)
    (other,) = copies.put(movie())
    refused = copies.world.refusal("job_retry", id=1)
    assert refused.message.endswith("another job of its destination is under way")
    assert [copies.state(number) for number in (1, other)] == ["cancelled", "queued"]


def test_what_is_not_known_yet_is_no_progress(copies: Copies) -> None:
    copies.run(movie())
    copies.progress = (CopyProgress(jobs=(1,), done=0, total=0),)
    assert copies.ask("jobs", id=1)["job"]["progress"]["percent"] == 0


def test_what_failed_long_ago_is_left_alone(copies: Copies) -> None:
    copies.run(movie())
    long_ago = _NOW - timedelta(hours=30)
    copies.end(1, JobState.NEEDS_ATTENTION, ended_at=long_ago)
    assert copies.ask("jobs_retry_failed")["jobs"] == []
    assert copies.ask("jobs_retry_failed", since_s=31 * 3600.0)["jobs"] == [1]


def test_copies_are_cancelled_or_dismissed(copies: Copies) -> None:
    copies.run(movie("runs"), movie("failed"))
    copies.put(movie("waits"))
    copies.end(2, JobState.NEEDS_ATTENTION)
    assert copies.ask("job_cancel", id=1)["message"] == "job 1 is being cancelled: runs"
    assert copies.ask("job_cancel", id=2)["message"] == "job 2 is cancelled: failed"
    assert copies.ask("job_cancel", id=3)["message"] == "job 3 is cancelled: waits"
    assert [copies.state(number) for number in (1, 2, 3)] == ["running", *["cancelled"] * 2]
    assert copies.world.refusal("job_cancel", id=3).reason is Reason.INVALID
    assert copies.woken == 3


def test_scans_are_listed_and_sent_again(copies: Copies) -> None:
    copies.scans.follow(["plex", "jellyfin"], _NOW)
    put_event(copies.inbox, event(), decision(scans=(scan(),)), _NOW - _SETTLED)
    (one,) = copies.scans.due("plex", _NOW)
    missing = replace(one, state=ScanState.NOT_SHOWN, why="not shown", sent_at=_NOW)
    copies.scans.settle([missing], (), _NOW)
    rows = copies.ask("scans", state=["not_shown"])["scans"]
    assert [(row["id"], row["server"], row["why"]) for row in rows] == [
        (one.number, "plex", "not shown")
    ]
    copies.ask("scan_retry", id=one.number)
    assert copies.ask("scans", state=["not_shown"])["total"] == 0
    assert copies.woken == 1


def test_webhooks_say_why_nothing_happened(copies: Copies) -> None:
    copies.put(movie())
    refused = EventDecision(outcome=EventOutcome.REFUSED, why="/x is under no mapping")
    put_event(copies.inbox, event(event_type="Grab"), refused, _NOW)
    rows = copies.ask("webhooks")["webhooks"]
    assert [(row["event"], row["outcome"], row["why"], row["jobs"]) for row in rows] == [
        ("Grab", "refused", "/x is under no mapping", []),
        ("Download", "accepted", "", [1]),
    ]
    assert [row["id"] for row in copies.ask("webhooks", job=1)["webhooks"]] == [1]
    page = copies.ask("webhooks", limit=1)
    assert [row["id"] for row in copies.ask("webhooks", cursor=page["next"])["webhooks"]] == [1]


def test_the_status_has_copies_in_short_and_what_needs_a_person(copies: Copies) -> None:
    assert "transfers" not in copies.ask("status")
    copies.roots = (RootHealth(root=MEDIA, is_healthy=False, why="not\nmounted"),)
    copies.run(movie("a"), movie("b"))
    copies.put(movie("c"))
    copies.world.transfers = replace(
        copies.world.transfers,
        status=TransferOverview(copies.world.transfers.jobs, roots=lambda: copies.roots).status,
    )
    copies.end(2, JobState.NEEDS_ATTENTION)
    copies.world.follow()
    status = copies.ask("status")
    told = status["transfers"]
    assert {name: told[name] for name in ("waiting", "running", "needs_attention")} == {
        "waiting": 1,
        "running": 1,
        "needs_attention": 1,
    }
    assert told["failed_24h"] == 1
    assert told["roots"][0]["why"] == "not mounted"
    assert status["needs_person"]


def test_while_the_state_cannot_be_read_the_status_tells_what_it_knew(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE_NAME)
    put_event(SqliteWebhookInbox(database), event(), decision(movie()), _NOW)

    class Broken(SqliteJobHistory):
        is_broken = False

        def counts(self, since: datetime | None, until: datetime | None = None) -> Any:
            if self.is_broken:
                raise StateError("locked")
            return super().counts(since, until)

    jobs = Broken(database)
    overview = TransferOverview(jobs, fresh_s=0)
    assert overview.status().counts[JobState.QUEUED] == 1
    jobs.is_broken = True
    assert overview.status().counts[JobState.QUEUED] == 1
    database.close()


def test_statistics_count_copies_where_there_are_any(copies: Copies) -> None:
    assert "transfers" not in copies.ask("stats")
    copies.run(movie(), episode(1))
    copies.end(1, JobState.SUCCEEDED, bytes=2**30)
    copies.end(2, JobState.NEEDS_ATTENTION)
    periods = {one["name"]: one for one in copies.ask("stats")["transfers"]}
    assert [*periods] == ["today", "7 days", "30 days", "total", "session"]
    counted = {name: periods["total"][name] for name in ("copied", "movies", "failed", "bytes")}
    assert counted == {"copied": 1, "movies": 1, "failed": 1, "bytes": 2**30}


def test_names_of_any_bytes_and_of_any_length_are_told(copies: Copies) -> None:
    name = b"caf\xe9\n".decode("utf-8", "surrogateescape")
    place = replace(movie().place, relative=PurePosixPath(f"{name}/{'x' * 255}.mkv"))
    label = MediaLabel(title="Dune\n\x1b[2J" + "x" * 5000)
    copies.put(replace(movie(), place=place, label=label))
    (job,) = copies.ask("jobs")["jobs"]
    job["source"].encode()
    assert len(job["title"]) <= 200
    assert job["source"].endswith("xxx.mkv")


def test_the_summary_of_a_day_tells_what_was_copied_and_what_fails(copies: Copies) -> None:
    today = _NOW.date().isoformat()
    assert copies.ask("summary", date=today)["data"]["transfers"] is None
    copies.run(movie("Done"), movie("Failed"), movie("Given up"), episode(1))
    copies.end(1, JobState.SUCCEEDED, bytes=5 * 2**30)
    copies.end(2, JobState.RETRY_WAIT, failure=FailureClass.TRANSIENT, why="a disk", next_at=_NOW)
    copies.end(3, JobState.NEEDS_ATTENTION, failure=FailureClass.PERMANENT, why="no rights")
    copies.end(4, JobState.SKIPPED)
    told = copies.ask("summary", date=today)
    assert told["worth_sending"]
    assert told["title"].endswith(": 1 file synced, 2 files not synced")
    assert "Synced: 1 movie, 5.0 GB" in told["facts"]
    assert "Failed (a disk)" in told["lines"][0]
    assert "Given up (no rights, for " in told["lines"][1]
    assert told["data"]["transfers"] == {
        "synced": 1,
        "movies": 1,
        "episodes": 0,
        "bytes": 5 * 2**30,
        "failing": 1,
        "needs_attention": 1,
    }
