"""Which services the agent has: what runs for long, each a row (`agent/services` runs them)."""

from __future__ import annotations

import grp
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from listsync.agent.backups import FIRST_S, BackupFolder, DailyBackups, Write
from listsync.agent.services import STEADY_S, AgentService
from listsync.config.configuration import Config
from listsync.control.server import ControlSocket
from listsync.domain.events import Event
from listsync.errors import DamagedStateError, StateError
from listsync.store.backup import newest_at, next_backup, prune
from listsync.store.database import Database
from listsync.store.state_folder import read_through
from listsync.triggers.config_file import ConfigFileTrigger
from listsync.triggers.schedule.due_times import ScheduleTrigger

logger = logging.getLogger(__name__)

CONFIG_FILE = "config-file"
_LAST_BACKUP_S = 1.0
"""How long a backup that is being made may take to give up."""

Emit = Callable[[Event], None]


def control_service(socket: ControlSocket) -> AgentService[Config]:
    """The control socket, which is open already: no agent runs without it."""

    def serve(stop: threading.Event) -> None:
        try:
            socket.run(stop)
        finally:
            socket.close()

    return AgentService(
        name="control",
        start=lambda _: serve,
        follows=lambda config: config.control.group,
        keys=("control.group",),
        follow=lambda config: socket.admit(group_of(config)),
        wake=socket.wake,
    )


def config_file_service(path: Path | None, seen: bytes, emit: Emit) -> AgentService[Config]:
    """The watcher of the configuration, if that is a file; *seen* is its digest when loaded."""
    trigger = ConfigFileTrigger(path or Path(), seen=seen)
    return AgentService(
        name=CONFIG_FILE,
        start=lambda _: lambda stop: trigger.run(emit, stop),
        needs=lambda _: path,
        wake=trigger.wake,
        is_vital=False,
    )


def schedule_service(trigger: ScheduleTrigger, emit: Emit) -> AgentService[Config]:
    """What says that a schedule has come round; an agent without it would never sync by itself."""
    return AgentService(name="schedule", start=lambda _: lambda stop: trigger.run(emit, stop))


def daily_backup_service(daily: DailyBackups) -> AgentService[Config]:
    """What makes a backup of the state each day."""
    return AgentService(
        name="daily-backup",
        start=lambda _: daily.run,
        wake=lambda: daily.stop(_LAST_BACKUP_S),
        steady_s=FIRST_S + STEADY_S,
        is_vital=False,
    )


def group_of(config: Config) -> int | None:
    """Find the group that may look; raises StateError when it is gone since it was checked."""
    name = config.control.group
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        raise StateError(f"there is no group {name!r}") from None


def daily_backups(
    database: Database, folder: Path, write: Write, failed: Callable[[], None]
) -> DailyBackups:
    """Prepare backups of the state in *folder*; *failed* is called where it is damaged."""
    place = BackupFolder(
        newest=lambda: newest_at(folder),
        name=lambda now: next_backup(folder, now),
        prune=lambda: prune(folder),
    )

    def look_through(stop: threading.Event) -> None:
        try:
            read_through(database, folder, stop)
        except DamagedStateError as error:
            _say_damaged(error)
            failed()
            stop.wait()
        except StateError as error:
            if not stop.is_set():
                words = "what a killed listsync left is looked through later: %s"
                logger.warning(words, error, extra={"action": "state_unread"})

    return DailyBackups(write, place, look_through=look_through)


def _say_damaged(error: DamagedStateError) -> None:
    words = "the agent ends, for its next start to mend the state: %s"
    logger.error(words, error, extra={"action": "state_damaged"})
