"""Folders for a while."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listsync.errors import StateError


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Make a folder that is gone with the block; raises StateError where there is no room."""
    try:
        made = tempfile.TemporaryDirectory(prefix=f"listsync-{purpose}-")
    except OSError as error:
        why = error.strerror or str(error)
        raise StateError(f"no temporary folder can be made ({why}): see TMPDIR") from error
    with made as name:
        yield Path(name)
