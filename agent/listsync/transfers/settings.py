"""What the user wants of transfers, checked, as the parts of transfers use it."""

from __future__ import annotations

from dataclasses import field

from listsync.domain.transfer_rules import (
    PathMapping,
    RenamePolicy,
    RetryPolicy,
    TransferLimits,
    UpgradePolicy,
    VerifyMode,
)
from listsync.domain.transfers import CopyScope, ImportApp
from listsync.lean_dataclasses import dataclass
from listsync.transfers.options import ArrOptions, MediaServerOptions

USUAL_EXCLUDES = (
    "#recycle",
    "@eaDir",
    "@Recycle",
    ".DS_Store",
    ".Trash-*",
    "lost+found",
    "*.partial~",
)
"""What network storage and desktops leave among the files; as rsync's --exclude has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMediaServer:
    """A media server, how it is called, and of which kind it is: plex, jellyfin or emby."""

    name: str
    kind: str
    options: MediaServerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArr:
    """A Radarr or Sonarr, as it calls itself in its webhooks."""

    name: str
    app: ImportApp
    options: ArrOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSettings:
    """All of `transfers`. Without a mapping nothing is done of it."""

    mappings: tuple[PathMapping, ...] = ()
    media_servers: tuple[NamedMediaServer, ...] = ()
    missed: tuple[NamedArr, ...] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    verify: VerifyMode = VerifyMode.SIZE
    limits: TransferLimits = field(default_factory=TransferLimits)
    excludes: tuple[str, ...] = USUAL_EXCLUDES
    dry_run: bool = False
    superseded: UpgradePolicy = UpgradePolicy.KEEP
    renamed: RenamePolicy = RenamePolicy.REPORT
    movie_scope: CopyScope = CopyScope.FOLDER
    episode_scope: CopyScope = CopyScope.SIDECARS

    @property
    def is_on(self) -> bool:
        return bool(self.mappings)
