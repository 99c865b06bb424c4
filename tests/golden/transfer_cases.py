"""What people are told of copies: that they are there, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from listsync.domain.message_of_day import TransfersOfDay
from listsync.domain.message_of_transfer import joined_transfers, messages_of_jobs
from listsync.domain.messages import Message
from listsync.domain.transfers import (
    CopyResult,
    CopyScope,
    FailureClass,
    JobKind,
    JobState,
    MediaLabel,
    NewJob,
    TransferCounts,
    TransferJob,
    TransferPlace,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHOW = MediaLabel(
    title="Sherlock Holmes",
    year=1954,
    season=1,
    episodes=(5,),
    episode_title="The Belligerent Ghost",
    quality="WEBDL-1080p",
    tvdb=73871,
)


def job(
    number: int = 1,
    state: JobState = JobState.SUCCEEDED,
    *,
    kind: JobKind = JobKind.MOVIE,
    label: MediaLabel | None = None,
    attempts: int = 1,
) -> TransferJob:
    place = TransferPlace(
        source_root=PurePosixPath("/mnt/nas/media"),
        destination_root=PurePosixPath("/mnt/media"),
        relative=PurePosixPath(f"a/{number}.mkv"),
    )
    label = label or MediaLabel(title="The General", year=1926, quality="Bluray-1080p")
    wanted = NewJob(kind=kind, place=place, scope=CopyScope.FILE, label=label)
    return TransferJob(
        number=number,
        state=state,
        wanted=wanted,
        created_at=NOW,
        next_at=NOW + timedelta(minutes=15),
        attempts=attempts,
        bytes=15_032_385_536,
        seconds=45.2,
        why="Permission denied" if state is not JobState.SUCCEEDED else "",
    )


def episode(number: int, *, label: MediaLabel = SHOW) -> TransferJob:
    return job(number, kind=JobKind.EPISODE, label=replace(label, episodes=(number,)))


DAY = TransfersOfDay(
    counts=TransferCounts(
        by_state={JobState.SUCCEEDED: 15, JobState.SKIPPED: 2},
        movies=3,
        episodes=12,
        bytes=43_164_000_000,
    ),
    failing=tuple(job(number, JobState.RETRY_WAIT) for number in range(1, 6)),
    failing_total=7,
    given_up=(replace(job(12, JobState.NEEDS_ATTENTION), ended_at=NOW - timedelta(days=70)),),
    given_up_total=1,
)


def messages() -> Iterator[tuple[str, Message]]:
    """Yield a message of each kind, by its name."""
    failed = CopyResult(number=1, failure=FailureClass.TRANSIENT)
    for name, one in (
        ("a film is there", job()),
        ("an episode is there", episode(5)),
        ("a copy failed", job(state=JobState.RETRY_WAIT)),
        ("a copy was given up", job(12, JobState.NEEDS_ATTENTION, attempts=3)),
    ):
        result = CopyResult(number=1) if one.state is JobState.SUCCEEDED else failed
        yield name, next(messages_of_jobs([(one, result)], NOW))
    season = [next(messages_of_jobs([(episode(n), CopyResult(number=n))], NOW)) for n in (1, 2, 3)]
    yield "a season is there", joined_transfers(season)
