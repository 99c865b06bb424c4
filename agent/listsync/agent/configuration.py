"""The configuration in force: the last good one, and what is wrong with the file now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from listsync.domain.running import Following, Scope
from listsync.errors import ConfigError, Problem

logger = logging.getLogger(__name__)


class Loader(Protocol):
    """Reads configurations; the agent knows nothing of their form."""

    path: Path | None

    def load(self) -> Following:
        """Read and check the file; raises ConfigError."""
        ...

    def changed(self, old: Following, new: Following) -> Scope:
        """Name the lists that must be synced because of the change (None = all)."""
        ...

    def adopt(self, following: Following) -> None:
        """Let what depends on the configuration follow it (due times, log)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the agent follows, since when, and why the file as it is now is not it."""

    following: Following
    loaded_at: datetime
    problems: tuple[Problem, ...] = ()


class Configuration:
    """Holds the configuration in force. Any thread may use it.

    *wanted* is called with the lists that a change asks to be synced.
    """

    def __init__(
        self, loader: Loader, following: Following, wanted: Callable[[Scope], None]
    ) -> None:
        self._loader = loader
        self._wanted = wanted
        self._lock = threading.Lock()
        self._in_force = InForce(following=following, loaded_at=datetime.now(UTC))

    @property
    def path(self) -> Path | None:
        return self._loader.path

    @property
    def in_force(self) -> InForce:
        return self._in_force

    def warn(self) -> None:
        """Log what has no effect in the configuration in force."""
        for warning in self._in_force.following.warnings:
            logger.warning("%s", warning, extra={"action": "config_warning"})

    def look(self) -> bool:
        """Read the file; returns whether it is good now. A bad one changes nothing, silently."""
        with self._lock:
            try:
                following = self._loader.load()
            except ConfigError:
                return False
            self._take(following)
            return True

    def reload(self) -> tuple[Problem, ...]:
        """Read the file; keep what is in force if it is bad, and return what is wrong."""
        with self._lock:
            try:
                following = self._loader.load()
            except ConfigError as error:
                self._refuse(error.problems)
            else:
                self._take(following)
            return self._in_force.problems

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        old = self._in_force
        self._in_force = InForce(
            following=old.following, loaded_at=old.loaded_at, problems=problems
        )
        if problems == old.problems:
            return
        for problem in problems:
            logger.error("%s", problem, extra={"action": "config_problem"})
        logger.error(
            "the configuration is invalid: the last good one stays in force",
            extra={"action": "config_invalid", "problems": len(problems)},
        )

    def _take(self, new: Following) -> None:
        old = self._in_force
        self._in_force = InForce(following=new, loaded_at=datetime.now(UTC))
        if old.following.content == new.content:
            if old.problems:
                logger.info("the configuration is good again", extra={"action": "config_good"})
            if [one.what for one in old.following.warnings] != [one.what for one in new.warnings]:
                self.warn()
            return
        logger.info(
            "the configuration has been loaded: %d lists",
            len(new.lists),
            extra={"action": "config_loaded", "lists": len(new.lists)},
        )
        self.warn()
        # First, so that the sync is not lost when what follows fails.
        scope = self._loader.changed(old.following, new)
        if new.sync_on_change and scope != frozenset():
            self._wanted(scope)
        self._loader.adopt(new)
