"""The history log as the configuration wants it: as a service of the agent, and of `once`."""

from __future__ import annotations

from pathlib import Path

from listsync.agent.history_log import HistoryLog, HistorySettings
from listsync.agent.services import AgentService, ServiceWork
from listsync.config.configuration import Config, secrets_of
from listsync.log_file import Rotation
from listsync.store.database import Database
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.request_log import SqliteRequestHistory


def history_settings(config: Config, state_dir: Path) -> HistorySettings | None:
    """Say where the history log goes; None: it is not wanted."""
    log = config.log
    if not log.history:
        return None
    path = state_dir / "history.log" if log.history is True else log.history
    rotation = Rotation(round(log.history_max_mb * 1024 * 1024), log.history_keep)
    return HistorySettings(
        path=path, rotation=rotation, zone=config.zone, secrets=secrets_of(config)
    )


def history_log_service(history: HistoryLog, state_dir: Path) -> AgentService[Config]:
    """What writes the history log; a file that cannot be written is its own trouble."""

    def settings(config: Config) -> HistorySettings | None:
        return history_settings(config, state_dir)

    def follow(config: Config) -> None:
        if (wanted := settings(config)) is not None:
            history.follow(wanted)

    def start(config: Config) -> ServiceWork:
        follow(config)
        return history.run

    return AgentService(
        name="history-log",
        start=start,
        needs=lambda config: () if config.log.history else None,
        follows=settings,
        follow=follow,
        keys=("log.history",),
        note=lambda: history.note,
        wake=history.wake,
        is_vital=False,
    )


def write_history(config: Config, state_dir: Path, database: Database) -> None:
    """Write what the agent would have written by now, or say why that cannot be."""
    if (settings := history_settings(config, state_dir)) is not None:
        requests = SqliteRequestHistory(database, lambda: None)
        history = HistoryLog(requests, SqliteKeyValueStore(database))
        history.follow(settings)
        history.write()
