"""Webhooks, copy jobs and library scans, as the state keeps them. Any thread may use them.

All raise StateError.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.history import Page
    from listsync.domain.messages import Message
    from listsync.domain.transfers import (
        EventDecision,
        JobAttempt,
        JobKind,
        JobState,
        LibraryScan,
        NewScan,
        ReceivedEvent,
        ScanState,
        TransferCounts,
        TransferJob,
        WebhookEvent,
    )


class WebhookInbox(Protocol):
    """Takes webhooks: the event, its jobs and its scans are written together, or nothing is."""

    def put_all(
        self, entries: Sequence[tuple[WebhookEvent, EventDecision]], at: datetime
    ) -> tuple[tuple[int, ...], ...]:
        """Write events and what they request, at the cost of one, or nothing of it.

        Returns the numbers of each event's jobs. A live job of the same destination is joined: it
        counts the event, takes the newer source, label and size, and one that runs is marked to
        run again. Jobs wait a few seconds for others of their folder; each event of that folder
        renews the wait, within a bound.
        """
        ...


class WebhookHistory(Protocol):
    """What people ask about webhooks, above all why one did nothing."""

    def page(
        self, limit: int, after: int | None, job: int | None = None, skip: int = 0
    ) -> Page[ReceivedEvent]:
        """Return the newest ones first; of *job* those that requested it."""
        ...

    def latest(self) -> tuple[ReceivedEvent, str] | None:
        """Give the newest that names a path, and what is kept of its body; none by a person."""
        ...


class CopiedFiles(Protocol):
    """Which files below a destination are there because a job has put them there."""

    def has_copied(self, root: PurePosixPath, relative: PurePosixPath) -> bool:
        """Tell whether a job has put the file there that is *relative* below *root*."""
        ...

    def note_copied(self, root: PurePosixPath, relative: PurePosixPath) -> None:
        """Note that one lies there now; `JobQueue.settle` does so for what was copied."""
        ...

    def forget_copied(self, root: PurePosixPath, relatives: Collection[PurePosixPath]) -> None:
        """Note that what lies there from now on is somebody else's."""
        ...


class JobQueue(CopiedFiles, Protocol):
    """What the workers take jobs from."""

    def claim(
        self, owner: str, busy: Collection[PurePosixPath], at: datetime
    ) -> tuple[TransferJob, ...]:
        """Take the next due jobs that share a folder as one batch, leased to *owner*.

        Those from or to a root in *busy* are left out, as is a folder that another batch is
        copied to. Empty: nothing else is due.
        """
        ...

    def renew(self, owner: str, at: datetime) -> frozenset[int]:
        """Prolong the leases of *owner*, where it is time; returns its jobs to be cancelled."""
        ...

    def note_begun(self, numbers: Collection[int]) -> None:
        """Note, before it is copied, that something of these jobs is not there yet."""
        ...

    def settle(
        self,
        jobs: Sequence[TransferJob],
        attempts: Mapping[int, JobAttempt],
        scans: Sequence[NewScan],
        messages: Sequence[Message],
        at: datetime,
    ) -> None:
        """Write the end of a batch in one transaction: states, attempts, scans, messages.

        Attempts are numbered as they are written. A job that was asked for again meanwhile is
        queued anew. One that does not run any more stays as it is.
        """
        ...

    def recover(self, is_alive: Callable[[str], bool], at: datetime) -> tuple[TransferJob, ...]:
        """Return the jobs that run by owners that are not alive, or whose lease is over."""
        ...

    def next_due(self, after: datetime) -> datetime | None:
        """Tell when the next job is due, of those that are not due yet."""
        ...

    def block(self, root: PurePosixPath, why: str, at: datetime) -> int:
        """Have what is due from or to *root* wait for it; returns how many jobs."""
        ...

    def unblock(self, blocked_on: str, at: datetime) -> int:
        """Make due what waits for *blocked_on*; returns how many jobs."""
        ...


class JobHistory(Protocol):
    """What people ask about jobs."""

    def page(
        self,
        state: Collection[JobState] | None,
        limit: int,
        after: int | None,
        kind: JobKind | None = None,
        skip: int = 0,
    ) -> Page[TransferJob]:
        """Return the newest jobs first; of the first page leave out *skip*."""
        ...

    def find(self, number: int) -> TransferJob | None: ...

    def attempts(self, number: int) -> tuple[JobAttempt, ...]: ...

    def retry(self, numbers: Collection[int], at: datetime) -> tuple[int, ...]:
        """Queue jobs anew that ended without success, or wait; returns which."""
        ...

    def failed_since(self, since: datetime) -> tuple[int, ...]:
        """Name the jobs that failed since then, and have not succeeded."""
        ...

    def cancel(self, number: int, at: datetime) -> bool:
        """Cancel a live job, or let one that failed rest; one that runs is ended by its worker."""
        ...

    def counts(self, since: datetime | None, until: datetime | None = None) -> TransferCounts:
        """Count what ended between, and what is live now; *since* None: ever."""
        ...

    def counts_since(self, since: Sequence[datetime | None]) -> tuple[TransferCounts, ...]:
        """Count the same for several times."""
        ...


class ScanQueue(Protocol):
    """Scans on their way to media servers; a folder waits at a server once."""

    def follow(self, servers: Sequence[str], at: datetime) -> None:
        """Take *servers* as those that there are; what waited for others is cancelled."""
        ...

    def due(self, server: str, at: datetime) -> tuple[LibraryScan, ...]: ...

    def next_due(self, server: str, at: datetime) -> datetime | None: ...

    def settle(
        self, scans: Sequence[LibraryScan], messages: Sequence[Message], at: datetime
    ) -> None:
        """Write how scans stand now; one that is WAITING or SENT is looked at again when due."""
        ...

    def page(
        self,
        state: Collection[ScanState] | None,
        limit: int,
        after: int | None,
        skip: int = 0,
    ) -> Page[LibraryScan]: ...

    def of_folder(self, folder: str, limit: int) -> tuple[LibraryScan, ...]:
        """Return the newest scans of a folder, as media servers see it."""
        ...

    def retry(self, numbers: Collection[int], at: datetime) -> tuple[int, ...]: ...

    def resume(self, server: str, at: datetime) -> None:
        """Let all that needs attention at *server* wait to be sent again."""
        ...
