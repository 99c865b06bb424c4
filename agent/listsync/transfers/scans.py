"""Has media servers look at folders, and asks them later whether they show what came.

One thread for each server, so that none waits for another; without anything to do it sleeps.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from listsync.cancellation import CancelToken
from listsync.domain.transfers import (
    LibraryScan,
    MediaServerTrouble,
    RootHealth,
    ScanState,
)
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.ports.transfers import ScanQueue
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.transfers.media_servers.base import MediaServer, Open

logger = logging.getLogger(__name__)

_PAUSES_S = (30, 60, 120, 300, 900, 1800, 3600)
"""After so many failures of one folder in a row."""
_MOST_TRIES = 60
"""Two days and a half; then a person is needed."""
_BLOCKED_S = 30.0
"""How long a folder waits whose disk is not there, before that is looked at again."""
_AS_IT_CHANGES_S = 60.0
"""The longest sleep while something waits: somebody may set the clock."""
_STATE_PAUSE_S = 10.0
_LAST_ANSWER_S = 1.0
_CLOCKS = timedelta(minutes=15)
"""How much the clock of a media server may differ from ours."""

Health = Callable[[PurePosixPath], RootHealth]


class LibraryScans:
    """Sends what waits for media servers, by name, until it is told to stop.

    *health* says how the root is that a folder lies on: nothing is scanned while its disk is gone,
    as a media server may then forget what it holds. *changed* is called when a server begins to
    fail or works again.
    """

    def __init__(
        self,
        queue: ScanQueue,
        servers: Mapping[str, Open],
        health: Health,
        *,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._token = CancelToken()
        shared = _Shared(queue, health, changed, self._token)
        self._workers = tuple(ScanWorker(name, opened, shared) for name, opened in servers.items())

    @property
    def troubles(self) -> tuple[MediaServerTrouble, ...]:
        """Say which media servers cannot be asked, and why."""
        return tuple(one.trouble for one in self._workers if one.trouble is not None)

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set: an answer that is awaited may come for a moment still."""
        threads = [
            threading.Thread(target=one.run, name=f"listsync-scans-{one.name}", daemon=True)
            for one in self._workers
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        self._token.set()
        self.wake()
        grace = threading.Timer(_LAST_ANSWER_S, self._token.cut)
        grace.daemon = True
        grace.start()
        for thread in threads:
            thread.join()
        grace.cancel()
        for one in self._workers:
            one.trouble = None  # nobody is asked any more

    def wake(self) -> None:
        """Let all look for what waits. Any thread may call it."""
        for one in self._workers:
            one.wake()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the workers of all servers have in common."""

    queue: ScanQueue
    health: Health
    changed: Callable[[], None]
    token: CancelToken


class ScanWorker:
    """Looks after the scans of one media server: none waits for another that fails."""

    def __init__(self, name: str, opened: Open, shared: _Shared) -> None:
        self.name = name
        self.trouble: MediaServerTrouble | None = None
        self._open = opened
        self._shared = shared
        self._queue = shared.queue
        self._token = shared.token
        self._server: MediaServer | None = None
        self._has_resumed = False
        self._is_stuck = False
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def run(self) -> None:
        try:
            while not self._token.is_set():
                self._woken.wait(self._step())
                self._woken.clear()
        finally:
            if self._server is not None:
                self._server.close()

    def _step(self) -> float | None:
        """Do what is due; returns how long to sleep then, None = until woken."""
        try:
            sleep_s = self._do_what_is_due()
        except StateError as error:
            if not self._is_stuck:
                logger.warning("scans of %s wait: %s", self.name, error)
        except Exception:  # the top of the thread
            logger.exception("scans of %s failed in an unforeseen way", self.name)
        else:
            self._is_stuck = False
            return sleep_s
        self._is_stuck = True
        return _STATE_PAUSE_S

    def _do_what_is_due(self) -> float | None:
        self._resume()
        while not self._token.is_set():
            now = _now()
            due = self._queue.next_due(self.name, now)
            if due is None:
                return None
            if due > now:
                return min((due - now).total_seconds(), _AS_IT_CHANGES_S)
            for scan in self._queue.due(self.name, now):
                if self._token.is_set():
                    break
                self._look_after(scan)
        return 0.0

    def _resume(self) -> None:
        """Try again what waits for a person: the agent, or the server with its key, is new."""
        if self._has_resumed:
            return
        self._queue.resume(self.name, _now())
        self._has_resumed = True

    def _look_after(self, scan: LibraryScan) -> None:
        try:
            after = self._sent(scan) if scan.state is ScanState.WAITING else self._asked(scan)
        except Exception as error:
            logger.exception("a scan of %s failed in an unforeseen way", self.name)
            why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
            after = _put_off(scan, UnavailableError(self.name, why))
        if self._token.is_set() and after.why:  # what was cut off is done at the next start
            return
        self._queue.settle([after], (), _now())
        _log(scan, after)

    def _sent(self, scan: LibraryScan) -> LibraryScan:
        """Send a scan; returns it as it stands then."""
        root = scan.wanted.health_root
        health = self._shared.health(root)
        if not health.is_mapped:  # as long as a server that does not answer, then a person looks
            why = f"{root} is no source and no destination of a mapping any more"
            return _put_off(scan, UnavailableError(self.name, why))
        if not health.is_healthy:
            due = _now() + timedelta(seconds=_BLOCKED_S)
            return replace(scan, due_at=due, why=f"waits for {root}: {health.why}")
        try:
            server = self._opened()
            server.scan(scan.wanted.folder)
        except RefusedError as error:
            self._note(error)
            return replace(scan, state=ScanState.NEEDS_ATTENTION, why=error.why)
        except (UnavailableError, ResponseChangedError) as error:
            self._note(error)
            return _put_off(scan, error)
        self._note(None)
        return _begun(scan, server)

    def _asked(self, scan: LibraryScan) -> LibraryScan:
        """Ask whether the files of a scan are shown; returns it as it stands then."""
        wanted = frozenset(scan.wanted.expects)
        try:
            server = self._opened()
            found = server.shows(wanted, (scan.sent_at or _now()) - _CLOCKS)
        except RefusedError as error:
            self._note(error)
            return replace(scan, state=ScanState.UNVERIFIED, why=error.why)
        except (UnavailableError, ResponseChangedError) as error:
            self._note(error)
            return self._asked_later(scan, ScanState.UNVERIFIED, error.why)
        self._note(None)
        missing = wanted - found.shown
        if not missing:
            return replace(scan, state=ScanState.SHOWN, why="")
        state = ScanState.UNVERIFIED if missing <= found.unknown else ScanState.NOT_SHOWN
        return self._asked_later(scan, state, _missing_words(missing, wanted))

    def _asked_later(self, scan: LibraryScan, at_last: ScanState, why: str) -> LibraryScan:
        """Have it asked for again, or end it as *at_last* when it was asked for often enough."""
        checks = self._opened().checks_s
        tries = scan.tries + 1
        if tries >= len(checks):
            return replace(scan, state=at_last, tries=tries, why=why)
        due = (scan.sent_at or _now()) + timedelta(seconds=checks[tries])
        return replace(scan, tries=tries, due_at=max(due, _now()), why=why)

    def _opened(self) -> MediaServer:
        if self._server is None:
            self._server = self._open(self._token)
        return self._server

    def _note(self, error: RefusedError | UnavailableError | ResponseChangedError | None) -> None:
        """Remember how the server is; a folder that it does not know says nothing of it."""
        if self._token.is_set() or getattr(error, "kind", None) is Refusal.NOT_FOUND:
            return
        before, self.trouble = self.trouble, None
        if error is not None:
            is_refused = isinstance(error, RefusedError)
            self.trouble = MediaServerTrouble(
                server=self.name, why=error.why, needs_person=is_refused
            )
        if before != self.trouble:
            self._say(before)
            self._shared.changed()

    def _say(self, before: MediaServerTrouble | None) -> None:
        """Log that it begins to fail, or works again; a notice tells of a key that is refused."""
        extra = {"action": "media_server", "server": self.name}
        if self.trouble is None:
            logger.info("%s works again", self.name, extra=extra)
        elif before is None and not self.trouble.needs_person:
            words = "%s: %s; what waits for it is sent later"
            logger.warning(words, self.name, self.trouble.why, extra=extra)


def _begun(scan: LibraryScan, server: MediaServer) -> LibraryScan:
    now = _now()
    sent = replace(scan, state=ScanState.SENT, sent_at=now, tries=0, why="")
    if not scan.wanted.expects:
        why = "no file was named that it should show"
        return replace(sent, state=ScanState.UNVERIFIED, why=why)
    return replace(sent, due_at=now + timedelta(seconds=server.checks_s[0]))


def _put_off(scan: LibraryScan, error: UnavailableError | ResponseChangedError) -> LibraryScan:
    tries = scan.tries + 1
    if tries >= _MOST_TRIES:
        why = f"given up after {tries} tries: {error.why}"
        return replace(scan, state=ScanState.NEEDS_ATTENTION, tries=tries, why=why)
    spread = random.uniform(1.0, 1.2)  # noqa: S311 - so that not all come back at once
    own_s = _PAUSES_S[min(tries, len(_PAUSES_S)) - 1] * spread
    asked_s = min(getattr(error, "retry_after_s", None) or 0.0, float(_PAUSES_S[-1]))
    due = _now() + timedelta(seconds=max(own_s, asked_s))
    return replace(scan, tries=tries, due_at=due, why=error.why)


def _missing_words(missing: frozenset[str], wanted: frozenset[str]) -> str:
    first = one_line(min(missing).replace("\\", "/").rpartition("/")[2])
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"{len(wanted) - len(missing)} of {len(wanted)} shown; not {first}{more}"


def _log(before: LibraryScan, after: LibraryScan) -> None:
    """Write one line for what has become of a scan."""
    extra = {"action": "library_scan", "server": after.server, "state": after.state.value}
    folder = one_line(after.wanted.folder)
    match after.state:
        case ScanState.SENT if before.state is ScanState.WAITING:
            logger.info("%s scans %s", after.server, folder, extra=extra)
        case ScanState.SHOWN:
            logger.info("%s shows what came to %s", after.server, folder, extra=extra)
        case ScanState.NOT_SHOWN:
            words = "%s has scanned %s, but does not show it: %s"
            logger.warning(words, after.server, folder, after.why, extra=extra)
        case ScanState.NEEDS_ATTENTION:
            words = "%s could not be told to scan %s: %s"
            logger.warning(words, after.server, folder, after.why, extra=extra)
        case _:
            words = "scan of %s by %s: %s %s"
            logger.debug(words, folder, after.server, after.state, after.why, extra=extra)


def _now() -> datetime:
    return datetime.now(UTC)
