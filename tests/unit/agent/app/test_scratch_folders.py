from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from listsync.app.wiring import scratch_folder
from listsync.errors import StateError


def test_it_is_there_and_then_gone() -> None:
    with scratch_folder("test") as folder:
        (folder / "file").touch()
        assert "listsync-test-" in folder.name
    assert not folder.exists()


def test_a_machine_without_a_place_for_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(StateError, match=r"no temporary folder .*TMPDIR"), scratch_folder("test"):
        pytest.fail("there is one")
