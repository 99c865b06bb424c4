"""What is accepted as a list file."""

from __future__ import annotations

from pydantic import Field

from listsync.options import Options


class FileOptions(Options):
    """What is accepted as a list file."""

    limit_mib: int = Field(default=64, gt=0, le=1024, description="Largest file, in MiB.")
