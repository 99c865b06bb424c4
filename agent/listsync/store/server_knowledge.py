"""What runs learned of a server, kept as JSON beside it."""

from __future__ import annotations

from msgspec import DecodeError, json

from listsync.domain.server_knowledge import NOTHING_LEARNED, Learned
from listsync.store.database import Database


def load(database: Database, server: int | None) -> Learned:
    """Return what was saved last; nothing where another version wrote it in another form."""
    found = database.read("SELECT learned FROM servers WHERE id = ?", server)
    if not found or found[0]["learned"] is None:
        return NOTHING_LEARNED
    try:
        return json.decode(found[0]["learned"], type=Learned)
    except DecodeError:
        return NOTHING_LEARNED


def save(database: Database, server: int, learned: Learned) -> None:
    text = json.encode(learned).decode()
    with database.write() as connection:
        connection.execute("UPDATE servers SET learned = ? WHERE id = ?", (text, server))
