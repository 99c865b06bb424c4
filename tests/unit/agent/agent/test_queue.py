from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest

from listsync.agent.queue import QueueState, RunQueue
from listsync.domain.fleet import FleetRole
from listsync.domain.runs import Pause, Scope, SyncJob, Ticket
from listsync.protocol import Reason, RefusedCommand

_ONE, _TWO = frozenset({"file:one"}), frozenset({"file:two"})
_FOR_GOOD = Pause(None)


class Moves:
    """Counts how often the queue moved, and proves that nobody was locked out meanwhile."""

    def __init__(self) -> None:
        self.count = 0
        self.queue = RunQueue(self._moved)

    def _moved(self) -> None:
        assert self.queue._lock.acquire(blocking=False), "called while locked"
        self.queue._lock.release()
        self.count += 1


@pytest.fixture
def moves() -> Moves:
    return Moves()


@pytest.fixture
def queue(moves: Moves) -> RunQueue:
    return moves.queue


def a_job(
    run_id: str,
    scope: Scope = None,
    origin: str = "test",
    *,
    dry: bool = False,
    force: bool = False,
    own: bool = False,
) -> SyncJob:
    job = SyncJob(run_id=run_id, scope=scope, origins=(origin,), dry_run=dry, forced=force)
    return replace(job, is_own=own)


def pending_of(queue: RunQueue) -> SyncJob:
    pending = queue.state.pending
    assert pending is not None
    return pending


# -- one runs, one waits ---------------------------------------------------------------------


def test_an_idle_queue_starts_at_once(queue: RunQueue) -> None:
    job = a_job("a")
    assert queue.submit(job) == Ticket("a", "started")
    assert queue.state == QueueState(running=job)


def test_beside_a_running_sync_one_waits(queue: RunQueue) -> None:
    first, second = a_job("a"), a_job("b")
    queue.submit(first)
    assert queue.submit(second) == Ticket("b", "queued")
    assert queue.state == QueueState(running=first, pending=second)


def test_what_comes_third_gets_the_ticket_of_the_one_that_waits(queue: RunQueue) -> None:
    for name in "ab":
        queue.submit(a_job(name))
    assert queue.submit(a_job("c")) == Ticket("b", "coalesced")
    assert pending_of(queue).run_id == "b"


def test_what_waits_starts_when_the_running_one_has_ended(queue: RunQueue) -> None:
    second = a_job("b", _ONE)
    queue.submit(a_job("a"))
    queue.submit(second)
    queue.finished("a")
    assert queue.state == QueueState(running=second)


def test_the_end_of_another_run_ends_nothing(queue: RunQueue) -> None:
    first, second = a_job("a"), a_job("b")
    queue.submit(first)
    queue.submit(second)
    queue.finished("z")
    assert queue.state == QueueState(running=first, pending=second)


def test_no_queue_is_refused_while_one_runs(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    with pytest.raises(RefusedCommand) as refused:
        queue.submit(a_job("b"), by_itself=False, no_queue=True)
    assert refused.value.reason is Reason.BUSY
    assert queue.state.pending is None


def test_no_queue_starts_when_nothing_runs(queue: RunQueue) -> None:
    assert queue.submit(a_job("a"), no_queue=True).state == "started"


def test_every_change_is_told_without_the_lock(queue: RunQueue, moves: Moves) -> None:
    queue.submit(a_job("a"))
    queue.pause(_FOR_GOOD)
    queue.resume()
    queue.finished("a")
    assert moves.count == 4


def test_a_refusal_moves_nothing(queue: RunQueue, moves: Moves) -> None:
    queue.pause(_FOR_GOOD)
    with pytest.raises(RefusedCommand):
        queue.submit(a_job("a"), by_itself=False)
    assert moves.count == 1


# -- what is folded into the one that waits ----------------------------------------------------


@pytest.mark.parametrize(
    ("waits", "comes", "united"),
    [
        pytest.param(_ONE, _TWO, _ONE | _TWO, id="lists-are-united"),
        pytest.param(_ONE, _ONE, _ONE, id="the-same-list-once"),
        pytest.param(None, _ONE, None, id="all-before-one"),
        pytest.param(_ONE, None, None, id="one-before-all"),
        pytest.param(None, None, None, id="all-and-all"),
    ],
)
def test_scopes_are_united(queue: RunQueue, waits: Scope, comes: Scope, united: Scope) -> None:
    queue.submit(a_job("a"))
    queue.submit(a_job("b", waits))
    queue.submit(a_job("c", comes))
    assert pending_of(queue).scope == united


def test_the_running_sync_keeps_its_scope(queue: RunQueue) -> None:
    queue.submit(a_job("a", _ONE))
    queue.submit(a_job("b", _TWO))
    assert queue.state.running == a_job("a", _ONE)


def test_each_origin_is_kept_once_in_order(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    for number, origin in enumerate(("schedule", "SIGUSR1", "schedule", "config")):
        queue.submit(a_job(str(number), origin=origin))
    assert pending_of(queue).origins == ("schedule", "SIGUSR1", "config")


def test_origins_beyond_a_thousand_are_counted(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    for number in range(1_003):
        queue.submit(a_job(str(number), origin=f"caller {number}"))
    queue.submit(a_job("again", origin="caller 7"))
    pending = pending_of(queue)
    assert (len(pending.origins), pending.origins[-1]) == (1_000, "caller 999")
    assert pending.more_origins == 3
    assert pending.origin.endswith("caller 998, caller 999 and 3 more")


@pytest.mark.parametrize(
    ("waits", "comes", "is_dry"),
    [
        pytest.param(True, True, True, id="two-dry-runs"),
        pytest.param(True, False, False, id="a-real-one-is-wanted-too"),
        pytest.param(False, False, False, id="two-real-ones"),
    ],
)
def test_what_waits_is_dry_only_if_nobody_wants_a_real_sync(
    queue: RunQueue, *, waits: bool, comes: bool, is_dry: bool
) -> None:
    queue.submit(a_job("a"))
    queue.submit(a_job("b", dry=waits))
    queue.submit(a_job("c", dry=comes))
    assert pending_of(queue).dry_run is is_dry


def test_a_dry_run_is_refused_where_a_real_sync_waits(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    queue.submit(a_job("b", _ONE))
    with pytest.raises(RefusedCommand, match="a dry run cannot overtake it") as refused:
        queue.submit(a_job("c", dry=True))
    assert refused.value.reason is Reason.BUSY
    assert pending_of(queue) == a_job("b", _ONE)


def test_a_dry_run_waits_behind_a_running_sync(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    assert queue.submit(a_job("b", dry=True)).state == "queued"


# -- pause -------------------------------------------------------------------------------------


def test_what_comes_by_itself_waits_for_the_end_of_the_pause(queue: RunQueue) -> None:
    queue.pause(_FOR_GOOD)
    assert queue.submit(a_job("a")).state == "queued"
    assert queue.state.running is None


def test_an_order_of_somebody_is_refused_in_a_pause(queue: RunQueue) -> None:
    queue.pause(_FOR_GOOD)
    with pytest.raises(RefusedCommand, match="paused") as refused:
        queue.submit(a_job("a"), by_itself=False)
    assert refused.value.reason is Reason.PAUSED
    assert queue.state.pending is None


def test_force_starts_in_a_pause(queue: RunQueue) -> None:
    waiting, forced = a_job("a"), a_job("b", force=True)
    queue.pause(_FOR_GOOD)
    queue.submit(waiting)
    assert queue.submit(forced, by_itself=False) == Ticket("b", "started")
    assert queue.state == QueueState(running=forced, pending=waiting, pause=_FOR_GOOD)


def test_a_pause_lets_the_running_sync_end_and_holds_the_next(queue: RunQueue) -> None:
    second = a_job("b")
    queue.submit(a_job("a"))
    queue.submit(second)
    queue.pause(_FOR_GOOD)
    queue.finished("a")
    assert queue.state == QueueState(pending=second, pause=_FOR_GOOD)


def test_a_forced_sync_that_waits_goes_on_in_a_pause(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    queue.pause(_FOR_GOOD)
    queue.submit(a_job("b", force=True), by_itself=False)
    queue.finished("a")
    assert queue.state.running == a_job("b", force=True)


def test_force_carries_what_waits_already_along(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    queue.pause(_FOR_GOOD)
    queue.submit(a_job("b", _ONE))
    queue.submit(a_job("c", _TWO, force=True), by_itself=False)
    queue.finished("a")
    running = queue.state.running
    assert running == replace(a_job("b", _ONE | _TWO), forced=True)


@pytest.mark.parametrize(
    ("waits", "comes", "is_said"),
    [
        pytest.param(True, True, True, id="two-dry-runs"),
        pytest.param(True, False, False, id="said-of-what-was-to-be-dry"),
        pytest.param(False, False, True, id="two-real-ones"),
    ],
)
def test_what_is_said_of_a_dry_run_holds_for_that_alone(
    queue: RunQueue, *, waits: bool, comes: bool, is_said: bool
) -> None:
    queue.submit(a_job("a"))
    queue.submit(replace(a_job("b", dry=waits, force=True), confirmed=True))
    queue.submit(a_job("c", dry=comes))
    pending = pending_of(queue)
    assert (pending.forced, pending.confirmed) == (is_said, is_said)


def test_a_forced_dry_run_takes_no_real_sync_through_a_pause(queue: RunQueue) -> None:
    queue.submit(a_job("a"))
    queue.pause(_FOR_GOOD)
    queue.submit(a_job("b", dry=True, force=True), by_itself=False)
    queue.submit(a_job("c"))
    queue.finished("a")
    assert queue.state.running is None
    assert pending_of(queue).dry_run is False


def test_no_queue_is_refused_where_a_forced_sync_runs(queue: RunQueue) -> None:
    queue.pause(_FOR_GOOD)
    queue.submit(a_job("a", force=True), by_itself=False)
    with pytest.raises(RefusedCommand) as refused:
        queue.submit(a_job("b", force=True), by_itself=False, no_queue=True)
    assert refused.value.reason is Reason.BUSY


def test_resume_starts_what_waited(queue: RunQueue) -> None:
    queue.pause(_FOR_GOOD)
    queue.submit(a_job("a", _ONE))
    queue.submit(a_job("b", _TWO))
    assert queue.resume()
    assert queue.state == QueueState(running=a_job("a", _ONE | _TWO))


def test_resume_says_that_there_was_no_pause(queue: RunQueue) -> None:
    assert not queue.resume()


# -- in a fleet --------------------------------------------------------------------------------


class Passing:
    """Keeps what is passed on to the agent that leads."""

    def __init__(self) -> None:
        self.jobs: list[SyncJob] = []

    def __call__(self, job: SyncJob) -> Ticket:
        self.jobs.append(job)
        return Ticket(job.run_id, "passed_on", "the other")


def test_while_nobody_is_known_to_lead_everything_waits(queue: RunQueue) -> None:
    queue.hold()
    assert queue.submit(a_job("a", _ONE)) == Ticket("a", "queued")
    assert queue.submit(a_job("b", _TWO)) == Ticket("a", "coalesced")
    assert queue.state.running is None
    queue.lead()
    assert queue.state == QueueState(running=a_job("a", _ONE | _TWO))


def test_what_must_not_wait_is_refused_while_nobody_is_known_to_lead(queue: RunQueue) -> None:
    queue.hold()
    with pytest.raises(RefusedCommand, match="not known yet which agent leads") as refused:
        queue.submit(a_job("a"), no_queue=True)
    assert refused.value.reason is Reason.BUSY


def test_who_stands_by_passes_on_what_somebody_asks_for_and_leaves_the_rest(
    queue: RunQueue,
) -> None:
    passing = Passing()
    queue.pause(_FOR_GOOD)
    queue.stand_by(passing)
    assert queue.submit(a_job("a", own=True)) == Ticket("a", "left")
    assert queue.submit(a_job("b"), by_itself=False).leader == "the other"
    assert passing.jobs == [a_job("b")]
    assert queue.state == QueueState(pause=_FOR_GOOD, role=FleetRole.STANDBY)


@pytest.mark.parametrize(
    ("waits", "passed"),
    [
        pytest.param([a_job("a", own=True)], [], id="its-own"),
        pytest.param([a_job("a")], [a_job("a")], id="somebodys"),
        pytest.param([a_job("a", own=True), a_job("b")], [a_job("a")], id="both"),
    ],
)
def test_what_waited_goes_to_who_leads_if_somebody_asked_for_it(
    queue: RunQueue, waits: list[SyncJob], passed: list[SyncJob]
) -> None:
    passing = Passing()
    queue.hold()
    for one in waits:
        queue.submit(one)
    queue.stand_by(passing)
    assert passing.jobs == passed
    queue.lead()
    assert queue.state == QueueState()


def test_what_was_cut_off_by_the_loss_of_the_lead_is_done_again_when_we_lead_again(
    queue: RunQueue,
) -> None:
    queue.submit(a_job("a", _ONE))
    queue.submit(a_job("b", _TWO))
    queue.hold()
    queue.hold()  # which is no second loss
    queue.finished("a")
    assert queue.state.running is None
    queue.lead()
    running = queue.state.running
    assert running is not None
    assert running.scope == _ONE | _TWO
    assert running.run_id != "a"


def test_a_dry_run_goes_on_without_the_lead(queue: RunQueue) -> None:
    queue.submit(a_job("a", dry=True))
    queue.stand_by(Passing())
    assert queue.state.running == a_job("a", dry=True)
    queue.hold()
    assert queue.state.pending is None


def test_a_takeover_and_what_waited_are_one_sync(queue: RunQueue) -> None:
    queue.hold()
    queue.submit(a_job("a", _ONE, "listsyncctl"))
    queue.lead(a_job("b", origin="takeover", own=True))
    running = queue.state.running
    assert running is not None
    assert (running.scope, running.origins) == (None, ("listsyncctl", "takeover"))
    assert not running.is_own
    assert queue.state.pending is None


# -- threads -----------------------------------------------------------------------------------


def test_no_order_is_lost_and_never_two_run_whatever_threads_do() -> None:
    threads, rounds = 8, 100
    queue = RunQueue(lambda: None)
    begun: dict[str, SyncJob] = {}
    tickets: list[Ticket] = []

    def submit(thread: int) -> None:
        for number in range(rounds):
            source = f"{thread}/{number}"
            tickets.append(queue.submit(a_job(source, frozenset({source}), source)))

    def finish_one() -> bool:
        job = queue.state.running
        if job is None:
            return False
        assert job.run_id not in begun, "ran twice"
        begun[job.run_id] = job
        queue.finished(job.run_id)
        return True

    submitting = [threading.Thread(target=submit, args=(one,)) for one in range(threads)]
    for one in submitting:
        one.start()
    while any(one.is_alive() for one in submitting):
        finish_one()
    while finish_one():
        pass
    wanted = {f"{thread}/{number}" for thread in range(threads) for number in range(rounds)}
    assert {source for job in begun.values() for source in job.scope or ()} == wanted
    assert {origin for job in begun.values() for origin in job.origins} == wanted
    assert {ticket.run_id for ticket in tickets} == set(begun)
    assert queue.state == QueueState()


def test_in_a_fleet_nothing_that_was_asked_for_is_lost_whatever_threads_do() -> None:
    threads, rounds = 4, 60
    queue, passing, done = RunQueue(lambda: None), Passing(), list[SyncJob]()
    chance = random.Random(4)

    def submit(thread: int) -> None:
        for number in range(rounds):
            source = f"{thread}/{number}"
            queue.submit(a_job(source, frozenset({source}), own=thread == 0))

    def finish_one() -> bool:
        if (job := queue.state.running) is None:
            return False
        done.append(job)
        queue.finished(job.run_id)
        return True

    submitting = [threading.Thread(target=submit, args=(one,)) for one in range(threads)]
    for one in submitting:
        one.start()
    while any(one.is_alive() for one in submitting):
        queue.hold() if chance.randrange(2) else queue.stand_by(passing)
        finish_one()
        assert queue.state.running is None, "begun without the lead"
        queue.lead()
    while finish_one():
        pass
    wanted = {f"{thread}/{number}" for thread in range(1, threads) for number in range(rounds)}
    found = {source for job in (*done, *passing.jobs) for source in job.scope or ()}
    assert wanted <= found
    assert not any(job.is_own for job in passing.jobs)
    assert queue.state == QueueState()
