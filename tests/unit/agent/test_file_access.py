"""Files that somebody else put there are not followed where something is made."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listsync import logs
from listsync.control.server import ControlSocket
from listsync.errors import ListsyncError, StateError, UnavailableError
from listsync.file_access import doubt_about, open_to_write, own_path, replace_whole
from listsync.http.login_store import FileTokens
from listsync.store.backup import write_backup
from listsync.store.database import FILE_NAME, Database, copy_as_it_is
from listsync.store.state_folder import locked

_NOBODY = 65534
_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give links away")


def foreign_link(path: Path, target: Path) -> Path:
    path.symlink_to(target)
    os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    return path


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("precious", encoding="utf-8")
    return path


def _lock(folder: Path, _: Path) -> None:
    with locked(folder):
        pass


def _database(folder: Path, _: Path) -> None:
    Database(folder / FILE_NAME).close()


def _log(folder: Path, _: Path) -> None:
    logs.set_up(logs.LogSettings(file=folder / "a.log"), environ={}, run_id=str)
    logging.getLogger("listsync").error("a line")


def _login(folder: Path, _: Path) -> None:
    with FileTokens(folder / "trakt.json").alone():
        pass


def _backup(folder: Path, _: Path) -> None:
    write_backup(folder / "b.db", lambda new: Database(new).close())


def _socket(folder: Path, _: Path) -> None:
    control = ControlSocket(folder / "agent.sock", lambda *_: {})
    control.open()
    control.close()


_MAKERS = [
    pytest.param(_lock, "listsync.lock", id="lock"),
    pytest.param(_database, "listsync.db", id="database"),
    pytest.param(_database, "listsync.db-wal", id="wal"),
    pytest.param(_database, "listsync.db-shm", id="shm"),
    pytest.param(_log, "a.log", id="log"),
    pytest.param(_login, ".trakt.json.lock", id="login"),
    pytest.param(_backup, "b.db", id="backup"),
    pytest.param(_socket, "agent.sock", id="socket"),
]


@pytest.fixture
def _quiet_log() -> Iterator[None]:
    before = list(logging.root.handlers)
    yield
    for handler in set(logging.root.handlers) - set(before):
        logging.root.removeHandler(handler)
        handler.close()


@_as_root
@pytest.mark.usefixtures("_quiet_log")
@pytest.mark.parametrize("is_dangling", [False, True], ids=["to-a-file", "dangling"])
@pytest.mark.parametrize(("make", "name"), _MAKERS)
def test_nothing_is_made_or_written_through_the_link_of_another_user(
    tmp_path: Path,
    victim: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    make: Callable[[Path, Path], None],
    name: str,
    is_dangling: bool,
) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    target = tmp_path / "nothing" if is_dangling else victim
    foreign_link(folder / name, target)
    said = ""
    try:
        make(folder, target)
    except (StateError, UnavailableError) as error:
        said = str(error)
    assert name.partition("-")[0] in said + capsys.readouterr().err
    assert victim.read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "nothing").exists()
    assert (folder / name).is_symlink()


@_as_root
def test_no_backup_is_made_of_what_the_link_of_another_user_leads_to(tmp_path: Path) -> None:
    Database(tmp_path / "theirs.db").close()
    (tmp_path / "f").mkdir()
    foreign_link(tmp_path / "f" / FILE_NAME, tmp_path / "theirs.db")
    with pytest.raises(StateError, match="link of another user"):
        copy_as_it_is(tmp_path / "f", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@_as_root
@pytest.mark.parametrize("make", [_lock, _socket])
def test_a_folder_that_is_the_link_of_another_user_is_not_used(
    tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "real").mkdir()
    folder = foreign_link(tmp_path / "f", tmp_path / "real")
    for place in (folder, folder / "below"):
        with pytest.raises(ListsyncError, match=r"is a link of another user .uid 65534."):
            make(place, tmp_path)
    assert list((tmp_path / "real").iterdir()) == []


def test_links_of_ones_own_are_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "f").symlink_to("disk")
    with locked(tmp_path / "f"):
        Database(tmp_path / "f" / FILE_NAME).close()
    assert (tmp_path / "disk" / FILE_NAME).is_file()
    assert own_path(tmp_path / "f" / ".." / "new") == tmp_path / "new"


@_as_root
def test_a_link_of_another_user_behind_ones_own_is_found(tmp_path: Path, victim: Path) -> None:
    foreign_link(tmp_path / "second", victim)
    (tmp_path / "first").symlink_to("second")
    with pytest.raises(OSError, match="second is a link of another user"):
        open_to_write(tmp_path / "first", os.O_WRONLY | os.O_TRUNC)
    assert victim.read_text(encoding="utf-8") == "precious"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        own_path(tmp_path / "a")


def test_a_log_may_go_where_standard_output_goes(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    (tmp_path / "log").symlink_to(f"/proc/self/fd/{writer}")
    handle = open_to_write(tmp_path / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    assert os.get_blocking(handle)
    os.write(handle, b"line")
    assert os.read(reader, 9) == b"line"
    for one in (reader, writer, handle):
        os.close(one)


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(OSError, match="No such device") as caught:
        open_to_write(tmp_path / "log", os.O_WRONLY | os.O_APPEND)
    assert caught.value.errno == errno.ENXIO


@pytest.mark.parametrize(
    ("before", "after"), [(0o644, 0o640), (0o666, 0o660), (0o660, 0o660), (0o600, 0o600)]
)
def test_a_database_that_all_could_read_no_longer_is(
    tmp_path: Path, before: int, after: int
) -> None:
    path = tmp_path / FILE_NAME
    path.touch()
    path.chmod(before)
    database = Database(path)
    modes = {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    database.close()
    assert modes == {after}


@pytest.mark.parametrize(
    ("mode", "above", "words"),
    [
        (0o700, 0o700, ""),
        (0o755, 0o755, ""),
        (0o770, 0o755, ""),
        (0o1777, 0o755, ""),
        (0o777, 0o755, "can be changed by every user: `chmod o-w"),
        (0o702, 0o755, "can be changed by every user"),
        (0o700, 0o777, "where every user can replace it"),
        (0o700, 0o1777, ""),
    ],
)
def test_what_every_user_may_change_is_doubted(
    tmp_path: Path, mode: int, above: int, words: str
) -> None:
    folder = tmp_path / "above" / "f"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    folder.parent.chmod(above)
    doubt = doubt_about(folder)
    assert words in doubt
    assert bool(doubt) == bool(words)


@_as_root
def test_what_another_user_owns_or_leads_to_is_doubted(tmp_path: Path) -> None:
    file = tmp_path / "listsync.yaml"
    file.touch()
    link = foreign_link(tmp_path / "link", file)
    assert "is a link of another user" in doubt_about(link)
    os.chown(file, _NOBODY, _NOBODY)
    assert "belongs to another user (uid 65534)" in doubt_about(file)
    assert doubt_about(tmp_path / "missing") == ""


@pytest.mark.parametrize(("mode", "is_durable"), [(0o600, True), (0o644, False), (0o700, False)])
def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, is_durable: bool
) -> None:
    path = tmp_path / "kept"
    path.write_text("before")
    replace_whole(path, b"after", mode=mode, is_durable=is_durable)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"after", mode)
    monkeypatch.setattr(Path, "replace", _full)
    with pytest.raises(OSError, match="full"):
        replace_whole(path, b"more", mode=mode, is_durable=is_durable)
    assert path.read_bytes() == b"after"
    assert [*tmp_path.iterdir()] == [path]


def test_no_link_of_another_is_followed_in_replacing_a_file(tmp_path: Path) -> None:
    (tmp_path / "beside").symlink_to(tmp_path / "theirs")
    replace_whole(tmp_path / "kept", b"x", beside=tmp_path / "beside")
    assert not (tmp_path / "theirs").exists()
    assert not (tmp_path / "kept").is_symlink()


def _full(_: Path, __: Path) -> None:
    raise OSError(28, "full")
