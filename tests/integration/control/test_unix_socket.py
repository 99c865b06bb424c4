"""The socket's file: whose it is, what is refused, what is replaced, what is left."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from listsync.control.server import ControlSocket
from listsync.errors import BusyError, StateError
from tests.integration.control.conftest import Scripted, Talker, body, running

pytestmark = pytest.mark.usefixtures("forked_scripts")
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
    reply = talker.exchange(body(method), wait_s=float(sys.argv[3]))
    print(reply and reply.get("error", {}).get("code", "fine"))
"""


def asked_as_nobody(path: Path, group: int, wait_s: float = 30) -> list[str]:
    child = subprocess.run(
        [sys.executable, "-c", _ASK, str(path), str(group), str(wait_s)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return child.stdout.split()


@_as_root
def test_another_user_does_not_get_in(
    control: ControlSocket, path: Path, answer: Scripted
) -> None:
    assert asked_as_nobody(path, _NOBODY, wait_s=0.5) == ["None", "None"]
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


def gone(path: Path) -> None:
    path.unlink()


def gone_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def replaced_by_a_stale_one(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))


@pytest.mark.parametrize("lose", [gone, gone_with_its_folder, replaced_by_a_stale_one])
def test_a_socket_that_is_lost_is_made_again_and_said_once(
    path: Path, answer: Scripted, caplog: pytest.LogCaptureFixture, lose: Callable[[Path], None]
) -> None:
    with running(ControlSocket(path, answer, look_every_s=0.05)), closing(Talker(path)) as talker:
        assert "result" in talker.ask()
        lose(path)
        assert "result" in talker.ask()
        time.sleep(0.2)
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert [one.message for one in caplog.records if "control socket" in one.message] == [
        f"the control socket {path} was gone and was made again"
    ]
    assert not path.exists()


def test_what_has_taken_the_place_is_left_alone_until_it_goes(
    path: Path, answer: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    with running(ControlSocket(path, answer, look_every_s=0.05)), closing(Talker(path)) as talker:
        path.unlink()
        path.write_text("mine", encoding="utf-8")
        end = time.monotonic() + 30
        while "cannot be made again yet" not in caplog.text and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.3)
        assert path.read_text(encoding="utf-8") == "mine"
        assert caplog.text.count("cannot be made again yet") == 1
        path.unlink()
        assert "result" in talker.ask()


def test_who_is_connected_stays_when_the_file_goes(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer, look_every_s=0.05)
    with running(control), closing(Talker(path)) as talker, talker.connected() as asking:
        for _ in range(2):
            asking.send(body())
            assert asking.poll(30_000)
            asking.recv()
            path.unlink()
            end = time.monotonic() + 30
            while not path.exists():
                assert time.monotonic() < end
                time.sleep(0.01)


_LIMITED = textwrap.dedent("""
    import os, resource, sys
    from pathlib import Path
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[3])))
    from listsync.app.daemon import raise_limit
    from listsync.control.server import ControlSocket
    from tests.integration.control.conftest import Scripted, running
    raise_limit()
    taken = []
    with running(ControlSocket(Path(sys.argv[1]), Scripted())):
        print("ready", resource.getrlimit(resource.RLIMIT_NOFILE), flush=True)
        for line in sys.stdin:
            if line == "take\\n":
                try:
                    while True:
                        taken.append(os.open("/dev/null", os.O_RDONLY))
                except OSError:
                    print("taken", flush=True)
            else:
                os.close(taken.pop())
    print("well", flush=True)
""")


@contextmanager
def limited(path: Path, soft: int, hard: int) -> Iterator[subprocess.Popen[str]]:
    """Serve *path* from a process with these limits of open files, which has to end well."""
    with subprocess.Popen(
        [sys.executable, "-c", _LIMITED, str(path), str(soft), str(hard)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"ready ({hard}, {hard})\n"
        yield child
        assert (child.communicate(timeout=30)[0], child.returncode) == ("well\n", 0)
    assert not path.exists()


@pytest.mark.parametrize(("soft", "hard"), [(64, 64), (64, 1000)])
def test_a_crowd_of_connections_takes_no_more_files_than_there_are(
    path: Path, soft: int, hard: int
) -> None:
    with limited(path, soft, hard) as child, ExitStack() as crowd:
        for _ in range(200):
            connect_silently(crowd.enter_context(socket.socket(socket.AF_UNIX)), path)
        assert is_answered(path)
        assert len(list(Path(f"/proc/{child.pid}/fd").iterdir())) < hard * 0.75


def test_running_out_of_descriptors_does_not_kill_it(path: Path) -> None:
    with limited(path, 64, 64) as child, closing(Talker(path)) as talker:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write("take\n")
        child.stdin.flush()
        assert child.stdout.readline() == "taken\n"
        assert talker.exchange(body(), wait_s=0.5) is None
        assert child.stderr.readline() == "new control connections wait (Too many open files)\n"
        child.stdin.write("give\n")
        child.stdin.flush()
        assert "result" in talker.ask()
        assert child.stderr.readline() == "control connections are taken again\n"


def connect_silently(one: socket.socket, path: Path) -> None:
    """Connect and say nothing; waits as long as the agent lets new connections wait."""
    one.setblocking(False)
    until = time.monotonic() + 30
    while one.connect_ex(str(path)) != 0:
        assert time.monotonic() < until, "nobody takes this connection"
        time.sleep(0.01)


def is_answered(path: Path) -> bool:
    with closing(Talker(path)) as talker:
        reply = talker.exchange(body(), wait_s=30)
        return reply is not None and "result" in reply


# -- another group, while it runs ----------------------------------------------------------------


def rights(path: Path) -> tuple[int, int]:
    return mode(path), path.stat().st_gid


@_as_root
def test_a_group_that_is_added_may_look_at_once_and_one_that_is_gone_no_more(
    path: Path, answer: Scripted
) -> None:
    control = ControlSocket(path, answer)
    with running(control):
        assert rights(path) == (0o600, os.getegid())
        control.admit(_NOBODY)
        assert rights(path) == (0o660, _NOBODY)
        assert asked_as_nobody(path, _NOBODY) == ["fine", "-32001"]
        control.admit(None)
        assert rights(path) == (0o600, os.getegid())
        path.parent.chmod(0o755)  # also one who still gets in
        path.chmod(0o666)
        assert asked_as_nobody(path, _NOBODY) == ["-32001", "-32001"]


@_as_root
def test_a_folder_that_was_made_for_the_socket_is_opened_with_it(
    path: Path, answer: Scripted
) -> None:
    control = ControlSocket(path.parent / "made" / "a.sock", answer)
    folder = path.parent / "made"
    with running(control):
        assert rights(folder) == (0o700, os.getegid())
        control.admit(_NOBODY)
        assert rights(folder) == (0o750, _NOBODY)


@_as_root
def test_clients_stay_and_get_their_replies_while_the_group_changes(
    path: Path, answer: Scripted
) -> None:
    control = ControlSocket(path, answer)

    def change(_: str, __: Mapping[str, object]) -> dict[str, object]:
        control.admit(_NOBODY)
        return {"changed": True}

    with running(control), closing(Talker(path)) as talker:
        assert "result" in talker.ask()
        answer.does = change
        assert talker.ask(body("reload"))["result"] == {"changed": True}
        answer.does = None
        assert "result" in talker.ask()


@pytest.mark.parametrize("before", [None, _NOBODY])
@_as_root
def test_a_group_that_it_cannot_be_given_to_changes_nothing(
    path: Path, answer: Scripted, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    control = ControlSocket(path, answer, group=before)
    with running(control):
        found = rights(path)

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        with monkeypatch.context() as patch:
            patch.setattr(os, "chown", refuse)
            with pytest.raises(StateError, match="cannot be changed: Operation not permitted"):
                control.admit(1)
        assert rights(path) == found
        assert control._rpc.group == before


@pytest.mark.parametrize("before", [None, _NOBODY])
@_as_root
def test_a_folder_that_cannot_be_given_to_the_group_changes_nothing(
    path: Path, answer: Scripted, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    control = ControlSocket(path.parent / "made" / "a.sock", answer, group=before)
    file, folder = path.parent / "made" / "a.sock", path.parent / "made"
    give = os.chown

    def refuse_the_folder(to: Path, *given: int, **how: bool) -> None:
        if to == folder:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        give(to, *given, **how)

    with running(control):
        found = rights(file), rights(folder)
        with monkeypatch.context() as patch:
            patch.setattr(os, "chown", refuse_the_folder)
            with pytest.raises(StateError, match="cannot be changed: Operation not permitted"):
                control.admit(1)
        assert (rights(file), rights(folder)) == found
        assert control._rpc.group == before


@_as_root
def test_a_socket_that_is_made_again_is_for_the_group_of_now(path: Path, answer: Scripted) -> None:
    control = ControlSocket(path, answer, look_every_s=0.05)
    with running(control), closing(Talker(path)) as talker:
        path.unlink()
        control.admit(_NOBODY)
        assert "result" in talker.ask()
        assert rights(path) == (0o660, _NOBODY)
