"""What runs for long in the agent: started, stopped, and kept in step with the configuration.

Which services there are is a table (`app/service_table`); this treats all of them the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic

from listsync.domain.runs import Condition, ConfigT, PendingChange, RestartPolicy, ServiceStatus
from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass

logger = logging.getLogger(__name__)

ServiceWork = Callable[[threading.Event], None]
"""Works until its flag is set."""

_WAIT_S = 1.0
"""How long one service is waited for that starts, or stops for a change."""
STEADY_S = 60.0
"""What ran for so long has not failed again: the next pause is the shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentService(Generic[ConfigT]):
    """One row of the table.

    Attributes:
        name: How people know it.
        start: Makes what it needs, quickly (a ListsyncError says why that cannot be), and gives
            its work, which a thread of its own then does.
        needs: What of a configuration it is started with, anew when that is another; None = it is
            not wanted.
        follows: What of a configuration it follows while it works, by `follow`.
        follow: Lets it follow another configuration; a ListsyncError leaves it as it was.
        keys: The keys of the configuration behind both, for people.
        address: Where it can be reached, for people.
        note: What people should know of it beside that.
        wake: Called when it is to stop, where it does not wait for its flag alone.
        start_s: How long it may take to start, if that is longer than for the others.
        stop_s: How long it may take to stop, likewise.
        steady_s: When it has run for so long, what failed before is over.
        is_vital: Without it the agent ends.
        before_ready: The agent is ready when it has started, or failed to.
        at_start_only: It takes other needs when the agent is started again.
    """

    name: str
    start: Callable[[ConfigT], ServiceWork]
    needs: Callable[[ConfigT], object] = lambda _: ()
    follows: Callable[[ConfigT], object] = lambda _: ()
    follow: Callable[[ConfigT], None] = lambda _: None
    keys: tuple[str, ...] = ()
    address: Callable[[], str] = lambda: ""
    note: Callable[[], str] = lambda: ""
    wake: Callable[[], None] = lambda: None
    start_s: float = 0.0
    stop_s: float = 0.0
    steady_s: float = STEADY_S
    is_vital: bool = True
    before_ready: bool = False
    at_start_only: bool = False


class Services(Generic[ConfigT]):
    """Runs the services of *table*.

    *failed* is called when a vital one fails, *changed* when another has failed, runs again, or
    has done so for long enough: each in a thread of the service.
    """

    def __init__(
        self,
        table: Sequence[AgentService[ConfigT]],
        failed: Callable[[], None],
        policy: RestartPolicy | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        policy = policy or RestartPolicy()
        self._all = tuple(_Supervised(one, failed, changed, policy) for one in table)
        self._lock = threading.Lock()
        self._is_open = False

    @property
    def statuses(self) -> tuple[ServiceStatus, ...]:
        """Say how each is, in the order of the table."""
        return tuple(one.shown() for one in self._all)

    def start(self, config: ConfigT) -> None:
        """Start what *config* wants, and wait for what comes before the agent is ready."""
        with self._lock:
            self._is_open = True
            for one in self._all:
                one.begin(config)
            for one in self._all:
                one.await_start()

    def reconcile(self, config: ConfigT) -> tuple[PendingChange, ...]:
        """Let all follow *config* for which it is another one, between the start and the stop.

        One that has failed is tried again now. Returns what must wait.
        """
        with self._lock:
            if not self._is_open:
                return ()
            return tuple(filter(None, [one.reconcile(config) for one in self._all]))

    def stop(self, timeout_s: float) -> bool:
        """Stop all, each within *timeout_s* or its own time; returns whether all have ended."""
        with self._lock:
            self._is_open = False
        since = time.monotonic()
        for one in self._all:
            one.tell_to_stop()
        return all(one.has_ended_by(since, timeout_s) for one in self._all)


class _Supervised(Generic[ConfigT]):
    """One service, with the thread that does its work and starts it again."""

    def __init__(
        self,
        row: AgentService[ConfigT],
        failed: Callable[[], None],
        changed: Callable[[], None],
        policy: RestartPolicy,
    ) -> None:
        self._row = row
        self._failed = failed
        self._changed = changed
        self._policy = policy
        self._needs: object = None
        self._follows: object = None
        self._worker = _Worker()
        self._lock = threading.Lock()
        self.status = ServiceStatus(name=row.name, is_vital=row.is_vital, since=_now())

    def begin(self, config: ConfigT) -> None:
        """Start it if it is wanted, when the work before it has ended."""
        before_it, self._needs = self._needs, self._row.needs(config)
        self._follows = self._row.follows(config)
        if self._needs != before_it:
            self._forget_failure(self._worker)
        self._worker = _Worker(partial(self._row.start, config), self._worker.last)
        if self._needs is None:
            self._note(self._worker, Condition.OFF)
            return
        # A daemon: the end of the process waits for it only as long as `Services.stop` says.
        thread = threading.Thread(
            target=self._live,
            args=(self._worker,),
            name=f"listsync-{self._row.name}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system has no room for a thread
            self._give_up(self._worker, str(error))
        else:
            self._worker.last = thread

    def await_start(self) -> None:
        """Wait until it has started, or failed to, where the agent is not ready before."""
        if self._row.before_ready:
            self._has_settled(self._worker)

    def shown(self) -> ServiceStatus:
        """Say how it is and, while it runs, where it can be reached."""
        status = self.status
        if status.condition is not Condition.RUNNING:
            return status
        return replace(status, address=self._row.address(), note=self._row.note())

    def reconcile(self, config: ConfigT) -> PendingChange | None:
        has_failed = self.status.condition is Condition.FAILED
        is_other = self._row.needs(config) != self._needs
        if is_other and self._row.at_start_only and not has_failed:
            words = "takes force when the agent is started again"
            return self._pending(words, needs_restart=True)
        if is_other or has_failed:
            return self._started_anew(config)
        if self._needs is not None and self._row.follows(config) != self._follows:
            return self._followed(config)
        return self._late()

    def tell_to_stop(self) -> None:
        self._worker.stop.set()
        self._row.wake()

    def has_ended_by(self, since: float, timeout_s: float) -> bool:
        until = since + max(timeout_s, self._row.stop_s)
        return self._has_ended(max(0.0, until - time.monotonic()))

    def _has_ended(self, timeout_s: float) -> bool:
        if self._worker.last is None:
            return True
        self._worker.last.join(timeout_s)
        return not self._worker.last.is_alive()

    def _followed(self, config: ConfigT) -> PendingChange | None:
        try:
            self._row.follow(config)
        except ListsyncError as error:
            return self._pending(f"{error}; what was in force before stays")
        self._follows = self._row.follows(config)
        self._worker.start = partial(self._row.start, config)  # with this, should it fail
        self._say("follows the configuration")
        return None

    def _started_anew(self, config: ConfigT) -> PendingChange | None:
        self.tell_to_stop()
        if not self._has_ended(max(_WAIT_S, self._row.stop_s)):
            self._note(self._worker, Condition.OFF)
        self.begin(config)
        if (late := self._late()) is not None:
            return late
        if self.status.condition is Condition.FAILED:
            by_itself = self._row.is_vital or self.status.next_try is not None
            again = "it is tried again by itself" if by_itself else "a reload tries again"
            return self._pending(f"{self.status.why}; {again}")
        done = "started" if self._needs is not None else "stopped"
        self._say(f"has {done}, as the configuration says")
        return None

    def _late(self) -> PendingChange | None:
        """Say what is waited for if it has not begun, or ended, in time."""
        worker, is_wanted = self._worker, self._needs is not None
        has_settled = self._has_settled(worker)
        is_left = worker.before is not None and worker.before.is_alive()
        if has_settled and (is_wanted or not is_left):
            return None
        why = "the one before has not ended yet" if is_left else "it has not started yet"
        return self._pending(why)

    def _has_settled(self, worker: _Worker) -> bool:
        return worker.settled.wait(max(_WAIT_S, self._row.start_s))

    def _live(self, worker: _Worker) -> None:
        if worker.before is not None:
            worker.before.join()
        failures = 0
        while not worker.stop.is_set():
            began = time.monotonic()
            why, error = self._worked(worker)
            if worker.stop.is_set():
                return
            if self._row.is_vital:
                self._end_agent(worker, why, error)
                return
            is_steady = time.monotonic() - began >= self._row.steady_s
            failures = 1 if is_steady else failures + 1
            worker.stop.wait(self._fail(worker, why, error, failures))

    def _worked(self, worker: _Worker) -> tuple[str, BaseException | None]:
        """Work until the stop, or say why not, with the error where its traceback is needed."""
        try:
            work = worker.start()
            self._note(worker, Condition.RUNNING)
            with self._proving(worker):
                work(worker.stop)
        except ListsyncError as error:
            return str(error), None
        except BaseException as error:  # noqa: BLE001 - SystemExit, too, would end the thread alone
            return f"{type(error).__name__}: {error}", error
        return "it ended by itself", None

    def _give_up(self, worker: _Worker, why: str) -> None:
        """Tell of a failure after which no thread is left that would try again."""
        if self._row.is_vital:
            self._end_agent(worker, why, None)
        else:
            self._note(worker, Condition.FAILED, why)
            self._log(logging.WARNING, " and is started again by a reload", why)

    def _end_agent(self, worker: _Worker, why: str, error: BaseException | None) -> None:
        """Have the agent ended: whoever supervises it starts a whole one again."""
        self._note(worker, Condition.FAILED, why)
        self._log(logging.ERROR, ": the agent ends", why, error)
        self._failed()

    def _fail(
        self, worker: _Worker, why: str, error: BaseException | None, failures: int
    ) -> float:
        """Tell of a failure; returns how long to wait."""
        pause_s = self._policy.pause_s(failures)
        self._note(worker, Condition.FAILED, why, _now() + timedelta(seconds=pause_s))
        then = f" and is started again in {pause_s:.0f} s"
        self._log(logging.WARNING, then, why, error, failures=failures)
        return pause_s

    def _log(
        self, level: int, then: str, why: str, error: BaseException | None = None, **more: int
    ) -> None:
        extra = {"action": "service_failed", "service": self._row.name, **more}
        words = "the %s service failed%s: %s"
        logger.log(level, words, self._row.name, then, why, exc_info=error, extra=extra)

    def _note(
        self,
        worker: _Worker,
        condition: Condition,
        why: str = "",
        next_try: datetime | None = None,
    ) -> None:
        """Show how it is, unless another worker has taken over."""
        with self._lock:
            old = self.status
            if worker is self._worker:
                self.status = old.become(condition, _now(), why, next_try)
        worker.settled.set()
        if Condition.FAILED in (old.condition, condition):
            self._changed()

    @contextmanager
    def _proving(self, worker: _Worker) -> Iterator[None]:
        """Say that what failed before is over when the work has gone on for long enough."""
        timer = threading.Timer(self._row.steady_s, self._prove, (worker,))
        timer.daemon = True
        if self.status.failing_since is not None:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _prove(self, worker: _Worker) -> None:
        self._forget_failure(worker)
        self._changed()

    def _forget_failure(self, worker: _Worker) -> None:
        with self._lock:
            if worker is self._worker:
                self.status = replace(self.status, failing_since=None)

    def _pending(self, why: str, *, needs_restart: bool = False) -> PendingChange:
        key = ", ".join(self._row.keys) or self._row.name
        return PendingChange(key=key, why=why, needs_restart=needs_restart)

    def _say(self, what: str) -> None:
        extra = {"action": "service_changed", "service": self._row.name}
        logger.info("the %s service %s", self._row.name, what, extra=extra)


class _Worker:
    """One start of a service: the flag that ends it, its thread, and whether it has begun.

    `last` is the thread *before* it until it has its own.
    """

    def __init__(
        self,
        start: Callable[[], ServiceWork] = lambda: lambda _: None,
        before: threading.Thread | None = None,
    ) -> None:
        self.start = start
        self.stop = threading.Event()
        self.settled = threading.Event()
        self.before = self.last = before


def _now() -> datetime:
    return datetime.now(UTC)
