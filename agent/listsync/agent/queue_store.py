"""What must survive a restart: the pause, and the syncs that are owed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from listsync.agent.queue import QueueState, RunQueue
from listsync.domain.events import put_right
from listsync.domain.runs import Pause, Scope, SyncJob, words_of_origins
from listsync.ports.state import KeyValueStore
from listsync.text_cleaning import cut

_PAUSE, _OWED, _TRIED = "pause", "owed", "tried"
_LONGEST_ORIGIN = 1000
"""Of all who asked: it becomes one name, which a reply must have room for."""


class QueueStore:
    """Writes the state of the queue down when it has changed. Any thread may use it.

    `is_behind`: that failed last, so that `keep` is to be called again.
    """

    def __init__(self, key_values: KeyValueStore) -> None:
        self.is_behind = False
        self._key_values = key_values
        self._lock = threading.Lock()
        self._let_go: set[str] = set()
        self._kept: dict[str, Any] = {name: key_values.load(name) for name in (_PAUSE, _OWED)}

    def keep(self, state: QueueState) -> None:
        """Write *state* down; raises StateError."""
        with self._lock:
            self.is_behind = True
            self._save(_PAUSE, _pause_of(state.pause))
            self._save(_OWED, self._owed(state))
            self.is_behind = False

    def try_to_write(self) -> None:
        """Write something, to see whether that can be done again; raises StateError."""
        self._key_values.save(_TRIED, datetime.now(UTC).isoformat())

    def let_go(self, run_id: str) -> None:
        """Owe run *run_id* no longer, from the next `keep` on; waits for nothing."""
        self._let_go = {run_id}

    def restore(self, queue: RunQueue) -> None:
        """Put back into *queue* what was kept: the pause, and one sync for all that is owed."""
        pause = _restored(self._kept[_PAUSE], datetime.now(UTC))
        if pause is not None:
            queue.pause(pause)
        owed = self._kept[_OWED]
        if owed is not None:
            origin = f"{owed['origin']}, resumed"
            queue.submit(SyncJob.own(_scope(owed["lists"]), origin, eager=True))

    def _owed(self, state: QueueState) -> dict[str, Any] | None:
        jobs = [one for one in (state.running, state.pending) if self._is_owed(one)]
        if not jobs:
            return None
        scopes = [one.scope for one in jobs if one]
        everything = any(one is None for one in scopes)
        lists = None if everything else sorted({name for one in scopes for name in one or ()})
        origins = dict.fromkeys(name for one in jobs if one for name in one.origins)
        more = sum(one.more_origins for one in jobs if one)
        origin = words_of_origins(origins, more).replace(", resumed", "")
        return {"lists": lists, "origin": cut(origin, _LONGEST_ORIGIN)}

    def _is_owed(self, job: SyncJob | None) -> bool:
        return job is not None and not job.dry_run and job.run_id not in self._let_go

    def _save(self, name: str, value: Any) -> None:
        if value != self._kept[name]:
            self._key_values.save(name, value)
            self._kept[name] = value


def _pause_of(pause: Pause | None) -> dict[str, str | None] | None:
    if pause is None:
        return None
    times = {"until": pause.until, "since": pause.since}
    return {name: at.isoformat() if at else None for name, at in times.items()}


def _restored(kept: dict[str, str | None] | None, now: datetime) -> Pause | None:
    """Give the pause that was kept, unless it has ended meanwhile."""
    if kept is None:
        return None
    until, since = _moment(kept["until"]), _moment(kept.get("since"))
    if until is not None and since is not None and since > now:
        until, since = put_right(until, since=since, now=now), now
    return Pause(until, since) if until is None or until > now else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _scope(lists: list[str] | None) -> Scope:
    return None if lists is None else frozenset(lists)
