"""Folders as the original ListSync leaves them, by its own schema, of several versions.

Source: `list_sync/database.py`, `config.py` and `encryption.py` of ListSync (Woahai321/list-sync),
read 2026-11; the statements say the same in our words.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

FIRST = """
CREATE TABLE lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, list_type TEXT NOT NULL, list_id TEXT NOT NULL,
    UNIQUE(list_type, list_id)
);
CREATE TABLE synced_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, media_type TEXT NOT NULL,
    imdb_id TEXT, overseerr_id INTEGER, status TEXT,
    last_synced TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE sync_interval (
    id INTEGER PRIMARY KEY AUTOINCREMENT, interval_hours REAL NOT NULL
);
"""
"""The three tables it began with."""
LATER = """
ALTER TABLE lists ADD COLUMN list_url TEXT;
ALTER TABLE lists ADD COLUMN item_count INTEGER DEFAULT 0;
ALTER TABLE lists ADD COLUMN last_synced TIMESTAMP;
ALTER TABLE lists ADD COLUMN user_id TEXT DEFAULT "1";
ALTER TABLE synced_items ADD COLUMN year INTEGER;
ALTER TABLE synced_items ADD COLUMN tmdb_id TEXT;
ALTER TABLE synced_items ADD COLUMN source_list_type TEXT;
ALTER TABLE synced_items ADD COLUMN source_list_id TEXT;
CREATE TABLE item_lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, item_id INTEGER NOT NULL, list_type TEXT NOT NULL,
    list_id TEXT NOT NULL, synced_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (item_id) REFERENCES synced_items(id) ON DELETE CASCADE,
    UNIQUE(item_id, list_type, list_id)
);
CREATE TABLE sync_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT UNIQUE NOT NULL,
    sync_type TEXT NOT NULL, in_progress INTEGER DEFAULT 1,
    start_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP, end_time TIMESTAMP, status TEXT
);
CREATE TABLE sync_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sync_id INTEGER NOT NULL, item_id INTEGER, title TEXT,
    media_type TEXT, year INTEGER, imdb_id TEXT, tmdb_id TEXT, overseerr_id INTEGER, status TEXT,
    list_type TEXT, list_id TEXT, processed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE overseerr_users (
    id TEXT PRIMARY KEY, display_name TEXT NOT NULL, email TEXT, avatar TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_synced TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE app_settings (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, is_encrypted INTEGER DEFAULT 0,
    setting_type TEXT DEFAULT 'string', updated_at TEXT DEFAULT CURRENT_TIMESTAMP,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE setup_status (
    id INTEGER PRIMARY KEY CHECK (id = 1), is_completed INTEGER DEFAULT 0, completed_at TEXT,
    setup_version TEXT DEFAULT '1.0'
);
"""
"""What later versions add to that, in their way: column by column."""

Item = tuple[str, str, int | None, str]
"""Title, kind, number, status."""


@dataclass(frozen=True, kw_only=True)
class ListSyncFolder:
    """A folder that is made by `write`."""

    lists: Iterable[tuple[str, str]] = ()
    items: Iterable[Item] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    list_users: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    encrypted: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    interval: float | None = None
    is_first_version: bool = False
    password: str | None = None

    def write(self, folder: Path) -> Path:
        """Write it below *folder*, which need not be there; returns *folder*."""
        data = folder / "data"
        data.mkdir(parents=True)
        (folder / "logs").mkdir()
        self.write_database(data / "list_sync.db")
        if self.variables:
            lines = (f"{name}={text}\n" for name, text in self.variables.items())
            (folder / ".env").write_text("# ListSync\n" + "".join(lines))
        if self.password is not None:
            content = {"overseerr_url": "http://seerr:5055", "api_key": "keyofconfigenc"}
            key = base64.urlsafe_b64encode(self.password.encode().ljust(32)[:32])
            (data / "config.enc").write_bytes(Fernet(key).encrypt(json.dumps(content).encode()))
        return folder

    def write_database(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(FIRST if self.is_first_version else FIRST + LATER)
            self._fill(connection)
            if not self.is_first_version:
                self._fill_later(connection, path)
            connection.commit()

    def _fill(self, connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO lists (list_type, list_id) VALUES (?, ?)", list(self.lists)
        )
        connection.executemany(
            "INSERT INTO synced_items (title, media_type, overseerr_id, status)"
            " VALUES (?, ?, ?, ?)",
            list(self.items),
        )
        if self.interval is not None:
            connection.execute(
                "INSERT INTO sync_interval (interval_hours) VALUES (?)", (self.interval,)
            )

    def _fill_later(self, connection: sqlite3.Connection, path: Path) -> None:
        for name, user in self.list_users.items():
            connection.execute("UPDATE lists SET user_id = ? WHERE list_id = ?", (user, name))
        connection.executemany(
            "INSERT INTO overseerr_users (id, display_name) VALUES (?, ?)",
            list(self.users.items()),
        )
        connection.executemany(
            "INSERT INTO app_settings (key, value) VALUES (?, ?)", list(self.settings.items())
        )
        if self.encrypted:
            key = Fernet.generate_key()
            path.with_name(".encryption_key").write_bytes(key)
            connection.executemany(
                "INSERT INTO app_settings (key, value, is_encrypted) VALUES (?, ?, 1)",
                [
                    (name, Fernet(key).encrypt(text.encode()).decode())
                    for name, text in self.encrypted.items()
                ],
            )
