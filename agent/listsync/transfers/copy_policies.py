"""What is renamed and removed at a destination: only what a job of ours has put there."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath

from listsync.domain.transfer_rules import RenamePolicy, UpgradePolicy
from listsync.errors import StateError
from listsync.ports.transfers import CopiedFiles
from listsync.transfers.copy_plan import CopyPlan, Found, folded, is_same, partial_of
from listsync.transfers.probes import Probes
from listsync.transfers.roots import FoundFile, PathEscapesError, RootUnavailableError
from listsync.transfers.rsync_output import is_draft_of
from listsync.transfers.settings import TransferSettings

logger = logging.getLogger(__name__)

_FAILS = (OSError, PathEscapesError, RootUnavailableError, StateError)


class Leftovers:
    """Removes what interrupted copies have left below one destination."""

    def __init__(self, probes: Probes, root: PurePosixPath) -> None:
        self._probes = probes
        self._root = root

    def remove_drafts(self, plans: Iterable[CopyPlan], before: float | None = None) -> None:
        """Remove what a killed rsync has left of files of *plans*, older than *before*."""
        names = {file.relative for plan in plans for file in plan.files}
        folders = sorted({name.parent for name in names})
        if not folders:
            return
        self._remove(
            found.relative
            for found in self._probes.list_hidden(self._root, folders)
            if found.kind == "file"
            and (before is None or found.mtime < before)
            and _is_draft(found.relative, names)
        )

    def remove_partials(self, plans: Iterable[CopyPlan]) -> None:
        """Remove what is kept of files of *plans* to go on with."""
        self._remove(partial_of(file.relative) for plan in plans for file in plan.files)

    def _remove(self, relatives: Iterable[PurePosixPath]) -> None:
        doomed = tuple(relatives)
        removed = self._probes.remove_files(self._root, doomed) if doomed else ()
        if removed:
            logger.info(
                "removed %s unfinished files below %s",
                len(removed),
                self._root,
                extra={"action": "unfinished_copies_removed"},
            )


def _is_draft(path: PurePosixPath, names: set[PurePosixPath]) -> bool:
    return any(one.parent == path.parent and is_draft_of(path.name, one.name) for one in names)


class CopyPolicies:
    """What a person wants done with copies that are renamed or replaced."""

    def __init__(self, probes: Probes, copied: CopiedFiles, settings: TransferSettings) -> None:
        self._probes = probes
        self._copied = copied
        self._settings = settings

    def rename(self, plan: CopyPlan, there: Found, within_s: float) -> tuple[CopyPlan, Found]:
        """Rename a copy instead of copying again, where the source was only renamed."""
        own = next((one for one in plan.files if one.relative == _relative(plan)), None)
        if self._settings.renamed is not RenamePolicy.RENAME or own is None:
            return plan, there
        if own.relative in there:
            return plan, there
        old = next(
            (one for one in self._ours(plan) if is_same(own, there.get(one), within_s)), None
        )
        if old is None:
            return plan, there
        return self._move(plan, old, own, there)

    def _move(
        self, plan: CopyPlan, old: PurePosixPath, own: FoundFile, there: Found
    ) -> tuple[CopyPlan, Found]:
        root = _root(plan)
        try:
            with self._given_up(root, [old]):
                self._probes.move_files(root, [(old, own.relative)])
        except _FAILS as error:  # then it is copied
            logger.warning("cannot rename a copy: %s", error, extra={"action": "copy_not_renamed"})
            return plan, there
        logger.info("renamed %s to %s", root / old, own.relative, extra={"action": "copy_renamed"})
        self._keep(root, [own.relative])
        rest = {path: found for path, found in there.items() if path != old}
        plan = replace(plan.noting(f"renamed from {old}"), is_renamed=True)
        return plan, {**rest, own.relative: own}

    def replace(self, plan: CopyPlan, kept: Sequence[CopyPlan], there: Found) -> CopyPlan:
        """See to the copies that the file of *plan*, which has arrived, replaces."""
        taken = {folded(file.relative) for one in (plan, *kept) for file in one.files}
        old = [
            one
            for one in plan.job.wanted.superseded
            if folded(one) not in taken and one in there and there[one].kind == "file"
        ]
        if not old:
            return plan
        if self._settings.superseded is not UpgradePolicy.REMOVE:
            return plan.noting(f"the copy that it replaces is kept: {_names(old)}")
        ours = [one for one in old if self._is_ours(plan, one)]
        foreign = [one for one in old if one not in ours]
        if foreign:
            plan = plan.noting(f"kept, as no job has copied it: {_names(foreign)}")
        return self._remove(plan, ours) if ours else plan

    def _remove(self, plan: CopyPlan, ours: Sequence[PurePosixPath]) -> CopyPlan:
        try:
            with self._given_up(_root(plan), ours):
                removed = self._probes.remove_files(_root(plan), ours)
        except _FAILS as error:
            logger.warning(
                "cannot remove a replaced copy: %s", error, extra={"action": "copy_not_removed"}
            )
            return plan.noting(f"the copy that it replaces cannot be removed: {error}")
        for one in removed:
            logger.info(
                "removed %s, which was replaced",
                _root(plan) / one,
                extra={"action": "replaced_copy_removed"},
            )
        return plan.noting(f"removed what it replaces: {_names(removed)}") if removed else plan

    def _ours(self, plan: CopyPlan) -> list[PurePosixPath]:
        return [one for one in plan.job.wanted.superseded if self._is_ours(plan, one)]

    def _is_ours(self, plan: CopyPlan, relative: PurePosixPath) -> bool:
        try:
            return self._copied.has_copied(_root(plan), relative)
        except StateError as error:
            logger.warning("%s is kept: %s", relative.name, error)
            return False

    @contextmanager
    def _given_up(self, root: PurePosixPath, ours: Sequence[PurePosixPath]) -> Iterator[None]:
        """Move or remove what is ours: what comes to its place later is not, even after a kill."""
        self._copied.forget_copied(root, ours)
        try:
            yield
        except BaseException:
            self._keep(root, ours)
            raise

    def _keep(self, root: PurePosixPath, ours: Iterable[PurePosixPath]) -> None:
        try:
            for one in ours:
                self._copied.note_copied(root, one)
        except StateError as error:  # then it is kept when another replaces it
            logger.warning("a copy counts as somebody else's: %s", error)


def _relative(plan: CopyPlan) -> PurePosixPath:
    return plan.job.wanted.place.relative


def _root(plan: CopyPlan) -> PurePosixPath:
    root = plan.job.wanted.place.destination_root
    if root is None:
        raise ValueError("a job without a destination is not copied")
    return root


def _names(paths: Iterable[PurePosixPath]) -> str:
    return ", ".join(path.name for path in paths)
