"""Commands about backups of the state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from listsync.agent.backups import Backup
from listsync.commands.context import Sources
from listsync.protocol import Code, RefusedCommand


def backup(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a backup, which may take seconds; `backup_result` tells what came of it."""
    file = str(params.get("file") or "")
    if not file.startswith("/") or "\0" in file:
        raise RefusedCommand(Code.INVALID_PARAMS, "backup: file must be an absolute path")
    begun = sources.backups.start(Path(file))
    if begun is None:
        raise RefusedCommand(Code.BUSY, "another backup is being made: try again soon")
    return _shape(begun)


def backup_result(sources: Sources, params: Mapping[str, Any]) -> dict[str, Any]:
    last = sources.backups.last
    if last is None or last.id != params.get("id"):
        raise RefusedCommand(Code.NOT_FOUND, "there is no such backup (any more)")
    return _shape(last)


def _shape(one: Backup) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "file": str(one.file)[:4096],
        "size": one.size,
        "took_s": one.took_s,
        "why": one.why[:1000],
    }
