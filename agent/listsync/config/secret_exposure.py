"""Secrets that stand in the file itself, where whoever can read the file can read them."""

from __future__ import annotations

from pathlib import Path

from listsync.errors import Problem
from listsync.file_access import can_everybody_read

NAMES = frozenset({"api_key", "token", "client_id", "client_secret", "proxy"})
"""The keys of all secrets."""
_HARMLESS_WITHOUT_LOGIN = {"proxy", "url", "base_url"}


def warn_of_readers(path: Path, data: object) -> tuple[Problem, ...]:
    """Warn where every user of the machine can read a secret in the file."""
    if not _holds_secret(data) or not can_everybody_read(path):
        return ()
    what = (
        "holds a secret and can be read by every user: `chmod o-r` it, or give the secret as "
        "{file: PATH} or {env: NAME}"
    )
    return (Problem(file=str(path), what=what),)


def _holds_secret(data: object) -> bool:
    if isinstance(data, list):
        return any(map(_holds_secret, data))
    if not isinstance(data, dict):
        return False
    return any(
        _is_secret(name, value) if isinstance(value, str) else _holds_secret(value)
        for name, value in data.items()
    )


def _is_secret(name: str, value: str) -> bool:
    if name in _HARMLESS_WITHOUT_LOGIN:
        return "@" in value
    return name in NAMES and name != "client_id" and bool(value.strip())
