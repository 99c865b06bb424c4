"""One thing that is wrong, at its key path; `load` turns the path into a place."""

from __future__ import annotations

from dataclasses import dataclass

from listsync.config.yaml_document import KeyPath


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at *path*. `at_key`: the key itself is meant, not its value.

    `is_warning`: it only has no effect; the rest works as it is written.
    """

    path: KeyPath
    what: str
    at_key: bool = False
    is_warning: bool = False


def dotted(path: KeyPath) -> str:
    """Write *path* as people do: `lists[2].limit`; entries count from 0."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
