"""What became of requests whose answer was lost, and how long that cannot be told.

A request that is still being worked on at the server looks like one that was never made: only when
the server's whole time-out has passed since it may have been sent, is it known that nothing comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.retry import Retry
from listsync.domain.run_notes import Intent, Notes, Sent
from listsync.domain.server import (
    ABSENT,
    Answered,
    FoundRequests,
    MediaStatus,
    RequestAnswer,
    RequestStatus,
    ServerRequest,
    TitleState,
)
from listsync.domain.sync_records import SyncRun
from listsync.errors import AnswerChangedError, UnavailableError
from listsync.ports import RequestServer
from listsync.sync.server_requests import digest

_UNSEEN = "what came of a request that was cut off cannot be seen"
_NOTHING_THERE = FoundRequests()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntents:
    """What was found out of them.

    `on_hold` says why a title must not be requested yet. `misdated` were written by a clock that
    was ahead of ours; their time begins anew.
    """

    notes: Notes = field(default_factory=Notes)
    on_hold: dict[Definition, str] = field(default_factory=dict)
    misdated: list[Intent] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReview:
    """Looks what became of intents; of a title that the index does not have, that is nothing."""

    run: SyncRun
    server: RequestServer
    index: Mapping[TitleKey, TitleState]
    now: datetime
    timeout: timedelta

    def review(self, intents: Iterable[Intent]) -> OpenIntents:
        """Look at each intent once; at most one call for each."""
        result = OpenIntents()
        for intent in intents:
            definition = Definition(intent.body.key, intent.body.four_k)
            try:
                found = self._find(intent)
            except (AnswerChangedError, UnavailableError) as error:
                result.on_hold[definition] = f"{_UNSEEN}: {error.why}"
                continue
            self._judge(intent, definition, found, result)
        return result

    def _find(self, intent: Intent) -> FoundRequests:
        is_known = intent.body.key in self.index
        return self.server.find_requests(intent.body) if is_known else _NOTHING_THERE

    def _judge(
        self, intent: Intent, definition: Definition, found: FoundRequests, result: OpenIntents
    ) -> None:
        if found.covering is not None:
            result.notes.sent.append(_found_again(self.run, intent, found.covering))
            return
        due = due_at(intent, self.now, self.timeout)
        if due > self.now and not self._is_there(definition):
            result.on_hold[definition] = _words_of_hold(due)
            if intent.at > self.now:
                result.misdated.append(intent)
            return
        result.notes.dropped.append(intent.body)
        result.notes.seen.extend(digest(found.requests, ()))
        if not found.requests and self._is_pending(definition):
            result.notes.seen.append(
                ServerRequest(definition=definition, status=RequestStatus.NONE)
            )

    def _is_there(self, definition: Definition) -> bool:
        """Tell a film of which nothing is missing, whatever became of the request."""
        is_film = definition.key.kind is MediaType.MOVIE
        return is_film and self._status(definition) == MediaStatus.AVAILABLE

    def _is_pending(self, definition: Definition) -> bool:
        return self._status(definition) == MediaStatus.PENDING

    def _status(self, definition: Definition) -> int:
        return self.index.get(definition.key, ABSENT).of(four_k=definition.four_k)


def due_at(intent: Intent, now: datetime, timeout: timedelta) -> datetime:
    """Say when a request that may have been sent is over; a time ahead of ours means now."""
    return min(intent.at, now) + timeout


def retry_for(intents: Sequence[Intent], now: datetime, timeout: timedelta) -> Retry | None:
    """Say when to look again at what is open."""
    if not intents:
        return None
    due = max(due_at(intent, now, timeout) for intent in intents)
    why = "a request whose answer was lost may still be running at the server"
    return Retry(why=why, not_before=max(due, now), titles=len(intents))


def _words_of_hold(due: datetime) -> str:
    at = f"{due.astimezone():%H:%M:%S}"
    return f"a request that was cut off may still be running; looked at again after {at}"


def _found_again(run: SyncRun, intent: Intent, number: int) -> Sent:
    detail = "sent by a run that was cut off; found at the server"
    answered = Answered(answer=RequestAnswer.REQUESTED, detail=detail, request_id=number)
    label = intent.label or str(intent.body.key)
    return Sent(run.run_id, label, intent.lists, intent.body, answered)
