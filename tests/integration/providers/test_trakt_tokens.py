from __future__ import annotations

import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.config_types import SecretStr
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.http.login_store import FileTokens, LoginTokens

LOGIN = LoginTokens(
    access=SecretStr("not-a-real-access"),
    refresh=SecretStr("not-a-real-refresh"),
    expires_at=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
)


def test_a_login_is_kept(tmp_path: Path) -> None:
    tokens = FileTokens(tmp_path / "state" / "trakt.json")
    assert tokens.load() is None
    tokens.save(LOGIN)
    assert FileTokens(tmp_path / "state" / "trakt.json").load() == LOGIN


def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "state" / "trakt.json"
    before = os.umask(0)
    try:
        FileTokens(path).save(LOGIN)
        with FileTokens(path).alone():
            pass
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "trakt.json"
    FileTokens(path).save(LOGIN)
    path.chmod(mode)
    with pytest.raises(RefusedError, match=f"mode {mode:04o}.*expected mode 0600") as caught:
        FileTokens(path).load()
    assert caught.value.kind is Refusal.PERMISSION


def test_saving_closes_a_file_that_was_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "trakt.json"
    path.write_text("{}")
    path.chmod(0o644)
    FileTokens(path).save(LOGIN)
    assert FileTokens(path).load() == LOGIN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"access_token": "not-a-real-access"',
        b'{"access_token": "a b", "refresh_token": "x", "expires_at": "2026-11-23T06:00:00Z"}',
        b'{"access_token": "a", "refresh_token": "x", "expires_at": "2026-11-23T06:00:00"}',
        b"\xff\xfe",
    ],
)
def test_a_file_that_holds_no_login_asks_for_a_new_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trakt.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(
        RefusedError, match=r"holds no login: run `listsync login trakt`"
    ) as caught:
        FileTokens(path).load()
    assert caught.value.kind is Refusal.CREDENTIAL
    assert "not-a-real" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "trakt.json"
    os.mkfifo(path, 0o600)
    with pytest.raises(RefusedError, match="holds no login"):
        FileTokens(path).load()


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    path = tmp_path / "trakt.json"
    path.mkdir()
    with pytest.raises(UnavailableError, match="cannot be read"):
        FileTokens(path).load()
    with pytest.raises(UnavailableError, match="cannot be written"):
        FileTokens(path).save(LOGIN)
    assert [file.name for file in tmp_path.iterdir()] == ["trakt.json"]


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_failed_save_leaves_the_old_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "trakt.json"
    FileTokens(path).save(LOGIN)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(call, fail)
    with pytest.raises(UnavailableError, match="No space left"):
        FileTokens(path).save(LOGIN)
    monkeypatch.undo()
    assert FileTokens(path).load() == LOGIN
    assert [file.name for file in tmp_path.iterdir()] == ["trakt.json"]


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UnavailableError, match="cannot be locked"),
        FileTokens(tmp_path / "file" / "trakt.json").alone(),
    ):
        pass


def test_the_first_login_makes_its_folder(tmp_path: Path) -> None:
    tokens = FileTokens(tmp_path / "new" / "trakt.json")
    with tokens.alone():
        tokens.save(LOGIN)
    assert tokens.load() == LOGIN


def test_a_file_of_somebody_else_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", fail)
    with pytest.raises(RefusedError, match="may not be read") as caught:
        FileTokens(tmp_path / "trakt.json").load()
    assert caught.value.kind is Refusal.PERMISSION


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "trakt.json"
    inside, entered = threading.Event(), threading.Event()

    def other() -> None:
        inside.set()
        with FileTokens(path).alone():
            entered.set()

    thread = threading.Thread(target=other)
    with FileTokens(path).alone():
        thread.start()
        assert inside.wait(30)
        assert not entered.wait(0.05)
    thread.join(30)
    assert entered.is_set()


def test_a_login_is_fresh_until_shortly_before_its_end() -> None:
    end = LOGIN.expires_at
    assert LOGIN.is_fresh(end - timedelta(hours=1))
    assert not LOGIN.is_fresh(end - timedelta(minutes=1))
    assert not LOGIN.is_fresh(end + timedelta(days=1))


def test_a_login_does_not_show_itself() -> None:
    assert "not-a-real" not in f"{LOGIN!r} {LOGIN}"
