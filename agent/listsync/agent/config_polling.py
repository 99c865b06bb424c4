"""When the configuration is looked at again, beside what the watcher tells."""

from __future__ import annotations

import logging
import time
from typing import Generic

from listsync.agent.active_config import Configuration
from listsync.domain.runs import ConfigT
from listsync.errors import BeingWrittenError

logger = logging.getLogger(__name__)

_SECOND_LOOK_S = 1.0
_WRITER_LOOK_S = 0.1
"""How often it is looked whether a program has ended writing the configuration."""
_LATE_LOOK_S = 30.0


class ConfigPolling(Generic[ConfigT]):
    """Looks at the file when it has changed, and again while it is bad or being written.

    Used by the decider alone.
    """

    def __init__(self, configuration: Configuration[ConfigT]) -> None:
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
