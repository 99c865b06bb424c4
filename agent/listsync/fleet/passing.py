"""What somebody asked of an agent that stands by, on its way to the one that leads.

Who leads may be gone already, for as long as its lease holds: so what was passed on is kept until
the one that leads says that it has it, and handed to the next one else. What is more than a sync
of all, with which the next one begins anyway, all agents keep until the one that leads says that
it is done, wherever it was asked for.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from listsync.domain.runs import Scope, SyncJob
from listsync.lean_dataclasses import dataclass
from listsync.postgres.sender import MOST_BYTES, in_parts
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

_TAKEN, _DONE = "taken ", "done "
_KEPT_S = 600.0
"""What is not done by then is out of date: it may say that something on hold is to go on."""
_MOST_TRIES = 3
"""At one that leads and says nothing; an older version does not."""
_MOST_KEPT = 100
_MOST_KNOWN = 1000
_MOST_ORIGINS = 20
_LONGEST_ORIGIN = 100
_FLAGS = ("dry_run", "forced", "confirmed", "eager")
_LOST = {
    False: "what %s asked for was passed on, and no agent has taken it: ask again",
    True: "what %s asked for was taken by an agent that is gone, and is not done: ask again",
}
_UNSENT = "what %s asked for could not be passed on in time, and is not done: ask again"


def payloads_of(job: SyncJob, sender: str) -> tuple[str, ...]:
    """Write *job* down: as several where its lists are too many for one notification."""
    origins = job.origins[:_MOST_ORIGINS]
    content = {
        "origins": [one_line(f"{one} at {sender}", _LONGEST_ORIGIN) for one in origins],
        "more_origins": job.more_origins + len(job.origins) - len(origins),
        **{name: True for name in _FLAGS if getattr(job, name)},
    }

    def write(lists: Sequence[str] | None) -> str:
        named = {**content, "id": secrets.token_hex(8), "lists": lists}
        text = json.dumps(named, ensure_ascii=False)
        is_too_long = lists is not None and len(lists) == 1 and len(text.encode()) > MOST_BYTES
        return write(None) if is_too_long else text  # all lists are no less than that one

    return (write(None),) if job.scope is None else tuple(in_parts(write, sorted(job.scope)))


def _content_of(payload: str) -> dict[str, object]:
    try:
        content: object = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _id_of(payload: str) -> str:
    found = _content_of(payload).get("id")
    return found if isinstance(found, str) else ""


def is_more_than_a_sync(job: SyncJob) -> bool:
    """Tell whether a sync of all lists, as after a takeover, is less than what *job* asks for."""
    return job.dry_run or job.forced or job.confirmed


@dataclass(slots=True)
class _Kept:
    payload: str
    job: SyncJob | None
    until: float
    tried_at: float
    tries: int = 1
    waits: bool = False
    is_taken: bool = False


class PassedOn:
    """What is passed on by an agent that stands by, and what each keeps until it is done.

    `add` is for any thread, all else for one. *again_s*: how soon it is said again where nobody
    says that it was taken; *now* gives a time in seconds.
    """

    def __init__(self, again_s: float, now: Callable[[], float]) -> None:
        self._again_s = again_s
        self._now = now
        self._waiting: deque[tuple[str, float]] = deque()
        """Each with when it is out of date."""
        self._kept: dict[str, _Kept] = {}

    def add(self, payloads: Sequence[str]) -> None:
        until = self._now() + _KEPT_S
        self._waiting.extend((one, until) for one in payloads)

    @property
    def next(self) -> str | None:
        """What is to be sent next; None: nothing."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def is_kept(self) -> bool:
        """Tell whether something was sent of which nobody said that it was taken."""
        return any(not one.is_taken for one in self._kept.values())

    def sent(self, *, is_taken: bool) -> None:
        """Note that what was `next` is on its way, or taken at once."""
        (payload, until), now = self._waiting.popleft(), self._now()
        name, job = _id_of(payload), job_of(payload)
        if is_taken:
            self._kept.pop(name, None)
        elif name in self._kept:
            before = self._kept[name]
            before.tried_at, before.tries, before.waits = now, before.tries + 1, False
        elif name:
            until = until if job and is_more_than_a_sync(job) else now + _KEPT_S
            self._kept[name] = _Kept(payload, job, until, now)

    def overhear(self, payload: str) -> None:
        """Keep what another asks of the one that leads, if that should go on with the next."""
        name, job = _id_of(payload), job_of(payload)
        if not name or name in self._kept or job is None or not is_more_than_a_sync(job):
            return
        now = self._now()
        self._kept[name] = _Kept(payload, job, now + _KEPT_S, now, is_taken=True)
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def hear(self, payload: str) -> bool:
        """Note that something was taken, or is done; False: *payload* says something else."""
        if payload.startswith(_TAKEN):
            one = self._kept.get(name := payload.removeprefix(_TAKEN))
            if one is not None and one.job is not None and is_more_than_a_sync(one.job):
                one.is_taken = True
            else:
                self._kept.pop(name, None)
            return True
        self._kept.pop(payload.removeprefix(_DONE), None)
        return payload.startswith(_DONE)

    def again(self, *, is_new_leader: bool = False) -> None:
        """Let what was not taken be sent once more, if it is time to.

        Another leads now (*is_new_leader*): also what the one before may not have done.
        """
        now = self._now()
        self._drop_unsent(now)
        for name, one in list(self._kept.items()):
            if one.is_taken and not is_new_leader:
                continue
            if now > one.until:
                self._give_up(name)
            elif is_new_leader:
                one.tries = 0
                self._wait(one)
            elif now - one.tried_at >= self._again_s and one.tries < _MOST_TRIES:
                self._wait(one)

    def _drop_unsent(self, now: float) -> None:
        """Send nothing that became out of date before it could be sent; a sync never is."""
        for payload, until in list(self._waiting):
            job = job_of(payload)
            if now <= until or job is None or _id_of(payload) in self._kept:
                continue
            if is_more_than_a_sync(job):
                self._waiting.remove((payload, until))
                logger.warning(_UNSENT, job.origin, extra={"action": "passed_on_lost"})

    def _give_up(self, name: str) -> None:
        one = self._kept.pop(name)
        if one.waits:
            self._waiting.remove((one.payload, one.until))
        origin = one.job.origin if one.job else "somebody"
        logger.warning(_LOST[one.is_taken], origin, extra={"action": "passed_on_lost"})

    def _wait(self, one: _Kept) -> None:
        if not one.waits:
            one.waits = True
            self._waiting.append((one.payload, one.until))


class Taken:
    """What the one that leads has taken, by any way, and in which run it is done.

    `take_here` is for any thread, all else for one.
    """

    def __init__(self) -> None:
        self._here: deque[tuple[str, str]] = deque()
        self._runs: dict[str, str | None] = {}
        """None: it is done."""

    def begin(self) -> None:
        """Know nothing: another has led, or nobody."""
        self._here.clear()
        self._runs.clear()

    def take_here(self, payloads: Sequence[str], run: str) -> None:
        """Take what was asked of this agent itself, and is done in *run*."""
        self._here.extend((payload, run) for payload in payloads)

    def told(self) -> Iterator[str]:
        """Give what was taken here since the last time, for the others to keep.

        What could not be sent, so that no other was asked for, is given again.
        """
        while self._here:
            payload, run = self._here[0]
            self._note(payload, run)
            yield payload
            self._here.popleft()

    def take(self, payload: str, ask: Callable[[str], str]) -> Iterator[str]:
        """Have *ask* do it unless that was done before; gives what its sender waits for.

        *ask* gives the run in which it is done; empty: it is not done at all.
        """
        name = _id_of(payload)
        if name not in self._runs:
            run = ask(payload)
            if not name:
                return
            self._note(payload, run)
        yield f"{_TAKEN}{name}"
        if self._runs[name] is None:
            yield f"{_DONE}{name}"

    def done(self, is_open: Callable[[str], bool]) -> Iterator[str]:
        """Say what is done since the last time; *is_open* tells whether a run is not over.

        What could not be sent is said again.
        """
        for name, run in list(self._runs.items()):
            if run is not None and not is_open(run):
                yield f"{_DONE}{name}"
                self._runs[name] = None

    def _note(self, payload: str, run: str) -> None:
        self._runs[_id_of(payload)] = run
        if len(self._runs) > _MOST_KNOWN:
            del self._runs[next(iter(self._runs))]


def job_of(payload: str) -> SyncJob | None:
    """Read a job that was passed on; None: it is none."""
    content = _content_of(payload)
    given, lists, more = (content.get(one) for one in ("origins", "lists", "more_origins"))
    if not isinstance(given, list):
        return None
    if not (lists is None or isinstance(lists, list)):
        return None
    scope: Scope = None if lists is None else frozenset(one for one in lists if _is_name(one))
    origins = (one for one in given if _is_name(one))
    return replace(
        SyncJob.new(scope, ""),
        origins=tuple(one_line(one, _LONGEST_ORIGIN) for one in islice(origins, _MOST_ORIGINS)),
        more_origins=more if isinstance(more, int) and 0 <= more < 10**9 else 0,
        dry_run=content.get("dry_run") is True,
        forced=content.get("forced") is True,
        confirmed=content.get("confirmed") is True,
        eager=content.get("eager") is True,
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)
