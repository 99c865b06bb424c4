"""What the jobs of a batch copy, whether it fits, and whether it has arrived; no input or output.

Everything is compared by size and time of change. What is said of sources and destinations comes
from `probes`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from listsync.domain.transfers import (
    CopyResult,
    FailureClass,
    RootHealth,
    TransferJob,
)
from listsync.lean_dataclasses import dataclass
from listsync.terminal.output import file_size, plural
from listsync.transfers.exclusions import CopyExclusions
from listsync.transfers.roots import FoundFile
from listsync.transfers.rsync import PARTIAL_FOLDER, RsyncRun, RunEnd
from listsync.transfers.rsync_failures import RootSide, RsyncFailure, classify
from listsync.transfers.rsync_output import lines_about

Found = Mapping[PurePosixPath, FoundFile]
SAME_S = 1.0
"""Times that differ by no more are the same: not every file system keeps fractions."""
SAME_ON_FAT_S = 2.0
_IN_EVEN_SECONDS = frozenset(
    {"vfat", "msdos", "exfat", "cifs", "smb3", "smbfs", "fuseblk", "fuse.exfat"}
)
_MOST_ERRORS = 64 * 1024
LARGE = 64 * 1024 * 1024
"""Of this size on, what there is of a file is used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """What one job copies: of `files` those that are `needed` at the destination.

    `notes` are for people: what was left out, and what else was done. `is_renamed`: its copy was
    there by another name.
    """

    job: TransferJob
    files: tuple[FoundFile, ...]
    needed: tuple[FoundFile, ...] = ()
    notes: tuple[str, ...] = ()
    is_renamed: bool = False

    def noting(self, *notes: str) -> CopyPlan:
        return replace(self, notes=(*self.notes, *notes))


def failed(
    job: TransferJob, failure: FailureClass, why: str, blocked_on: object = ""
) -> CopyResult:
    """Make the result of a job that has not got as far as rsync."""
    return CopyResult(number=job.number, failure=failure, why=why, blocked_on=str(blocked_on))


def plan_job(
    job: TransferJob, found: Sequence[FoundFile] | None, exclusions: CopyExclusions
) -> CopyPlan | CopyResult:
    """Choose what is copied of what was *found* of a job (None: it is not there)."""
    relative = job.wanted.place.relative
    if found is None:
        return failed(job, FailureClass.SOURCE_MISSING, f"{job.wanted.place.source} is not there")
    pattern = exclusions.find(relative)
    if pattern is not None:
        why = f"left out, as {pattern} is excluded"
        return CopyResult(number=job.number, is_left_out=True, why=why)
    own = next((one for one in found if one.relative == relative), None)
    if own is not None and own.kind != "file":
        what = "a symbolic link, and links are not followed" if own.kind == "link" else "no file"
        return failed(job, FailureClass.PERMANENT, f"{job.wanted.place.source} is {what}")
    files = tuple(one for one in found if one.kind == "file" and not exclusions.find(one.relative))
    if not files:
        return failed(
            job, FailureClass.SOURCE_MISSING, f"nothing to copy is in {job.wanted.place.source}"
        )
    return CopyPlan(job=job, files=files, notes=(*_left_out(found), *_less_than_said(job, own)))


def _less_than_said(job: TransferJob, own: FoundFile | None) -> Iterator[str]:
    said = job.wanted.size or 0
    if own is not None and own.size < said:
        app = job.wanted.app.value.capitalize()
        yield f"its source has {file_size(own.size)}, {app} said {file_size(said)}: is it whole?"


def _left_out(found: Iterable[FoundFile]) -> tuple[str, ...]:
    links = [one.relative.name for one in found if one.kind == "link"]
    if not links:
        return ()
    more = f" and {len(links) - 1} more" if len(links) > 1 else ""
    return (f"symbolic links are not copied: {links[0]}{more}",)


def tolerance_s(destination: RootHealth) -> float:
    """Say by how much times of change may differ there."""
    kind = destination.mount.partition(" ")[0]
    return SAME_ON_FAT_S if kind in _IN_EVEN_SECONDS else SAME_S


def is_same(one: FoundFile | None, other: FoundFile | None, within_s: float) -> bool:
    """Compare two files, of which either may be missing, by size and time."""
    if one is None or other is None:
        return False
    are_files = one.kind == other.kind == "file"
    return are_files and one.size == other.size and abs(one.mtime - other.mtime) <= within_s


def missing_of(plan: CopyPlan, there: Found, within_s: float) -> CopyPlan:
    """Find what is needed of a plan, by what is at the destination."""
    needed = (one for one in plan.files if not is_same(one, there.get(one.relative), within_s))
    return replace(plan, needed=tuple(needed))


def needed_of(plans: Iterable[CopyPlan]) -> Found:
    """Give what is copied of *plans*: a file that several jobs want, once."""
    return {file.relative: file for plan in plans for file in plan.needed}


def without_files_of(others: Iterable[CopyPlan], plans: Iterable[CopyPlan]) -> list[CopyPlan]:
    """Give *plans* with those files only that no other one has."""
    there = {file.relative for plan in others for file in plan.files}
    return [
        replace(plan, files=tuple(one for one in plan.files if one.relative not in there))
        for plan in plans
    ]


def size_of(files: Found) -> int:
    return sum(file.size for file in files.values())


def partial_of(relative: PurePosixPath) -> PurePosixPath:
    """Name what rsync keeps of a file when it is asked to end."""
    return relative.parent / PARTIAL_FOLDER / relative.name


def fit(
    plans: Sequence[CopyPlan], destination: RootHealth
) -> tuple[tuple[CopyPlan, ...], tuple[CopyResult, ...]]:
    """Part those for which there is room, in their order, from those that wait for it."""
    fitting, waiting = list[CopyPlan](), list[CopyResult]()
    room, inodes = destination.free_bytes, destination.free_inodes
    counted = set[PurePosixPath]()
    for plan in plans:
        more = {path: file for path, file in needed_of([plan]).items() if path not in counted}
        why = _lacks(more, room, inodes, destination.root)
        if why:
            waiting.append(
                failed(plan.job, FailureClass.ENVIRONMENT, why, blocked_on=destination.root)
            )
            continue
        fitting.append(plan)
        counted.update(more)
        room = None if room is None else room - size_of(more)
        inodes = None if inodes is None else inodes - len(more)
    return tuple(fitting), tuple(waiting)


def _lacks(files: Found, room: int | None, inodes: int | None, root: PurePosixPath) -> str:
    if room is not None and (size := size_of(files)) > room:
        needed, free = file_size(size), file_size(max(0, room))
        return f"{root} has no room: {needed} needed, {free} free"
    if inodes is not None and len(files) > inodes:
        return f"{root} takes no more files: its inodes are used up"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What is known after a run. `of_nobody` are those of its errors that name no file of it."""

    run: RsyncRun
    of_nobody: Sequence[bytes]
    sources: Found
    there: Found
    within_s: float


def judge(plan: CopyPlan, arrived: Arrived) -> CopyPlan | CopyResult:
    """Say why a job has failed, or give its plan with the files that have arrived as they were."""
    place = plan.job.wanted.place
    for file in plan.files:
        is_own = len(plan.files) == 1 or file.relative == place.relative
        failure = _failure_of(file, plan, arrived, is_own=is_own)
        if failure is not None:
            on = place.source_root if failure.side is RootSide.SOURCE else place.destination_root
            return replace(
                failed(plan.job, failure.failure, failure.why, on if failure.side else ""),
                exit_code=arrived.run.exit_code,
                errors=_errors_of(plan, arrived),
            )
    there = {
        file.relative
        for file in plan.files
        if is_same(file, arrived.there.get(file.relative), arrived.within_s)
    }
    return replace(
        plan,
        files=tuple(file for file in plan.files if file.relative in there),
        needed=tuple(file for file in plan.needed if file.relative in there),
    )


def _failure_of(
    file: FoundFile, plan: CopyPlan, arrived: Arrived, *, is_own: bool
) -> RsyncFailure | None:
    now = arrived.sources.get(file.relative)
    has_arrived = is_same(file, arrived.there.get(file.relative), arrived.within_s)
    if now is None and not is_own:  # what came along has gone meanwhile
        return None
    if now is not None and (now.size, now.mtime) != (file.size, file.mtime):
        why = f"{file.relative.name} changed while it was copied"
        return RsyncFailure(failure=FailureClass.TRANSIENT, why=why)
    if has_arrived:
        return None
    if now is None:
        why = f"{plan.job.wanted.place.source} is not there any more"
        return RsyncFailure(failure=FailureClass.SOURCE_MISSING, why=why)
    return explain(plan, arrived.run, arrived.of_nobody) or RsyncFailure(
        failure=FailureClass.TRANSIENT,
        why=f"{file.relative.name} is not at the destination as it is at the source",
    )


_ENDS: Mapping[RunEnd, tuple[FailureClass, str]] = {
    RunEnd.STOPPED: (FailureClass.STOPPED, "the agent was stopped"),
    RunEnd.UNWANTED: (FailureClass.STOPPED, "another job of its batch was cancelled"),
    RunEnd.STALLED: (FailureClass.TRANSIENT, "nothing was copied any more (limits.stall_s)"),
    RunEnd.TOO_LONG: (FailureClass.TRANSIENT, "it took too long (limits.longest_s)"),
}


def explain(plan: CopyPlan, run: RsyncRun, of_nobody: Sequence[bytes]) -> RsyncFailure | None:
    """Say why rsync has not copied all of a plan: by its own errors, else by those of nobody."""
    if run.end is not RunEnd.ITSELF:
        failure, why = _ENDS[run.end]
        return RsyncFailure(failure=failure, why=why)
    if run.exit_code == 0:
        return None
    own = list(lines_about(run.errors, _paths(plan)))
    return classify(run.exit_code, own or of_nobody)


def of_nobody(run: RsyncRun, plans: Sequence[CopyPlan]) -> list[bytes]:
    """Give the errors that are not about a file of one of *plans*."""
    if not run.errors:
        return []
    of_files = set(lines_about(run.errors, (path for plan in plans for path in _paths(plan))))
    return [line for line in run.errors.split(b"\n") if line not in of_files]


def _errors_of(plan: CopyPlan, arrived: Arrived) -> str:
    lines = [*lines_about(arrived.run.errors, _paths(plan)), *arrived.of_nobody]
    return b"\n".join(lines).decode("utf-8", "replace").strip()[-_MOST_ERRORS:]


def errors_of(run: RsyncRun) -> str:
    """Give the end of what rsync said, as text."""
    return run.errors.decode("utf-8", "replace").strip()


def new_folder_of(plan: CopyPlan, before: Found) -> PurePosixPath | None:
    """Find the highest folder that the copy had to make, by what was there *before*."""
    relative = plan.job.wanted.place.relative
    is_file = any(file.relative == relative for file in plan.files)
    folders = relative.parents[:-1] if is_file else (relative, *relative.parents[:-1])
    return next((one for one in reversed(folders) if one not in before), None)


def _paths(plan: CopyPlan) -> Iterator[PurePosixPath]:
    place = plan.job.wanted.place
    for file in plan.files:
        yield place.source_root / file.relative
        if place.destination_root is not None:
            yield place.destination_root / file.relative


def folded(path: PurePosixPath) -> str:
    """Make one of all names that a file system may take for the same."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def describe(plans: Iterable[CopyPlan]) -> str:
    """Say how much *plans* would copy."""
    needed = needed_of(plans)
    return f"{plural(len(needed), 'file')} ({file_size(size_of(needed))})"


def needing(plan: CopyPlan, relatives: Iterable[PurePosixPath]) -> CopyPlan:
    more = set(relatives) | {file.relative for file in plan.needed}
    return replace(plan, needed=tuple(file for file in plan.files if file.relative in more))


def difference(plan: CopyPlan, run: RsyncRun, of_nobody: Sequence[bytes]) -> RsyncFailure | None:
    """Say why a plan cannot be said to be the same at both sides."""
    failure = explain(plan, run, of_nobody)
    if failure is not None:
        return failure
    differing = set(run.items)
    names = [file.relative.name for file in plan.files if file.relative in differing]
    if not names:
        return None
    why = f"the copy of {names[0]} differs from its source, although it was copied twice"
    return RsyncFailure(failure=FailureClass.TRANSIENT, why=why)


class BatchShare:
    """What each job of a batch has had of its bytes, and of the time that it took.

    A file that several have brought along is that of the job that is for it, or of the first one.
    """

    def __init__(self, run: RsyncRun | None, seconds: float, plans: Sequence[CopyPlan]) -> None:
        self._run = run
        self._seconds = seconds
        self._count = len(plans)
        first = {file.relative: plan.job for plan in reversed(plans) for file in plan.needed}
        own = {plan.job.wanted.place.relative: plan.job for plan in plans}
        self._bytes = Counter[int]()
        for relative, file in needed_of(plans).items():
            self._bytes[own.get(relative, first[relative]).number] += file.size

    def result(self, plan: CopyPlan, before: Found) -> CopyResult:
        """Make the result of a job whose files are all there."""
        copied, total = self._bytes[plan.job.number], self._bytes.total()
        part = copied / total if total else 1 / self._count
        is_news = plan.needed or plan.is_renamed
        relative = plan.job.wanted.place.relative
        notes = plan.notes if is_news else ("it was there already", *plan.notes)
        return CopyResult(
            number=plan.job.number,
            exit_code=None if self._run is None else self._run.exit_code,
            bytes=copied,
            seconds=self._seconds * part,
            why="; ".join(notes),
            files=tuple(file.relative for file in plan.files),
            size=next((file.size for file in plan.files if file.relative == relative), None),
            new_folder=new_folder_of(plan, before),
        )


def near(plan: CopyPlan) -> Iterator[PurePosixPath]:
    """Give what is to be known of at the destination before a plan is carried out."""
    relative = plan.job.wanted.place.relative
    yield from (relative, *relative.parents[:-1], *plan.job.wanted.superseded)
    yield from (file.relative for file in plan.files)
    yield from partials_of([plan])


def partials_of(plans: Iterable[CopyPlan]) -> Iterator[PurePosixPath]:
    for plan in plans:
        for file in plan.files:
            if file.size >= LARGE or was_tried(plan.job):
                yield partial_of(file.relative)


def was_tried(job: TransferJob) -> bool:
    """Tell whether something may be left of an earlier attempt."""
    return bool(job.attempts) or job.failure is not None
