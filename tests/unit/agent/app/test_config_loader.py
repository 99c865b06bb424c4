"""When the agent reads its configuration, and when it lets whoever writes it go first."""

from __future__ import annotations

from pathlib import Path

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
        following = loader.load(anyway=True, is_closed=None)
    assert following.is_unfinished
    assert any("was read as it is" in one.what for one in following.warnings)


@pytest.mark.usefixtures("of_another_user")
def test_a_file_of_another_user_is_read_when_its_writer_was_seen_to_close_it(
    loader: ConfigLoader,
) -> None:
    for not_closed in (False, None):
        with pytest.raises(BeingWrittenError):
            loader.load(anyway=False, is_closed=not_closed)
    assert not loader.load(anyway=False, is_closed=True).is_unfinished
    assert loader.load(anyway=True, is_closed=False).is_unfinished
