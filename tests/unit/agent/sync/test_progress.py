from __future__ import annotations

from listsync.domain.report import ListProgress, Phase, Progress
from listsync.sync.progress import IDLE, ProgressBoard


def started() -> ProgressBoard:
    board = ProgressBoard()
    board.start("run-1", ("a", "b"))
    return board


def test_nothing_runs_at_first() -> None:
    assert ProgressBoard().snapshot() == IDLE


def test_a_run_starts_with_its_lists_waiting() -> None:
    snapshot = started().snapshot()
    assert (snapshot.run_id, snapshot.done, snapshot.percent) == ("run-1", 0, 0)
    assert snapshot.lists == (
        ListProgress(name="a", state="waiting"),
        ListProgress(name="b", state="waiting"),
    )


def test_a_list_that_was_read_is_a_step() -> None:
    board = started()
    board.phase(Phase.COLLECT, total=2)
    board.read("a", "complete", 10, 8)
    snapshot = board.snapshot()
    assert snapshot.lists[0] == ListProgress(name="a", state="complete", read=10, total=8)
    assert (snapshot.done, snapshot.total, snapshot.percent) == (1, 2, 50)


def test_a_wish_is_done_once_in_the_run_and_for_each_entry_in_its_lists() -> None:
    board = started()
    board.phase(Phase.ADD, total=4)
    board.done({"a": 2, "b": 1}, requested=True)
    board.done({"b": 1}, requested=False)
    snapshot = board.snapshot()
    assert (snapshot.done, snapshot.requested) == (2, 1)
    assert [one.done for one in snapshot.lists] == [2, 2]


def test_a_phase_starts_counting_anew_but_keeps_the_requests() -> None:
    board = started()
    board.phase(Phase.ADD, total=1)
    board.done({"a": 1}, requested=True)
    board.phase(Phase.IDLE)
    snapshot = board.snapshot()
    assert (snapshot.phase, snapshot.done, snapshot.total) == (Phase.IDLE, 0, 0)
    assert (snapshot.requested, snapshot.run_id) == (1, "run-1")


def test_what_a_run_came_to_stays_to_be_seen() -> None:
    board = started()
    board.phase(Phase.ADD, total=2)
    board.done({"a": 1}, requested=True)
    board.end("run-1")
    snapshot = board.snapshot()
    assert (snapshot.phase, snapshot.done, snapshot.total) == (Phase.IDLE, 1, 2)


def test_every_change_has_a_higher_number() -> None:
    board = started()
    seen = [board.snapshot().sequence]
    board.phase(Phase.ADD, total=1)
    seen.append(board.snapshot().sequence)
    board.read("a", "complete", 1, 1)
    seen.append(board.snapshot().sequence)
    board.done({"a": 1}, requested=False)
    seen.append(board.snapshot().sequence)
    board.start("run-2", ())
    seen.append(board.snapshot().sequence)
    assert seen == sorted(set(seen))


def test_the_next_run_forgets_the_lists_of_the_last() -> None:
    board = started()
    board.start("run-2", ("c",))
    assert [one.name for one in board.snapshot().lists] == ["c"]


def test_a_snapshot_does_not_change_any_more() -> None:
    board = started()
    before = board.snapshot()
    board.done({"a": 1}, requested=True)
    assert before == Progress(
        run_id="run-1",
        phase=Phase.CONNECT,
        done=0,
        total=0,
        requested=0,
        lists=before.lists,
        sequence=1,
    )
