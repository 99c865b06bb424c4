"""Children of a real agent: what they are given, what is kept of them, and that none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from listsync.cancellation import CancelToken
from listsync.process import supervisor
from listsync.process.child import Child
from listsync.process.records import ProcessIdentity, sweep
from listsync.process.supervisor import FOLDER, Command, NotStartedError, run, start

STUBBORN = (
    'trap "" TERM HUP INT; (trap "" TERM HUP INT; echo $$; exec setsid sleep 600) & echo $!; wait'
)
"""Starts a grandchild that leaves the group and the session, and ignores every friendly signal."""

AGENT = f"""
import sys, time
from pathlib import Path
from listsync.process.supervisor import Command, start
from listsync.sandbox.process import SandboxProcess
sandbox = SandboxProcess().__enter__()
child = start(Command(arguments=("sh", "-c", {STUBBORN!r}), purpose="test",
    records=Path(sys.argv[1])))
print(sandbox.pid, child.pid, int(child.line(5)), int(child.line(5)), child.record.folder)
sys.stdout.flush()
time.sleep(600)
"""


def shell(script: str, **more: object) -> Command:
    return Command(arguments=("sh", "-c", script), purpose="test", **more)  # type: ignore[arg-type]  # a test knows them


def identities(pids: list[int]) -> list[ProcessIdentity]:
    return [one for one in map(ProcessIdentity.of, pids) if one is not None]


def end_within(processes: list[ProcessIdentity], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(one.is_alive() for one in processes) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(one.is_alive() for one in processes)


def test_a_killed_agent_leaves_no_child(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AGENT, str(tmp_path / "records")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        *words, folder = agent.stdout.readline().decode().split()
        left = identities(list(map(int, words)))
        assert len(left) >= 3
        assert Path(folder).is_dir()
        agent.kill()
        assert end_within(left, 2)
    assert sweep(tmp_path / "records") == 1
    assert not Path(folder).exists()
    assert not any((tmp_path / "records").iterdir())


def test_what_a_kill_of_the_guard_too_leaves_is_swept(tmp_path: Path) -> None:
    child = start(shell(STUBBORN, records=tmp_path))
    grandchild = identities([int(child.line(5) or b""), int(child.line(5) or b"")])
    (path,) = tmp_path.iterdir()
    os.kill(child.pid, signal.SIGKILL)
    child.wait(30)
    assert any(one.is_alive() for one in grandchild)
    text = path.read_text(encoding="utf-8")
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    path.write_text(text.replace(f"[{mine.pid}, {mine.started}]", "[4194305, 1]"))
    assert sweep(tmp_path) == 1
    assert end_within(grandchild, 1)
    child.end()


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    started: list[Child] = []
    asking = threading.Thread(target=lambda: started.append(start(shell("echo here; sleep 60"))))
    asking.start()
    asking.join()
    (child,) = started
    assert child.line(5) == b"here"
    assert child.wait(0.1) is None
    child.kill()
    assert child.end() != 0
    assert [one.name for one in threading.enumerate()].count("listsync-children") == 1


def test_a_program_is_run_to_its_end() -> None:
    done = run(shell("echo out; echo err >&2; exit 3"), 10, CancelToken())
    assert (done.exit_code, done.output, done.errors) == (3, b"out\n", b"err\n")
    assert not done.is_cut


def test_of_what_it_says_no_more_is_kept_than_one_wants() -> None:
    done = run(shell("head -c 3000000 /dev/zero; echo end >&2"), 10, CancelToken(), most=1000)
    assert (len(done.output), done.errors, done.is_cut) == (1000, b"end\n", True)


@pytest.mark.parametrize("how", ["deadline", "cut", "cut-before"])
def test_who_takes_too_long_or_is_not_wanted_any_more_ends_with_all_it_has_started(
    how: str, tmp_path: Path
) -> None:
    token, pids = CancelToken(), tmp_path / "pids"
    if how == "cut":
        threading.Timer(0.5, token.cut).start()
    if how == "cut-before":
        token.cut()
    script = f"(trap '' TERM; exec setsid sleep 600) & echo $! $$ > {pids}; wait"
    with pytest.raises(TimeoutError):
        run(shell(script), 0.7 if how == "deadline" else 30, token)
    left = pids.read_text().split() if pids.exists() else []
    assert end_within(identities(list(map(int, left))), 1)


def test_no_secret_of_ours_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTSYNC_SERVER__API_KEY", "not-for-you")
    monkeypatch.setenv("LD_PRELOAD", "")
    done = run(
        Command(arguments=("sh", "-c", 'env; ls -d "$0"', FOLDER), purpose="t", records=tmp_path),
        10,
        CancelToken(),
    )
    assert b"not-for-you" not in done.output
    assert b"LD_PRELOAD" not in done.output
    folder = done.output.decode().split()[-1]
    assert f"HOME={folder}\n".encode() in done.output
    assert not Path(folder).exists()
    assert not any(tmp_path.iterdir())


def test_it_is_talked_to_line_by_line() -> None:
    child = start(shell("cat", is_talked_to=True, most_of_line=100))
    child.send(b"one\ntwo\n")
    assert [child.line(5), child.line(5)] == [b"one", b"two"]
    with pytest.raises(TimeoutError):
        child.line(0.01)
    child.send(b"x" * 200)
    with pytest.raises(ValueError, match="too long"):
        child.line(5)
    assert child.end() == 0
    assert child.end() == 0


def test_a_child_without_room_for_the_thread_that_starts_it_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(supervisor, "_spawner", supervisor._Spawner())
    monkeypatch.setattr(threading.Thread, "start", no_room)
    with pytest.raises(NotStartedError, match="new thread"):
        start(shell("true", records=tmp_path))
    assert not any(tmp_path.iterdir())


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    nowhere = Command(arguments=("/nowhere/program",), purpose="test", records=tmp_path)
    done = run(nowhere, 10, CancelToken())
    assert (done.exit_code, done.errors) == (127, b"/nowhere/program: No such file or directory\n")
    ours = Command(arguments=("/nowhere/program",), purpose="test", records=tmp_path, is_ours=True)
    with pytest.raises(NotStartedError):
        start(ours)
    assert not any(tmp_path.iterdir())


def test_a_program_of_others_is_asked_to_end_with_its_group_and_may_take_its_time() -> None:
    script = (
        "(trap 'echo below; exit 0' TERM; echo ready; while :; do sleep 0.01; done) & "
        "trap 'wait; echo tidied; exit 20' TERM; wait; wait"
    )
    child = start(shell(script))
    assert child.line(30) == b"ready"
    child.terminate()
    assert [child.line(30), child.line(30)] == [b"below", b"tidied"]
    assert child.wait(30) == 20
    assert child.end() == 20


def test_who_does_not_end_when_asked_is_killed() -> None:
    child = start(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"))
    assert child.line(30) == b"ready"
    child.terminate()
    assert child.wait(0.2) is None
    child.kill()
    assert child.wait(30) == 128 + signal.SIGKILL
    child.end()


def test_what_a_child_reads_and_writes_shows_whether_it_goes_on() -> None:
    child = start(shell("echo $$; exec yes > /dev/null"))
    program = int(child.line(30) or b"")
    before, until = child.bytes_moved, time.monotonic() + 30
    while child.bytes_moved < before + 1_000_000 and time.monotonic() < until:
        pass
    assert child.bytes_moved >= before + 1_000_000
    os.kill(program, signal.SIGSTOP)
    while "T (stopped)" not in Path(f"/proc/{program}/status").read_text():
        assert time.monotonic() < until
    still = child.bytes_moved
    # Its guard may hear of the stop a moment later, by a byte; `yes` writes thousands at once.
    assert {child.bytes_moved - still for _ in range(3)} <= {0, 1, 2}
    child.kill()
    child.end()
