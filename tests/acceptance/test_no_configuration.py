"""What every command says to somebody who has no configuration yet."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.acceptance.conftest import Home


@pytest.mark.parametrize(
    "command",
    [("run",), ("once",), ("check",), ("login", "trakt")],
    ids=" ".join,
)
def test_the_places_are_named_and_the_next_step(home: Home, command: tuple[str, ...]) -> None:
    ours = ("LISTSYNC_", "XDG_", "OVERSEERR_")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        home.command(*command),
        env=plain | {"HOME": str(home.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 78
    lines = [line.split() for line in done.stderr.splitlines()]
    looked_at = [line[0] for line in lines if " ".join(line[-2:]) in ("not there", "not set")]
    assert looked_at == [
        f"{home.folder}/.config/listsync/listsync.yaml",
        "/etc/listsync/listsync.yaml",
        "OVERSEERR_URL",
    ]
    for step in ("listsync init", "listsync demo", "in the environment"):
        assert step in done.stderr
