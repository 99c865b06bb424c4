"""The forks that share our tests: what ends in them is reported as if there were none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fork_server import LOADS
from tests.workers import Idleness, idle_core_s

_ROOT = Path(__file__).parents[2]
_COMMAND = [
    "-c",
    "import pytest, sys; sys.exit(pytest.main())",
    "-q",
    "-c",
    "/dev/null",
    "-p",
    "tests.workers",
    "-p",
    "no:cacheprovider",
    "--workers",
]

pytestmark = [pytest.mark.usefixtures("forked_scripts"), pytest.mark.timeout(120)]


def run(folder: Path, text: str, workers: str = "3") -> tuple[int, dict[str, int], str]:
    """Run the tests of *text* with workers: the exit code, how many ended how, all said."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *_COMMAND, workers, "--rootdir", str(folder), str(folder)],
        cwd=_ROOT,
        env={
            **os.environ,
            LOADS: "tests.workers",
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    counts = re.findall(r"(\d+) (passed|failed|skipped|errors?)", done.stdout.splitlines()[-1])
    said = done.stdout + done.stderr
    return done.returncode, {word: int(number) for number, word in counts}, said


def test_every_test_runs_once_in_a_fork_and_fixtures_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code, counts, said = run(
        tmp_path,
        f"""
import os, pytest
COLLECTED_BY = os.getpid()
def note(word):
    with open({str(log)!r}, "a") as log:
        log.write(word + "\\n")
@pytest.fixture(scope="session")
def shared():
    note("begin")
    yield
    note("end")
@pytest.mark.parametrize("number", range(60))
def test_good(shared, number, tmp_path):
    assert os.getpid() != COLLECTED_BY
    note(f"test {{number}}")
""",
    )
    assert (code, counts) == (0, {"passed": 60}), said
    lines = log.read_text(encoding="utf-8").split("\n")
    assert sorted(one for one in lines if one.startswith("test")) == sorted(
        f"test {number}" for number in range(60)
    )
    assert 1 <= lines.count("begin") == lines.count("end") <= 3


def test_what_fails_is_told_and_what_ends_its_worker_is_a_failure(tmp_path: Path) -> None:
    code, counts, said = run(
        tmp_path,
        """
import os, pytest
def test_dies(): os._exit(0)
def test_bad():
    print("these are the words")
    assert [1] == [2]
def test_left(): pytest.skip("not here")
@pytest.mark.parametrize("number", range(30))
def test_good(number): pass
""",
    )
    assert (code, counts) == (1, {"failed": 2, "passed": 30, "skipped": 1}), said
    assert "these are the words" in said
    assert "assert [1] == [2]" in said
    assert "its worker ended" in said


def test_one_worker_begins_with_what_is_slow(tmp_path: Path) -> None:
    """What is quick waits here for it, in as many blocks as there are workers."""
    code, counts, said = run(
        tmp_path,
        f"""
import pathlib, pytest, time
begun, end = pathlib.Path({str(tmp_path / "begun")!r}), time.monotonic() + 60
@pytest.mark.parametrize("number", range(30))
def test_quick(number):
    while not begun.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
@pytest.mark.slow
def test_slow(): begun.touch()
""",
    )
    assert (code, counts) == (0, {"passed": 31}), said


def test_workers_that_may_have_to_wait_take_part_and_end(tmp_path: Path) -> None:
    code, counts, said = run(
        tmp_path,
        """
import pytest
@pytest.mark.parametrize("number", range(200))
def test_good(number): pass
""",
        workers="auto",
    )
    assert (code, counts) == (0, {"passed": 200}), said


def test_one_more_has_room_where_a_quarter_of_a_core_was_idle() -> None:
    now, idle = 10.0, 500.0
    idleness = Idleness(lambda: now, lambda: idle)
    now, idle = 10.4, 500.4
    assert not idleness.is_room()  # nothing can be said yet
    now, idle = 11.0, 500.5
    assert idleness.is_room()
    now, idle = 13.0, 500.9
    assert not idleness.is_room()
    now, idle = 15.0, 501.4
    assert idleness.is_room()


def test_our_cores_were_idle_no_longer_than_they_have_been_there() -> None:
    cores = len(os.sched_getaffinity(0))
    assert 0 <= idle_core_s() <= cores * (time.clock_gettime(time.CLOCK_BOOTTIME) + 1)


def test_a_test_that_takes_too_long_fails_and_where_it_was_is_written(tmp_path: Path) -> None:
    code, counts, said = run(
        tmp_path,
        """
import pytest, threading, time
pytest_plugins = ["pytest_timeout"]
@pytest.mark.timeout(0.5)
def test_long():
    threading.Thread(target=time.sleep, args=(2,), name="the-other", daemon=True).start()
    time.sleep(30)
def test_good(): pass
""",
    )
    assert (code, counts) == (1, {"failed": 1, "passed": 1}), said
    assert "Failed: Timeout (>0.5s) from pytest-timeout" in said
    assert "Stack of the-other" in said
