"""From a decision to an outcome: the only place that asks the server for anything.

One request at a time. The intent to send it is on disk before it goes out, and known to the other
agents where there are some; what came of those before is written in the same commit. `dry_run` is
honoured here and nowhere else.

A disk takes milliseconds to confirm a commit, as PostgreSQL does to share it. Where the server
needs not much longer to answer, one commit holds the intents of the next few requests.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol, assert_never

from listsync.domain.decisions import (
    Decision,
    Failed,
    Outcome,
    Prepared,
    Refused,
    Request,
    Requested,
    Skip,
)
from listsync.domain.media import Edition
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import Intent, Sent
from listsync.domain.server import (
    AS_SERVER_DECIDES,
    TAKEN,
    MediaStatus,
    RequestBody,
    RequestResponse,
    RequestStatus,
    ResponseKind,
    ServerRequest,
)
from listsync.domain.server_knowledge import UNLIMITED
from listsync.errors import NotTakenError, RefusedError, ResponseChangedError, UnavailableError
from listsync.ports.fleet import RequestFence
from listsync.ports.server import RequestServer
from listsync.sync.knowledge import RunKnowledge
from listsync.sync.run_recorder import Recorder

logger = logging.getLogger(__name__)

_UNWRITTEN_S = 0.2
"""How old an outcome may get, and one request more, until it is on disk."""
_MOST_AHEAD = 8
"""Intents that wait on disk for their turn: what a kill leaves for the next run to look for."""
_LEAST_S = 0.001
"""A request is taken to last at least as long as this."""
HOLDS = {
    ResponseKind.QUOTA: "the quota of the requesting user is used up",
    ResponseKind.PERMISSION: "the requesting user may not request this",
}
"""Why nothing more is requested as a user, by what the server answered."""
_UNSURE = "requested in this run without an answer; a later one looks what came of it"
_BLOCKLISTED = "the server refused it in this run: it is blocklisted"


class NoFence:
    """Implements `ports.fleet.RequestFence` where no other agent shares the work."""

    post_s = math.inf

    def share(self) -> None:
        """Nobody else is to know."""

    def check(self) -> None:
        """Nobody else could lead."""


NO_FENCE = NoFence()


class ComingRequests(Protocol):
    """What is prepared ahead of its turn."""

    def coming(self, most: int) -> Iterable[tuple[Prepared, Request]]:
        """Give what will probably be requested next, of at most so many wishes."""
        ...


class Writer:
    """Acts on decisions, one after the other, and has them remembered."""

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        run: SyncRun,
        server: RequestServer,
        recorder: Recorder,
        known: RunKnowledge,
        window: ComingRequests,
        *,
        fence: RequestFence = NO_FENCE,
    ) -> None:
        self._run = run
        self._fence = fence
        self._server = server
        self._known = known
        self._window = window
        self._recorder = recorder
        self._requested: dict[Edition, Intent] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._written_at = 0.0
        self._took_s = math.inf

    @property
    def requested(self) -> Mapping[Edition, Intent]:
        """What was newly requested so far, each title once with all its seasons."""
        return self._requested

    def act(self, prepared: Prepared, decision: Decision) -> Outcome:
        """Turn *decision* into an outcome.

        Raises:
            RefusedError: the server does not accept us any more.
            UnavailableError: the server did not answer; nothing is known to have been done.
            NotSharedError, LeaseLostError: nothing may be requested any more.
        """
        outcome: Outcome
        match decision:
            case Skip():
                outcome = decision
            case Request():
                outcome = self._request(prepared, decision)
            case _ as never:
                assert_never(never)
        self._recorder.note(prepared, outcome)
        return outcome

    def _request(self, prepared: Prepared, decision: Request) -> Outcome:
        intent = self._intent_of(prepared, decision)
        if self._run.dry_run:
            return self._taken(decision, intent, None)
        self._intend(intent)
        body = intent.body
        try:
            answered = self._send(body)
        except ResponseChangedError as error:
            self._keep_open(intent)
            return Failed(error.why)
        except UnavailableError:
            self._keep_open(intent)
            raise
        taken = intent
        if answered.seasons:
            taken = replace(intent, body=replace(body, seasons=answered.seasons))
        self._recorder.notes.sent.append(sent(self._run, taken, answered))
        if answered.kind in TAKEN:
            return self._taken(decision, taken, answered)
        return self._refused(prepared, intent, answered)

    def _taken(
        self, decision: Request, taken: Intent, answered: RequestResponse | None
    ) -> Requested:
        """Keep the run from asking again, also for what the server chose to leave out."""
        body = taken.body
        title, earlier = Edition(body.key, body.four_k), None
        self._known.note_requested(title, decision.body.seasons)
        if answered is None or answered.kind is ResponseKind.REQUESTED:
            earlier = self._requested.get(title)
            self._count(title, taken, earlier)
        before = earlier.lists[0] if earlier is not None and earlier.lists else None
        return Requested(body, answered, decision.members, decision.left_out, before)

    def _refused(self, prepared: Prepared, intent: Intent, answered: RequestResponse) -> Refused:
        """Draw the conclusions from an answer that gives nothing."""
        body = intent.body
        # Written before the next request goes out: the server would not show it to the next run.
        self._written_at = -math.inf
        if answered.kind in HOLDS:
            self._hold(body, answered.kind)
        if answered.kind is ResponseKind.UNSURE:
            self._keep_open(intent)
        if answered.kind is ResponseKind.BLOCKLISTED:
            self._put_on_hold(body, _BLOCKLISTED)
        if answered.kind is ResponseKind.IMPOSSIBLE:
            self.set_back(prepared, answered.detail)
            self._note_without_request(body)
        return Refused(body, answered)

    def _keep_open(self, intent: Intent) -> None:
        """Leave it to a later run what came of a request; it may be running until now."""
        self._put_on_hold(intent.body, _UNSURE)
        self._recorder.write([intent])

    def _note_without_request(self, body: RequestBody) -> None:
        """Remember that a refusal may have left the title's row at the server, but no request."""
        edition = Edition(body.key, body.four_k)
        self._recorder.notes.seen.append(ServerRequest(edition=edition, status=RequestStatus.NONE))

    def _intent_of(self, prepared: Prepared, decision: Request) -> Intent:
        """Name the lists that want the title; the one on whose behalf it is requested first."""
        members = (*decision.members, *prepared.wish.members)
        names = tuple(dict.fromkeys(member.rules.name for member in members))
        label = (prepared.match.title if prepared.match else "") or prepared.wish.label
        return Intent(label, self._names.setdefault(names, names), decision.body)

    def _intend(self, intent: Intent) -> None:
        """Have *intent* written; where it is not yet, those that will follow quickly go along."""
        began = time.monotonic()
        if not self._recorder.is_intended(intent.body) or began - self._written_at > _UNWRITTEN_S:
            self._recorder.intend([intent, *self._following(intent)])
            self._fence.share()
            self._written_at = time.monotonic()
        self._recorder.begin(intent.body)

    def _following(self, intent: Intent) -> Iterator[Intent]:
        """Yield the intents of as many requests as go out before the next commit."""
        taken = {Edition(intent.body.key, intent.body.four_k)}
        most = min(_MOST_AHEAD, int(_UNWRITTEN_S / max(self._took_s, _LEAST_S)))
        for prepared, decision in self._window.coming(most):
            one = self._intent_of(prepared, decision)
            edition = Edition(one.body.key, one.body.four_k)
            # More of a title is decided anew when its turn comes; and of a title that the server
            # has already, its index would not tell the next run whether this was requested.
            status = self._known.state(edition.key).of(four_k=one.body.four_k)
            if status == MediaStatus.UNKNOWN and edition not in taken:
                taken.add(edition)
                yield one

    def _send(self, body: RequestBody) -> RequestResponse:
        began = time.monotonic()
        try:
            answered = self._server.request(body)
        except (ResponseChangedError, NotTakenError):
            self._doubt(body)
            raise
        finally:
            self._took_s = time.monotonic() - began
        if answered.not_handed_on:
            self._doubt(body)
        return answered

    def _count(self, title: Edition, taken: Intent, earlier: Intent | None) -> None:
        """Count a title that is newly requested, by the list that had it requested first."""
        body = taken.body
        self._known.count(body, taken.lists[0] if earlier is None and taken.lists else None)
        if earlier is not None:
            lists = tuple(dict.fromkeys((*earlier.lists, *taken.lists)))
            seasons = tuple(sorted({*earlier.body.seasons, *body.seasons}))
            taken = replace(taken, lists=lists, body=replace(body, seasons=seasons))
        self._requested[title] = taken

    def learn_allowance(self, user: str | None) -> None:
        """Find out what *user* may request; where the server does not say it, it will refuse.

        Raises:
            UnavailableError: the server does not answer.
        """
        try:
            allowance = self._server.allowance_of(user)
        except (RefusedError, ResponseChangedError) as error:
            logger.warning("what a user may request is not known: %s", error)
            allowance = UNLIMITED
        self._known.learn_allowance(user, allowance)

    def _hold(self, body: RequestBody, answer: ResponseKind) -> None:
        """Ask no more for the user who was refused; one quota is for both, in 4K and not."""
        both = answer is ResponseKind.QUOTA
        for four_k in (False, True) if both else (body.four_k,):
            self._known.refuse(body.asking.user, body.key.kind, four_k=four_k, why=HOLDS[answer])

    def _doubt(self, body: RequestBody) -> None:
        """Doubt what Radarr and Sonarr were said to call things, if *body* was made with that."""
        if body.destination != AS_SERVER_DECIDES:
            self._known.doubt_arr_names(body.key.kind)

    def _put_on_hold(self, body: RequestBody, why: str) -> None:
        """Keep this run from asking again for what may have arrived, or was just refused."""
        self._known.put_on_hold(Edition(body.key, body.four_k), why)

    def fail(self, prepared: Prepared, outcome: Failed) -> Failed:
        """Keep what was learned of a wish that could not be taken to its end."""
        self.learn(prepared)
        return outcome

    def learn(self, prepared: Prepared) -> None:
        """Have remembered what was learned of a wish on which nothing else is done."""
        self._recorder.learn(prepared)

    def exclude(self, prepared: Prepared) -> None:
        """Have remembered what was learned of a wish that says what must not be requested."""
        self._recorder.exclude(prepared)

    def set_back(self, prepared: Prepared, why: str) -> None:
        """Have remembered that requesting this title would fail; it is tried again later."""
        self._recorder.set_back(prepared, why)

    def flush(self) -> None:
        """Write what is not written yet."""
        self._recorder.write()

    def finish(self) -> None:
        """Write what is not written yet, when all wishes have come to their outcomes."""
        self._recorder.finish()


def sent(run: SyncRun, intent: Intent, answered: RequestResponse) -> Sent:
    """Log what the server answered to a request, and say it for the log of requests."""
    logger.info(
        "%s: %s [%s]",
        answered.kind.value,
        intent.label,
        intent.body.key,
        extra={"action": "request", "run": run.run_id, "lists": intent.lists},
    )
    return Sent(run.run_id, intent.label, intent.lists, intent.body, answered)
