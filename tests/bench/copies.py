"""What copies cost beside a bare rsync with the same options, and what they cost the agent.

Neither is nice here, so that what else runs on the machine disturbs both less.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from listsync.cancellation import CancelToken
from listsync.domain.transfer_rules import TransferLimits
from listsync.domain.transfers import (
    CopyProgress,
    CopyScope,
    JobKind,
    JobState,
    NewJob,
    RootHealth,
    TransferJob,
    TransferPlace,
)
from listsync.transfers.copy_batch import CopyAccess
from listsync.transfers.copying import BatchCopier
from listsync.transfers.exclusions import CopyExclusions
from listsync.transfers.probes import Probes
from listsync.transfers.rsync import RsyncTask, arguments
from listsync.transfers.rsync_program import find_rsync
from listsync.transfers.settings import TransferSettings
from tests.bench.figures import Figure

_RUNS = 9
_AT = datetime(2026, 11, 30, tzinfo=UTC)
_LARGE = 2 * 1024**3
_SMALL, _SMALL_BYTES = 2000, 32 * 1024


class _NothingCopied:
    """Implements `ports.transfers.CopiedFiles`."""

    def has_copied(self, *_: object) -> bool:
        return False

    def note_copied(self, *_: object) -> None: ...

    def forget_copied(self, *_: object) -> None: ...


class _Bench:
    """A library, its copy, and both ways to fill it."""

    def __init__(self, place: Path) -> None:
        self.source, self.destination = place / "source", place / "destination"
        self.source.mkdir()
        self.destination.mkdir()
        self._program = find_rsync()
        self._settings = TransferSettings(limits=TransferLimits(nice=0))
        access = CopyAccess(
            probes=Probes(),
            health=lambda root: RootHealth(root=root, is_healthy=True),
            copied=_NothingCopied(),
        )
        self._copier = BatchCopier(access, lambda: self._settings)
        self.most_resident = 0

    def write(self, name: str, size: int) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        piece = os.urandom(min(size, 16 * 1024 * 1024))
        with path.open("wb") as file:
            for _ in range(size // len(piece)):
                file.write(piece)

    def bare(self, names: Sequence[str]) -> float:
        """Run rsync as we would, by itself."""
        self._empty()
        task = RsyncTask(
            source_root=PurePosixPath(self.source),
            destination_root=PurePosixPath(self.destination),
            files=(),
            excludes=CopyExclusions(self._settings.excludes).arguments(),
            nice=self._settings.limits.nice,
        )
        started = time.monotonic()
        subprocess.run(
            arguments(self._program, task),
            input=b"".join(f"./{name}\0".encode() for name in names),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.monotonic() - started

    def ours(self, jobs: Sequence[TransferJob]) -> float:
        """Copy *jobs* as the agent does."""
        self._empty()
        started = time.monotonic()
        results = self._copier.copy(jobs, CancelToken(), self._report, frozenset)
        seconds = time.monotonic() - started
        assert not any(one.failure for one in results), results
        return seconds

    def job(self, relative: str, scope: CopyScope) -> TransferJob:
        place = TransferPlace(
            source_root=PurePosixPath(self.source),
            destination_root=PurePosixPath(self.destination),
            relative=PurePosixPath(relative),
        )
        return TransferJob(
            number=1,
            state=JobState.RUNNING,
            wanted=NewJob(kind=JobKind.MOVIE, place=place, scope=scope),
            created_at=_AT,
            next_at=_AT,
        )

    def _report(self, _: CopyProgress) -> None:
        self.most_resident = max(self.most_resident, resident())

    def _empty(self) -> None:
        shutil.rmtree(self.destination)
        self.destination.mkdir()


def resident() -> int:
    """Give the memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def copies() -> Iterator[Figure]:
    """Copy one large file and many small ones, in turns with a bare rsync."""
    with tempfile.TemporaryDirectory() as name:
        bench = _Bench(Path(name))
        bench.write("Film/Film.mkv", _LARGE)
        job = bench.job("Film/Film.mkv", CopyScope.FILE)
        bare, ours, more = _in_turns(bench, ["Film/Film.mkv"], job)
        yield Figure("a file of 2 GB: bare rsync", bare, "s")
        yield Figure("  a copy of it / bare rsync", ours / bare, "x", 1.05)
        yield Figure("  CPU that a copy takes beyond that of bare rsync", more, "s")
        before = resident()
        bench.most_resident = 0
        bench.ours([job])
        grown = (bench.most_resident - before) / 1024**2
        yield Figure("  memory of the agent beyond that before", grown, "MB", 1)
    with tempfile.TemporaryDirectory() as name:
        bench = _Bench(Path(name))
        names = [f"Show/{n:04}.mkv" for n in range(_SMALL)]
        for one in names:
            bench.write(one, _SMALL_BYTES)
        job = bench.job("Show", CopyScope.FOLDER)
        bare, ours, more = _in_turns(bench, names, job)
        yield Figure(f"{_SMALL:,} files of 32 KB: bare rsync", bare, "s")
        yield Figure("  a copy of them beyond 1.05 x bare rsync", ours - 1.05 * bare, "s", 0.5)
        yield Figure("  CPU that a copy takes beyond that of bare rsync", more, "s")


def _in_turns(bench: _Bench, names: Sequence[str], job: TransferJob) -> tuple[float, float, float]:
    """Measure both ways in turns; returns the medians, and what ours takes more of the CPU."""
    bench.bare(names)
    bench.ours([job])
    bare, ours, more = list[float](), list[float](), list[float]()
    for _ in range(_RUNS):
        before = _cpu_s()
        bare.append(bench.bare(names))
        between = _cpu_s()
        ours.append(bench.ours([job]))
        more.append(_cpu_s() - 2 * between + before)
    return statistics.median(bare), statistics.median(ours), statistics.median(more)


def _cpu_s() -> float:
    """Give the CPU time of this process and of its children that have ended."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))


PARTS = (copies,)
