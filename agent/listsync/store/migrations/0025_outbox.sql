-- Messages on their way to people: written with what they tell of, sent later, each target by
-- itself. `rules` say which messages a target wants, `content` is the whole message.
CREATE TABLE notify_targets (
    name TEXT PRIMARY KEY,
    rules TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since TEXT,
    paused_until TEXT,
    sent_at TEXT,
    answer TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    notice INTEGER,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX messages_about ON messages (about, at) WHERE about != '';
CREATE INDEX messages_notice ON messages (notice) WHERE notice IS NOT NULL;
CREATE INDEX messages_at ON messages (at);

CREATE TABLE deliveries (
    target TEXT NOT NULL,
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'dropped')),
    due_at TEXT NOT NULL,
    until TEXT NOT NULL,
    message_group TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    ended_at TEXT,
    answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (target, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (target, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_message ON deliveries (message);
