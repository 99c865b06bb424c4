"""Which rsync is found, and what is known of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from listsync.transfers import rsync_program
from listsync.transfers.rsync_program import RsyncProgram, RsyncUnusableError, find_rsync

TEXT_OF_3_2_3 = "rsync  version 3.2.3  protocol version 31\\nCopyright (C) 1996-2020 by others."
OPEN_RSYNC = "openrsync: protocol version 29, rsync version 2.6.9 compatible"


def install(folder: Path, script: str) -> str:
    """Put a program named rsync into *folder*; returns a search path with it first."""
    path = folder / "rsync"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_the_one_that_is_installed_is_found() -> None:
    found = find_rsync()
    assert found.path == shutil.which("rsync")
    assert found.version >= (3, 1, 0)
    assert found.ionice
    assert found.nice


@pytest.mark.parametrize(
    ("output", "version", "said"),
    [
        ('{"program": "rsync", "version": "3.5.0"}', (3, 5, 0), "refuses symbolic links"),
        ('{"program": "rsync", "version": "v3.4.2dev"}', (3, 4, 2), ""),
        (TEXT_OF_3_2_3, (3, 2, 3), "written to the disk"),
        ("rsync  version 3.1  protocol version 31", (3, 1, 0), "written to the disk"),
    ],
)
def test_what_another_version_can_do_is_known(
    tmp_path: Path, output: str, version: tuple[int, int, int], said: str
) -> None:
    found = find_rsync(install(tmp_path, f"printf '{output}\\n'"))
    assert found.version == version
    assert ".".join(map(str, version)) == found.version_text
    assert said in " ".join(found.limitations())
    assert bool(said) == bool(found.limitations())


def test_an_old_one_is_asked_as_it_knows_to_be_asked(tmp_path: Path) -> None:
    script = f"[ \"$1\" = --version ] || exit 1; printf '{TEXT_OF_3_2_3}\n'"
    assert find_rsync(install(tmp_path, script)).version == (3, 2, 3)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"printf '{OPEN_RSYNC}\\n'", "is version 2.6.9, 3.1.0 or later is needed"),
        ("printf 'rsync  version 3.0.9  protocol version 30\\n'", "is version 3.0.9"),
        ("echo hello", "is it rsync"),
        ('echo \'{"program": "rsync"}\'', "is it rsync"),
        ("echo '[]'", "is it rsync"),
        ("exit 1", "is it rsync"),
    ],
)
def test_one_that_cannot_be_used_is_said_to_be_so(tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(RsyncUnusableError, match=why):
        find_rsync(install(tmp_path, script))


def test_that_there_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(RsyncUnusableError, match=f"not installed.*{tmp_path}"):
        find_rsync(str(tmp_path))


def test_one_that_hangs_when_asked_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsync_program, "_PATIENCE_S", 0.3)
    with pytest.raises(RsyncUnusableError, match="hangs"):
        find_rsync(install(tmp_path, "exec sleep 600"))


def test_one_without_ionice_says_what_it_lacks() -> None:
    assert "ionice" in " ".join(RsyncProgram(path="/rsync", version=(3, 4, 0)).limitations())
