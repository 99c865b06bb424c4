"""What the fleet keeps in PostgreSQL: one row for each fleet, its members, and what they share.

Names begin with `listsync_`, in the first schema of the connection's search path. A fleet is
called as its channel is. `revision` grows with each transaction that shares something, which takes
the fleet's row first: so revisions come in the order of commits, and nobody misses one. A row that
is gone stays for a while as one without content; `pruned` is the last revision of those that were
removed since: who knows less than that joins anew.
"""

from __future__ import annotations

FORMAT = 1
"""Of the rows; an agent that knows an older one takes no part."""

CREATE = """
CREATE TABLE IF NOT EXISTS listsync_fleets (
    name text PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    format integer NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    pruned bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    owner text NOT NULL DEFAULT '',
    leader text NOT NULL DEFAULT '',
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE listsync_fleets ADD COLUMN IF NOT EXISTS pruned bigint NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS listsync_members (
    fleet text NOT NULL REFERENCES listsync_fleets ON DELETE CASCADE,
    owner text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    lists text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (fleet, owner)
);
CREATE TABLE IF NOT EXISTS listsync_rows (
    fleet text NOT NULL REFERENCES listsync_fleets ON DELETE CASCADE,
    noun text NOT NULL,
    digest bytea NOT NULL,
    key text NOT NULL,
    content json,
    revision bigint NOT NULL,
    epoch bigint NOT NULL,
    owner text NOT NULL,
    number bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (fleet, noun, digest)
);
CREATE INDEX IF NOT EXISTS listsync_rows_revision ON listsync_rows (fleet, revision);
"""
"""Run under an advisory lock of the transaction: IF NOT EXISTS alone is none.

A row's `digest` is that of its key, which may be longer than an index takes; `json` keeps what it
is given to the letter, `\\u0000` included.
"""
