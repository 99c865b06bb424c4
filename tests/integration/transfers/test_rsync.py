"""Real rsyncs, and programs that only look like one: what they copy, and that each ends."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from listsync.cancellation import CancelToken
from listsync.transfers.exclusions import CopyExclusions
from listsync.transfers.rsync import (
    PARTIAL_FOLDER,
    RsyncRunner,
    RsyncTask,
    RunEnd,
    RunMode,
)
from listsync.transfers.rsync_output import RsyncProgress, is_draft_of
from listsync.transfers.rsync_program import RsyncProgram, find_rsync
from tests.thorough import tries
from tests.unit.agent.transfers.test_exclusions import CASES

MEGABYTE = 1024 * 1024
A_NIGHT = 1_700_000_000


class Roots:
    """A source and a destination, and an rsync between them."""

    def __init__(self, place: Path) -> None:
        self.source, self.destination = place / "source", place / "destination"
        self.source.mkdir()
        self.destination.mkdir()
        self.program = find_rsync()

    def write(self, name: str | bytes, content: bytes = b"content", at: int = A_NIGHT) -> None:
        path = self.source / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at, at))

    def task(self, *names: str | bytes) -> RsyncTask:
        return RsyncTask(
            source_root=PurePosixPath(self.source),
            destination_root=PurePosixPath(self.destination),
            files=tuple(PurePosixPath(os.fsdecode(name)) for name in names),
            nice=0,
            grace_s=60,
        )

    def runner(self) -> RsyncRunner:
        return RsyncRunner(self.program)

    def processes(self) -> list[int]:
        """Find the living rsyncs between these roots."""
        numbers = (path.name for path in Path("/proc").iterdir())
        return [pid for pid in map(int, filter(str.isdecimal, numbers)) if self._is(pid)]

    def _is(self, pid: int) -> bool:
        try:
            folder = Path(f"/proc/{pid}")
            state = folder.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            line = folder.joinpath("cmdline").read_bytes()
            name = folder.joinpath("comm").read_text().strip()
        except OSError:
            return False
        return name == "rsync" and state != "Z" and os.fsencode(self.source) in line


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots(tmp_path)


@pytest.fixture
def token() -> CancelToken:
    return CancelToken()


NAMES: dict[str, str | bytes] = {
    "colon-and-dash": "Show: A/Season 01/-e1 é.mkv",
    "an-option": "-rf",
    "a-long-option": "--exclude=x",
    "newline": "two\nlines.mkv",
    "control-characters": "tab\tand\rreturn\x1b[31m.mkv",
    "hash": "#1.mkv",
    "semicolon": ";x.mkv",
    "wildcards": "a * [b] ?.mkv",
    "backslashes": "a\\#012b\\.mkv",
    "a-host": "mission:impossible.mkv",
    "emoji-and-bidi": "🎬 \u202efilm.mkv",
    "nfd": "e\u0301.mkv",
    "no-utf-8": b"\xff\xfe latin \xe9.mkv",
    "255-bytes": "x" * 251 + ".mkv",
    "spaces": " leading and trailing ",
    "hidden": ".hidden",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_file_of_any_name_arrives(roots: Roots, token: CancelToken, name: str | bytes) -> None:
    roots.write(name)
    run = roots.runner().run(roots.task(name), token)
    assert run.is_good, run.errors
    path = roots.destination / os.fsdecode(name)
    assert path.stat().st_mtime == A_NIGHT
    assert path.read_bytes() == b"content"
    assert sum(len(files) for *_, files in os.walk(roots.destination)) == 1


def test_nothing_can_lead_out_of_the_roots(roots: Roots, token: CancelToken) -> None:
    (roots.source.parent / "secret").write_text("x")
    run = roots.runner().run(roots.task("../secret", "/secret"), token)
    assert run.exit_code == 23
    assert list(roots.destination.iterdir()) == []


def test_one_that_is_missing_does_not_hold_the_others(roots: Roots, token: CancelToken) -> None:
    roots.write("a/1.mkv")
    run = roots.runner().run(roots.task("a/0.mkv", "a/1.mkv"), token)
    assert (run.end, run.exit_code) == (RunEnd.ITSELF, 23)
    assert b"No such file or directory" in run.errors
    assert (roots.destination / "a/1.mkv").exists()


def test_it_tells_how_far_it_is(roots: Roots, token: CancelToken) -> None:
    roots.write("a", b"x" * 2 * MEGABYTE)
    said: list[RsyncProgress] = []
    task = replace(roots.task("a"), bandwidth="1500")
    assert roots.runner().run(task, token, said.append).is_good
    assert len(said) >= 2
    assert said[-1].done == 2 * MEGABYTE
    assert [one.done for one in said] == sorted(one.done for one in said)
    assert any(one.rate > 0 for one in said)


def test_a_dry_run_changes_nothing(roots: Roots, token: CancelToken) -> None:
    roots.write("a/b")
    run = roots.runner().run(replace(roots.task("a/b"), mode=RunMode.DRY_RUN), token)
    assert run.is_good
    assert list(roots.destination.iterdir()) == []


def test_a_comparison_finds_what_size_and_time_hide(roots: Roots, token: CancelToken) -> None:
    for name in ("same", "other\n1"):
        roots.write(name, b"0123456789")
    task = roots.task("same", "other\n1")
    assert roots.runner().run(task, token).is_good
    compare = replace(task, mode=RunMode.COMPARE)
    assert roots.runner().run(compare, token).items == ()
    copy = roots.destination / "other\n1"
    copy.write_bytes(b"0123456780")
    os.utime(copy, (A_NIGHT, A_NIGHT))
    assert roots.runner().run(compare, token).items == (PurePosixPath("other\n1"),)
    assert roots.runner().run(task, token).is_good
    assert copy.read_bytes() == b"0123456780"
    assert roots.runner().run(replace(task, ignores_times=True), token).is_good
    assert copy.read_bytes() == b"0123456789"


@pytest.mark.parametrize(("pattern", "path", "is_out"), CASES)
def test_a_pattern_leaves_out_what_rsync_leaves_out(
    roots: Roots, pattern: str, path: str, is_out: bool
) -> None:
    roots.write(path)
    excludes = CopyExclusions([pattern]).arguments()
    subprocess.run(
        [roots.program.path, "-r", *excludes, f"{roots.source}/", f"{roots.destination}/"],
        check=True,
    )
    assert (roots.destination / path).exists() is not is_out


class Slow:
    """A copy that would take twelve seconds, in a thread; told of when it has begun."""

    def __init__(self, roots: Roots, token: CancelToken) -> None:
        self.roots = roots
        self.begun = threading.Event()
        self.is_unwanted = threading.Event()
        roots.write("a.mkv", os.urandom(12 * MEGABYTE))
        self.task = replace(roots.task("a.mkv"), bandwidth="1m")
        self._token = token
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.run = self.roots.runner().run(
            self.task, self._token, lambda _: self.begun.set(), self.is_unwanted.is_set
        )

    def begin(self) -> None:
        self._thread.start()
        assert self.begun.wait(30)

    def end(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.roots.processes() == []


@pytest.mark.slow
@pytest.mark.parametrize("why", [RunEnd.STOPPED, RunEnd.UNWANTED, RunEnd.TOO_LONG])
def test_what_is_ended_keeps_what_it_has_of_a_file_and_goes_on_from_there(
    roots: Roots, token: CancelToken, why: RunEnd
) -> None:
    slow = Slow(roots, token)
    if why is RunEnd.TOO_LONG:
        slow.task = replace(slow.task, longest_s=3)
    slow.begin()
    if why is RunEnd.STOPPED:
        token.set()
    if why is RunEnd.UNWANTED:
        slow.is_unwanted.set()
    slow.end()
    assert (slow.run.end, slow.run.exit_code) == (why, 20)
    assert [one.name for one in roots.destination.iterdir()] == [PARTIAL_FOLDER]
    assert 0 < (roots.destination / PARTIAL_FOLDER / "a.mkv").stat().st_size < 12 * MEGABYTE
    again = replace(slow.task, bandwidth=None, resumes=True, longest_s=60)
    assert roots.runner().run(again, CancelToken()).is_good
    assert [one.name for one in roots.destination.iterdir()] == ["a.mkv"]
    content = (roots.source / "a.mkv").read_bytes()
    assert (roots.destination / "a.mkv").read_bytes() == content


def test_a_token_that_is_cut_has_it_killed_at_once(roots: Roots, token: CancelToken) -> None:
    slow = Slow(roots, token)
    slow.task = replace(slow.task, grace_s=60)
    slow.begin()
    for pid in roots.processes():
        os.kill(pid, signal.SIGSTOP)
    token.cut()
    slow.end()
    assert slow.run.end is RunEnd.STOPPED
    assert not (roots.destination / "a.mkv").exists()


def test_one_that_stands_still_is_ended(roots: Roots, token: CancelToken) -> None:
    slow = Slow(roots, token)
    slow.task = replace(slow.task, stall_s=1.0, grace_s=0.3)
    slow.begin()
    for pid in roots.processes():
        os.kill(pid, signal.SIGSTOP)
    slow.end()
    assert slow.run.end is RunEnd.STALLED
    assert not (roots.destination / "a.mkv").exists()


def test_one_that_reads_for_long_before_it_copies_does_not_stand_still(
    roots: Roots, token: CancelToken, tmp_path: Path
) -> None:
    content = os.urandom(4 * MEGABYTE)
    roots.write("a", content)
    (roots.destination / "a").write_bytes(content)
    script = 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.25; cat "$0" >/dev/null; done'
    runner = RsyncRunner(program(tmp_path / "busy", script))
    run = runner.run(replace(roots.task("a"), stall_s=2.0), token)
    assert run.end is RunEnd.ITSELF


def program(path: Path, script: str) -> RsyncProgram:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return RsyncProgram(path=str(path), version=(3, 2, 7))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("trap '' TERM INT HUP; while :; do sleep 0.1; done", id="deaf"),
        pytest.param("exec 0<&- 1>&- 2>&-; exec sleep 600", id="without-streams"),
        pytest.param("(trap '' TERM; exec setsid sleep 600) & exec sleep 600", id="runs-away"),
        pytest.param("(exec sleep 600) & exit 0", id="leaves-somebody-behind"),
    ],
)
def test_a_program_that_hangs_is_ended_with_all_it_has_started(
    roots: Roots, token: CancelToken, tmp_path: Path, script: str
) -> None:
    runner = RsyncRunner(program(tmp_path / "hangs", script))
    names = [f"{n:0200}" for n in range(1000)]  # more than a pipe takes
    started = time.monotonic()
    run = runner.run(replace(roots.task(*names), longest_s=0.3, grace_s=0.3), token)
    assert time.monotonic() - started < 30
    assert run.end is (RunEnd.ITSELF if "exit 0" in script else RunEnd.TOO_LONG)


def test_of_what_it_says_the_end_is_kept(roots: Roots, token: CancelToken, tmp_path: Path) -> None:
    script = "head -c 500000 /dev/zero >&2; printf 'the end' >&2; exit 23"
    run = RsyncRunner(program(tmp_path / "talks", script)).run(roots.task("a"), token)
    assert run.exit_code == 23
    assert run.errors.endswith(b"\0the end")
    assert len(run.errors) == 65536


def test_a_program_that_cannot_be_started_says_so(roots: Roots, token: CancelToken) -> None:
    nowhere = RsyncProgram(path="/nowhere/rsync", version=(3, 2, 7))
    run = RsyncRunner(nowhere).run(roots.task("a"), token)
    assert (run.exit_code, run.errors) == (
        127,
        b"/nowhere/rsync: No such file or directory\n",
    )


def test_no_secret_of_ours_is_handed_on_and_names_are_shown_as_utf_8(
    roots: Roots, token: CancelToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTSYNC_SERVER__API_KEY", "not-for-you")
    run = RsyncRunner(program(tmp_path / "env", "env >&2")).run(roots.task("a"), token)
    assert b"LC_ALL=C.UTF-8\n" in run.errors
    assert b"not-for-you" not in run.errors


@pytest.mark.chaos
def test_a_kill_at_any_time_leaves_no_half_file_under_its_name(
    roots: Roots, token: CancelToken
) -> None:
    contents = {f"{n}.mkv": os.urandom(3 * MEGABYTE) for n in range(4)}
    for name, content in contents.items():
        roots.write(name, content)
    chance = random.Random(20)
    for _ in range(tries(6, 100)):
        run = _killed_run(roots, token, lambda: chance.uniform(0, 0.4))
        found = {path.name: path for path in roots.destination.iterdir()}
        for name in found.keys() - contents.keys():
            assert name == PARTIAL_FOLDER or any(is_draft_of(name, one) for one in contents)
        for name in found.keys() & contents.keys():
            assert found[name].read_bytes() == contents[name], run
        for name in list(found.keys() & contents.keys())[:2]:
            found[name].unlink()
    assert roots.runner().run(roots.task(*contents), token).is_good
    for name, content in contents.items():
        assert (roots.destination / name).read_bytes() == content


def _killed_run(roots: Roots, token: CancelToken, after_s: Callable[[], float]) -> int:
    """Run a copy in which one of the three processes is killed at some time."""
    codes: list[int] = []
    task = replace(roots.task(*(f"{n}.mkv" for n in range(4))), bandwidth="20m")
    thread = threading.Thread(
        target=lambda: codes.append(roots.runner().run(task, token).exit_code)
    )
    thread.start()
    until = time.monotonic() + 30
    while thread.is_alive() and not (pids := roots.processes()):
        assert time.monotonic() < until
    thread.join(after_s())
    for pid in random.Random(len(pids)).sample(pids, min(1, len(pids))):  # it may be over
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    thread.join(30)
    assert not thread.is_alive()
    return codes[0]


@pytest.mark.parametrize(("named", "mode"), [("", 0o664), ("022", 0o644), ("nonsense", 0o664)])
def test_a_copy_is_as_open_as_its_source_whatever_our_umask(
    roots: Roots, token: CancelToken, named: str, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the program itself makes is its owner's alone; a media server must read copies."""
    roots.write("Film/film.mkv")
    (roots.source / "Film").chmod(0o777)
    (roots.source / "Film/film.mkv").chmod(0o666)
    monkeypatch.setenv("UMASK", named)
    before = os.umask(0o077)
    try:
        assert roots.runner().run(roots.task("Film/film.mkv"), token).is_good
    finally:
        os.umask(before)
    file = roots.destination / "Film/film.mkv"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert stat.S_IMODE(file.parent.stat().st_mode) == mode | 0o111
