"""What somebody asked of an agent that stands by, on its way to the one that leads.

Who leads may be gone already, for as long as its lease holds: so what was passed on is kept until
the one that leads says that it has it, and handed to the next one else.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from listsync.domain.runs import Scope, SyncJob
from listsync.lean_dataclasses import dataclass
from listsync.postgres.sender import MOST_BYTES, in_parts
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

_TAKEN = "taken "
_KEPT_S = 600.0
"""What nobody has taken by then is out of date: it may say that something on hold is to go on."""
_MOST_TRIES = 3
"""At one that leads and says nothing; an older version does not."""
_MOST_KNOWN = 1000
_MOST_ORIGINS = 20
_LONGEST_ORIGIN = 100
_FLAGS = ("dry_run", "forced", "confirmed", "eager")


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


def taken(payload: str) -> str:
    """Write that *payload* was taken by the agent that leads; empty: nobody waits for that."""
    found = _content_of(payload).get("id")
    return f"{_TAKEN}{found}" if _is_name(found) else ""


@dataclass(slots=True)
class _Sent:
    payload: str
    until: float
    tried_at: float
    tries: int = 1
    waits: bool = False


class PassedOn:
    """What is passed on, by an agent that stands by, and what was taken by one that leads.

    `add` is for any thread, all else for one. *again_s*: how soon it is said again where nobody
    says that it was taken; *now* gives a time in seconds.
    """

    def __init__(self, again_s: float, now: Callable[[], float]) -> None:
        self._again_s = again_s
        self._now = now
        self._waiting: deque[str] = deque()
        self._sent: dict[str, _Sent] = {}
        self._known: deque[str] = deque(maxlen=_MOST_KNOWN)

    def add(self, payloads: Sequence[str]) -> None:
        self._waiting.extend(payloads)

    @property
    def next(self) -> str | None:
        """What is to be sent next; None: nothing."""
        return self._waiting[0] if self._waiting else None

    @property
    def is_kept(self) -> bool:
        """Tell whether something was sent of which nobody said that it was taken."""
        return bool(self._sent)

    def sent(self, *, is_taken: bool) -> None:
        """Note that what was `next` is on its way, or taken at once."""
        payload, now = self._waiting.popleft(), self._now()
        answer = taken(payload)
        if is_taken:
            self._sent.pop(answer, None)
        elif answer in self._sent:
            before = self._sent[answer]
            before.tried_at, before.tries, before.waits = now, before.tries + 1, False
        elif answer:
            self._sent[answer] = _Sent(payload, now + _KEPT_S, now)

    def hear(self, payload: str) -> bool:
        """Note that something was taken; False: *payload* says something else."""
        self._sent.pop(payload, None)
        return payload.startswith(_TAKEN)

    def again(self, *, is_new_leader: bool = False) -> None:
        """Let what was not taken be sent once more, if it is time to, or another leads now."""
        now = self._now()
        for answer, one in list(self._sent.items()):
            if now > one.until:
                del self._sent[answer]
                if one.waits:
                    self._waiting.remove(one.payload)
                job = job_of(one.payload)
                words = "what %s asked for was passed on, and no agent has taken it: ask again"
                extra = {"action": "passed_on_lost"}
                logger.warning(words, job.origin if job else "somebody", extra=extra)
            elif is_new_leader:
                one.tries = 0
                self._wait(one)
            elif now - one.tried_at >= self._again_s and one.tries < _MOST_TRIES:
                self._wait(one)

    def _wait(self, one: _Sent) -> None:
        if not one.waits:
            one.waits = True
            self._waiting.append(one.payload)

    def is_new(self, payload: str) -> bool:
        """Tell whether the one that leads has not taken it before."""
        answer = taken(payload)
        if not answer:
            return True
        is_new = answer not in self._known
        if is_new:
            self._known.append(answer)
        return is_new


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
