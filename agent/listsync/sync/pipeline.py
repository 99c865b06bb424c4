"""From wishes to outcomes: what needs nothing is settled, the others are decided in their order.

After years nearly every entry was handled before and is still at the server, or requested there:
nothing that a run does can change what becomes of it, so it is settled without a decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from listsync.domain.decisions import (
    Decision,
    Failed,
    Found,
    Outcome,
    Prepared,
    Refused,
    Request,
    Requested,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.media import Edition, Exclusion, MediaType
from listsync.domain.report import Result, Retry, retry_of
from listsync.errors import NotSharedError, RefusedError, ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.sync.decide import decide
from listsync.sync.deduplication import Group, wish_of
from listsync.sync.eligibility import stands_well
from listsync.sync.exclusions import exclusion_of, keys_excluded, said_by, wishes_to_exclude
from listsync.sync.knowledge import Knowledge, RunKnowledge
from listsync.sync.lookahead import LookAhead, excludes
from listsync.sync.report import words_of_skip
from listsync.sync.seasons import is_open
from listsync.sync.submission import Writer
from listsync.sync.titles.resolve import Resolver


@dataclass(slots=True)
class Settled:
    """What needs no more, counted in titles and in entries by list name; `open` needs more."""

    open: list[Group] = field(default_factory=list)
    titles: int = 0
    entries: Counter[str] = field(default_factory=Counter)


class Settler:
    """Knows what needs no decision. To be asked when all exclusions are known.

    *heard* is told of each group that needs none.
    """

    def __init__(
        self,
        known: Knowledge,
        resolver: Resolver,
        heard: Callable[[Group], None] | None = None,
    ) -> None:
        self._known = known
        self._resolver = resolver
        self._heard = heard

    def settle(self, groups: Iterable[Group]) -> Settled:
        """Tell what is settled from what is open, which keeps its order."""
        if not self._known.handled.titles:
            return Settled(open=list(groups))
        settled = Settled()
        for group in groups:
            if self._is_settled(group):
                settled.titles += 1
                if self._heard is not None:
                    self._heard(group)
                for member in group:
                    settled.entries[member.rules.name] += 1
            else:
                settled.open.append(group)
        return settled

    def _is_settled(self, group: Group) -> bool:
        title = self._known.handled.title_of(group[0])
        if title is None or not stands_well(title, self._known):
            return False
        is_series = title.key.kind is MediaType.TV
        for member in group:
            if member.rules.kind not in (None, title.key.kind):
                return False
            if self._known.handled.title_of(member) != title:
                return False
            if is_series and is_open(member, title, self._known.handled):
                return False
        return self._still_means(group, title)

    def _still_means(self, group: Group, title: Edition) -> bool:
        """Tell whether *group* would be taken for *title* today, too, and is not excluded."""
        excluded = self._known.excluded
        if len(group) == 1 and not excluded:
            return self._resolver.title_of(group[0].entry) == title.key
        wish = wish_of(group)
        match = self._resolver.known(wish)
        if match is None or match.key != title.key:
            return False
        return excluded.by_names(wish, match) is None


_GIVE_UP_AFTER = 5
_DISBELIEVED = (
    "searches at the server fail one by one, so that it was not found is not believed; "
    "it is looked up again by the next sync"
)


STOPPED = "stopped on request"


class RunEnded(Exception):  # noqa: N818 - not an error: the run ends early, with a report
    """The run cannot go on; what was done so far stands. *retry*: it is tried again by itself."""

    def __init__(self, result: Result, why: str, retry: Retry | None = None) -> None:
        super().__init__(why)
        self.result = result
        self.why = why
        self.retry = retry


class Listener(Protocol):
    """Hears how the adding goes on."""

    def asking(self) -> None:
        """The next wish is about to be requested."""
        ...

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        """A wish has come to its outcome."""
        ...


class Adder:
    """Takes wishes to their outcomes. The order of the wishes decides, never the timing."""

    def __init__(
        self,
        window: LookAhead,
        known: RunKnowledge,
        writer: Writer,
        listener: Listener,
        excluded_since: Callable[[], Iterable[Exclusion]] = tuple,
    ) -> None:
        self._excluded_since = excluded_since
        self._window = window
        self._known = known
        self._writer = writer
        self._listener = listener
        self._waiting: list[Prepared] = []
        self._doubtful: list[Prepared] = []
        self._lookups_fail = False
        self._unanswered = 0

    def add(self, wishes: Iterable[Wish], stop: Callable[[], bool]) -> None:
        """Act on all *wishes*; those that exclude come first in it.

        Raises:
            RunEnded: stopped, or the server does not answer or accept us any more.
            StateError: what is done cannot be written down.
            NotSharedError, LeaseLostError: nothing may be requested any more.
        """
        for prepared in self._window.prepared(wishes, partial(check, stop)):
            check(stop)
            if prepared.answers is not None:
                self._doubtful.append(prepared)
            else:
                self._take(prepared)
        self._ask_again(stop)
        waiting, self._waiting = self._waiting, []
        for prepared in waiting:
            self._finish(prepared, self._outcome(prepared))

    def _ask_again(self, stop: Callable[[], bool]) -> None:
        """Look up once more what rests on searches that answered nothing.

        What is not found then is believed only if no look-up was seen to fail in this run.
        """
        doubtful, self._doubtful = self._doubtful, []
        not_found: list[Prepared] = []
        for prepared in self._window.prepared_again(doubtful, partial(check, stop)):
            self._lookups_fail |= prepared.was_wrong
            if prepared.answers is not None and prepared.match and prepared.match.key is None:
                not_found.append(prepared)
            else:
                self._take(prepared)
        for prepared in not_found:
            if self._lookups_fail:
                self._disbelieve(prepared)
            else:
                self._take(_believed(prepared))

    def _disbelieve(self, prepared: Prepared) -> None:
        """Leave to the next sync what was not found; nothing is learned of it."""
        error = UnavailableError("server", _DISBELIEVED)
        unknown = replace(prepared, match=None, error=error)
        if excludes(prepared.wish):
            self._exclude(unknown)
        else:
            self._listener.settled(unknown, Failed(error.why, may_pass=True))

    def _take(self, prepared: Prepared) -> None:
        self._lookups_fail |= prepared.error is not None and prepared.match is None
        if excludes(prepared.wish):
            self._exclude(prepared)
            return
        outcome = self._outcome(prepared)
        if isinstance(outcome, Skip) and outcome.reason is SkipReason.NO_TVDB_ID:
            self._waiting.append(prepared)
        else:
            self._finish(prepared, outcome)

    def _exclude(self, prepared: Prepared) -> None:
        """Learn one more exclusion; if it cannot be looked up, nothing may be requested."""
        wish, match = prepared.wish, prepared.match
        if match is None:
            why = f"the exclusion {wish.label} could not be looked up: {prepared.error}"
            error = prepared.error
            retry = retry_of(error, datetime.now(UTC)) if error is not None else None
            raise RunEnded(Result.FAILED, why, retry)
        for key in keys_excluded(wish, match):
            self._known.exclude(Exclusion(key=key, by=said_by(wish.members[0])))
        for member in wish.members:
            self._known.exclude(exclusion_of(member, match))
        self._writer.exclude(prepared)

    def _decide(self, prepared: Prepared) -> Decision:
        """Decide; before anything is requested, by what is excluded by now and its user may do."""
        decision = decide(prepared, self._known)
        if isinstance(decision, Request) and self._learn_exclusions():
            decision = decide(prepared, self._known)
        while isinstance(decision, Request):
            user = decision.body.asking.user
            if self._known.limits.knows_allowance(user):
                break
            self._writer.learn_allowance(user)
            decision = decide(prepared, self._known)
        return decision

    def _learn_exclusions(self) -> bool:
        """Learn what was excluded since the run began; returns whether there was anything."""
        added = list(self._excluded_since())
        for exclusion in added:
            self._known.exclude(exclusion)
        for wish in wishes_to_exclude(added):
            self._exclude(self._window.prepare_now(wish))
        return bool(added)

    def _outcome(self, prepared: Prepared) -> Outcome:
        try:
            if prepared.error is not None:
                raise prepared.error
            decision = self._decide(prepared)
            if isinstance(decision, Request):
                self._listener.asking()
            outcome = self._writer.act(prepared, decision)
        except NotSharedError:
            raise
        except RefusedError as error:
            retry = retry_of(error, datetime.now(UTC))
            raise RunEnded(Result.FAILED, str(error), retry) from error
        except (UnavailableError, ResponseChangedError) as error:
            failed = Failed(error.why, may_pass=isinstance(error, UnavailableError))
            outcome = self._writer.fail(prepared, failed)
        if isinstance(outcome, Failed):
            self._count_unanswered(outcome)
        elif prepared.is_fresh or prepared.details or isinstance(outcome, Requested | Refused):
            self._unanswered = 0
        return outcome

    def _count_unanswered(self, failed: Failed) -> None:
        self._unanswered += 1
        if self._unanswered >= _GIVE_UP_AFTER:
            words = f"the server does not answer as it should any more: {failed.error}"
            raise RunEnded(Result.FAILED, words, Retry(why=words, is_slow=not failed.may_pass))

    def _finish(self, prepared: Prepared, outcome: Outcome) -> None:
        if isinstance(outcome, Skip) and _is_put_off(prepared.wish, outcome):
            self._writer.set_back(prepared, words_of_skip(outcome))
        self._listener.settled(prepared, outcome)


def check(stop: Callable[[], bool]) -> None:
    """Raise RunEnded when the run is to end."""
    if stop():
        raise RunEnded(Result.CANCELLED, STOPPED)


def _believed(prepared: Prepared) -> Prepared:
    """Take what was not found for that, until a later sync says more."""
    match = prepared.match
    if match is None or match.found is not Found.NOT_FOUND:
        return prepared
    return replace(prepared, match=replace(match, is_provisional=True))


def _is_put_off(wish: Wish, skip: Skip) -> bool:
    """Tell what the next run would only look up in vain; a named season is the list's slip."""
    if skip.reason is SkipReason.NO_SEASONS:
        return not wish.seasons
    return skip.reason is SkipReason.NO_TVDB_ID
