"""Reads lists as a process of its own: how that ended, and what memory it took at most."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from listsync.errors import ListsyncError
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource
from tests.integration.providers.lists import provider

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Read:
    """What became of a reading; `grown_mb` is the peak beyond what was there at the start."""

    told: str
    grown_mb: float


def read_apart(url: str, *services: str) -> list[Read]:
    """Read the lists of *services* at *url*, one after the other, in a process of its own.

    Of the service `file` it is a path.
    """
    command = [sys.executable, "-m", "tests.integration.providers.child", url, *services]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=100, cwd=_ROOT
    )
    return [Read(**one) for one in json.loads(ran.stdout)]


def main(url: str, *services: str) -> None:
    """Read, and print what became of each."""
    before = _kilobytes("VmRSS")
    read = []
    for service in services:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak until now
        told = _read(service, url)
        read.append({"told": told, "grown_mb": (_kilobytes("VmHWM") - before) / 1024})
    print(json.dumps(read))


def _read(service: str, url: str) -> str:
    opened = nullcontext(_file(Path(url))) if service == "file" else provider(service, url)
    with opened as one:
        try:
            one.fetch(None)
        except ListsyncError as error:
            return f"{type(error).__name__}: {error}"
    return "read"


def _file(path: Path) -> ListFile:
    return ListFile(FileSource(path), FileOptions())


def _kilobytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
