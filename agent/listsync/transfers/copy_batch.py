"""Copies the jobs of a batch: looks what is there, copies what is missing, looks what came.

What each job comes to is found by looking, never by rsync's exit code alone: one that fails holds
no other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from listsync.cancellation import CancelToken
from listsync.domain.transfer_rules import VerifyMode
from listsync.domain.transfers import (
    CopyProgress,
    CopyResult,
    FailureClass,
    RootHealth,
    TransferJob,
)
from listsync.lean_dataclasses import dataclass
from listsync.ports.transfers import CopiedFiles
from listsync.transfers.copy_plan import (
    LARGE,
    SAME_S,
    Arrived,
    BatchShare,
    CopyPlan,
    Found,
    describe,
    difference,
    errors_of,
    explain,
    failed,
    fit,
    judge,
    missing_of,
    near,
    needed_of,
    needing,
    of_nobody,
    partials_of,
    plan_job,
    size_of,
    tolerance_s,
    was_tried,
    without_files_of,
)
from listsync.transfers.copy_policies import CopyPolicies, Leftovers
from listsync.transfers.exclusions import CopyExclusions
from listsync.transfers.probes import Probes
from listsync.transfers.roots import PathEscapesError, RootUnavailableError
from listsync.transfers.rsync import RsyncRun, RsyncRunner, RsyncTask, RunEnd, RunMode
from listsync.transfers.rsync_output import RsyncProgress
from listsync.transfers.settings import TransferSettings
from listsync.transfers.standing_mounts import StandingMounts

logger = logging.getLogger(__name__)

_LOOK_S, _WHEN_STOPPING_S = 60.0, 5.0

Results = dict[int, CopyResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAccess:
    """What copies need of the rest: looks at roots, and what jobs have copied before."""

    probes: Probes
    health: Callable[[PurePosixPath], RootHealth]
    copied: CopiedFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWishes:
    """Who asked for a batch: when it is to end, and who is told how far it is."""

    token: CancelToken
    report: Callable[[CopyProgress], None]
    cancelled: Callable[[], frozenset[int]]


Roots = tuple[PurePosixPath, PurePosixPath]


def roots_of(job: TransferJob) -> Roots:
    place = job.wanted.place
    if place.destination_root is None:
        raise ValueError(f"job {job.number} has no destination")
    return place.source_root, place.destination_root


class CopyBatch:
    """Jobs between two roots."""

    def __init__(
        self,
        access: CopyAccess,
        settings: TransferSettings,
        runner: RsyncRunner,
        wishes: BatchWishes,
        roots: Roots,
    ) -> None:
        self._access = access
        self._settings = settings
        self._exclusions = CopyExclusions(settings.excludes)
        self._runner = runner
        self._wishes = wishes
        self._source, self._destination = roots
        self._mounts = StandingMounts(roots)
        self._within_s = 0.0
        self._plans: dict[int, CopyPlan] = {}

    def copy(self, jobs: Sequence[TransferJob]) -> Results:
        """Copy until each job has its result: without those that are cancelled, it begins anew."""
        results = Results()
        todo = list(jobs)
        while todo:
            results |= self._dropped(todo) or self._tried(todo)
            todo = [job for job in todo if job.number not in results]
        return results

    def _dropped(self, jobs: Sequence[TransferJob]) -> Results:
        """Find out who is not to be copied any more."""
        if self._wishes.token.is_set():
            return _all_failed(jobs, FailureClass.STOPPED, "the agent was stopped")
        cancelled = self._wishes.cancelled()
        gone = [job for job in jobs if job.number in cancelled]
        others = self._plans_of(job for job in jobs if job.number not in cancelled)
        begun = without_files_of(others, self._plans_of(gone))
        if begun and not self._settings.dry_run:
            self._tidy_up(begun)
        return _all_failed(gone, FailureClass.CANCELLED, "it was cancelled")

    def _plans_of(self, jobs: Iterable[TransferJob]) -> list[CopyPlan]:
        return [self._plans[job.number] for job in jobs if job.number in self._plans]

    def _tidy_up(self, plans: Sequence[CopyPlan]) -> None:
        try:
            with self._access.probes.together() as probes:
                leftovers = Leftovers(probes, self._destination)
                leftovers.remove_drafts(plans)
                leftovers.remove_partials(plans)
        except (OSError, PathEscapesError, RootUnavailableError) as error:
            logger.warning(
                "cannot remove what a cancelled copy left: %s",
                error,
                extra={"action": "unfinished_copies_kept"},
            )

    def _tried(self, jobs: Sequence[TransferJob]) -> Results:
        try:
            return self._copied(jobs)
        except RootUnavailableError as error:
            return _all_failed(jobs, FailureClass.ENVIRONMENT, str(error), error.root)
        except (PathEscapesError, OSError) as error:
            if len(jobs) > 1:  # one path spoils it for all: each by itself
                return {
                    number: result for job in jobs for number, result in self._tried([job]).items()
                }
            return _all_failed(jobs, _class_of(error), str(error))

    def _copied(self, jobs: Sequence[TransferJob]) -> Results:
        """Copy all that there is to copy; who was disturbed by a cancelled one has no result."""
        source, destination = map(self._access.health, (self._source, self._destination))
        for health in (source, destination):
            if not health.is_mapped:  # its mapping may be put right: then it is imported again
                why = f"{health.root} is no source and no destination of a mapping any more"
                return _all_failed(jobs, FailureClass.TRANSIENT, why)
            if not health.is_healthy:
                raise RootUnavailableError(health.root, health.why)
        self._mounts = StandingMounts((self._source, self._destination))
        self._within_s = tolerance_s(destination)
        with self._access.probes.together() as probes:
            results, plans = self._planned(probes, jobs)
            there = _look(probes, self._destination, plans)
            if not self._settings.dry_run:
                plans, there = self._prepared(probes, plans, there)
            plans = [missing_of(plan, there, self._within_s) for plan in plans]
            fitting, waiting = fit(plans, self._made_room(probes, plans, there, destination))
        results |= {one.number: one for one in waiting}
        if self._settings.dry_run:
            return results | self._dry_run(fitting)
        return results | self._carried_out(fitting, there)

    def _planned(
        self, probes: Probes, jobs: Sequence[TransferJob]
    ) -> tuple[Results, list[CopyPlan]]:
        """List what there is of each job, and choose what of it is copied."""
        wanted = [(job.wanted.place.relative, job.wanted.scope) for job in jobs]
        listed = probes.list_each(self._source, wanted, _LOOK_S)
        results, plans = Results(), list[CopyPlan]()
        for job, found in zip(jobs, listed, strict=True):
            plan = plan_job(job, found, self._exclusions)
            if isinstance(plan, CopyResult):
                results[job.number] = plan
            else:
                plans.append(plan)
                self._plans[job.number] = plan
        return results, plans

    def _prepared(
        self, probes: Probes, plans: Sequence[CopyPlan], there: Found
    ) -> tuple[list[CopyPlan], Found]:
        """Do what comes before copying: remove what earlier attempts left, rename copies."""
        tried = [plan for plan in plans if was_tried(plan.job)]
        Leftovers(probes, self._destination).remove_drafts(tried, before=time.time())
        policies = CopyPolicies(probes, self._access.copied, self._settings)
        renamed = list[CopyPlan]()
        for plan in plans:
            one, there = policies.rename(plan, there, self._within_s)
            renamed.append(one)
        return renamed, there

    def _made_room(
        self, probes: Probes, plans: Sequence[CopyPlan], there: Found, health: RootHealth
    ) -> RootHealth:
        """Give up what is kept of unfinished copies, where there is no room without."""
        kept = {one: there[one] for one in partials_of(plans) if one in there}
        needed = size_of(needed_of(plans))
        if not kept or health.free_bytes is None or needed <= health.free_bytes:
            return health
        if self._settings.dry_run:
            return health
        Leftovers(probes, self._destination).remove_partials(plans)
        return replace(health, free_bytes=health.free_bytes + size_of(kept))

    def _dry_run(self, plans: Sequence[CopyPlan]) -> Results:
        """Have rsync say whether it would work."""
        run = self._run(plans, RunMode.DRY_RUN) if any(plan.needed for plan in plans) else None
        results, errors = Results(), [] if run is None else of_nobody(run, plans)
        for plan in plans:
            failure = explain(plan, run, errors) if run is not None and plan.needed else None
            if failure is not None:
                results |= _all_failed([plan.job], failure.failure, failure.why)
                continue
            what = describe([plan]) if plan.needed else "nothing"
            why = "; ".join((f"dry run: {what} would be copied", *plan.notes))
            logger.info("%s", why, extra={"action": "copy_dry_run", "job": plan.job.number})
            results[plan.job.number] = CopyResult(number=plan.job.number, is_dry_run=True, why=why)
        return results

    def _carried_out(self, plans: Sequence[CopyPlan], there: Found) -> Results:
        started = time.monotonic()
        run = None
        results, good = Results(), list(plans)
        with self._access.probes.together() as probes:
            if any(plan.needed for plan in plans):
                kept = (there.get(one) for one in partials_of(plans))
                has_much = any(one is not None and one.size >= LARGE for one in kept)
                run = self._run(plans, resumes=has_much, when_done=probes.begin)
                if run.end is RunEnd.UNWANTED or self._wishes.token.is_cut:
                    return {}
                results, good = self._judged(probes, plans, run)
                self._mounts.check(self._access.health)
            if self._settings.verify is VerifyMode.CHECKSUM and good:
                more, good = self._compared(good)
                results |= more
            policies = CopyPolicies(probes, self._access.copied, self._settings)
            good = [policies.replace(plan, plans, there) for plan in good]
        share = BatchShare(run, time.monotonic() - started, good)
        return results | {plan.job.number: share.result(plan, there) for plan in good}

    def _run(
        self,
        plans: Sequence[CopyPlan],
        mode: RunMode = RunMode.COPY,
        *,
        resumes: bool = False,
        when_done: Callable[[], object] = lambda: None,
    ) -> RsyncRun:
        """Run rsync for what is needed of *plans*; *when_done* is called just before its end."""
        needed = needed_of(plans)
        task = replace(self._task(tuple(needed), mode), resumes=resumes)
        if mode is RunMode.COPY:
            self._wishes.report(_progress_of(plans, 0, size_of(needed)))
        self._mounts.check(self._access.health)  # else rsync would fill the folder below one
        return self._rsync(task, plans, size_of(needed), when_done)

    def _task(self, files: Sequence[PurePosixPath], mode: RunMode) -> RsyncTask:
        limits = self._settings.limits
        return RsyncTask(
            source_root=self._source,
            destination_root=self._destination,
            files=files,
            mode=mode,
            excludes=self._exclusions.arguments(),
            bandwidth=limits.bandwidth,
            nice=limits.nice,
            stall_s=limits.stall_s,
            longest_s=limits.longest_s,
            modify_window_s=int(self._within_s) if self._within_s > SAME_S else 0,
        )

    def _rsync(
        self,
        task: RsyncTask,
        plans: Sequence[CopyPlan],
        total: int = 0,
        when_done: Callable[[], object] = lambda: None,
    ) -> RsyncRun:
        numbers = tuple(plan.job.number for plan in plans)

        def report(progress: RsyncProgress) -> None:
            done = min(progress.done, total)
            eta_s = (total - done) / progress.rate if progress.rate else None
            now = _progress_of(plans, done, total)
            self._wishes.report(replace(now, rate=progress.rate, eta_s=eta_s))
            if done == total:
                when_done()

        def is_unwanted() -> bool:
            return not self._wishes.cancelled().isdisjoint(numbers)

        return self._runner.run(task, self._wishes.token, report, is_unwanted)

    def _judged(
        self, probes: Probes, plans: Sequence[CopyPlan], run: RsyncRun
    ) -> tuple[Results, list[CopyPlan]]:
        """Look at both sides again, and part what has arrived from what has failed."""
        files = tuple(dict.fromkeys(file.relative for plan in plans for file in plan.files))
        deadline_s = _WHEN_STOPPING_S if self._wishes.token.is_set() else _LOOK_S
        try:
            arrived = Arrived(
                run=run,
                of_nobody=of_nobody(run, plans),
                sources=probes.stat_files(self._source, files, deadline_s),
                there=probes.stat_files(self._destination, files, deadline_s),
                within_s=self._within_s,
            )
        except RootUnavailableError as error:
            jobs = [plan.job for plan in plans]
            lost = _all_failed(jobs, FailureClass.ENVIRONMENT, str(error), error.root)
            code, errors = run.exit_code, errors_of(run)
            return {n: replace(one, exit_code=code, errors=errors) for n, one in lost.items()}, []
        results, good = Results(), list[CopyPlan]()
        for plan in plans:
            judged = judge(plan, arrived)
            if isinstance(judged, CopyResult):
                results[plan.job.number] = judged
            else:
                good.append(judged)
        return results, good

    def _compared(self, plans: Sequence[CopyPlan]) -> tuple[Results, list[CopyPlan]]:
        """Read both sides; what differs is copied once more, as its size and time hide it."""
        files = tuple(dict.fromkeys(file.relative for plan in plans for file in plan.files))
        run = self._rsync(self._task(files, RunMode.COMPARE), plans)
        if run.is_good and run.items:
            plans = [needing(plan, run.items) for plan in plans]
            task = self._task(run.items, RunMode.COPY)
            run = self._rsync(replace(task, ignores_times=True), plans)
            if run.is_good:
                run = self._rsync(self._task(task.files, RunMode.COMPARE), plans)
        if run.end is RunEnd.UNWANTED:
            return {}, []
        results, good, errors = Results(), list[CopyPlan](), of_nobody(run, plans)
        for plan in plans:
            why = difference(plan, run, errors)
            if why is None:
                good.append(plan)
            else:
                results |= _all_failed([plan.job], why.failure, why.why)
        return results, good


def _look(probes: Probes, root: PurePosixPath, plans: Iterable[CopyPlan]) -> Found:
    """Look what is at a destination of all that may matter."""
    paths = dict.fromkeys(path for plan in plans for path in near(plan))
    return probes.stat_files(root, tuple(paths), _LOOK_S) if paths else {}


def _all_failed(
    jobs: Iterable[TransferJob], failure: FailureClass, why: str, blocked_on: object = ""
) -> Results:
    return {job.number: failed(job, failure, why, blocked_on) for job in jobs}


def _class_of(error: Exception) -> FailureClass:
    """Say what is to happen after an error that is about one path."""
    is_lasting = isinstance(error, (PathEscapesError, PermissionError, NotADirectoryError))
    return FailureClass.PERMANENT if is_lasting else FailureClass.TRANSIENT


def _progress_of(plans: Sequence[CopyPlan], done: int, total: int) -> CopyProgress:
    numbers = tuple(plan.job.number for plan in plans if plan.needed)
    return CopyProgress(jobs=numbers, done=done, total=total)
