"""A sync without a request server: lists are read for their feeds, and nothing is requested."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from listsync.domain.media import Exclusion
from listsync.domain.report import Phase, Result, SyncReport, SyncRun
from listsync.ports.feeds import FeedStore
from listsync.ports.state import Memory
from listsync.sync.deduplication import united
from listsync.sync.exclusions import ExclusionSet, exclusion_of
from listsync.sync.feeds import contents_without_server, is_served, keep_feeds
from listsync.sync.fetch_lists import Followed
from listsync.sync.list_intake import Gathered, gather
from listsync.sync.pipeline import RunEnded, check
from listsync.sync.progress import ProgressBoard
from listsync.sync.report import Tally
from listsync.sync.run_recorder import note_end, notices_of, result_of

IN_FEED = "in its feed alone, as there is no request server"


class FeedParts(Protocol):
    """What it works with; as in `run.Parts`."""

    @property
    def lists(self) -> Sequence[Followed]: ...

    @property
    def exclusions(self) -> Sequence[Exclusion]: ...

    @property
    def memory(self) -> Memory: ...

    @property
    def board(self) -> ProgressBoard: ...

    @property
    def feeds(self) -> FeedStore | None: ...

    @property
    def stop(self) -> Callable[[], bool]: ...

    @property
    def lists_are_read(self) -> Callable[[], None]: ...


class FeedSync:
    """Reads lists once, and keeps their feeds. What a title is only the lists themselves say."""

    def __init__(self, run: SyncRun, parts: FeedParts) -> None:
        self._run = run
        self._parts = parts
        self._tally = Tally()

    def run(self) -> SyncReport:
        """Run to the end; raises StateError."""
        started = time.monotonic()
        result, why, gathered = Result.OK, "", Gathered()
        try:
            try:
                gathered = self._read()
                self._keep(gathered)
            except RunEnded as end:
                result, why = end.result, end.why
            report = self._report(result, why, gathered, time.monotonic() - started)
        finally:
            self._parts.board.end(self._run.run_id)
        note_end(self._parts.memory, report, datetime.now(UTC))
        return report

    def _read(self) -> Gathered:
        self._check()
        run, parts = self._run, self._parts
        lists, memory, board = parts.lists, parts.memory, parts.board
        board.start(run.run_id, tuple(one.rules.name for one in lists))
        memory.runs.begin(run)
        board.phase(Phase.COLLECT, total=len(lists))
        for one in lists if run.confirmed else ():
            memory.snapshots.believe(one.rules.source)
        gathered = gather(lists, memory, board, self._tally, eager=run.eager, check=self._check)
        parts.lists_are_read()
        return gathered

    def _keep(self, gathered: Gathered) -> None:
        """Keep the feeds, unless it is not known what is excluded: then they stay as they are."""
        parts = self._parts
        excluded = ExclusionSet((*parts.exclusions, *_said_by_lists(gathered)))
        contents = contents_without_server(united(gathered.wanted), excluded)
        for name, content in contents.items():
            self._tally.leave_out(name, content.left_out)
            self._tally.leave_out(name, {IN_FEED: sum(map(is_served, content.titles))})
        if parts.feeds is not None and gathered.held is None:
            keep_feeds(parts.feeds, parts.lists, contents, gathered.unplaced)

    def _check(self) -> None:
        check(self._parts.stop)

    def _report(
        self, result: Result, why: str, gathered: Gathered, duration_s: float
    ) -> SyncReport:
        lists = self._tally.lists()
        notices = notices_of(lists, (), gathered.notices)
        is_whole = result is Result.OK
        if is_whole:
            result, why = result_of(lists, notices)
        if gathered.held is not None and is_whole:
            result, why = Result.PARTLY, f"feeds stay as they are: {gathered.held}"
        return SyncReport(
            run=self._run,
            result=result,
            why=why,
            server=None,
            lists=lists,
            items=(),
            requested=(),
            calls=0,
            duration_s=duration_s,
            notices=notices,
            retry=gathered.retry,
            is_whole=is_whole,
            for_feeds=True,
        )


def _said_by_lists(gathered: Gathered) -> list[Exclusion]:
    return [exclusion_of(member.entry, None) for member in gathered.excluded]
