"""What has left a list that wants it so: our requests for it that still wait are cancelled.

Said first, done later: see agent/decisions/0014.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import TitleKey
from listsync.domain.notices import Notice, NoticeKind, few
from listsync.domain.report import ItemReport, SyncRun, Verdict
from listsync.domain.run_notes import Departure, HandledEntries
from listsync.domain.server import ABSENT, Cancelled, MediaStatus, TitleState
from listsync.domain.server_knowledge import CONFIRM
from listsync.lean_dataclasses import dataclass
from listsync.ports.fleet import RequestFence
from listsync.ports.server import Submissions
from listsync.ports.state import Memory
from listsync.sync.submission import NO_FENCE
from listsync.sync.titles.title_folding import fold

logger = logging.getLogger(__name__)

_SHARE = 0.1
_FEW = 3
"""So many are always cancelled; of more, at most that share of the list in one sync."""
_YEARS_APART = 1


@dataclass(frozen=True, slots=True)
class ListDepartures:
    """What one list lost. `due`: its requests are cancelled now; `later`: by a later sync."""

    rules: ListRules
    size: int
    due: tuple[Departure, ...]
    later: tuple[Departure, ...]

    def are_too_many(self, count: int) -> bool:
        return count > max(_FEW, _SHARE * self.size)


@dataclass(frozen=True, slots=True)
class Removals:
    """Cancels requests. Whoever else wants the title, or what is not pending, keeps it."""

    run: SyncRun
    server: Submissions
    memory: Memory
    fence: RequestFence = NO_FENCE

    def find(
        self,
        lists: Sequence[ListRules],
        index: Mapping[TitleKey, TitleState],
        surely_read: Collection[str],
    ) -> list[ListDepartures]:
        """Find what has left *lists*, or seems to, and had requests that are ours to cancel.

        What has left a list that this run does not read waits for one that does. *surely_read*
        are the sources whose reading in this run may say that something left them.
        """
        found: dict[int, list[Departure]] = defaultdict(list)
        for one in self.memory.departures.load():
            number = _list_of(one, lists)
            if number is None:
                continue
            if lists[number].cancel_removed and not one.is_wanted and _waits(one, index):
                found[number].append(replace(one, list_name=lists[number].name))
            elif one.is_gone:
                self.memory.departures.settle(one, self.run, cancelled=False)
        handled = self.memory.handled.load() if found else HandledEntries()
        return [
            self._sorted(lists[number], gone, handled, is_sure=lists[number].source in surely_read)
            for number, gone in found.items()
        ]

    def warn(self, found: Iterable[ListDepartures]) -> list[Notice]:
        """Say what a later sync cancels, and remember that it was said."""
        found = list(found)
        missing = [one for each in found for one in (*each.due, *each.later)]
        self.memory.departures.save_warnings(missing)
        return [self._notice(each) for each in found if each.later]

    def cancel(self, found: Iterable[ListDepartures]) -> Iterator[ItemReport]:
        """Cancel what is due; yields what was done, or held back and why.

        Raises:
            UnavailableError, RefusedError: the server; what was done so far is noted.
            LeaseLostError: nothing may be cancelled any more.
        """
        for each in found:
            count = len(each.due)
            if each.are_too_many(count) and not self.run.confirmed:
                why = (
                    f"{count} of {each.size} titles have left the list: "
                    f"{CONFIRM} says that it is meant"
                )
                yield from (_item(one, Verdict.ON_HOLD, why) for one in each.due)
            else:
                yield from (self._cancel(one) for one in each.due)

    def _sorted(
        self,
        rules: ListRules,
        gone: Sequence[Departure],
        handled: HandledEntries,
        *,
        is_sure: bool,
    ) -> ListDepartures:
        entries = self.memory.snapshots.entries(rules.source)
        known = handled.titles.get((rules.source, rules.four_k), {})
        unknown = [entry for name, entry in entries.items() if name not in known]
        due, later = [], []
        for one in gone:
            if any(_may_be(entry, one) for entry in unknown):
                if one.is_gone:
                    self.memory.departures.settle(one, self.run, cancelled=False)
            elif one.is_gone and one.was_reported and is_sure:
                due.append(one)
            else:
                later.append(one)
        size = len(entries) + len(due) + len(later)
        return ListDepartures(rules, size, tuple(due), tuple(later))

    def _notice(self, each: ListDepartures) -> Notice:
        on_hold = len(each.due) if each.are_too_many(len(each.due)) else 0
        is_new = not all(one.was_reported for one in each.later)
        # A dry run leaves no trace: the next sync is the first one that says so.
        next_sync = "the sync after the next" if self.run.dry_run and is_new else "the next sync"
        names = few([one.label for one in each.later], ", ")
        what = f"{next_sync} cancels their requests"
        if each.are_too_many(on_hold + len(each.later)):
            what = f"{next_sync} holds their requests until {CONFIRM} has them cancelled"
        text = (
            f"{_titles(each.later)} missing from the list: {names}; if the list still lacks them, "
            f"{what} (to keep them, put them back or set cancel_removed: false; to look into it, "
            "`listsyncctl pause`)"
        )
        return Notice(kind=NoticeKind.TO_CANCEL, text=text, list_name=each.rules.name)

    def _cancel(self, one: Departure) -> ItemReport:
        if self.run.dry_run:
            return _item(one, Verdict.CANCELLED, "it has left the list: would be cancelled")
        self.fence.share()
        result = self.server.cancel(one.request_id or 0)
        self.memory.departures.settle(one, self.run, cancelled=result is Cancelled.DONE)
        if result is not Cancelled.DONE:
            why = "it has left the list, but its request does not wait for approval any more"
            return _item(one, Verdict.SKIPPED, why)
        logger.info(
            "cancelled: %s [%s]: it has left the list %s",
            one.label,
            one.edition.key,
            one.list_name,
            extra={"action": "cancel", "list": one.list_name},
        )
        return _item(one, Verdict.CANCELLED, "it has left the list: its request was cancelled")


def _waits(one: Departure, index: Mapping[TitleKey, TitleState]) -> bool:
    state = index.get(one.edition.key, ABSENT)
    is_pending = state.of(four_k=one.edition.four_k) == MediaStatus.PENDING
    return is_pending and one.request_id is not None


def _list_of(one: Departure, lists: Sequence[ListRules]) -> int | None:
    """Find the list that it left: in its edition, if the run reads that; else in any."""
    numbers = [number for number, rules in enumerate(lists) if rules.source == one.source]
    same = [number for number in numbers if lists[number].four_k == one.edition.four_k]
    return next(iter([*same, *numbers]), None)


def _may_be(entry: ListEntry, one: Departure) -> bool:
    """Tell whether *entry*, of which nothing is known, may be the title under another name."""
    key = one.edition.key
    if entry.kind not in (None, key.kind):
        return False
    if entry.ids.tmdb is not None:
        return entry.ids.tmdb == key.tmdb_id
    if not entry.title and entry.doubt:
        return True  # what it means is not looked up
    if not entry.title or fold(entry.title) != fold(one.title):
        return False
    return one.year is None or entry.year is None or abs(one.year - entry.year) <= _YEARS_APART


def _titles(found: Sequence[Departure]) -> str:
    return "1 title is" if len(found) == 1 else f"{len(found)} titles are"


def _item(one: Departure, verdict: Verdict, why: str) -> ItemReport:
    return ItemReport(
        list_name=one.list_name,
        label=one.label,
        verdict=verdict,
        why=why,
        key=one.edition.key,
        title=one.label,
    )
