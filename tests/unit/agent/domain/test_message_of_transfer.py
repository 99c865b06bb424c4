"""When a copy is told, and as what; the words of whole messages are in tests/golden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.message_of_transfer import (
    joined_transfers,
    label_of,
    messages_of_jobs,
    time_taken,
)
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.domain.transfers import (
    CopyResult,
    FailureClass,
    JobKind,
    JobState,
    MediaLabel,
    TransferJob,
)
from tests.golden.transfer_cases import NOW, SHOW, episode, job


def told(one: TransferJob, result: CopyResult | None = None) -> list[Message]:
    failed = FailureClass.TRANSIENT if one.state is not JobState.SUCCEEDED else None
    return [
        *messages_of_jobs([(one, result or CopyResult(number=one.number, failure=failed))], NOW)
    ]


def test_a_copy_that_is_there_is_told_with_quality_size_and_time() -> None:
    (message,) = told(job())
    assert (message.kind, message.importance) == (MessageKind.TRANSFER, Importance.INFO)
    assert message.title == "Movie Synced"
    assert message.lines == ("The General (1926)",)
    assert dict(message.facts) == {
        "Quality": "Bluray-1080p",
        "Size": "14.0 GB",
        "Duration": "45.2s",
    }


@pytest.mark.parametrize(
    ("one", "result"),
    [
        (job(state=JobState.SKIPPED), CopyResult(number=1)),
        (job(), CopyResult(number=1, is_dry_run=True)),
        (job(state=JobState.RETRY_WAIT, attempts=2), None),
        (job(state=JobState.BLOCKED, attempts=0), None),
        (job(state=JobState.CANCELLED), None),
        (job(state=JobState.QUEUED), None),
    ],
    ids=["was there", "dry run", "failed again", "waits for a mount", "cancelled", "stopped"],
)
def test_what_is_no_news_is_not_told(one: TransferJob, result: CopyResult | None) -> None:
    assert told(one, result) == []


def test_the_first_failure_is_told_and_when_it_is_tried_again() -> None:
    (message,) = told(job(state=JobState.RETRY_WAIT))
    assert (message.kind, message.importance) == (MessageKind.FAILURE, Importance.WARNING)
    assert message.title == "Sync Failed - Movie"
    assert message.lines == (
        "The General (1926)",
        "Permission denied",
        "It is tried again in 15 min.",
    )


def test_what_is_given_up_needs_a_person_who_is_told_what_to_do() -> None:
    (message,) = told(job(12, state=JobState.NEEDS_ATTENTION, kind=JobKind.EPISODE, attempts=3))
    assert (message.kind, message.importance) == (MessageKind.NEEDS_ATTENTION, Importance.ERROR)
    assert message.title == "Sync Failed - Episode"
    assert message.lines[-1] == "It needs you after 3 attempts: `listsyncctl jobs show 12`"


def test_episodes_of_a_season_are_one_message() -> None:
    messages = [told(episode(number))[0] for number in range(24, 0, -1)]
    assert len({one.group for one in messages}) == 1
    whole = joined_transfers(messages)
    assert whole.title == "Episodes Synced"
    assert whole.lines == ("Sherlock Holmes, Season 1: 24 episodes, 336.0 GB (1-24)",)
    assert (len(whole.titles), whole.more) == (20, 4)
    assert whole.titles[0].startswith("Sherlock Holmes S01E01 ")
    assert (whole.data["count"], whole.data["state"]) == (24, "synced")


def test_other_seasons_series_and_ends_are_other_messages() -> None:
    groups = [
        told(one)[0].group
        for one in (
            episode(1),
            episode(1, label=replace(SHOW, season=2)),
            episode(1, label=replace(SHOW, tvdb=7)),
            job(1),
            job(1, state=JobState.RETRY_WAIT),
        )
    ]
    assert len({*groups}) == len(groups)


def test_a_copy_that_ran_twice_is_one_file() -> None:
    again = told(episode(1))[0]
    whole = joined_transfers([told(episode(1))[0], again, told(episode(2))[0]])
    assert whole.data["count"] == 2
    assert whole.lines[0].startswith("Sherlock Holmes, Season 1: 2 episodes")


def test_two_versions_of_an_episode_are_one_episode() -> None:
    whole = joined_transfers([told(episode(1))[0], told(replace(episode(1), number=7))[0]])
    assert whole.lines == ("Sherlock Holmes, Season 1: 1 episode, 28.0 GB (1)",)


def test_several_failures_are_one_message_that_says_why_of_each() -> None:
    failed = [told(job(number, state=JobState.RETRY_WAIT))[0] for number in (1, 2)]
    whole = joined_transfers(failed)
    assert whole.title == "Sync Failed - Movies"
    assert whole.lines == ("2 movies",)
    assert whole.titles == ("The General (1926): Permission denied",) * 2


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (SHOW, "Sherlock Holmes S01E05 - The Belligerent Ghost"),
        (replace(SHOW, episodes=(1, 2), episode_title=""), "Sherlock Holmes S01E01-E02"),
        (replace(SHOW, episodes=(), episode_title=""), "Sherlock Holmes S01"),
        (MediaLabel(), "1.mkv"),
        (MediaLabel(title="a\u202eb\nc"), "ab c"),
    ],
)
def test_what_is_copied_is_called_as_people_do(label: MediaLabel, words: str) -> None:
    assert label_of(job(kind=JobKind.EPISODE, label=label).wanted) == words


def test_a_long_copy_is_told_in_minutes() -> None:
    assert (time_taken(45.24), time_taken(200)) == ("45.2s", "3 min 20 s")
