"""Functions of ours that migrations call."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from listsync.redaction import without_credentials, without_secrets


def add_functions(connection: sqlite3.Connection) -> None:
    """Let *connection* run every migration."""
    for function in (without_credentials, without_secrets):
        connection.create_function(function.__name__, 1, _of_texts(function))


def _of_texts(function: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda text: None if text is None else function(text)
