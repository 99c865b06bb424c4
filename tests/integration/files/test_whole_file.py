"""Files that real writers hold open: whether they are waited for, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.errors import BeingWrittenError
from listsync.files import local_file
from listsync.files.local_file import FileContent, WriterWait, is_open_for_writing, read_whole

_LONG_AGO = 1_000_000_000
_WAITS_S = 50.0
"""Longer than a test may take: what was read was not read because patience was over."""

_ASKED_BY_NOBODY = """
import os, sys
from listsync.files.local_file import is_open_for_writing
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(is_open_for_writing(os.open(sys.argv[1], os.O_RDONLY)))
"""

_HOLDS_A_LEASE = """
import fcntl, os, signal, sys, time
file = os.open(sys.argv[1], os.O_RDWR)
def give_up(*_):
    time.sleep(0.2)
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(file)
signal.signal(signal.SIGIO, give_up)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("whole\n")
    return path


def read(path: Path, patience: WriterWait | None = None) -> FileContent:
    return read_whole(path, 1000, lambda _: None, patience or WriterWait(_WAITS_S))


def grant_no_lease(patch: pytest.MonkeyPatch) -> None:
    """Let the kernel say nothing, as on many network file systems and of other people's files."""
    patch.setattr(local_file, "is_open_for_writing", lambda _: None)


def refuse(_: float) -> bool:
    raise AssertionError("it was waited for")


def acts(*acts: Callable[[], object]) -> Callable[[float], None]:
    """Do one of *acts* whenever it is waited, and then nothing."""
    left = list(acts)

    def pause(_: float) -> None:
        if left:
            left.pop(0)()
        time.sleep(0.001)

    return pause


def test_a_file_that_nobody_writes_is_read_at_once(path: Path) -> None:
    content = read(path, WriterWait(pause=refuse))
    assert (content.data, content.is_unfinished) == (b"whole\n", False)


def test_other_readers_are_not_waited_for(path: Path) -> None:
    with path.open():
        assert read(path, WriterWait(pause=refuse)).data == b"whole\n"


@pytest.mark.parametrize("mode", ["w", "a", "r+"])
def test_a_writer_is_waited_for_until_it_closes(path: Path, mode: str) -> None:
    with path.open(mode) as file:
        file.write("first half, ")
        file.flush()

        def end() -> None:
            file.write("second half\n")
            file.close()

        content = read(path, WriterWait(_WAITS_S, pause=acts(lambda: None, end)))
    assert content.data[:].endswith(b"first half, second half\n")
    assert not content.is_unfinished


def test_a_shell_that_writes_in_two_goes_is_waited_for(path: Path) -> None:
    script = 'exec > "$0"; echo one; echo begun >&2; sleep 0.4; echo two'
    with subprocess.Popen(["sh", "-c", script, path], stderr=subprocess.PIPE) as writer:
        assert writer.stderr is not None
        assert writer.stderr.readline() == b"begun\n"
        assert read(path).data == b"one\ntwo\n"


def test_a_new_file_in_its_place_ends_the_waiting(path: Path) -> None:
    new = path.with_name("new")
    new.write_text("new\n")
    with path.open("w") as file:
        file.write("half")
        file.flush()
        content = read(path, WriterWait(_WAITS_S, pause=acts(lambda: os.replace(new, path))))
    assert (content.data, content.is_unfinished) == (b"new\n", False)


def test_a_writer_that_never_closes_is_not_waited_for_for_ever(path: Path) -> None:
    patience = WriterWait(0.2)
    with path.open("w") as file:
        file.write("half")
        file.flush()
        began = time.monotonic()
        content = read(path, patience)
        took_s = time.monotonic() - began
    assert (content.data, content.is_unfinished) == (b"half", True)
    assert patience.unfinished == {path}
    assert 0.2 <= took_s < 30


def test_who_holds_it_open_and_has_written_nothing_for_long_is_not_waited_for(path: Path) -> None:
    patience = WriterWait(pause=refuse)
    with path.open("a"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        content = read(path, patience)
    assert (content.data, content.is_unfinished) == (b"whole\n", True)
    assert patience.unfinished == {path}


def test_who_may_not_wait_is_told(path: Path) -> None:
    with path.open("a"), pytest.raises(BeingWrittenError, match=r"list\.txt is being written"):
        read(path, WriterWait(pause=None))


def test_waiting_is_given_up_when_that_is_asked_for(path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with path.open("a"), pytest.raises(BeingWrittenError):
        read(path, WriterWait(pause=stop.wait))


def test_who_begins_to_write_while_it_is_read_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter([False, True, False, False])
    monkeypatch.setattr(local_file, "is_open_for_writing", lambda _: next(said))
    assert not read(path).is_unfinished
    assert next(said, None) is None


def test_a_change_in_the_moment_of_reading_is_no_whole_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def growing(descriptor: int) -> os.stat_result:
        facts = real(descriptor)
        with path.open("a") as file:
            file.write("x")
        return facts

    monkeypatch.setattr(os, "fstat", growing)
    content = read(path, WriterWait(0.1))
    assert (content.is_unfinished, content.is_torn) == (True, True)


def test_more_than_is_allowed_is_not_read(path: Path) -> None:
    path.write_bytes(b"x" * 1001)
    content = read(path)
    assert content.is_too_large


def test_whoever_opens_it_in_the_instant_of_asking_harms_nobody(path: Path) -> None:
    """The kernel tells the holder of a lease by a signal, whose default is to end the process."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("a"):
                pass

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with path.open() as file:
            said = {is_open_for_writing(file.fileno()) for _ in range(1000)}
    finally:
        stop.set()
        writer.join()
    assert said <= {True, False}


@pytest.mark.parametrize(
    ("kind", "while_open", "when_closed"),
    [
        pytest.param("ext4 /dev/x rw", True, False, id="disk"),
        pytest.param("nfs4 nas:/ rw", None, False, id="nfs"),
        pytest.param("cifs //nas/x rw", None, False, id="smb"),
        pytest.param("fuse.mergerfs x rw", True, None, id="fuse"),
        pytest.param("virtiofs x rw", True, None, id="virtual-machine"),
    ],
)
def test_on_a_share_the_kernel_is_believed_as_far_as_it_knows(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    while_open: bool | None,
    when_closed: bool | None,
) -> None:
    """NFS and SMB refuse what no server has granted; FUSE knows nothing of other machines."""
    facts = path.stat()
    device = f"{os.major(facts.st_dev)}:{os.minor(facts.st_dev)}"
    mounts = path.with_name("mountinfo")
    mounts.write_text(
        f"22 1 0:5 / /proc rw - proc proc rw\n23 1 {device} / /srv rw shared:1 - {kind}\n"
    )
    monkeypatch.setattr(local_file, "_MOUNTS", mounts)
    with path.open() as file:
        with path.open("a"):
            assert is_open_for_writing(file.fileno()) is while_open
        assert is_open_for_writing(file.fileno()) is when_closed


def test_a_program_with_a_lease_of_its_own_is_waited_for(path: Path) -> None:
    """As Samba has on what it serves: opening is refused until it has given the lease up."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS_A_LEASE, path], stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(BlockingIOError):
                os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            content = read(path)
        finally:
            holder.kill()
    assert (content.data, content.is_unfinished) == (b"whole\n", False)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_of_other_peoples_files_the_kernel_does_not_say() -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        os.fchmod(file.fileno(), 0o644)
        child = subprocess.run(
            [sys.executable, "-c", _ASKED_BY_NOBODY, file.name],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert child.stdout == "None\n", child.stderr


def test_where_the_kernel_does_not_say_what_has_just_changed_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant_no_lease(monkeypatch)

    def go_on() -> None:
        path.write_text("more")

    def fall_quiet() -> None:
        os.utime(path, (time.time() - 6, time.time() - 6))

    content = read(path, WriterWait(_WAITS_S, pause=acts(go_on, fall_quiet)))
    assert (content.data, content.is_unfinished) == (b"more", False)


@pytest.mark.parametrize("age_s", [6, -3600], ids=["long-ago", "in-no-time"])
def test_where_the_kernel_does_not_say_what_is_quiet_is_read_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float
) -> None:
    grant_no_lease(monkeypatch)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    assert not read(path, WriterWait(pause=refuse)).is_unfinished


def test_where_the_kernel_does_not_say_a_writer_that_was_seen_to_close_it_is_enough(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant_no_lease(monkeypatch)
    assert not read(path, WriterWait(pause=refuse, seen=(path, True))).is_unfinished
    with pytest.raises(BeingWrittenError):
        read(path, WriterWait(pause=None, seen=(path.with_name("another"), True)))


def test_where_the_kernel_does_not_say_a_writer_that_was_seen_not_to_close_it_is_awaited(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant_no_lease(monkeypatch)
    os.utime(path, (time.time() - 6, time.time() - 6))
    with pytest.raises(BeingWrittenError):
        read(path, WriterWait(pause=None, seen=(path, False)))
    assert read(path, WriterWait(5.0, pause=refuse, seen=(path, False))).is_unfinished


def test_a_writer_is_believed_over_what_was_seen(path: Path) -> None:
    with path.open("a"), pytest.raises(BeingWrittenError):
        read(path, WriterWait(pause=None, seen=(path, True)))
