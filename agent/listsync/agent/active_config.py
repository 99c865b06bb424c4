"""The configuration in force, what is wrong with the file now, and when to look at that again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, Protocol

from listsync.domain.runs import ConfigSnapshot, ConfigT, ConfigT_co, PendingChange, Scope
from listsync.errors import BeingWrittenError, ConfigError, Problem
from listsync.files.local_file import MOST_S
from listsync.lean_dataclasses import dataclass
from listsync.terminal.output import plural

logger = logging.getLogger(__name__)

_SECOND_LOOK_S = 1.0
_WRITER_LOOK_S = 0.1
"""How often it is looked whether a program has ended writing the configuration."""
_LATE_LOOK_S = 30.0


class Loader(Protocol[ConfigT]):
    """Reads configurations; the agent knows nothing of their form."""

    path: Path | None

    def load(self, *, anyway: bool, is_closed: bool | None) -> ConfigSnapshot[ConfigT]:
        """Read and check the file; raises ConfigError.

        *is_closed*: whether its last writer is known to have closed it. Raises BeingWrittenError
        while a program is writing it, but for *anyway*.
        """
        ...

    def changed(self, old: ConfigSnapshot[ConfigT], new: ConfigSnapshot[ConfigT]) -> Scope:
        """Name the lists that must be synced because of the change (None = all)."""
        ...

    def adopt(self, snapshot: ConfigSnapshot[ConfigT]) -> None:
        """Let what depends on the configuration follow it (due times, log)."""
        ...

    def reconcile(self, snapshot: ConfigSnapshot[ConfigT]) -> tuple[PendingChange, ...]:
        """Let what runs for long follow it, or try that again; returns what must wait."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigState(Generic[ConfigT_co]):
    """What the agent follows, since when, and why the file as it is now is not it.

    `pending` are keys whose new values have not taken force.
    """

    snapshot: ConfigSnapshot[ConfigT_co]
    loaded_at: datetime
    problems: tuple[Problem, ...] = ()
    pending: tuple[PendingChange, ...] = ()


class ActiveConfigView(Protocol):
    """The configuration in force, for those who only look at it."""

    @property
    def path(self) -> Path | None: ...

    @property
    def current(self) -> ConfigState[object]: ...


class ActiveConfig(Generic[ConfigT]):
    """Holds the configuration in force. Any thread may use it.

    *wanted* is called with the lists that a change asks to be synced; *unmet* tells which keys are
    not in force, whatever followed them.
    """

    def __init__(
        self,
        loader: Loader[ConfigT],
        snapshot: ConfigSnapshot[ConfigT],
        wanted: Callable[[Scope], None],
        unmet: Callable[[], Sequence[PendingChange]] = tuple,
    ) -> None:
        self._loader = loader
        self._wanted = wanted
        self._unmet = unmet
        self._lock = threading.Lock()
        self._current = ConfigState(snapshot=snapshot, loaded_at=datetime.now(UTC))
        self._is_adopted = True
        self._writer_met_at: float | None = None
        self._is_closed: bool | None = None

    @property
    def awaits_writer(self) -> bool:
        """Tell whether the file was being written when it was to be read last."""
        return self._writer_met_at is not None

    @property
    def is_to_be_read_again(self) -> bool:
        """Tell whether the file may be another one, or be told otherwise, without a change.

        So it is also when what depends on it could not follow it.
        """
        current = self._current
        return bool(current.problems) or current.snapshot.is_unfinished or not self._is_adopted

    @property
    def path(self) -> Path | None:
        return self._loader.path

    @property
    def current(self) -> ConfigState[ConfigT]:
        current, unmet = self._current, self._unmet()
        return replace(current, pending=(*current.pending, *unmet)) if unmet else current

    def changed(self, *, is_closed: bool | None) -> None:
        """Note that the file is another one, and whether its writer was seen to close it."""
        self._is_closed = is_closed

    def look(self) -> bool:
        """Read the file; returns whether it is good now. A bad one changes nothing, silently.

        Nor does one that is being written.
        """
        with self._lock:
            try:
                snapshot = self._load()
            except (ConfigError, BeingWrittenError):
                return False
            self._take(snapshot)
            return True

    def reload(self) -> tuple[Problem, ...]:
        """Read the file; keep what is in force if it is bad, and return what is wrong.

        Raises:
            BeingWrittenError: it is to be read when the program that writes it has closed it.
        """
        with self._lock:
            try:
                snapshot = self._load()
            except ConfigError as error:
                self._refuse(error.problems)
            else:
                self._take(snapshot)
            return self._current.problems

    def _load(self) -> ConfigSnapshot[ConfigT]:
        """Let a program that writes the file end, but do not wait for it for ever."""
        met, self._writer_met_at = self._writer_met_at, None
        seen, self._is_closed = self._is_closed, None
        is_late = met is not None and time.monotonic() - met >= MOST_S
        try:
            return self._loader.load(anyway=is_late, is_closed=seen)
        except BeingWrittenError:
            self._writer_met_at = time.monotonic() if met is None else met
            self._is_closed = seen
            raise

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        old = self._current
        self._current = replace(old, problems=problems)
        if problems == old.problems:
            return
        for problem in problems:
            logger.error("%s", problem, extra={"action": "config_problem"})

    def _take(self, new: ConfigSnapshot[ConfigT]) -> None:
        old = self._current
        self._current = ConfigState(snapshot=new, loaded_at=datetime.now(UTC), pending=old.pending)
        try:
            self._adopt(old, new)
        finally:
            pending = self._loader.reconcile(self._current.snapshot)
            self._current = replace(self._current, pending=pending)

    def _adopt(self, old: ConfigState[ConfigT], new: ConfigSnapshot[ConfigT]) -> None:
        if old.snapshot.content != new.content:
            # Until all has followed: what fails on the way is brought about by a later look.
            self._is_adopted = False
            self._begin(old.snapshot, new)
        if not self._is_adopted:
            self._loader.adopt(new)
            self._is_adopted = True

    def _begin(self, old: ConfigSnapshot[ConfigT], new: ConfigSnapshot[ConfigT]) -> None:
        logger.info(
            "configuration loaded: %s",
            plural(len(new.lists), "list"),
            extra={"action": "config_loaded", "lists": len(new.lists)},
        )
        # Before it is adopted, so that the sync is not lost when that fails.
        scope = self._loader.changed(old, new)
        if new.sync_on_change and scope != frozenset():
            self._wanted(scope)


class ConfigPolling(Generic[ConfigT]):
    """Looks at the file when it has changed, and again while it is bad or being written.

    Used by the decider alone.
    """

    def __init__(self, configuration: ActiveConfig[ConfigT]) -> None:
        self._configuration = configuration
        self._next_at: float | None = None

    @property
    def wait_s(self) -> float | None:
        """Say in how many seconds `poll` has something to do; None = never, as far as is known."""
        return None if self._next_at is None else max(0.0, self._next_at - time.monotonic())

    def changed(self, *, is_closed: bool | None) -> None:
        """Take up that the file is another one, and whether its writer was seen to close it."""
        self._configuration.changed(is_closed=is_closed)
        self._look()

    def reload(self) -> None:
        """Read the file, and tell what is wrong with it."""
        self._next_at = None
        try:
            self._configuration.reload()
        except BeingWrittenError as error:
            logger.info("%s", error, extra={"action": "config_being_written"})

    def poll(self) -> None:
        """Look again when it is time, and say when it is next."""
        configuration, now = self._configuration, time.monotonic()
        if self._next_at is not None and now >= self._next_at:
            if configuration.awaits_writer:
                self._look()
            else:
                self.reload()
        soon, late = now + _WRITER_LOOK_S, now + _LATE_LOOK_S
        if configuration.awaits_writer:
            self._next_at = min(self._next_at or soon, soon)
        elif self._next_at is None and configuration.is_to_be_read_again:
            # The watcher sees neither a file that is what it was before it broke, nor its closing.
            self._next_at = late

    def _look(self) -> None:
        self._next_at = None
        if not self._configuration.look():
            # Perhaps it is being written in several goes.
            self._next_at = time.monotonic() + _SECOND_LOOK_S
