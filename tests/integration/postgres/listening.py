"""A program that listens at a PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from listsync.postgres.sender import MOST_BYTES

_WAIT_S = 30.0
Heard = Callable[[], list[dict[str, object]]]


@contextmanager
def listening(dsn: str, channel: str = "sync_trigger") -> Iterator[Heard]:
    """Listen; what is heard is all that came before a mark that is sent then."""
    with psycopg.connect(dsn, autocommit=True) as link, psycopg.connect(dsn) as other:
        name = psycopg.sql.Identifier(channel)
        link.execute(psycopg.sql.SQL("LISTEN {}").format(name))

        def heard() -> list[dict[str, object]]:
            other.execute("SELECT pg_notify(%s, 'the end')", (channel,))
            other.commit()
            found = []
            for one in link.notifies(timeout=_WAIT_S):
                if one.payload == "the end":
                    break
                assert len(one.payload.encode()) <= MOST_BYTES
                found.append(json.loads(one.payload or "{}"))
            return found

        yield heard
