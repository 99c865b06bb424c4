"""Triggers that are sent: as notifications, or as a row where a table keeps triggers.

`trigger_sync` is for other programs; it needs psycopg, and nothing that runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.errors import ListsyncError
from listsync.postgres.connection import PostgresLink, PostgresServerError
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from psycopg import Connection

CHANNEL = "sync_trigger"
DSN_VARIABLE = "LISTSYNC_POSTGRES_DSN"
MOST_BYTES = 7999
"""Of what is sent with one notification: PostgreSQL refuses more."""
_MOST_OF_SOURCE, _MOST_OF_NAME = 200, 1000
"""Characters: a source and one list fit into one notification, whatever they consist of."""
_NOBODY = "PostgreSQL"
"""Who wants a sync where nobody says so."""
_SEND_S = 5.0
_KEEPS = """
SELECT has_any_column_privilege(tgrelid, 'INSERT') FROM pg_trigger
WHERE tgrelid = to_regclass('listsync_triggers') AND tgenabled <> 'D'
    AND tgargs = convert_to(%s, 'UTF8') || '\\x00'::bytea
"""
"""A table of triggers, as in contrib/postgres/triggers.sql, notifies one channel by itself."""
_INSERT = "INSERT INTO listsync_triggers (source, lists, dry_run) VALUES (%s, %s, %s)"
_NOTIFY = "SELECT pg_notify(%s, %s)"


class TriggerNotSentError(ListsyncError):
    """A trigger could not be sent, and whoever sent it may try again; `str()` says why."""


def trigger_sync(
    source: str,
    *,
    dsn: str | None = None,
    channel: str = CHANNEL,
    lists: Sequence[str] = (),
    dry_run: bool = False,
) -> None:
    """Have the agents that listen at a PostgreSQL sync now. Any thread may call it.

    *source* says who wants it, for people. *dsn* is as psycopg takes it; without it the variable
    LISTSYNC_POSTGRES_DSN counts. Without *lists* all are synced. Returns once PostgreSQL has taken
    it, within 15 s; a sync that it triggers is not waited for.

    Raises:
        TriggerNotSentError: it was not sent, or it is not known whether it was.
    """
    where = dsn or os.environ.get(DSN_VARIABLE)
    if not where:
        raise TriggerNotSentError(f"no PostgreSQL is named: give dsn, or set {DSN_VARIABLE}")
    try:
        with closing(PostgresLink(SecretStr(where), name="listsync trigger")) as link:
            send_trigger(link, channel, source, lists, dry_run=dry_run)
    except PostgresServerError as error:
        raise TriggerNotSentError(str(error)) from error


def send_trigger(
    link: PostgresLink,
    channel: str,
    source: str,
    lists: Sequence[str] = (),
    *,
    dry_run: bool = False,
) -> None:
    """Notify *channel*, by a row where a table keeps its triggers and we may write to it.

    Raises:
        PostgresServerError: it was not sent, or it is not known whether it was.
    """
    source = one_line(source, _MOST_OF_SOURCE) or _NOBODY
    names = [one_line(name, _MOST_OF_NAME) for name in lists]
    with link.within(_SEND_S) as connection, connection.transaction():
        if _is_kept(connection, channel):
            connection.execute(_INSERT, (source, names or None, dry_run))
            return
        for payload in payloads_of(source, names, dry_run=dry_run):
            connection.execute(_NOTIFY, (channel, payload))


def _is_kept(connection: Connection, channel: str) -> bool:
    row = connection.execute(_KEEPS, (channel,)).fetchone()
    return row is not None and bool(row[0])


def payloads_of(
    source: str, lists: Sequence[str] = (), *, dry_run: bool = False, now: datetime | None = None
) -> list[str]:
    """Write a trigger as JSON: as several where its lists are too many for one notification.

    *source* and *lists* are clean, and short enough.
    """
    at = (now or datetime.now(UTC)).isoformat(timespec="milliseconds")
    content: dict[str, object] = {"source": source, "timestamp": at}
    if dry_run:
        content["dry_run"] = True

    def write(some: Sequence[str]) -> str:
        named = {"lists": list(some)} if some else {}
        return json.dumps({**content, **named}, ensure_ascii=False)

    return in_parts(write, lists)


def in_parts(write: Callable[[Sequence[str]], str], names: Sequence[str]) -> list[str]:
    """Have *names* written: as several texts where they are too many for one notification."""
    text = write(names)
    if len(text.encode()) <= MOST_BYTES or len(names) < 2:
        return [text]
    half = len(names) // 2
    return [*in_parts(write, names[:half]), *in_parts(write, names[half:])]
