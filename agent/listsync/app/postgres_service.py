"""Triggers by NOTIFY as the configuration wants them: a service of the agent.

What only those need who have PostgreSQL is imported when it begins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from listsync.agent.services import AgentService, ServiceWork
from listsync.config.configuration import Config
from listsync.config.postgres_options import PostgresOptions
from listsync.domain.postgres_triggers import PostgresStatus
from listsync.domain.runs import ConfigSnapshot, SyncJob
from listsync.ports.state import KeyValueStore

if TYPE_CHECKING:
    from listsync.app.postgres_listener import PostgresListener
    from listsync.triggers.postgres import TriggerIntake


class PostgresTriggers:
    """Takes triggers for *submit*; *config* gives the configuration in force.

    *changed* is called when something has changed that people should know of.
    """

    def __init__(
        self,
        submit: Callable[[SyncJob], object],
        key_values: KeyValueStore,
        config: Callable[[], ConfigSnapshot[Config]],
        changed: Callable[[], None],
    ) -> None:
        self._submit = submit
        self._key_values = key_values
        self._config = config
        self._changed = changed
        self._listener: PostgresListener | None = None

    @cache  # noqa: B019 - there is one of this for as long as the process runs
    def intake(self) -> TriggerIntake:
        """Give what makes syncs of triggers, whoever hears them."""
        from listsync.triggers.postgres import TriggerIntake  # noqa: PLC0415 - so

        return TriggerIntake(
            self._submit,
            self._key_values,
            lambda: self._config().lists,
            lambda: self._config().content.postgres.catch_up,
        )

    def status(self) -> PostgresStatus | None:
        """Say how the connection is; None: there is to be none."""
        if self._listener is None or _needs(self._config().content.postgres) is None:
            return None
        return self._listener.status

    def service(self) -> AgentService[Config]:
        """Give the row of what listens, while no fleet does."""
        return AgentService(
            name="postgres",
            start=self._start,
            needs=lambda config: _needs(config.postgres),
            keys=("postgres",),
            note=self._note,
            wake=self._wake,
            is_vital=False,
        )

    def _start(self, config: Config) -> ServiceWork:
        from listsync.app.postgres_listener import PostgresListener  # noqa: PLC0415 - so

        options = config.postgres
        assert options.dsn is not None  # noqa: S101 - else it is not wanted
        self._listener = PostgresListener(
            options.dsn, options.channel, self.intake(), self._changed
        )
        return self._listener.run

    def _note(self) -> str:
        status = self.status()
        if status is None:
            return ""
        return status.trouble or (f"listening at {status.where}" if status.is_connected else "")

    def _wake(self) -> None:
        if self._listener is not None:
            self._listener.wake()


def _needs(options: PostgresOptions) -> object:
    if options.dsn is None or options.fleet:
        return None
    return options.dsn.get_secret_value(), options.channel
