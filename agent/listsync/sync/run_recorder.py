"""What a run learns of titles, gathered until it is written down."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from listsync.domain.media import Definition, MediaType
from listsync.domain.run_notes import Handling, Intent, Notes, Setback
from listsync.domain.server import RequestBody
from listsync.domain.sync_records import Outcome, Prepared, Requested, Skip, SkipReason
from listsync.ports import Memory
from listsync.sync.handled_seasons import acted_on
from listsync.sync.knowledge import RunKnowledge
from listsync.sync.seasons import row_of
from listsync.sync.shrink_guard import next_look
from listsync.sync.titles.lookup_keys import lookup_of

logger = logging.getLogger(__name__)

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


class Recorder:
    """Gathers notes and has them written, many at once or together with intents."""

    def __init__(self, memory: Memory, known: RunKnowledge) -> None:
        self._memory = memory
        self._known = known
        self.notes = Notes()
        self._handled_now: set[tuple[str, str, bool]] = set()
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
                self.notes.matches[lookup] = match
            if lookup is not None:
                before = self.notes.seekers.get(lookup, ())
                self.notes.seekers[lookup] = (*before, *prepared.wish.members)
            self._write_if_full()

    def set_back(self, prepared: Prepared, why: str) -> None:
        """Remember that requesting this title would fail; it is tried again later."""
        if prepared.match is not None and prepared.match.key is not None:
            definition = Definition(prepared.match.key, prepared.wish.four_k)
            tvdb = prepared.wish.ids.tvdb
            self._known.set_back(definition, tvdb, why)
            self.notes.setbacks.append(Setback(definition, tvdb, why))

    def note(self, prepared: Prepared, outcome: Outcome) -> None:
        """Remember what *outcome* says of the entries that want it, and of its match."""
        key = prepared.match.key if prepared.match else None
        if key is not None and (_is_handled(outcome) or _is_waiting(prepared, outcome)):
            title = Definition(key, prepared.wish.four_k)
            if key.kind is MediaType.MOVIE:
                self._note_film(prepared, title)
            else:
                self._note_series(prepared, title, outcome)
        self._note_look(prepared, outcome)
        self.learn(prepared)

    def _note_film(self, prepared: Prepared, title: Definition) -> None:
        for member in prepared.wish.members:
            if self._known.handled.title_of(member) != title:
                self._note_handling(Handling(member, title))

    def _note_series(self, prepared: Prepared, title: Definition, outcome: Outcome) -> None:
        """Remember the entries of which nothing is missing now, each with its seasons."""
        for one in acted_on(prepared, title, outcome, self._known):
            self._note_handling(one)

    def _note_handling(self, one: Handling) -> None:
        row = row_of(one.member)
        if row not in self._handled_now and not one.member.rules.is_exclusion:
            self._handled_now.add(row)
            self.notes.handled.append(one)
            self._write_if_full()

    def _note_look(self, prepared: Prepared, outcome: Outcome) -> None:
        """Remember when to look for new seasons again, where this was looked for now."""
        match, details = prepared.match, prepared.details
        if match is None or match.key is None or details is None:
            return
        definition = Definition(match.key, prepared.wish.four_k)
        if definition in self._known.watched or _is_waiting(prepared, outcome):
            self.notes.looked[definition] = next_look(details, self._known.today)

    def _write_if_full(self) -> None:
        if len(self.notes) >= _NOTES_AT_ONCE:
            self.write()


def _is_handled(outcome: Outcome) -> bool:
    if isinstance(outcome, Requested):
        return True
    return isinstance(outcome, Skip) and outcome.reason in _HANDLED


def _is_waiting(prepared: Prepared, outcome: Outcome) -> bool:
    """Tell whether only seasons are wanted that do not exist yet: they are looked for later."""
    is_unmet = isinstance(outcome, Skip) and outcome.reason is SkipReason.NO_SEASONS
    return is_unmet and bool(prepared.wish.seasons)
