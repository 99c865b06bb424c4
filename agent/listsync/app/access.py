"""What others could change under the agent's feet, said to whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from listsync.file_access import doubt_about


def doubts(
    config: Path | None, state_dir: Path | None = None, socket: Path | None = None
) -> tuple[str, ...]:
    """Say of each place that others may change, how, and what to do; () when all is well."""
    return tuple(_doubts(config, state_dir, socket))


def _doubts(config: Path | None, state_dir: Path | None, socket: Path | None) -> Iterator[str]:
    places = {
        "the configuration": config,
        "the folder of the configuration": config.absolute().parent if config else None,
        "the state folder": state_dir,
        "the folder of the socket": socket.absolute().parent if socket else None,
    }
    said = set()
    for name, place in places.items():
        doubt = doubt_about(place) if place is not None else ""
        if doubt and doubt not in said:
            said.add(doubt)
            yield f"{name}, {place}, {doubt}"
