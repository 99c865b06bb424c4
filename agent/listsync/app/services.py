"""What runs for long in the agent, as a table that follows the configuration and its failures."""

from __future__ import annotations

import grp
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.agent.backups import FIRST_S, DailyBackups
from listsync.config.configuration import Config
from listsync.control.server import ControlSocket
from listsync.domain.events import Event
from listsync.domain.runs import Condition, PendingChange, RestartPolicy, ServiceStatus
from listsync.errors import ListsyncError, StateError
from listsync.triggers.config_file import ConfigFileTrigger
from listsync.triggers.schedule.due_times import ScheduleTrigger

logger = logging.getLogger(__name__)

ServiceWork = Callable[[threading.Event], None]
"""Works until its flag is set."""

_CHANGE_S = 1.0
"""How long a change of the configuration waits for one service to stop, and for its new start."""
_STEADY_S = 60.0
"""What ran for so long has not failed again: the next pause is the shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentService:
    """One row of the table.

    Attributes:
        name: How people know it.
        start: Makes what it needs, quickly (a ListsyncError says why that cannot be), and gives
            its work, which a thread of its own then does.
        needs: What it takes from a configuration; None = it is not wanted.
        keys: The keys of the configuration behind `needs`, for people.
        follow: Lets it take other needs while it works; a ListsyncError leaves it as it was.
        wake: Called when it is to stop, where it does not wait for its flag alone.
        steady_s: When it has run for so long, what failed before is over.
        is_vital: Without it the agent ends.
        at_start_only: It follows a change when the agent is started again.
    """

    name: str
    start: Callable[[Config], ServiceWork]
    needs: Callable[[Config], object] = lambda _: ()
    keys: tuple[str, ...] = ()
    follow: Callable[[Config], None] | None = None
    wake: Callable[[], None] = lambda: None
    steady_s: float = _STEADY_S
    is_vital: bool = True
    at_start_only: bool = False


class Services:
    """Runs the services of *table*.

    *failed* is called when a vital one fails, *changed* when another has failed, runs again, or
    has done so for long enough: each in a thread of the service.
    """

    def __init__(
        self,
        table: Sequence[AgentService],
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
        return tuple(one.status for one in self._all)

    def start(self, config: Config) -> None:
        """Start what *config* wants, and wait for nothing."""
        with self._lock:
            self._is_open = True
            for one in self._all:
                one.begin(config)

    def reconcile(self, config: Config) -> tuple[PendingChange, ...]:
        """Let those follow *config* whose needs have changed, between the start and the stop.

        Returns what must wait.

        One that has failed is tried again now, whatever has changed.
        """
        with self._lock:
            if not self._is_open:
                return ()
            return tuple(filter(None, [one.reconcile(config) for one in self._all]))

    def stop(self, timeout_s: float) -> bool:
        """Stop all of them; returns whether all have ended in time."""
        with self._lock:
            self._is_open = False
        until = time.monotonic() + timeout_s
        for one in self._all:
            one.tell_to_stop()
        return all(one.has_ended(max(0.0, until - time.monotonic())) for one in self._all)


class _Supervised:
    """One service, with the thread that does its work and starts it again."""

    def __init__(
        self,
        row: AgentService,
        failed: Callable[[], None],
        changed: Callable[[], None],
        policy: RestartPolicy,
    ) -> None:
        self._row = row
        self._failed = failed
        self._changed = changed
        self._policy = policy
        self._needs: object = None
        self._shift = _Shift()
        self._lock = threading.Lock()
        self.status = ServiceStatus(name=row.name, is_vital=row.is_vital, since=_now())

    def begin(self, config: Config) -> None:
        """Start it if it is wanted, when the work before it has ended."""
        before_it, self._needs = self._needs, self._row.needs(config)
        if self._needs != before_it:
            self._forget_failure(self._shift)
        self._shift = _Shift(self._shift.last)
        if self._needs is None:
            self._note(self._shift, Condition.OFF)
            return
        # A daemon: the end of the process waits for it only as long as `Services.stop` says.
        thread = threading.Thread(
            target=self._live,
            args=(config, self._shift),
            name=f"listsync-{self._row.name}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system has no room for a thread
            self._give_up(self._shift, str(error))
        else:
            self._shift.last = thread

    def reconcile(self, config: Config) -> PendingChange | None:
        needs, has_failed = self._row.needs(config), self.status.condition is Condition.FAILED
        if needs == self._needs and not has_failed:
            return self._late()
        if self._row.at_start_only and not has_failed:
            words = "takes force when the agent is started again"
            return self._pending(words, needs_restart=True)
        if None not in (needs, self._needs) and self._row.follow is not None and not has_failed:
            return self._followed(self._row.follow, config, needs)
        return self._started_anew(config)

    def tell_to_stop(self) -> None:
        self._shift.stop.set()
        self._row.wake()

    def has_ended(self, timeout_s: float) -> bool:
        if self._shift.last is None:
            return True
        self._shift.last.join(timeout_s)
        return not self._shift.last.is_alive()

    def _followed(
        self, follow: Callable[[Config], None], config: Config, needs: object
    ) -> PendingChange | None:
        try:
            follow(config)
        except ListsyncError as error:
            return self._pending(f"{error}; what was in force before stays")
        self._needs = needs
        self._say("follows the configuration")
        return None

    def _started_anew(self, config: Config) -> PendingChange | None:
        self.tell_to_stop()
        if not self.has_ended(_CHANGE_S):
            self._note(self._shift, Condition.OFF)
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
        shift, is_wanted = self._shift, self._needs is not None
        has_settled = shift.settled.wait(_CHANGE_S)
        is_left = shift.before is not None and shift.before.is_alive()
        if has_settled and (is_wanted or not is_left):
            return None
        why = "the one before has not ended yet" if is_left else "it has not started yet"
        return self._pending(why)

    def _live(self, config: Config, shift: _Shift) -> None:
        if shift.before is not None:
            shift.before.join()
        failures = 0
        while not shift.stop.is_set():
            began = time.monotonic()
            why, error = self._worked(config, shift)
            if shift.stop.is_set():
                return
            if self._row.is_vital:
                self._end_agent(shift, why, error)
                return
            is_steady = time.monotonic() - began >= self._row.steady_s
            failures = 1 if is_steady else failures + 1
            shift.stop.wait(self._fail(shift, why, error, failures))

    def _worked(self, config: Config, shift: _Shift) -> tuple[str, BaseException | None]:
        """Work until the stop, or say why not, with the error where its traceback is needed."""
        try:
            work = self._row.start(config)
            self._note(shift, Condition.RUNNING)
            with self._proving(shift):
                work(shift.stop)
        except ListsyncError as error:
            return str(error), None
        except BaseException as error:  # noqa: BLE001 - SystemExit, too, would end the thread alone
            return f"{type(error).__name__}: {error}", error
        return "it ended by itself", None

    def _give_up(self, shift: _Shift, why: str) -> None:
        """Tell of a failure after which no thread is left that would try again."""
        if self._row.is_vital:
            self._end_agent(shift, why, None)
        else:
            self._note(shift, Condition.FAILED, why)
            self._log(logging.WARNING, " and is started again by a reload", why)

    def _end_agent(self, shift: _Shift, why: str, error: BaseException | None) -> None:
        """Have the agent ended: whoever supervises it starts a whole one again."""
        self._note(shift, Condition.FAILED, why)
        self._log(logging.ERROR, ": the agent ends", why, error)
        self._failed()

    def _fail(self, shift: _Shift, why: str, error: BaseException | None, failures: int) -> float:
        """Tell of a failure; returns how long to wait."""
        pause_s = self._policy.pause_s(failures)
        self._note(shift, Condition.FAILED, why, _now() + timedelta(seconds=pause_s))
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
        shift: _Shift,
        condition: Condition,
        why: str = "",
        next_try: datetime | None = None,
    ) -> None:
        """Show how it is, unless another shift has taken over."""
        with self._lock:
            old = self.status
            if shift is self._shift:
                self.status = old.become(condition, _now(), why, next_try)
        shift.settled.set()
        if Condition.FAILED in (old.condition, condition):
            self._changed()

    @contextmanager
    def _proving(self, shift: _Shift) -> Iterator[None]:
        """Say that what failed before is over when the work has gone on for long enough."""
        timer = threading.Timer(self._row.steady_s, self._prove, (shift,))
        timer.daemon = True
        if self.status.failing_since is not None:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _prove(self, shift: _Shift) -> None:
        self._forget_failure(shift)
        self._changed()

    def _forget_failure(self, shift: _Shift) -> None:
        with self._lock:
            if shift is self._shift:
                self.status = replace(self.status, failing_since=None)

    def _pending(self, why: str, *, needs_restart: bool = False) -> PendingChange:
        key = ", ".join(self._row.keys) or self._row.name
        return PendingChange(key=key, why=why, needs_restart=needs_restart)

    def _say(self, what: str) -> None:
        extra = {"action": "service_changed", "service": self._row.name}
        logger.info("the %s service %s", self._row.name, what, extra=extra)


class _Shift:
    """One start of a service: the flag that ends it, its thread, and whether it has begun.

    `last` is the thread *before* it until it has its own.
    """

    def __init__(self, before: threading.Thread | None = None) -> None:
        self.stop = threading.Event()
        self.settled = threading.Event()
        self.before = self.last = before


def _now() -> datetime:
    return datetime.now(UTC)


CONFIG_FILE = "config-file"
_LAST_BACKUP_S = 1.0
"""How long a backup that is being made may take to give up."""

Emit = Callable[[Event], None]


def control_service(socket: ControlSocket) -> AgentService:
    """The control socket, which is open already: no agent runs without it."""

    def serve(stop: threading.Event) -> None:
        try:
            socket.run(stop)
        finally:
            socket.close()

    return AgentService(
        name="control",
        start=lambda _: serve,
        needs=lambda config: (config.control.group,),
        keys=("control.group",),
        follow=lambda config: socket.admit(group_of(config)),
        wake=socket.wake,
    )


def config_file_service(path: Path | None, seen: bytes, emit: Emit) -> AgentService:
    """The watcher of the configuration, if that is a file; *seen* is its digest when loaded."""
    trigger = ConfigFileTrigger(path or Path(), seen=seen)
    return AgentService(
        name=CONFIG_FILE,
        start=lambda _: lambda stop: trigger.run(emit, stop),
        needs=lambda _: path,
        wake=trigger.wake,
        is_vital=False,
    )


def schedule_service(trigger: ScheduleTrigger, emit: Emit) -> AgentService:
    """What says that a schedule has come round; an agent without it would never sync by itself."""
    return AgentService(name="schedule", start=lambda _: lambda stop: trigger.run(emit, stop))


def daily_backup_service(daily: DailyBackups) -> AgentService:
    """What makes a backup of the state each day."""
    return AgentService(
        name="daily-backup",
        start=lambda _: daily.run,
        wake=lambda: daily.stop(_LAST_BACKUP_S),
        steady_s=FIRST_S + _STEADY_S,
        is_vital=False,
    )


def group_of(config: Config) -> int | None:
    """Find the group that may look; raises StateError when it is gone since it was checked."""
    name = config.control.group
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        raise StateError(f"there is no group {name!r}") from None
