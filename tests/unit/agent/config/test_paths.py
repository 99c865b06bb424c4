from __future__ import annotations

import os
from pathlib import Path

import pytest

from listsync.config import paths
from listsync.config.paths import at_home, doubt_about_root, find_config, find_state_dir
from listsync.errors import ConfigError, StateError


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the file under /etc."""
    system = tmp_path / "etc.yaml"
    monkeypatch.setattr(paths, "SYSTEM_CONFIG", system)
    return system


def make(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_configuration_that_was_asked_for_need_not_exist(tmp_path: Path) -> None:
    environ = {"LISTSYNC_CONFIG": "/some/named.yaml", "HOME": str(tmp_path)}
    make(tmp_path / ".config/listsync/listsync.yaml")
    assert find_config(Path("mine.yaml"), environ) == Path("mine.yaml")
    assert find_config(None, environ) == Path("/some/named.yaml")


def test_the_users_configuration_comes_before_the_systems(tmp_path: Path, system: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert find_config(None, environ) is None
    system.touch()
    assert find_config(None, environ) == system
    assert find_config(None, environ) == system
    in_xdg = make(tmp_path / "xdg/listsync/listsync.yaml")
    assert find_config(None, environ) == in_xdg


@pytest.mark.parametrize("unusable", ["", "relative/folder"])
def test_the_standard_folder_when_xdg_says_nothing_usable(tmp_path: Path, unusable: str) -> None:
    path = make(tmp_path / ".config/listsync/listsync.yaml")
    assert find_config(None, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": unusable}) == path


def test_the_state_folder_by_precedence() -> None:
    environ = {
        "LISTSYNC_STATE_DIR": "/named",
        "STATE_DIRECTORY": "/var/lib/listsync:/var/lib/other",
        "XDG_STATE_HOME": "/xdg",
        "HOME": "/home/anna",
    }
    found = [find_state_dir(Path("/asked"), environ)]
    for variable in list(environ):
        found.append(find_state_dir(None, environ))
        del environ[variable]
    assert [str(path) for path in found] == [
        "/asked",
        "/named",
        "/var/lib/listsync",
        "/xdg/listsync",
    ] + ["/home/anna/.local/state/listsync"] * (len(found) - 4)
    assert find_state_dir(None, {}) == Path.home() / ".local/state/listsync"


@pytest.mark.parametrize(
    ("uid", "variables", "is_said"),
    [(0, {}, True), (1000, {}, False), (0, {"LISTSYNC_STATE_DIR": "x"}, False)],
    ids=["root", "another-user", "named"],
)
def test_root_is_told_whose_state_would_be_used_under_the_configuration_of_the_service(
    system: Path,
    monkeypatch: pytest.MonkeyPatch,
    uid: int,
    variables: dict[str, str],
    is_said: bool,
) -> None:
    monkeypatch.setattr(paths, "SYSTEM_STATE", system.parent)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    state, environ = Path("/root/.local/state/listsync"), {"HOME": "/root", **variables}
    doubt = doubt_about_root(system, state, environ)
    assert ("root's own state is used" in doubt) == is_said
    assert not doubt_about_root(Path("mine.yaml"), state, environ)
    assert not doubt_about_root(system, system.parent, environ)


def test_the_home_of_nobody_is_said() -> None:
    nobody = "~nobody-has-this-name/x"
    with pytest.raises(ConfigError, match="LISTSYNC_CONFIG: whose home"):
        find_config(None, {"LISTSYNC_CONFIG": nobody})
    with pytest.raises(StateError, match="LISTSYNC_STATE_DIR: whose home"):
        find_state_dir(None, {"LISTSYNC_STATE_DIR": nobody})


def test_a_user_without_a_home_needs_a_folder(
    monkeypatch: pytest.MonkeyPatch, system: Path
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    system.touch()
    assert find_config(None, {}) == system
    with pytest.raises(StateError, match="no home: name a folder in LISTSYNC_STATE_DIR"):
        find_state_dir(None, {})


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert at_home("~/log") == Path("/home/anna/log")
    assert at_home("log~") == Path("log~")
    with pytest.raises(ValueError, match="whose home is meant by"):
        at_home("~nobody-has-this-name/log")
