"""Commands about backups of the state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from listsync.agent.backups import Backup
from listsync.commands.context import Sources
from listsync.protocol import Reason, RefusedCommand

if TYPE_CHECKING:
    from listsync.protocol.replies import (
        BackupReply,
    )
    from listsync.protocol.requests import (
        BackupParams,
        BackupResultParams,
    )


def backup(sources: Sources, params: BackupParams) -> BackupReply:
    """Begin a backup, which may take seconds; `backup_result` tells what came of it."""
    file = str(params.get("file") or "")
    if not file.startswith("/") or "\0" in file:
        raise RefusedCommand(Reason.INVALID, "backup: file must be an absolute path")
    begun = sources.backups.start(Path(file))
    if begun is None:
        raise RefusedCommand(Reason.BUSY, "another backup is running: try again soon")
    return _shape(begun)


def backup_result(sources: Sources, params: BackupResultParams) -> BackupReply:
    last = sources.backups.last
    if last is None or last.id != params.get("id"):
        raise RefusedCommand(Reason.NOT_FOUND, "there is no such backup (any more)")
    return _shape(last)


def _shape(one: Backup) -> BackupReply:
    return {
        "id": one.id,
        "state": one.state,
        "file": str(one.file)[:4096],
        "size": one.size,
        "took_s": one.took_s,
        "why": one.why[:1000],
    }
