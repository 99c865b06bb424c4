"""What is on disk about a child while it lives, and the end of what a killed agent has left.

The record names the agent, the child and its folder. The next start ends what is provably of it:
a process whose id and start time are recorded and that bears the child's mark, with all below it;
and whatever else bears the mark, a random word in its environment that nobody else can have.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from listsync.process.identity import ProcessIdentity, bearers, boot_id, kill_each

logger = logging.getLogger(__name__)

PREFIX = "listsync-"
_PATIENCE_S = 5.0
_LONGEST_PLACE = 30
"""Chromium's socket lies 76 characters deeper, and an address has 107 (unix(7)); else it dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRecord:
    """One child as its record has it. `folder` is its own, with a secret name: the mark."""

    path: Path
    folder: Path
    boot: str
    owner: ProcessIdentity
    child: ProcessIdentity | None = None

    @classmethod
    def new(cls, records: Path, purpose: str) -> Self:
        """Invent one; nothing of it is on disk yet."""
        name = f"{PREFIX}{purpose}-{secrets.token_hex(6)}"
        owner = ProcessIdentity.of(os.getpid())
        if owner is None:
            raise OSError("cannot read /proc/self/stat")
        return cls(
            path=records / f"{name}.json",
            folder=_temporary() / name,
            boot=boot_id(),
            owner=owner,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a record.

        Raises:
            ValueError: it is none of ours.
            OSError: it cannot be read.
        """
        fields = json.loads(path.read_text(encoding="utf-8"))
        try:
            child = fields["child"]
            folder = Path(fields["folder"])
            record = cls(
                path=path,
                folder=folder,
                boot=str(fields["boot"]),
                owner=ProcessIdentity(*fields["owner"]),
                child=ProcessIdentity(*child) if child else None,
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a record") from error
        if not folder.is_absolute() or folder.name != path.stem:
            raise ValueError("not a record")
        return record

    @property
    def mark(self) -> str:
        return self.folder.name

    def write(self) -> None:
        """Put it on disk, whole or not at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fields = {
            "folder": str(self.folder),
            "boot": self.boot,
            "owner": [self.owner.pid, self.owner.started],
            "child": [self.child.pid, self.child.started] if self.child else None,
        }
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(fields), encoding="utf-8")
        draft.replace(self.path)

    def clear(self) -> bool:
        """End what is left of it and forget it; False if the folder could not be removed."""
        if self.boot == boot_id():
            for one in (self.child, *named(self.folder).values()):
                if one is not None and one.bears(self.mark):
                    one.kill_tree()
            kill_each(bearers(self.mark))
        if not remove(self.folder):
            logger.warning(
                "cannot remove the folder %s of a child process",
                self.folder,
                extra={"action": "child_folder_kept"},
            )
            return False
        self.path.unlink(missing_ok=True)
        return True


def sweep(records: Path) -> int:
    """Clear the children whose agent is gone; returns how many there were.

    To be called once, when the agent starts.
    """
    swept = 0
    for path in sorted(records.glob(f"{PREFIX}*")):
        try:
            record = ChildRecord.read(path)
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            continue
        if record.boot != boot_id() or not record.owner.is_alive():
            swept += record.clear()
    if swept:
        logger.info(
            "cleaned up after %s child processes", swept, extra={"action": "children_swept"}
        )
    return swept


def remove(folder: Path) -> bool:
    """Remove *folder*; what still ends may write into it meanwhile."""
    until = time.monotonic() + _PATIENCE_S
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(0.05)
    return not folder.exists()


def named(folder: Path) -> dict[str, ProcessIdentity]:
    """Read who is who in the child's tree: each has said so in *folder* before it began."""
    members = {}
    for path in folder.glob("*.stat"):
        try:
            member = ProcessIdentity.from_stat(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if member is not None:
            members[path.stem] = member
    return members


def _temporary() -> Path:
    place = Path(tempfile.gettempdir()).absolute()
    fits = len(os.fsencode(place)) <= _LONGEST_PLACE
    return place if fits else Path("/tmp")  # noqa: S108 - the folder in it gets a secret name
