"""The socket's file: whose it is, what is refused, what is replaced, what is left."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from listsync.control import ControlSocket
from listsync.errors import BusyError, StateError
from tests.integration.control.conftest import Scripted, Talker, body, running

_NOBODY = 65534
_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_rights_do_not_depend_on_the_umask(path: Path, answer: Scripted, umask: int) -> None:
    before = os.umask(umask)
    try:
        with running(ControlSocket(path, answer)):
            assert (mode(path), mode(path.parent)) == (0o600, 0o700)
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


@_as_root
def test_a_group_gets_in(path: Path, answer: Scripted) -> None:
    with running(ControlSocket(path, answer, group=_NOBODY)):
        assert (mode(path), mode(path.parent)) == (0o660, 0o750)
        assert path.stat().st_gid == path.parent.stat().st_gid == _NOBODY


def test_a_folder_that_exists_keeps_its_rights(folder: Path, answer: Scripted) -> None:
    with running(ControlSocket(folder / "agent.sock", answer)):
        assert mode(folder) == 0o755


def test_a_second_agent_is_refused_and_the_first_goes_on(
    control: ControlSocket, talker: Talker, path: Path, answer: Scripted
) -> None:
    with pytest.raises(BusyError, match="another agent answers"):
        ControlSocket(path, answer).open()
    assert control.heartbeat
    assert "result" in talker.ask()


def test_a_stale_socket_is_replaced(path: Path, answer: Scripted) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with running(ControlSocket(path, answer)):
        talker = Talker(path)
        assert "result" in talker.ask()
        talker.close()
    assert not path.exists()


def test_a_regular_file_is_left_alone(path: Path, answer: Scripted) -> None:
    path.parent.mkdir()
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(StateError, match="is not a socket"):
        ControlSocket(path, answer).open()
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_symlink_is_left_alone(path: Path, folder: Path, answer: Scripted) -> None:
    path.parent.mkdir()
    path.symlink_to(folder / "elsewhere.sock")
    with pytest.raises(StateError, match="is not a socket"):
        ControlSocket(path, answer).open()
    assert path.is_symlink()


def test_a_socket_of_another_kind_is_left_alone(path: Path, answer: Scripted) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(StateError, match="something else"):
            ControlSocket(path, answer).open()
    assert path.is_socket()


def test_a_path_of_107_bytes_works_and_of_108_is_refused(folder: Path, answer: Scripted) -> None:
    longest = folder / ("x" * (106 - len(str(folder))))
    with running(ControlSocket(longest, answer)):
        talker = Talker(longest)
        assert "result" in talker.ask()
        talker.close()
    with pytest.raises(StateError, match="longer than 107 bytes"):
        ControlSocket(folder / ("x" * (107 - len(str(folder)))), answer).open()


def test_a_folder_that_cannot_be_made_is_said(folder: Path, answer: Scripted) -> None:
    (folder / "file").touch()
    with pytest.raises(StateError, match="no socket can be made"):
        ControlSocket(folder / "file" / "agent.sock", answer).open()


def test_the_file_of_a_successor_stays(path: Path, answer: Scripted) -> None:
    with running(ControlSocket(path, answer)):
        path.unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(str(path))
    assert path.is_socket()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, as an agent does that starts or ends there."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def test_who_starts_waits_for_who_starts_beside_it(path: Path, answer: Scripted) -> None:
    path.parent.mkdir()
    with locked(path.parent), pytest.raises(BusyError, match="locked: try again"):
        ControlSocket(path, answer).open()
    assert not path.exists()


def test_an_end_waits_for_nobody_long(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer)
    control.open()
    with locked(path.parent):
        control.close()
    assert path.is_socket()
    with running(ControlSocket(path, answer)):
        pass
    assert not path.exists()


_ASK = """
import os, sys
from pathlib import Path
from tests.integration.control.conftest import Talker, body
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(65534)
talker = Talker(Path(sys.argv[1]))
for method in ("ping", "trigger"):
    reply = talker.exchange(body(method), wait_s=1)
    print(reply and reply.get("error", {}).get("code", "fine"))
"""


def asked_as_nobody(path: Path, group: int) -> list[str]:
    child = subprocess.run(
        [sys.executable, "-c", _ASK, str(path), str(group)],
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
    )
    return child.stdout.split()


@_as_root
def test_another_user_does_not_get_in(
    control: ControlSocket, path: Path, answer: Scripted
) -> None:
    assert asked_as_nobody(path, _NOBODY) == ["None", "None"]
    assert control.heartbeat
    assert answer.asked == []


@_as_root
def test_another_user_who_gets_in_is_refused(
    control: ControlSocket, path: Path, answer: Scripted
) -> None:
    path.parent.chmod(0o755)
    path.chmod(0o666)
    assert asked_as_nobody(path, _NOBODY) == ["-32001", "-32001"]
    assert control.heartbeat
    assert answer.asked == []


@_as_root
def test_a_member_of_the_group_may_only_look(path: Path, answer: Scripted) -> None:
    with running(ControlSocket(path, answer, group=_NOBODY)):
        assert asked_as_nobody(path, _NOBODY) == ["fine", "-32001"]
    assert answer.asked == [("ping", {})]


_CROWD = textwrap.dedent("""
    import resource, socket, sys, time
    from pathlib import Path
    soft, hard = int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    from listsync.control import ControlSocket
    from tests.integration.control.conftest import Scripted, running
    with running(ControlSocket(Path(sys.argv[1]), Scripted())):
        print("ready", resource.getrlimit(resource.RLIMIT_NOFILE), flush=True)
        sys.stdin.read()
    print("well", flush=True)
""")


@contextmanager
def limited(path: Path, soft: int, hard: int) -> Iterator[subprocess.Popen[str]]:
    """Serve *path* from a process with these limits of open files, which has to end well."""
    with subprocess.Popen(
        [sys.executable, "-c", _CROWD, str(path), str(soft), str(hard)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"ready ({hard}, {hard})\n"
        yield child
        assert (child.communicate(timeout=10)[0], child.returncode) == ("well\n", 0)
    assert not path.exists()


def test_more_connections_than_the_soft_limit_of_files_are_taken(path: Path) -> None:
    with limited(path, 64, 1000), ExitStack() as crowd:
        for _ in range(200):
            connect_silently(crowd.enter_context(socket.socket(socket.AF_UNIX)), path)
        assert is_answered(path)


def test_running_out_of_descriptors_does_not_kill_it(path: Path) -> None:
    with limited(path, 1000, 1000) as child:
        assert child.stderr is not None
        with ExitStack() as crowd:
            for _ in range(700):
                connect_silently(crowd.enter_context(socket.socket(socket.AF_UNIX)), path)
            assert "too many open files" in child.stderr.readline()
        assert "connections are taken again" in child.stderr.readline()
        assert is_answered(path)


def connect_silently(one: socket.socket, path: Path) -> None:
    """Connect and say nothing; waits as long as the agent lets new connections wait."""
    one.setblocking(False)
    until = time.monotonic() + 15
    while one.connect_ex(str(path)) != 0:
        assert time.monotonic() < until, "nobody takes this connection"
        time.sleep(0.01)


def is_answered(path: Path) -> bool:
    """Ask up to five times: who comes in while the crowd is put out is put out with it."""
    with closing(Talker(path)) as talker:
        replies = (talker.exchange(body(), wait_s=2) for _ in range(5))
        return any(reply is not None and "result" in reply for reply in replies)
