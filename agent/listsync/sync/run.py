"""One sync, from the lists to the report. Knows the world through its ports only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from listsync.domain.list_rules import ListRules
from listsync.domain.media import Edition, Exclusion, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Phase, Result, Retry, SyncReport, SyncRun, retry_of
from listsync.domain.run_notes import HandledEntries, Intent, Notes
from listsync.domain.server import ServerInfo, TitleState
from listsync.domain.server_knowledge import Learned, TriedUser
from listsync.errors import LeaseLostError, RefusedError, ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.feeds import FeedStore
from listsync.ports.fleet import RequestFence
from listsync.ports.server import RequestServer
from listsync.ports.state import Memory
from listsync.ports.titles import ArrNamesStore, FactsCache
from listsync.sync.arr_lookup import ArrDirectory, ArrLookup, Way, selections_of, ways_of_asking
from listsync.sync.deduplication import Group, taken_from, united, wish_of, wishes_of
from listsync.sync.exclusions import ExclusionSet, names_title_only, wishes_to_exclude
from listsync.sync.feeds import FeedCatalogue, FeedGatherer
from listsync.sync.fetch_lists import Followed
from listsync.sync.knowledge import (
    RunKnowledge,
    Stored,
    holds_of,
    knowledge_of,
    learned_by,
    may_watch,
    watched_of,
)
from listsync.sync.limits import UNCAPPED, Cap
from listsync.sync.list_backoff import put_off
from listsync.sync.list_intake import Gathered, gather
from listsync.sync.lookahead import LookAhead, Preparer
from listsync.sync.pipeline import STOPPED, Adder, RunEnded, Settler, check
from listsync.sync.progress import RUN, ProgressBoard
from listsync.sync.removals import ListDepartures, Removals
from listsync.sync.report import Outcomes, Tally
from listsync.sync.request_outcomes import NOTHING_SEEN, clear_orphans
from listsync.sync.run_recorder import (
    FailedBefore,
    Recorder,
    failure_kind,
    note_end,
    notices_of,
    result_of,
)
from listsync.sync.seasons import adopt
from listsync.sync.server_reading import ServerReading, find_doubt
from listsync.sync.submission import NO_FENCE, Writer
from listsync.sync.titles.lookups import lookup_of
from listsync.sync.titles.resolve import Resolver
from listsync.sync.titles.title_folding import fold
from listsync.sync.titles.title_forms import folded
from listsync.sync.without_server import FeedSync

logger = logging.getLogger(__name__)

_DAY = timedelta(hours=24)
_ADOPTED_AT_ONCE = 250
ASK_ABOVE = 200
"""A first sync of more titles than this is asked for before it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sync works with.

    `go_on` is asked before a first sync of many titles, with their number; `stop` is looked at
    between titles, and while lists and look-ups are waited for; `lists_are_read` frees what only
    reading lists needed. `cap` holds for all lists together. `excluded_since` gives the
    exclusions that were added since it was asked last (first: since `exclusions`). Without a
    `server` lists are only read, for their `feeds`, which keep what lists hold where somebody may
    read it. `server_timeout` is how long one request may take; `fence` stands before each.
    """

    lists: Sequence[Followed]
    exclusions: Sequence[Exclusion]
    server: RequestServer | None
    memory: Memory
    arr_names: ArrNamesStore
    board: ProgressBoard
    go_on: Callable[[int], bool] = lambda _: True
    stop: Callable[[], bool] = lambda: False
    lists_are_read: Callable[[], None] = lambda: None
    facts: FactsCache
    cap: Cap = UNCAPPED
    excluded_since: Callable[[], Iterable[Exclusion]] = tuple
    server_timeout: timedelta = timedelta(seconds=30)
    feeds: FeedStore | None = None
    fence: RequestFence = NO_FENCE


def sync(run: SyncRun, parts: Parts) -> SyncReport:
    """Run one sync to its end; trouble with lists, titles or the server is in the report.

    Raises:
        StateError: the state cannot be written, so nothing may be requested.
    """
    token = RUN.set(run.run_id)
    try:
        if parts.server is None:
            return FeedSync(run, parts).run()
        return _Sync(run, parts, parts.server).run()
    finally:
        RUN.reset(token)
        # Worth megabytes when the lists are long, and nothing until the next run.
        fold.cache_clear()
        folded.cache_clear()


class _Sync:
    def __init__(self, run: SyncRun, parts: Parts, server: RequestServer) -> None:
        self._run = run
        self._parts = parts
        self._server = server
        self._tally = Tally()
        self._outcomes = Outcomes(self._tally, parts.board, is_dry=run.dry_run)
        self._started = time.monotonic()
        self._calls_before = server.calls
        self._info: ServerInfo | None = None
        self._notices: list[Notice] = []
        self._writer: Writer | None = None
        self._requested: Mapping[Edition, Intent] | None = None
        self._on_hold: Mapping[Edition, str] = {}
        self._failed: FailedBefore = {}
        self._arr_lookup: ArrLookup | None = None
        self._reading = ServerReading(run, server, parts.memory, parts.server_timeout, parts.fence)
        self._removals = Removals(run, server, parts.memory, parts.fence)
        self._seen = NOTHING_SEEN
        self._retry: Retry | None = None
        self._failure = NoticeKind.SYNC_FAILED
        self._is_first = False

    def run(self) -> SyncReport:
        try:
            result, why = self._end_of_work()
            if self._writer is not None:
                self._writer.flush()
            self._writer = None
            report = self._report(result, why)
        finally:
            self._parts.board.end(self._run.run_id)
        note_end(self._parts.memory, report, datetime.now(UTC))
        return report

    def _end_of_work(self) -> tuple[Result, str]:
        try:
            self._work()
        except RunEnded as end:
            self._retry = end.retry
            return end.result, end.why
        except LeaseLostError as error:  # who leads now syncs everything
            return Result.CANCELLED, str(error)
        except (RefusedError, UnavailableError, ResponseChangedError) as error:
            if self._parts.stop():  # which ends every wait for the server
                return Result.CANCELLED, STOPPED
            self._retry = retry_of(error, datetime.now(UTC))
            self._failure = failure_kind(error)
            return Result.FAILED, str(error)
        return Result.OK, ""

    def _work(self) -> None:
        self._check()
        parts, board = self._parts, self._parts.board
        board.start(self._run.run_id, tuple(one.rules.name for one in parts.lists))
        parts.memory.runs.begin(self._run)
        self._info = info = self._server.identify()
        logger.info(
            "API connection successful: %s %s, as %s",
            info.product.value,
            info.version,
            info.user,
            extra={"action": "connected"},
        )
        seen = parts.memory.guard.use(info, self._run.run_id)
        if seen.remark:
            self._notices.append(Notice(kind=NoticeKind.SERVER_CHANGED, text=seen.remark))
        self._is_first = is_first = parts.memory.runs.is_first()
        board.phase(Phase.COLLECT, total=len(parts.lists))
        for one in parts.lists if self._run.confirmed else ():
            parts.memory.snapshots.believe(one.rules.source)
        gathered = gather(
            parts.lists,
            parts.memory,
            board,
            self._tally,
            eager=self._run.eager,
            check=self._check,
        )
        parts.lists_are_read()
        self._retry = gathered.retry
        self._notices.extend(gathered.notices)
        removed = self._request(gathered, info, is_first=is_first)
        self._check()
        self._verify()
        self._cancel(removed)

    def _request(
        self, gathered: Gathered, info: ServerInfo, *, is_first: bool
    ) -> list[ListDepartures]:
        """Request what is wanted; returns what has left its list, to be cancelled.

        All that is known of the server ends with it, so that there is room for another reading.
        """
        parts = self._parts
        index = self._reading.read_index()
        self._on_hold = self._reading.settle_intents(index)
        doubt = self._doubt(index)
        ways = ways_of_asking(gathered.wanted)
        wanted = united(gathered.wanted)
        gathered.wanted.clear()  # each row is let go of when its turn has been
        if is_first and not self._run.dry_run and len(wanted) > ASK_ABOVE:
            self._must_agree(len(wanted))
        handled = self._adopt(parts.memory.handled.load(), wanted)
        self._seen = self._reading.requests_seen(index, handled, is_doubted=doubt is not None)
        clear_orphans(index, self._seen.removed, handled.editions)
        self._failed = parts.memory.failed_requests.load()
        on_hold = doubt or gathered.on_hold
        arr = self._arr_names(info, ways if on_hold is None else ())
        learned = Learned(holds=holds_of(info, on_hold), users=tuple(self._tried_users()))
        known = self._knowledge(index, handled, learned, arr)
        try:
            self._add(wanted, gathered, known)
        finally:
            self._keep_learned(known, learned)
        self._writer = None
        return [] if doubt else self._removals.find(self._rules(), index, gathered.surely_read)

    def _check(self) -> None:
        check(self._parts.stop)

    def _doubt(self, index: dict[TitleKey, TitleState]) -> str | None:
        """Say why this server, or its index, may not be the one that is meant."""
        memory = self._parts.memory
        doubt = find_doubt(memory.guard, memory.requests.requested(), index)
        if doubt is None:
            return None
        if self._run.confirmed:
            logger.info("confirmed: %s", doubt.text, extra={"action": "confirmed"})
            memory.guard.confirm()
            return None
        self._notices.append(Notice(kind=doubt.kind, text=doubt.text))
        return doubt.text

    def _cancel(self, removed: Sequence[ListDepartures]) -> None:
        self._notices.extend(self._removals.warn(removed))
        for item in self._removals.cancel(removed):
            self._tally.tell(item)
            self._check()

    def _rules(self) -> list[ListRules]:
        return [one.rules for one in self._parts.lists]

    def _must_agree(self, count: int) -> None:
        if not self._parts.go_on(count):
            raise RunEnded(Result.DECLINED, "nothing was requested, as you chose")

    def _adopt(self, handled: HandledEntries, wanted: list[Group]) -> HandledEntries:
        """After an upgrade: take what was handled as handled by the season rules of today."""
        handled, adopted = adopt(handled, wanted)
        for first in range(0, len(adopted), _ADOPTED_AT_ONCE):
            batch = adopted[first : first + _ADOPTED_AT_ONCE]
            self._parts.memory.record(Notes(handled=batch))
        return handled

    def _add(self, wanted: list[Group], gathered: Gathered, known: RunKnowledge) -> None:
        parts, memory, stop = self._parts, self._parts.memory, self._parts.stop
        excluded = [*wishes_to_exclude(parts.exclusions), *wishes_of(gathered.excluded)]
        whole = set(filter(None, map(lookup_of, filter(names_title_only, excluded))))
        matches = memory.matches.load(self._run.started_at, whole)
        resolver = Resolver(self._server, matches, chosen_ids=memory.matches.chosen_ids())
        preparer = Preparer(self._server, resolver, parts.facts, known)
        window = LookAhead(preparer, known)
        recorder = Recorder(memory, known, self._failed, self._rules())
        self._writer = Writer(self._run, self._server, recorder, known, window, fence=parts.fence)
        self._requested = self._writer.requested
        catalogue = FeedCatalogue.over(parts.feeds, self._server, parts.facts, self._check)
        feeds = FeedGatherer(self._outcomes, known, resolver, catalogue)
        adder = Adder(window, known, self._writer, feeds, parts.excluded_since)
        total = len(wanted)
        parts.board.phase(Phase.ADD, total=total)
        adder.add(excluded, stop)
        settled = Settler(known, resolver, feeds.present).settle(taken_from(wanted))
        self._tally.add_present(settled.entries)
        parts.board.done(settled.entries, titles=settled.titles)
        self._outcomes.begin(done=settled.titles, total=total)
        try:
            adder.add(map(wish_of, taken_from(settled.open)), stop)
        finally:
            self._doubt_arr_names(known.limits.doubted)
        # What another list wants since this run is not cancelled.
        self._writer.finish()
        if gathered.on_hold is None:  # else it is not known what is excluded
            feeds.keep(parts.lists, gathered.unplaced)

    def _verify(self) -> None:
        """After many requests: look whether the server still has what it took."""
        notice = self._reading.verify(self._requested or {}, self._check)
        if notice is not None:
            self._notices.append(notice)

    def _knowledge(
        self,
        index: dict[TitleKey, TitleState],
        handled: HandledEntries,
        learned: Learned,
        arr: ArrDirectory,
    ) -> RunKnowledge:
        memory, started_at = self._parts.memory, self._run.started_at
        stored = Stored(
            index=index,
            handled=handled,
            setbacks=put_off(self._failed, started_at),
            watched=self._watched(handled),
            requested=memory.requests.requested_since(started_at - _DAY),
            on_hold=self._on_hold,
            seen=self._seen,
        )
        excluded, today = ExclusionSet(self._parts.exclusions), started_at.date()
        return knowledge_of(stored, learned, excluded, today, cap=self._parts.cap, arr=arr)

    def _watched(self, handled: HandledEntries) -> Mapping[Edition, date]:
        """Find the series that are due for a look, if any list wants seasons that come later."""
        lists = self._rules()
        if not may_watch(lists, handled):
            return {}
        due = self._parts.memory.handled.series_to_watch(self._run.started_at)
        return watched_of(due, lists, handled)

    def _keep_learned(self, known: RunKnowledge, learned: Learned) -> None:
        """Have remembered what was learned, for who asks why a title is not requested."""
        before = self._parts.memory.guard.learned()
        by_now = learned_by(known, learned).after(before)
        if by_now != before:
            self._parts.memory.guard.save_learned(by_now)

    def _tried_users(self) -> Iterator[TriedUser]:
        """Try every user that a list names; also of an empty one something may be cancelled."""
        rules = (one for one in self._rules() if not one.is_exclusion)
        for user in dict.fromkeys(one.asking.user for one in rules):
            if user is not None:
                why = self._server.problem_with_user(user)
                yield TriedUser(user=user, why=why or "")

    def _arr_names(self, info: ServerInfo, ways: Sequence[Way]) -> ArrDirectory:
        """Learn what Radarr and Sonarr call things; a dry run only knows what is remembered."""
        self._arr_lookup = lookup = ArrLookup(
            server=self._server.arr_services,
            store=self._parts.arr_names,
            identity=info.identity,
            now=self._run.started_at,
            again=self._run.confirmed,
        )
        return lookup.remembered() if self._run.dry_run else lookup.look_up(selections_of(ways))

    def _doubt_arr_names(self, doubted: Iterable[MediaType]) -> None:
        for kind in doubted:
            if self._arr_lookup is not None:
                self._arr_lookup.doubt(kind)

    def _report(self, result: Result, why: str) -> SyncReport:
        lists, items = self._tally.lists(), tuple(self._tally.items)
        failed = self._outcomes.notice()
        notices = notices_of(lists, items, [*self._notices, *([failed] if failed else [])])
        is_whole = result is Result.OK
        if is_whole:
            result, why = result_of(lists, notices)
        return SyncReport(
            run=self._run,
            result=result,
            why=why,
            server=self._info,
            lists=lists,
            items=items,
            requested=tuple(one.body for one in (self._requested or {}).values()),
            calls=self._server.calls - self._calls_before,
            duration_s=time.monotonic() - self._started,
            notices=notices,
            retry=self._retry_after(result),
            is_whole=is_whole,
            failure=self._failure,
            is_first=self._is_first,
        )

    def _retry_after(self, result: Result) -> Retry | None:
        if self._retry is not None or result is Result.CANCELLED:
            return self._retry
        retry = self._outcomes.retry()
        if retry is None and self._requested is not None:
            return self._reading.retry_of_intents()
        return retry
