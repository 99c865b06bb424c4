"""What a run learns of titles, until it is written down, and what it came to as a whole."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from listsync.domain.decisions import Match, Member, Outcome, Prepared, Requested, Skip, SkipReason
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Edition, MediaType
from listsync.domain.notices import Notice, NoticeKind, few, kind_of_outcome
from listsync.domain.report import ItemReport, ListReport, Result, SyncReport, Verdict
from listsync.domain.run_messages import failure_words, findings_of, passes_by_itself
from listsync.domain.run_notes import (
    ExcludedEntries,
    FailedRequest,
    HandledSeasons,
    Handling,
    Intent,
    Notes,
)
from listsync.domain.server import RequestBody, SeriesDetails
from listsync.domain.server_knowledge import CONFIRM
from listsync.errors import (
    ListsyncError,
    NotSharedError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.ports.state import Memory
from listsync.sync.eligibility import is_decided_whole, takes
from listsync.sync.exclusions import said_by
from listsync.sync.knowledge import Knowledge, RunKnowledge
from listsync.sync.list_backoff import failed_again, missed, next_look
from listsync.sync.seasons import Row, is_new, remembered, row_of
from listsync.sync.titles.lookups import lookup_of

_MOST_NAMED = 500
"""Where more titles of a list fail, it is something else that fails."""
_DOUBTS = (NoticeKind.SERVER_REPLACED, NoticeKind.REQUESTS_GONE)
_CONFIRM = f"say that the server is the one that is meant: {CONFIRM}"
_ON_HOLD = f"{SkipReason.ON_HOLD.value}: "
_PUT_OFF = f"{SkipReason.SETBACK.value}: "
_NOTHING_YET = f"{_PUT_OFF}{SkipReason.NO_SEASONS.value}"


def notices_of(
    lists: Sequence[ListReport], items: Iterable[ItemReport], doubts: Sequence[Notice] = ()
) -> tuple[Notice, ...]:
    """Say of each list what keeps it from being synced whole, and what to do; *doubts* first."""
    by_list: dict[str, list[ItemReport]] = defaultdict(list)
    for item in items:
        by_list[item.list_name].append(item)
    texts = {one.text for one in doubts if one.kind in _DOUBTS}
    of_lists = (_notices_of_list(one, by_list[one.name], texts) for one in lists)
    return (*doubts, *(notice for notices in of_lists for notice in notices))


def _notices_of_list(
    one: ListReport, items: Sequence[ItemReport], texts: Collection[str]
) -> Iterator[Notice]:
    if not one.is_good:
        words = failure_words(one.service, one.outcome, one.why)
        kept = "; the last good reading was used" if one.from_memory else ""
        yield Notice(
            kind=kind_of_outcome(one.outcome),
            text=words + kept,
            list_name=one.name,
            passes=passes_by_itself(one.service, one.outcome),
        )
    on_hold = [item for item in items if item.verdict is Verdict.ON_HOLD]
    if on_hold:
        reasons = (item.why.removeprefix(_ON_HOLD) for item in on_hold)
        why = _joined(_CONFIRM if reason in texts else reason for reason in reasons)
        text = f"{_titles(on_hold)} on hold: {why}"
        yield Notice(kind=NoticeKind.ON_HOLD, text=text, list_name=one.name)
    failed = [item for item in items if item.verdict is Verdict.FAILED]
    put_off = [item for item in items if _failed_before(item)]
    if failed or put_off:
        yield _of_failures(one.name, failed, put_off)


def _of_failures(
    list_name: str, failed: Sequence[ItemReport], put_off: Sequence[ItemReport]
) -> Notice:
    """Say which titles fail, now or before: it is the same that fails when it is put off."""
    said = []
    for found, word in ((failed, "failed"), (put_off, "postponed after a failure")):
        if found:
            why = _joined(item.why.removeprefix(_PUT_OFF) for item in found)
            said.append(f"{_titles(found)} {word} ({_names(found)}): {why}")
    titles = frozenset(item.label for item in (*failed, *put_off))
    return Notice(
        kind=NoticeKind.REQUEST_FAILED,
        text="; ".join(said),
        list_name=list_name,
        titles=titles if len(titles) <= _MOST_NAMED else None,
    )


def failure_kind(error: ListsyncError) -> NoticeKind:
    """Say what kind of failure it is that the server was in the way of a whole sync."""
    match error:
        case NotSharedError():
            return NoticeKind.SYNC_FAILED
        case UnavailableError():
            return NoticeKind.SERVER_UNREACHABLE
        case RefusedError(kind=Refusal.CREDENTIAL):
            return NoticeKind.KEY_REFUSED
        case _:
            return NoticeKind.SYNC_FAILED


def result_of(lists: Sequence[ListReport], notices: Sequence[Notice]) -> tuple[Result, str]:
    """Judge a run that came to its end: is all done that the lists want, and if not, why.

    What was put off after an earlier failure was told then: it waits for its own time.
    """
    why = few([str(one) for one in notices if one.kind.needs_person])
    wanted = [one for one in lists if not one.is_exclusion] or lists
    if wanted and not any(one.was_read for one in wanted):
        return Result.FAILED, "no list could be read"
    is_doubted = any(one.kind in _DOUBTS for one in notices)
    if is_doubted or not all(_is_done(one) for one in lists):
        return Result.PARTLY, why
    return Result.OK, ""


def _is_done(one: ListReport) -> bool:
    counts = Counter(one.verdicts) + Counter(one.departed)
    return one.is_good and not counts[Verdict.ON_HOLD] and not counts[Verdict.FAILED]


def _failed_before(item: ItemReport) -> bool:
    """Tell a title that waits for its own time, other than one with nothing to request yet."""
    return item.why.startswith(_PUT_OFF) and not item.why.startswith(_NOTHING_YET)


def _titles(items: Sequence[ItemReport]) -> str:
    return f"{len(items)} title{'' if len(items) == 1 else 's'}"


def _names(items: Sequence[ItemReport]) -> str:
    return few([item.label for item in items], ", ")


def _joined(reasons: Iterable[str]) -> str:
    """Say each reason once, with its number where there are several."""
    counts = Counter(reasons).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return few([f"{why} ({count})" for why, count in counts])


logger = logging.getLogger(__name__)


Done = tuple[list[Member], set[int], date | None]
"""Members of which nothing is missing, their seasons, and until when the whole series counts."""


def acted_on(
    prepared: Prepared, title: Edition, outcome: Outcome, known: Knowledge
) -> Iterator[Handling]:
    """Yield the entries of which nothing is missing any more, as they are remembered from now on.

    An entry whose list was held back stays open while seasons are missing that only it wants.
    """
    rows: dict[Row, list[Member]] = {}
    for member in takes(prepared.wish.members, MediaType.TV):
        rows.setdefault(row_of(member), []).append(member)
    for members in rows.values():
        before = _before(members[0], title, known)
        done, numbers, whole_until = _done(members, prepared, title, outcome, known)
        if done:
            now = remembered(done, before, numbers, whole_until)
            if now != before:
                yield Handling(members[0], title, now)


def _before(member: Member, title: Edition, known: Knowledge) -> HandledSeasons | None:
    is_same = known.handled.title_of(member) == title
    return known.handled.seasons_of(member) if is_same else None


def _done(
    members: Sequence[Member],
    prepared: Prepared,
    title: Edition,
    outcome: Outcome,
    known: Knowledge,
) -> Done:
    if prepared.details is not None:
        return _done_by_look(members, title, prepared.details, known)
    new = [member for member in members if is_new(member, title, known.handled)]
    if isinstance(outcome, Skip) and outcome.reason is SkipReason.SAME_RUN:
        requested = known.requested_seasons.get(title, frozenset())
        named = [(member, member.named_seasons) for member in new]
        done = [(member, numbers) for member, numbers in named if numbers and numbers <= requested]
        return [one for one, _ in done], {n for _, numbers in done for n in numbers}, None
    return (new, set(), known.today) if is_decided_whole(title, new, known) else ([], set(), None)


def _done_by_look(
    members: Sequence[Member], title: Edition, details: SeriesDetails, known: Knowledge
) -> Done:
    look = known.look(title, details)
    done: list[Member] = []
    numbers: set[int] = set()
    for member in members:
        wanted = known.seasons_wanted(member, title, details)
        if not look.missing(wanted):
            done.append(member)
            numbers |= {season.number for season in look.existing(wanted)}
    return done, numbers, None


_NOTES_AT_ONCE = 250
_HANDLED = (
    SkipReason.AVAILABLE,
    SkipReason.REQUESTED,
    SkipReason.SAME_RUN,
    SkipReason.HANDLED,
    SkipReason.DELETED,
    SkipReason.DECLINED,
    SkipReason.REQUEST_FAILED,
)


FailedBefore = Mapping[tuple[Edition, int | None], FailedRequest]
"""Requests that failed, as `ports.titles.FailedRequests` tells them."""


def followed_twice(lists: Iterable[ListRules]) -> frozenset[tuple[str, bool]]:
    """Name the sources, with the edition, that more than one list follows."""
    counts = Counter((one.source, one.four_k) for one in lists)
    return frozenset(one for one, count in counts.items() if count > 1)


class Recorder:
    """Gathers notes and has them written, many at once or together with intents.

    *failed* is what failed before the run; *lists* are those of the run.
    """

    def __init__(
        self,
        memory: Memory,
        known: RunKnowledge,
        failed: FailedBefore,
        lists: Sequence[ListRules] = (),
    ) -> None:
        self._memory = memory
        self._known = known
        self._misses = dict(memory.matches.misses())
        self._failed = dict(failed)
        self.notes = Notes()
        self._followed_twice = followed_twice(lists)
        self._sources = frozenset(one.source for one in lists)
        self._excluded: dict[tuple[str, str], str] = {}
        self._handled_now: set[Row] = set()
        """Entries of lists that are followed twice, which two wishes may bring."""
        self._ahead: set[RequestBody] = set()
        """Intents that are on disk, of requests whose turn has not come."""

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write the intents of the requests that come next."""
        self.write(intents)
        self._ahead = {one.body for one in intents}

    def is_intended(self, body: RequestBody) -> bool:
        """Tell whether the intent is on disk of a request whose turn has not come."""
        return body in self._ahead

    def begin(self, body: RequestBody) -> None:
        """Take the turn of a request whose intent is on disk."""
        self._ahead.remove(body)

    def write(self, intents: Sequence[Intent] = ()) -> None:
        """Write all notes, and *intents*; others that are ahead of their turn are dropped."""
        notes, self.notes = self.notes, Notes()
        notes.dropped.extend(self._ahead)
        self._ahead = set()
        if len(notes) or intents:
            self._memory.record(notes, intents)

    def finish(self) -> None:
        """Write all notes, and all that is excluded: every wish has come to its outcome."""
        self.notes.excluded = ExcludedEntries(self._sources, self._excluded)
        self.write()

    def exclude(self, prepared: Prepared) -> None:
        """Remember what says that its title must not be requested."""
        for one in prepared.wish.members:
            self._excluded[one.rules.source, one.entry_id] = said_by(one)
        self.learn(prepared)

    def learn(self, prepared: Prepared) -> None:
        """Remember the match of *prepared*, if it is a fresh one, and who seeks what is open."""
        match = prepared.match
        if match is not None and (prepared.is_fresh or match.key is None):
            lookup = lookup_of(prepared.wish)
            if match.chosen is not None:
                logger.info("%s: %s", prepared.wish.label, match.reasons[0])
                self.notes.chosen.append(match)
            # What was found before a person chose is kept: the choice can be taken back.
            is_news = prepared.is_fresh and not (match.chosen and match.key)
            if lookup is not None and is_news:
                self._keep_match(lookup, match)
            if lookup is not None:
                before = self.notes.seekers.get(lookup, ())
                self.notes.seekers[lookup] = (*before, *prepared.wish.members)
            self._write_if_full()

    def _keep_match(self, lookup: str, match: Match) -> None:
        """Remember a match; where it is none, until it is looked up again."""
        self.notes.matches[lookup] = match
        if match.key is None:
            miss = missed(match, self._misses.get(lookup), datetime.now(UTC))
            self._misses[lookup] = self.notes.misses[lookup] = miss

    def set_back(self, prepared: Prepared, why: str) -> None:
        """Remember that requesting this title would fail; it is tried again later."""
        if prepared.match is not None and prepared.match.key is not None:
            edition = Edition(prepared.match.key, prepared.wish.four_k)
            tvdb = prepared.wish.ids.tvdb
            self._known.set_back(edition, tvdb, why)
            failed = failed_again(why, self._failed.get((edition, tvdb)), datetime.now(UTC))
            self._failed[edition, tvdb] = self.notes.failed[edition, tvdb] = failed

    def note(self, prepared: Prepared, outcome: Outcome) -> None:
        """Remember what *outcome* says of the entries that want it, and of its match."""
        key = prepared.match.key if prepared.match else None
        if key is not None and (_is_handled(outcome) or _is_waiting(prepared, outcome)):
            title = Edition(key, prepared.wish.four_k)
            if key.kind is MediaType.MOVIE:
                self._note_film(prepared, title)
            else:
                self._note_series(prepared, title, outcome)
        self._note_look(prepared, outcome)
        self._note_exclusion(prepared, outcome)
        self.learn(prepared)

    def _note_exclusion(self, prepared: Prepared, outcome: Outcome) -> None:
        """Remember the entries of which a run says that they are excluded, and why."""
        if isinstance(outcome, Skip):
            for one in prepared.wish.members:
                if (own := outcome.of(one)).reason is SkipReason.EXCLUDED:
                    self._excluded[one.rules.source, one.entry_id] = own.detail

    def _note_film(self, prepared: Prepared, title: Edition) -> None:
        for member in prepared.wish.members:
            if self._known.handled.title_of(member) != title:
                self._note_handling(Handling(member, title))

    def _note_series(self, prepared: Prepared, title: Edition, outcome: Outcome) -> None:
        """Remember the entries of which nothing is missing now, each with its seasons."""
        for one in acted_on(prepared, title, outcome, self._known):
            self._note_handling(one)

    def _note_handling(self, one: Handling) -> None:
        source, _, four_k = row = row_of(one.member)
        if row not in self._handled_now and not one.member.rules.is_exclusion:
            if (source, four_k) in self._followed_twice:
                self._handled_now.add(row)
            self.notes.handled.append(one)
            self._write_if_full()

    def _note_look(self, prepared: Prepared, outcome: Outcome) -> None:
        """Remember when to look for new seasons again, where this was looked for now."""
        match, details = prepared.match, prepared.details
        if match is None or match.key is None or details is None:
            return
        edition = Edition(match.key, prepared.wish.four_k)
        if edition in self._known.watched or _is_waiting(prepared, outcome):
            self.notes.looked[edition] = next_look(details, self._known.today)

    def _write_if_full(self) -> None:
        if len(self.notes) >= _NOTES_AT_ONCE:
            self.write()


def note_end(memory: Memory, report: SyncReport, at: datetime) -> None:
    """Have noted that a run has ended, and what a person should learn of it."""
    memory.runs.end(report, at, findings_of(report, at))


def _is_handled(outcome: Outcome) -> bool:
    if isinstance(outcome, Requested):
        return True
    return isinstance(outcome, Skip) and outcome.reason in _HANDLED


def _is_waiting(prepared: Prepared, outcome: Outcome) -> bool:
    """Tell whether only seasons are wanted that do not exist yet: they are looked for later."""
    is_unmet = isinstance(outcome, Skip) and outcome.reason is SkipReason.NO_SEASONS
    return is_unmet and bool(prepared.wish.seasons)
