"""From readings to members: snapshots kept, failures noted, rules of each list applied."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from listsync.domain.decisions import Member
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Retry
from listsync.domain.run_notes import Kept, WholeReading
from listsync.lean_dataclasses import dataclass
from listsync.ports.lists import ListSetbacks, ListSnapshots
from listsync.ports.state import Memory
from listsync.row_limit import MOST_OF_ALL, Room
from listsync.sync.deduplication import (
    may_any_be_renamed,
    members_of,
    of_kind,
    renamed,
)
from listsync.sync.fetch_lists import Before, Followed, Reading, read_lists, room_of
from listsync.sync.list_backoff import must_wait, pause_after
from listsync.sync.progress import ProgressBoard
from listsync.sync.report import Tally
from listsync.sync.shrink_guard import judge_missing, words_of_shrink

logger = logging.getLogger(__name__)

_UNFINISHED = (
    "read as it is: a program still had it open for writing, so more may come; nothing leaves the "
    "list until that program has closed it"
)
_REPEATS = "named twice on the list"
_NO_TITLES = "no titles, or named twice"
_TOO_MANY = f"with it all lists together have more than {MOST_OF_ALL:,} rows; it is not looked at"
_EXCLUSION = "says what not to request"
_KEPT = (ListOutcome.COMPLETE, ListOutcome.UNCHANGED, ListOutcome.EMPTY, ListOutcome.PARTIAL)


@dataclass(slots=True)
class Gathered:
    """What all lists together want, in list order, and what must not be requested.

    `on_hold` says why nothing may be requested at all, if so, and `retry` when that may be over.
    `surely_read` are the sources whose every reading in this run was fresh, whole and sure;
    `unplaced` the names of lists for whose rows there was no room.
    """

    wanted: list[Member] = field(default_factory=list)
    excluded: list[Member] = field(default_factory=list)
    on_hold: str | None = None
    retry: Retry | None = None
    surely_read: set[str] = field(default_factory=set)
    notices: list[Notice] = field(default_factory=list)
    unplaced: set[str] = field(default_factory=set)


def gather(  # noqa: PLR0913 - each is a part of its own
    lists: Sequence[Followed],
    memory: Memory,
    board: ProgressBoard,
    tally: Tally,
    *,
    eager: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Gathered:
    """Read all *lists*; one that fails is replaced by its last good snapshot.

    Not *eager*: lists that failed lately are left alone for a while. *check* raises when the run
    is to end: what comes of a reading after that is not even a failure.
    """
    gathered = Gathered(surely_read={one.rules.source for one in lists})
    snapshots, setbacks = memory.snapshots, memory.list_setbacks
    room = Room([snapshots.counts(one.rules.source)[0] for one in lists])
    keeper = _Keeper(snapshots, setbacks, tally, gathered, room)
    sources = {one.rules.source for one in lists}
    before = {one: _before(one, memory, eager=eager) for one in sources}
    for reading in read_lists(lists, before, room, check):
        rules = reading.rules
        members, has_room = keeper.keep(reading)
        total = 0 if rules.is_exclusion else len(members)
        board.read(rules.name, reading.outcome.value, _rows(reading), total)
        if not rules.is_exclusion:
            gathered.wanted.extend(members)
            continue
        gathered.excluded.extend(members)
        if not members and not (reading.outcome.whole and has_room):
            why = reading.why if has_room else _TOO_MANY
            gathered.on_hold = f'the exclusion list "{rules.name}" could not be read: {why}'
            gathered.retry = _retry_of(reading, gathered.on_hold, setbacks)
    return gathered


def _retry_of(reading: Reading, why: str, setbacks: ListSetbacks) -> Retry | None:
    """Let what waits for a list wait until that is asked again."""
    setback = setbacks.last(reading.rules.source)
    if setback is None or not reading.outcome.may_pass:
        return None
    return Retry(why=why, not_before=setback.retry_at)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Keeps what is read. `saved` are the sources of which a whole reading was saved."""

    snapshots: ListSnapshots
    setbacks: ListSetbacks
    tally: Tally
    gathered: Gathered
    room: Room
    saved: set[str] = field(default_factory=set)

    def keep(self, reading: Reading) -> tuple[list[Member], bool]:
        """Save what was read, and count it; returns the members to work on.

        Also whether there was room for it: if not, there are none.
        """
        rules, fetched = reading.rules, reading.fetched
        rows = self._rows_of(reading)
        if reading.has_no_room or not self.room.take(rows):
            return self._refuse(reading)
        if not reading.was_left_alone:
            _log(reading)
        reading, kept, members = self._save(reading)
        if not self.room.take(max(0, room_of([one.entry for one in members]) - rows)):
            return self._refuse(reading)  # what was known of it has longer titles than rows
        wanted, left_out = _apply(rules, members)
        if fetched is None or fetched.is_unchanged:
            (read, declared), rest = self.snapshots.counts(rules.source), _NO_TITLES
        else:
            read, declared, rest = fetched.read, fetched.declared, _REPEATS
        others = read - len(reading.skipped) - len(members)
        if others > 0:
            left_out[rest] = others
        self.tally.add_list(
            reading,
            new=len(kept.new),
            read=read,
            declared=declared,
            from_memory=not reading.outcome.whole and bool(members),
        )
        self.tally.leave_out(rules.name, left_out)
        return wanted, True

    def _rows_of(self, reading: Reading) -> int:
        """Count the room of a reading, in rows."""
        fetched = reading.fetched
        if fetched is not None and fetched.is_sure:
            return reading.room
        return max(reading.room, self.snapshots.counts(reading.rules.source)[0])

    def _refuse(self, reading: Reading) -> tuple[list[Member], bool]:
        """Note that a list has no place in this run; what is known of it stays as it is."""
        rules = reading.rules
        reading = replace(reading, fetched=None, outcome=ListOutcome.DRIFT, why=_TOO_MANY)
        _log(reading)
        if rules.source not in self.saved:
            _save_setback(reading, self.setbacks, datetime.now(UTC))
        self.gathered.surely_read.discard(rules.source)
        self.gathered.unplaced.add(rules.name)
        self.tally.add_list(reading, new=0, read=0, declared=None, from_memory=False)
        return [], False

    def _save(self, reading: Reading) -> tuple[Reading, Kept, list[Member]]:
        """Save a reading or a failure; returns what is on the list now.

        A source followed twice (4K and not) is saved once a run: two readings a run would let an
        entry leave its list in one.
        """
        rules, fetched, at = reading.rules, reading.fetched, datetime.now(UTC)
        kept, members = Kept(), list[Member]()
        is_saved = rules.source in self.saved
        if fetched is not None and reading.outcome in _KEPT and not is_saved:
            members = members_of(rules, fetched.entries)
            _rename(rules, members, self.snapshots)
            kept = save_reading(self.snapshots, rules, members, fetched, at, reading.why)
            if reading.outcome.whole:
                self.saved.add(rules.source)
            reading = _with_shrink(reading, kept)
            self.gathered.notices.extend(_notices_of(rules, fetched, kept))
        elif not is_saved and not reading.was_left_alone:
            _save_setback(reading, self.setbacks, at)
        is_sure = fetched is not None and fetched.is_sure and not kept.on_hold
        if not is_sure:
            self.gathered.surely_read.discard(rules.source)
        if is_saved or not is_sure:
            entries = self.snapshots.entries(rules.source)
            members = [Member(rules, entry, name) for name, entry in entries.items()]
        return reading, kept, members


def save_reading(  # noqa: PLR0913, PLR0917 - each is known from elsewhere
    snapshots: ListSnapshots,
    rules: ListRules,
    members: Sequence[Member],
    fetched: Fetched,
    at: datetime,
    why: str = "",
) -> Kept:
    """Keep what was read, as far as it is believed.

    Only a whole reading replaces the snapshot; a partial one, one in doubt, and one of the newest
    entries only, adds to it. An entry has left the list when two fresh whole readings of different
    times lack it in a row; an unchanged one counts for neither. Where a great part is gone at once
    (`shrink_guard`), a whole reading only adds, until that has lasted.
    """
    reading = WholeReading(
        outcome=fetched.outcome,
        why=why,
        at=at,
        validators=fetched.validators,
        declared=fetched.declared,
    )
    if fetched.is_unchanged:
        snapshots.settle(rules, reading)
        return Kept()
    found = snapshots.add(rules, fetched.outcome, why, members, at)
    if not fetched.outcome.whole:
        return Kept(found.new)
    may_lack = bool(fetched.doubt) or fetched.newest_only
    judged = judge_missing(found, is_doubted=may_lack, at=at, is_unproven=fetched.is_unproven)
    kept = judged.kept
    # Without validators: an unchanged list could never show that it has recovered.
    is_sure = not kept.on_hold and not fetched.doubt
    reading = replace(
        reading,
        why=_words_of_shrink(fetched, kept) if kept.on_hold else why,
        validators=fetched.validators if is_sure else None,
        read=fetched.read,
        absent=judged.absent,
        shrunk_at=judged.shrunk_at,
    )
    snapshots.settle(rules, reading)
    return kept


def _with_shrink(reading: Reading, kept: Kept) -> Reading:
    """Say of a reading that so much is gone from it at once that it is not believed yet."""
    if reading.fetched is None or not kept.on_hold:
        return reading
    rules, why = reading.rules, _words_of_shrink(reading.fetched, kept)
    logger.warning(
        "%s list %s: %s",
        rules.service,
        rules.name,
        why,
        extra={"action": "list_shrunk", "list": rules.name, "held": kept.on_hold},
    )
    return replace(reading, why=why)


def _words_of_shrink(fetched: Fetched, kept: Kept) -> str:
    return words_of_shrink(kept.on_hold, is_unproven=fetched.is_unproven)


def _notices_of(rules: ListRules, fetched: Fetched, kept: Kept) -> Iterator[Notice]:
    if fetched.is_unfinished:
        yield Notice(kind=NoticeKind.LIST_DOUBTED, text=_UNFINISHED, list_name=rules.name)
    elif kept.doubted and not fetched.newest_only:
        yield _notice_of_doubt(rules, fetched.doubt, kept.doubted)
    if kept.on_hold:
        why = _words_of_shrink(fetched, kept)
        yield Notice(kind=NoticeKind.LIST_SHRANK, text=why, list_name=rules.name)
    if fetched.remark:
        kind = NoticeKind.LOOK_UPS_FAILED
        yield Notice(kind=kind, text=fetched.remark, list_name=rules.name)


def _notice_of_doubt(rules: ListRules, doubt: str, missing: int) -> Notice:
    titles = "1 known title was" if missing == 1 else f"{missing} known titles were"
    text = (
        f"{titles} not read, but {doubt}: what is known is kept, and nothing leaves the list "
        "until it is read without that; if that lasts, look at the list at the service"
    )
    return Notice(kind=NoticeKind.LIST_DOUBTED, text=text, list_name=rules.name)


def _rename(rules: ListRules, members: Sequence[Member], snapshots: ListSnapshots) -> None:
    """Recognise entries whose ids were others before, or none, by what else they say."""
    if may_any_be_renamed(members):
        names = renamed(snapshots.entries(rules.source), members)
        if names:
            snapshots.rename(rules.source, names)


def _before(source: str, memory: Memory, *, eager: bool) -> Before:
    setback = memory.list_setbacks.last(source)
    now = datetime.now(UTC)
    return Before(
        validators=memory.snapshots.validators(source),
        left_alone=setback if must_wait(setback, now, eager=eager) else None,
    )


def _save_setback(reading: Reading, setbacks: ListSetbacks, at: datetime) -> None:
    """Note a failure, and when the list is asked again."""
    rules, outcome = reading.rules, reading.outcome
    before = setbacks.last(rules.source)
    failures = 1 + (before.failures if before else 0)
    retry_at = at + pause_after(outcome, failures, reading.retry_after_s)
    setbacks.save(rules, outcome, reading.why, at, retry_at)


def _rows(reading: Reading) -> int:
    return reading.fetched.read if reading.fetched else 0


def _apply(rules: ListRules, members: list[Member]) -> tuple[list[Member], Counter[str]]:
    """Leave out what the list's own rules leave out, and count it by the reason.

    Rows without a kind take the list's.
    """
    count, left_out = len(members), Counter[str]()
    if rules.kind is not None:
        members = [one for one in map(of_kind, members) if one is not None]
        left_out[f"not of kind {rules.kind.value}"] = count - len(members)
    if rules.limit is not None:
        left_out[f"beyond its limit of {rules.limit}"] = len(members[rules.limit :])
    return members[: rules.limit], Counter({_EXCLUSION: count}) if rules.is_exclusion else left_out


def _log(reading: Reading) -> None:
    rules = reading.rules
    extra = {"action": "list_read", "list": rules.name, "outcome": reading.outcome.value}
    if reading.outcome is ListOutcome.UNCHANGED:
        logger.info("%s list %s is unchanged", rules.service, rules.name, extra=extra)
    elif reading.outcome.whole:
        count = _rows(reading)
        logger.info("Found %d items in %s list %s", count, rules.service, rules.name, extra=extra)
    else:
        logger.warning(
            "Error fetching %s list %s: %s: %s",
            rules.service,
            rules.name,
            reading.outcome.value,
            reading.why,
            extra=extra,
        )
