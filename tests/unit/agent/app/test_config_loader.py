"""When the agent reads its configuration, and when it lets whoever writes it go first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from listsync.app.config_loader import ConfigLoader, DaemonOptions
from listsync.errors import BeingWrittenError
from listsync.files import local_file


@pytest.fixture
def loader(tmp_path: Path) -> ConfigLoader:
    path = tmp_path / "listsync.yaml"
    path.write_text("server: {url: sandbox}\nlists: [stevenlu: popular]\n")
    options = DaemonOptions(config_path=path, state_dir=tmp_path, socket=tmp_path / "s")
    return ConfigLoader(options, {})


@pytest.fixture
def of_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel not say who has the file open."""
    monkeypatch.setattr(local_file, "is_open_for_writing", lambda _: None)


def test_a_file_that_is_closed_is_read_at_once(loader: ConfigLoader) -> None:
    assert not loader.load(anyway=False, is_closed=None).is_unfinished


def test_a_file_that_is_open_is_read_only_anyway(loader: ConfigLoader) -> None:
    assert loader.path is not None
    with loader.path.open("a"):
        with pytest.raises(BeingWrittenError):
            loader.load(anyway=False, is_closed=True)
        snapshot = loader.load(anyway=True, is_closed=None)
    assert snapshot.is_unfinished
    assert any("was read as it is" in one.what for one in snapshot.warnings)


@pytest.mark.usefixtures("of_another_user")
def test_a_file_of_another_user_is_read_when_its_writer_was_seen_to_close_it(
    loader: ConfigLoader,
) -> None:
    for not_closed in (False, None):
        with pytest.raises(BeingWrittenError):
            loader.load(anyway=False, is_closed=not_closed)
    assert not loader.load(anyway=False, is_closed=True).is_unfinished
    assert loader.load(anyway=True, is_closed=False).is_unfinished


@pytest.mark.parametrize(
    ("option", "key", "line"),
    [
        pytest.param({"interval": timedelta(hours=1)}, "sync.every", "sync: {every: 2h}"),
        pytest.param({"interval": timedelta()}, "sync.cron", "sync: {cron: 0 3 * * *}"),
        pytest.param({"log_level": "info"}, "log.level", "log: {level: debug}"),
        pytest.param({"log_format": "text"}, "log.format", "log: {format: json}"),
        pytest.param({"log_file": Path("/tmp/l")}, "log.file", "log: {file: /tmp/m}"),
    ],
)
def test_a_change_that_an_option_overrules_is_said_until_it_is_taken_back(
    tmp_path: Path, option: dict[str, Any], key: str, line: str
) -> None:
    path = tmp_path / "listsync.yaml"
    path.write_text("server: {url: sandbox}\n")
    loader = ConfigLoader(
        DaemonOptions(config_path=path, state_dir=tmp_path, socket=tmp_path / "s", **option), {}
    )
    first = loader.load(anyway=False, is_closed=None)
    loader._first = first.content
    path.write_text(f"server: {{url: sandbox}}\n{line}\n")
    pending = loader.reconcile(loader.load(anyway=False, is_closed=None))
    assert [(one.key, one.needs_restart) for one in pending] == [(key, True)]
    assert loader.reconcile(first) == ()


def test_without_options_the_file_has_the_last_word(loader: ConfigLoader) -> None:
    assert loader.path is not None
    loader._first = loader.load(anyway=False, is_closed=None).content
    loader.path.write_text("server: {url: sandbox}\nlog: {level: debug}\n")
    assert loader.reconcile(loader.load(anyway=False, is_closed=None)) == ()
