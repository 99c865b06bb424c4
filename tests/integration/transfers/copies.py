"""A library with its copy: two folders, jobs between them, and the copier that an agent has."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from listsync.cancellation import CancelToken
from listsync.domain.transfers import (
    CopyProgress,
    CopyResult,
    CopyScope,
    FailureClass,
    JobKind,
    JobState,
    NewJob,
    RootHealth,
    TransferJob,
    TransferPlace,
)
from listsync.process import supervisor
from listsync.transfers.copy_batch import CopyAccess
from listsync.transfers.copying import BatchCopier
from listsync.transfers.probes import Probes
from listsync.transfers.settings import TransferSettings

AT = datetime(2026, 11, 30, tzinfo=UTC)
A_NIGHT = 1_700_000_000


@dataclass
class Library:
    """Where jobs come from and go to. `free_bytes` is what the destination has left."""

    place: Path
    settings: TransferSettings = field(default_factory=TransferSettings)
    health: RootHealth | None = None
    ours: set[str] = field(default_factory=set)
    cancelled: frozenset[int] = frozenset()
    token: CancelToken = field(default_factory=CancelToken)
    progress: list[CopyProgress] = field(default_factory=list)
    on_progress: Callable[[CopyProgress], None] = lambda _: None

    def __post_init__(self) -> None:
        self.source, self.destination = self.place / "source", self.place / "destination"
        self.source.mkdir()
        self.destination.mkdir()
        self.access = CopyAccess(
            probes=Probes(),
            health=self._health,
            copied=self,
        )
        self.copier = BatchCopier(self.access, lambda: self.settings)

    def _health(self, root: PurePosixPath) -> RootHealth:
        if self.health is not None and self.health.root == root:
            return self.health
        return RootHealth(root=root, is_healthy=True, mount="ext4 /dev/vda")

    def has_copied(self, root: PurePosixPath, relative: PurePosixPath) -> bool:  # noqa: ARG002 - there is one
        return str(relative) in self.ours

    def note_copied(self, root: PurePosixPath, relative: PurePosixPath) -> None:  # noqa: ARG002 - so
        self.ours.add(str(relative))

    def forget_copied(self, root: PurePosixPath, relatives: Iterable[PurePosixPath]) -> None:  # noqa: ARG002 - so
        self.ours -= {*map(str, relatives)}

    def set(self, **changed: object) -> None:
        self.settings = replace(self.settings, **changed)  # type: ignore[arg-type]  # a test knows them

    def destination_is(self, **said: object) -> None:
        root = PurePosixPath(self.destination)
        self.health = RootHealth(root=root, **{"is_healthy": True, **said})  # type: ignore[arg-type]  # a test knows them

    def write(
        self,
        name: str,
        content: bytes = b"content",
        *,
        at: float = A_NIGHT,
        to: Path | None = None,
    ) -> Path:
        path = (to or self.source) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at, at))
        return path

    def job(
        self,
        relative: str,
        number: int = 1,
        scope: CopyScope = CopyScope.SIDECARS,
        *,
        superseded: Sequence[str] = (),
        failure: FailureClass | None = None,
    ) -> TransferJob:
        place = TransferPlace(
            source_root=PurePosixPath(self.source),
            destination_root=PurePosixPath(self.destination),
            relative=PurePosixPath(relative),
        )
        wanted = NewJob(
            kind=JobKind.EPISODE,
            place=place,
            scope=scope,
            superseded=tuple(map(PurePosixPath, superseded)),
        )
        return TransferJob(
            number=number,
            state=JobState.RUNNING,
            wanted=wanted,
            created_at=AT,
            next_at=AT,
            failure=failure,
        )

    def copy(self, *jobs: TransferJob | str) -> list[CopyResult]:
        """Copy jobs, or the files of these names."""
        made = [
            self.job(one, n) if isinstance(one, str) else one
            for n, one in enumerate(jobs, start=1)
        ]
        return list(self.copier.copy(made, self.token, self._report, lambda: self.cancelled))

    def copy_one(self, job: TransferJob | str) -> CopyResult:
        (result,) = self.copy(job)
        return result

    def _report(self, progress: CopyProgress) -> None:
        self.progress.append(progress)
        self.on_progress(progress)

    def copies(self) -> dict[str, bytes]:
        """Read all files at the destination."""
        return files_of(self.destination)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def counted_children(count: Callable[[object, object], None]) -> Counter[str]:
    """Count the children that are started from now on, by their purpose."""
    started = Counter[str]()
    whole = supervisor._started

    def begin(command: supervisor.Command, record: object) -> object:
        started[command.purpose] += 1
        return whole(command, record)  # type: ignore[arg-type]  # handed on as it came

    count(supervisor, begin)
    return started


def fake_rsync(folder: Path, script: str) -> str:
    """Make a program `rsync` that runs *script* with the real one as $RSYNC; returns a PATH."""
    folder.mkdir(exist_ok=True)
    real = shutil.which("rsync")
    path = folder / "rsync"
    path.write_text(
        f'#!/bin/sh\nRSYNC={real}\n[ "$1" = -VV ] && exec $RSYNC -VV\n{script}\nexec $RSYNC "$@"\n'
    )
    path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"
