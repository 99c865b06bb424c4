"""What is understood of replies about PostgreSQL and agents that share the work; see `replies`."""

from __future__ import annotations

_TEXT, _FLAG, _NUMBER = str, bool, float
FLEET = {
    "role!": _TEXT,
    "name": _TEXT,
    "leader": _TEXT,
    "epoch": _NUMBER,
    "since": _TEXT,
    "why": _TEXT,
    "schema": _TEXT,
    "other_schemas": [_TEXT],
    "members": [
        {
            "name": _TEXT,
            "version": _TEXT,
            "seen_at": _TEXT,
            "leads": _FLAG,
            "other_lists": _FLAG,
        }
    ],
}
POSTGRES = {
    "connected!": _FLAG,
    "since": _TEXT,
    "where": _TEXT,
    "channel": _TEXT,
    "why": _TEXT,
    "pooled": _FLAG,
    "table": _FLAG,
    "triggers": _NUMBER,
    "last_trigger": _TEXT,
    "last_source": _TEXT,
}
