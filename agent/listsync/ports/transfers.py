"""Webhooks, copy jobs and library scans, as the state keeps them. Any thread may use them.

All raise StateError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

    def put(self, event: WebhookEvent, decision: EventDecision, at: datetime) -> tuple[int, ...]:
        """Write an event and what it asks for; returns the numbers of its jobs.

        A live job of the same destination is joined: it counts the event, takes the newer label
        and size, and one that runs is marked to run again. Jobs wait a few seconds for others of
        their folder; each event of that folder renews the wait, within a bound.
        """
        ...


class WebhookHistory(Protocol):
    """What people ask about webhooks, above all why one did nothing."""

    def page(
        self, limit: int, after: int | None, job: int | None = None, skip: int = 0
    ) -> Page[ReceivedEvent]:
        """Return the newest ones first; of *job* those that asked for it."""
        ...


class JobQueue(Protocol):
    """What the workers take jobs from."""

    def claim(
        self, owner: str, busy: Mapping[PurePosixPath, int], most: int, at: datetime
    ) -> tuple[TransferJob, ...]:
        """Take the next due jobs that share a folder as one batch, leased to *owner*.

        Roots with *most* batches in *busy* are left out. Empty: nothing is due.
        """
        ...

    def renew(self, owner: str, at: datetime) -> frozenset[int]:
        """Prolong the leases of *owner*; returns those of its jobs that are to be cancelled."""
        ...

    def settle(
        self,
        jobs: Sequence[TransferJob],
        attempts: Mapping[int, JobAttempt],
        scans: Sequence[NewScan],
        messages: Sequence[Message],
        at: datetime,
    ) -> None:
        """Write the end of a batch in one transaction: states, attempts, scans, messages."""
        ...

    def recover(self, owner: str, at: datetime) -> tuple[TransferJob, ...]:
        """Return the jobs that others than *owner* left running, whose lease is over."""
        ...

    def next_due(self, at: datetime) -> datetime | None: ...

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
        """Queue jobs anew that ended without success; returns which."""
        ...

    def failed_since(self, since: datetime) -> tuple[int, ...]: ...

    def cancel(self, number: int, at: datetime) -> bool:
        """Cancel a job; one that runs is marked, and its worker ends it."""
        ...

    def counts(self, since: datetime | None, until: datetime | None = None) -> TransferCounts: ...


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
