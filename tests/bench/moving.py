"""How long it takes to move in with a household's years in another program."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure
from tests.listsync_folders import ListSyncFolder

_TITLES = 10_000


def moving_in() -> Iterator[Figure]:
    """Take over a folder of ListSync: looked at, done, and done again."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = ListSyncFolder(
            items=[(f"Title {n}", "movie", n, "requested") for n in range(1, _TITLES + 1)],
            lists=[("imdb", f"ls{n:09}") for n in range(1, 101)],
            settings={"overseerr_url": "http://seerr:5055"},
            encrypted={"overseerr_api_key": "keyofseerr"},
        ).write(place / "list-sync")
        what = f"moving in with {_TITLES:,} titles and 100 lists: "
        yield Figure(f"{what}report", _seconds(place, folder), "s", 10)
        yield Figure("  --apply", _seconds(place, folder, "--apply"), "s", 10)
        yield Figure("  --apply once more", _seconds(place, folder, "--apply"), "s", 10)


def _seconds(place: Path, folder: Path, *options: str) -> float:
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "listsync", "import", "listsync", str(folder), *options],
        env={
            **os.environ,
            "LISTSYNC_CONFIG": str(place / "listsync.yaml"),
            "LISTSYNC_STATE_DIR": str(place / "state"),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - started


PARTS = (moving_in,)
