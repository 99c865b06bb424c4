"""Jobs in a real file: webhooks make them, workers take and end them, people look at them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from listsync.domain.messages import Importance, Message, MessageKind, TargetRules
from listsync.domain.transfers import (
    CopyScope,
    FailureClass,
    JobAttempt,
    JobKind,
    JobState,
    MediaLabel,
    NewJob,
    TransferJob,
)
from listsync.errors import StateError
from listsync.store.database import Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.library_scans import SqliteScanQueue
from listsync.store.outbox import SqliteOutbox
from listsync.store.transfer_jobs import LEASE, MOST_OF_BATCH, SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from tests.transfer_jobs import (
    AT,
    MEDIA,
    SOURCES,
    decision,
    episode,
    event,
    movie,
    place,
    put_event,
    scan,
)

OWNER = "an agent"
LATER = timedelta(minutes=1)
SETTLED = timedelta(seconds=2)


class Books:
    """The parts that keep transfers in one file, with a clock of their own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.inbox = SqliteWebhookInbox(database)
        self.queue = SqliteJobQueue(database)
        self.history = SqliteJobHistory(database)
        self.scans = SqliteScanQueue(database)

    def put(self, *jobs: NewJob, at: datetime = AT) -> tuple[int, ...]:
        return put_event(self.inbox, event(), decision(*jobs), at)

    def claim(self, at: datetime = AT, *, busy: Iterable[PurePosixPath] = ()) -> list[int]:
        return [job.number for job in self.queue.claim(OWNER, [*busy], at)]

    def run(self, *jobs: NewJob, at: datetime = AT) -> tuple[TransferJob, ...]:
        self.put(*jobs, at=at)
        return self.queue.claim(OWNER, (), at + SETTLED)

    def end(self, job: TransferJob, state: JobState, at: datetime = AT, **more: Any) -> None:
        """Settle *job*; what is over has ended."""
        over = None if more.get("next_at") else at
        ended = replace(job, **{"state": state, "ended_at": over, **more})
        self.queue.settle([ended], {}, (), (), at)

    def job(self, number: int) -> TransferJob:
        found = self.history.find(number)
        assert found is not None
        return found


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database)


def test_a_job_is_read_as_it_was_written(books: Books) -> None:
    wanted = movie(
        label=MediaLabel(title="Dune", year=2021, quality="2160p", tmdb=438631, imdb="tt1160419"),
        instance="Radarr 4K",
        size=2**40,
        is_upgrade=True,
        superseded=(PurePosixPath("Dune (2021)/old.mkv"),),
    )
    (job,) = books.run(wanted)
    assert job.wanted == wanted
    assert (job.state, job.started_at, job.attempts) == (JobState.RUNNING, AT + SETTLED, 0)
    assert books.job(job.number) == job


@pytest.mark.parametrize(
    "name", ["new\nline", "\udcff\udc80", "\ud800", "%:25", "é" * 120, "a'b\"c[*]?"]
)
def test_every_name_comes_back_as_it_was(books: Books, name: str) -> None:
    wanted = replace(movie(), place=place(f"{name}/{name}.mkv"), label=MediaLabel(title=name))
    (job,) = books.run(wanted)
    assert job.wanted == wanted


def test_an_event_of_a_path_that_waits_is_counted_to_its_job(books: Books) -> None:
    first = books.put(movie(size=5))
    again = books.put(movie(label=MediaLabel(title="Dune", quality="1080p")))
    assert first == again
    job = books.job(*first)
    assert (job.event_count, job.wanted.label.quality, job.wanted.size) == (2, "1080p", 5)


def test_the_same_event_many_times_at_once_is_one_job(books: Books) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = set(threads.map(lambda _: books.put(movie()), range(40)))
    ((number,),) = numbers
    assert books.job(number).event_count == 40


def test_an_event_of_what_is_being_copied_makes_it_run_again(books: Books) -> None:
    (job,) = books.run(movie())
    assert books.put(movie(label=MediaLabel(title="newer"))) == (job.number,)
    assert books.job(job.number).rerun
    assert not books.claim(AT + LATER), "nothing is copied twice at once"
    books.end(job, JobState.SUCCEEDED, AT + LATER, bytes=7)
    (again,) = books.queue.claim(OWNER, (), AT + LATER)
    assert again.number != job.number
    assert again.wanted.label.title == "newer"
    first = books.job(job.number)
    assert (first.state, first.bytes, first.rerun) == (JobState.SUCCEEDED, 7, False)


@pytest.mark.parametrize(("is_asked_again", "kept"), [(False, 5), (True, 30)])
def test_the_size_that_was_found_takes_the_place_of_what_was_announced_before(
    books: Books, is_asked_again: bool, kept: int
) -> None:
    (job,) = books.run(movie(size=20))
    if is_asked_again:
        books.put(movie(size=30))
    books.end(job, JobState.SUCCEEDED, wanted=replace(job.wanted, size=5))
    last, *_ = books.history.page(None, 10, None).rows
    assert last.wanted.size == kept


@pytest.mark.parametrize("state", [JobState.RETRY_WAIT, JobState.NEEDS_ATTENTION])
def test_what_failed_and_was_asked_for_meanwhile_begins_anew(
    books: Books, state: JobState
) -> None:
    (job,) = books.run(movie())
    books.put(movie())
    books.end(job, state, attempts=3, next_at=AT + timedelta(hours=6))
    assert books.claim(AT) == [job.number]
    assert books.job(job.number).attempts == 0


@pytest.mark.parametrize("state", [JobState.RETRY_WAIT, JobState.NEEDS_ATTENTION])
def test_an_event_revives_what_failed(books: Books, state: JobState) -> None:
    (job,) = books.run(movie())
    books.end(job, state, attempts=3, next_at=AT + timedelta(hours=6))
    assert not books.claim(AT + LATER)
    assert books.put(movie(), at=AT + LATER) == (job.number,)
    assert books.claim(AT + LATER) == [job.number]
    assert books.job(job.number).attempts == 0


def test_of_what_failed_twice_the_newer_one_is_revived_unless_one_waits(books: Books) -> None:
    """A person had the older one tried again: both are of the same file."""
    (cancelled,) = books.put(movie())
    books.history.cancel(cancelled, AT)
    (job,) = books.run(movie())
    books.end(job, JobState.NEEDS_ATTENTION)
    assert books.history.retry([cancelled], AT) == (cancelled,)
    assert books.put(movie()) == (cancelled,)
    (again,) = books.queue.claim(OWNER, (), AT + SETTLED)
    books.end(again, JobState.NEEDS_ATTENTION)
    assert books.put(movie()) == (job.number,)


@pytest.mark.parametrize("state", [JobState.RETRY_WAIT, JobState.NEEDS_ATTENTION])
def test_what_is_imported_again_is_copied_from_where_it_lies_now(
    books: Books, state: JobState
) -> None:
    """Its mapping was corrected meanwhile."""
    (job,) = books.run(movie(source_root=PurePosixPath("/mnt/wrong"), scope=CopyScope.FOLDER))
    books.end(job, state, **({"next_at": AT} if state is JobState.RETRY_WAIT else {}))
    books.put(movie(instance="attic", scope=CopyScope.FILE))
    found = books.history.find(job.number)
    assert found is not None
    assert (found.wanted.place.source_root, found.wanted.instance) == (SOURCES, "attic")
    assert found.wanted.scope is CopyScope.FOLDER


@pytest.mark.parametrize("again", [False, True])
def test_what_was_cancelled_just_before_it_would_go_on_does_not(books: Books, again: bool) -> None:
    (job,) = books.run(movie())
    books.history.cancel(job.number, AT)
    if again:
        books.put(movie())
    books.end(job, JobState.RETRY_WAIT, next_at=AT)
    found = books.history.find(job.number)
    assert found is not None
    assert (found.state, found.ended_at) == (JobState.CANCELLED, AT)
    waiting = books.history.page([JobState.QUEUED], 10, None).rows
    assert len(waiting) == again


def test_what_lies_where_a_copy_lay_is_somebody_elses(books: Books) -> None:
    (job,) = books.run(movie())
    books.end(job, JobState.SUCCEEDED)
    old, new = job.wanted.place.relative, PurePosixPath("new.mkv")
    books.queue.forget_copied(MEDIA, [old])
    books.queue.note_copied(MEDIA, new)
    assert [books.queue.has_copied(MEDIA, one) for one in (old, new)] == [False, True]


def test_what_has_succeeded_is_another_job_when_it_is_asked_for_again(books: Books) -> None:
    (job,) = books.run(movie())
    books.end(job, JobState.SUCCEEDED)
    (again,) = books.put(movie())
    assert again != job.number


def test_episodes_wait_for_others_of_their_folder(books: Books) -> None:
    numbers: list[int] = []
    for number in range(1, 25):
        at = AT + timedelta(seconds=number / 4)
        assert not books.claim(at)
        numbers += books.put(episode(number), at=at)
    last = AT + timedelta(seconds=24 / 4)
    assert books.queue.next_due(last) == last + SETTLED
    assert not books.claim(last + SETTLED - timedelta(milliseconds=1))
    assert books.claim(last + SETTLED) == numbers, "one batch"


def test_events_without_end_do_not_put_a_folder_off(books: Books) -> None:
    claimed = list[int]()
    for second in range(25):
        at = AT + timedelta(seconds=second)
        books.put(episode(second + 1), at=at)
        claimed += books.claim(at)
    assert 20 <= len(claimed) <= 21


def test_a_film_is_due_at_once(books: Books) -> None:
    numbers = books.put(movie())
    assert books.claim(AT) == [*numbers]


def test_a_batch_is_one_folder_from_one_root(books: Books) -> None:
    at = AT + SETTLED
    one, two = books.put(episode(1), episode(2))
    (other_season,) = books.put(episode(1, season=2))
    (other_source,) = books.put(episode(3, source_root=PurePosixPath("/mnt/other")))
    batches = [books.queue.claim(OWNER, (), at)]
    books.queue.settle([replace(j, state=JobState.SUCCEEDED) for j in batches[0]], {}, (), (), at)
    batches += [books.queue.claim(OWNER, (), at), books.queue.claim(OWNER, (), at)]
    found = {tuple(job.number for job in batch) for batch in batches}
    assert found == {(one, two), (other_season,), (other_source,)}


def test_a_batch_is_bounded(books: Books) -> None:
    jobs = [movie(place=place(f"all/{number}.mkv")) for number in range(MOST_OF_BATCH + 1)]
    books.put(*jobs)
    assert len(books.claim()) == MOST_OF_BATCH
    assert not books.claim(), "the folder is being copied to"


@pytest.mark.parametrize("relative", ["Dark", "Dark/Season 01", "Dark/Season 01/Dark S01E09.mkv"])
def test_folders_within_each_other_are_not_copied_at_once(books: Books, relative: str) -> None:
    books.run(episode(1), at=AT - LATER)
    (whole,) = books.put(movie(kind=JobKind.MANUAL, place=place(relative)))
    (other,) = books.put(movie(place=place("Darkness/a.mkv")))
    assert [books.claim(AT), books.claim(AT)] == [[other], []]
    assert books.job(whole).state is JobState.QUEUED


def test_upgrades_and_small_files_come_first(books: Books) -> None:
    names = ("large", "unknown", "small", "upgrade")
    sizes = (80 * 1000**3, None, 1000**3, 90 * 1000**3)
    large, unknown, small, upgrade = (
        books.put(movie(name, size=size, is_upgrade=name == "upgrade"))[0]
        for name, size in zip(names, sizes, strict=True)
    )
    order = [number for _ in names for number in books.claim()]
    assert order == [upgrade, small, large, unknown]


def test_the_next_time_is_that_of_what_is_not_due_yet(books: Books) -> None:
    assert books.queue.next_due(AT) is None
    (job,) = books.run(movie())
    books.put(movie("due"))
    assert books.queue.next_due(AT) is None
    books.end(job, JobState.RETRY_WAIT, next_at=AT + LATER)
    assert books.queue.next_due(AT) == AT + LATER


def test_roots_that_are_busy_are_left_out(books: Books) -> None:
    other = PurePosixPath("/mnt/other")
    (one,) = books.put(movie())
    (two,) = books.put(movie(destination_root=other))
    assert books.claim(busy=[MEDIA]) == [two]
    assert books.claim(busy=[other]) == [one]


def test_a_lease_is_renewed_in_time_and_tells_what_is_to_be_cancelled(books: Books) -> None:
    one, two = (books.run(movie(name))[0].number for name in ("one", "two"))
    begun = AT + SETTLED
    assert books.queue.renew(OWNER, begun + timedelta(seconds=1)) == frozenset()
    assert books.history.cancel(one, AT)
    assert books.queue.renew(OWNER, begun + timedelta(seconds=30)) == {one}
    assert books.queue.renew("another", begun) == frozenset()
    assert books.job(two).state is JobState.RUNNING
    alive = begun + timedelta(seconds=29) + LEASE
    assert not books.queue.recover(lambda _: True, alive)
    left = books.queue.recover(lambda _: True, alive + timedelta(seconds=2))
    assert [job.number for job in left] == [one, two]


def test_what_a_dead_owner_left_is_found_at_once(books: Books) -> None:
    (job,) = books.run(movie())
    assert books.queue.recover({OWNER}.__contains__, AT + LATER) == ()
    assert books.queue.recover(lambda _: False, AT) == (job,)


def test_what_does_not_run_any_more_is_not_settled(books: Books) -> None:
    (job,) = books.run(movie())
    books.end(job, JobState.RETRY_WAIT, next_at=AT)
    books.end(job, JobState.SUCCEEDED)
    assert books.job(job.number).state is JobState.RETRY_WAIT


def test_the_end_of_a_batch_is_written_whole_or_not_at_all(books: Books) -> None:
    books.scans.follow(["plex"], AT)
    (job,) = books.run(movie())
    ended = replace(job, state=JobState.SUCCEEDED, ended_at=AT)
    broken = replace(job, number=2**70)
    with pytest.raises((StateError, OverflowError)):
        books.queue.settle([ended, broken], {}, [scan()], (), AT)
    assert books.job(job.number).state is JobState.RUNNING
    assert not books.scans.page(None, 9, None).rows


def test_the_end_of_a_batch_tells_media_servers_and_people(books: Books) -> None:
    outbox = SqliteOutbox(books.database)
    outbox.follow([TargetRules(name="me", kinds=frozenset(MessageKind))], AT)
    books.scans.follow(["plex", "jellyfin"], AT)
    heard: list[bool] = []
    books.database.on_messages(lambda: heard.append(True))
    (job,) = books.run(movie())
    ended = replace(job, state=JobState.SUCCEEDED, ended_at=AT)
    message = Message(
        key="it", at=AT, kind=MessageKind.TEST, importance=Importance.INFO, title="it is there"
    )
    attempt = JobAttempt(number=0, started_at=AT, ended_at=AT, exit_code=0, bytes=9)
    books.queue.settle([ended], {job.number: attempt}, [scan()], [message], AT)
    servers = {one.server for one in books.scans.page(None, 9, None).rows}
    assert servers == {"plex", "jellyfin"}
    assert heard
    assert len(outbox.take("me", AT + LATER)) == 1
    assert books.history.attempts(job.number) == (replace(attempt, number=1),)


def test_attempts_are_numbered_and_what_the_environment_fails_goes_on(books: Books) -> None:
    (job,) = books.run(movie())
    failures = (
        FailureClass.TRANSIENT,
        FailureClass.ENVIRONMENT,
        FailureClass.ENVIRONMENT,
        FailureClass.TRANSIENT,
    )
    for minute, failure in enumerate(failures):
        at = AT + timedelta(minutes=minute)
        attempt = JobAttempt(number=0, started_at=at, ended_at=at, failure=failure)
        waits = replace(job, state=JobState.RETRY_WAIT, next_at=at)
        books.queue.settle([waits], {job.number: attempt}, (), (), at)
        books.claim(at)
    found = books.history.attempts(job.number)
    assert [(one.number, one.failure) for one in found] == [
        (1, FailureClass.TRANSIENT),
        (2, FailureClass.ENVIRONMENT),
        (3, FailureClass.TRANSIENT),
    ]
    assert (found[1].started_at, found[1].ended_at) == (AT + LATER, AT + 2 * LATER)


def test_what_is_due_waits_for_a_root_that_is_not_well(books: Books) -> None:
    source = PurePosixPath("/mnt/nas")
    (running,) = books.run(movie("running", destination_root=PurePosixPath("/mnt/x")))
    (one,) = books.put(movie())
    assert books.queue.block(source, "not mounted", AT) == 1
    job = books.job(one)
    assert (job.state, job.blocked_on, job.why) == (JobState.BLOCKED, str(source), "not mounted")
    assert books.job(running.number).state is JobState.RUNNING
    assert not books.claim(AT + LATER)
    assert books.queue.unblock("/mnt/another", AT) == 0
    assert books.queue.unblock(str(source), AT + LATER) == 1
    assert books.claim(AT + LATER) == [one]


def test_what_is_blocked_is_tried_every_few_minutes(books: Books) -> None:
    (one,) = books.put(movie())
    books.queue.block(MEDIA, "full", AT)
    assert books.claim(AT + timedelta(minutes=6)) == [one]


def test_an_event_does_not_unblock_a_job(books: Books) -> None:
    (one,) = books.put(movie())
    books.queue.block(MEDIA, "full", AT)
    books.put(movie(), at=AT + LATER)
    assert books.job(one).state is JobState.BLOCKED
    assert not books.claim(AT + LATER)


def test_jobs_are_read_page_by_page_the_newest_first(books: Books) -> None:
    numbers = [books.put(movie(str(number)))[0] for number in range(5)]
    first = books.history.page(None, 3, None)
    assert (first.total, [job.number for job in first.rows]) == (5, numbers[:1:-1])
    assert first.last == (numbers[2],)
    rest = books.history.page({JobState.QUEUED}, 3, numbers[2])
    assert (rest.total, [job.number for job in rest.rows], rest.last) == (
        None,
        numbers[1::-1],
        None,
    )
    assert books.history.page({JobState.RUNNING}, 3, None).total == 0


def test_a_person_retries_what_did_not_succeed(books: Books) -> None:
    ends = (JobState.SUCCEEDED, JobState.NEEDS_ATTENTION, JobState.CANCELLED, JobState.RETRY_WAIT)
    jobs = [books.run(movie(state))[0] for state in ends]
    for job, state in zip(jobs, ends, strict=True):
        later = {"next_at": AT + timedelta(hours=1)} if state is JobState.RETRY_WAIT else {}
        books.end(job, state, attempts=2, **later)
    _, failed, cancelled, waits = (job.number for job in jobs)
    books.put(movie(JobState.CANCELLED))  # is live again, so that the old one stays as it is
    assert books.history.failed_since(AT) == (failed, waits)
    assert books.history.failed_since(AT + LATER) == ()
    assert books.history.retry([job.number for job in jobs], AT) == (failed, waits)
    job = books.job(failed)
    assert (job.state, job.attempts, job.ended_at) == (JobState.QUEUED, 0, None)
    assert books.job(cancelled).state is JobState.CANCELLED


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_runs_by_its_worker(
    books: Books,
) -> None:
    (running,) = books.run(movie("running"))
    (waiting,) = books.put(movie("waiting"))
    assert books.history.cancel(waiting, AT)
    assert books.history.cancel(running.number, AT)
    assert not books.history.cancel(waiting, AT), "it is over"
    assert not books.history.cancel(999, AT)
    assert books.job(waiting).state is JobState.CANCELLED
    found = books.job(running.number)
    assert (found.state, found.cancel_requested) == (JobState.RUNNING, True)
    assert not books.claim(AT + LATER)


def test_what_ended_between_two_times_is_counted(books: Books) -> None:
    for number, state in enumerate((JobState.SUCCEEDED, JobState.NEEDS_ATTENTION)):
        for job in books.run(episode(number)):
            books.end(job, state, AT + LATER, bytes=10)
    (skipped,) = books.run(movie("skipped"))
    books.end(skipped, JobState.SKIPPED, AT + LATER)
    (film,) = books.run(movie())
    books.end(film, JobState.SUCCEEDED, AT + 3 * LATER, bytes=5)
    books.put(movie("live"))
    counts = books.history.counts(AT, AT + 2 * LATER)
    assert (counts.movies, counts.episodes, counts.bytes) == (0, 1, 10)
    assert counts.by_state == {
        JobState.SUCCEEDED: 1,
        JobState.NEEDS_ATTENTION: 1,
        JobState.SKIPPED: 1,
        JobState.QUEUED: 1,
    }
    whole = books.history.counts(None)
    assert (whole.movies, whole.episodes, whole.bytes) == (1, 1, 15)
    times = (AT, AT + 2 * LATER, AT + 9 * LATER)
    assert books.history.counts_since(times) == tuple(map(books.history.counts, times))


def test_old_jobs_are_forgotten_but_not_what_they_came_to(books: Books) -> None:
    (film,) = books.run(movie())
    books.end(film, JobState.SUCCEEDED, bytes=5)
    (failed,) = books.run(movie("failed"))
    books.end(failed, JobState.NEEDS_ATTENTION)
    books.put(movie("new"), at=AT + timedelta(days=31))
    assert books.history.find(film.number) is None
    assert books.history.find(failed.number) is not None
    whole = books.history.counts(None)
    assert (whole.movies, whole.bytes, whole.by_state[JobState.SUCCEEDED]) == (1, 5, 1)
    assert books.history.counts_since((None, AT)) == (whole, books.history.counts(AT))
    (row,) = books.database.read("SELECT count(*) FROM webhook_events WHERE at < ?", "2026-12-01")
    assert row[0] == 0


def test_a_webhook_is_written_with_what_it_asks_for_or_not_at_all(books: Books) -> None:
    books.scans.follow(["plex"], AT)
    twice = decision(movie(), movie(), scans=(scan(),))
    (number,) = put_event(books.inbox, event(content="{}"), twice, AT)
    assert books.job(number).event_count == 2
    assert len(books.scans.page(None, 9, None).rows) == 1
    bad: Any = replace(movie("bad"), size=2**70)
    with pytest.raises((StateError, OverflowError)):
        put_event(books.inbox, event(), decision(movie("good"), bad, scans=(scan("/other"),)), AT)
    assert books.history.page(None, 9, None).total == 1
    assert books.scans.page(None, 9, None).total == 1
    assert len(books.database.read("SELECT * FROM webhook_events")) == 1


def test_what_asks_for_nothing_is_noted(books: Books) -> None:
    ignored = replace(decision(), why="nothing on the disk")
    assert put_event(books.inbox, event(event_type="Grab"), ignored, AT) == ()
    (row,) = books.database.read("SELECT event_type, why FROM webhook_events")
    assert tuple(row) == ("Grab", "nothing on the disk")
