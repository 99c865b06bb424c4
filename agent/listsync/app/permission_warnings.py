"""What others could change under the agent's feet, said to whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from listsync.file_access import doubt_about, own_path


def doubts(
    config: Path | None, state_dir: Path | None = None, socket: Path | None = None
) -> tuple[str, ...]:
    """Say of each place that others may change, how, and what to do; () when all is well."""
    return tuple(_doubts(config, state_dir, socket))


def _doubts(config: Path | None, state_dir: Path | None, socket: Path | None) -> Iterator[str]:
    places: list[tuple[str, Path]] = []
    if config is not None:
        if doubt := doubt_about(config, above=False):
            yield f"the configuration, {config}, {doubt}"
        places += [("the folder of the configuration", one) for one in _folders_of(config)]
    if state_dir is not None:
        places.append(("the state folder", state_dir))
    if socket is not None:
        places.append(("the folder of the socket", socket.absolute().parent))
    said = set()
    for name, place in places:
        doubt = doubt_about(place)
        if doubt and doubt not in said:
            said.add(doubt)
            yield f"{name}, {place}, {doubt}"


def _folders_of(config: Path) -> tuple[Path, ...]:
    """Give the folder that names it, and the one where it lies if that is a link."""
    named = config.absolute().parent
    try:
        return named, own_path(config).parent
    except OSError:
        return (named,)
