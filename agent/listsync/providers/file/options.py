"""What is accepted as a list file."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import Options


class FileOptions(Options, frozen=True, kw_only=True):
    """What is accepted as a list file."""

    limit_mib: Annotated[int, Meta(gt=0, le=64), "Largest file, in MiB."] = 64
