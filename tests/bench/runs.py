"""Runs the real `listsync once` as a process and measures it from outside."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listsync.sandbox.process import SandboxProcess
from tests.bench import measure


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `wall_s` is the sync alone; `cpu_s` and `peak_mb` are the whole process."""

    report: dict[str, Any]
    wall_s: float
    cpu_s: float
    peak_mb: float

    @property
    def calls(self) -> int:
        return int(self.report["calls"])

    @property
    def requested(self) -> int:
        return len(self.report["requested"])


@dataclass(frozen=True, slots=True)
class Bench:
    """A sandbox and a place to run listsync in."""

    sandbox: SandboxProcess
    folder: Path

    def write_list(self, rows: Sequence[Mapping[str, object]], **sync: object) -> None:
        """Make *rows* the one list that is followed; *sync* are options of that section."""
        with (self.folder / "list.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        config = {
            "server": {"url": self.sandbox.url, "api_key": self.sandbox.api_key},
            "lists": [{"file": "list.csv"}],
            "sync": sync,
        }
        (self.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")

    def once(self, *options: str) -> Measured:
        """Run one sync."""
        command = [sys.executable, "-m", "listsync", "once", "--json", *options]
        command += ["--config", str(self.folder / "listsync.yaml")]
        command += ["--state-dir", str(self.folder / "state")]
        cost_file = self.folder / "cost.json"
        measured = [sys.executable, measure.__file__, str(cost_file)]
        with (self.folder / "report.json").open("wb") as output:
            subprocess.run([*measured, *command], stdout=output, check=False)
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        cost = json.loads(cost_file.read_text(encoding="utf-8"))
        return Measured(report=report, wall_s=report["duration_s"], **cost)


@contextmanager
def bench(*, latency_ms: float = 0, titles: int = 0, library: int = 0) -> Iterator[Bench]:
    """Start a fresh sandbox with nothing requested."""
    with (
        tempfile.TemporaryDirectory(prefix="listsync-bench-") as folder,
        SandboxProcess("seerr", latency_ms=latency_ms, titles=titles, library=library) as sandbox,
    ):
        yield Bench(sandbox, Path(folder))


def catalogue() -> list[dict[str, Any]]:
    """Load the sandbox's real titles."""
    path = Path(sys.modules["listsync.sandbox"].__path__[0]) / "catalogue.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
