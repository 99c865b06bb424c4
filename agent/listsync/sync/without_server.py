"""A sync without a request server: lists are read for their feeds, and nothing is requested."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from listsync.domain.decisions import Member, Wish
from listsync.domain.feeds import FeedContent, FeedTitle, LeftOut, sendable
from listsync.domain.media import Exclusion, MediaType
from listsync.domain.report import Phase, Result, SyncReport, SyncRun
from listsync.ports.feeds import FeedStore
from listsync.ports.state import Memory
from listsync.sync.deduplication import Group, united, wish_of
from listsync.sync.eligibility import takes
from listsync.sync.exclusions import Excluded, ExclusionSet, exclusion_of
from listsync.sync.feeds import FeedShelf, keep_feeds
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
        excluded = ExclusionSet((*parts.exclusions, *_listed_exclusions(gathered)))
        contents = _contents(united(gathered.wanted), excluded)
        for name, content in contents.items():
            self._tally.leave_out(name, content.left_out)
            self._tally.leave_out(name, {IN_FEED: sum(one.is_served for one in content.titles)})
        if parts.feeds is not None and gathered.on_hold is None:
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
        if gathered.on_hold is not None and is_whole:
            result, why = Result.PARTLY, f"feeds stay as they are: {gathered.on_hold}"
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


def _listed_exclusions(gathered: Gathered) -> list[Exclusion]:
    return [exclusion_of(member, None) for member in gathered.excluded]


def _contents(groups: Iterable[Group], excluded: Excluded) -> Mapping[str, FeedContent]:
    """Make the content of feeds of what the lists themselves say, by the names of lists."""
    shelves: dict[str, FeedShelf] = defaultdict(FeedShelf)
    for group in groups:
        wish = wish_of(group)
        for member in group:
            why = _reason_left_out(wish, member, excluded)
            if why is not None:
                shelves[member.rules.name].left_out[why.value] += 1
            elif wish.kind is not None:
                title = _title_of_row(wish, wish.kind)
                shelves[member.rules.name].titles.append((member.entry.rank, title))
    return {name: shelf.content() for name, shelf in shelves.items()}


def _reason_left_out(wish: Wish, member: Member, excluded: Excluded) -> LeftOut | None:
    """Say why an entry is in no feed of its list, by what the list itself says, if so."""
    if excluded.by_names(wish, None) is not None:
        return LeftOut.EXCLUDED
    if wish.conflict:
        return LeftOut.IN_DOUBT
    if wish.kind is None:
        return LeftOut.NO_KIND
    return None if takes((member,), wish.kind) else LeftOut.OTHER_KIND


def _title_of_row(wish: Wish, kind: MediaType) -> FeedTitle:
    return FeedTitle(
        kind=kind,
        title=wish.title or wish.label,
        year=wish.year,
        tmdb=sendable(wish.ids.tmdb),
        imdb=wish.ids.imdb,
        tvdb=sendable(wish.ids.tvdb),
    )
