-- What the agent keeps over a restart, as JSON by name.
CREATE TABLE notebook (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Titles that the user told the running agent never to request, as id forms.
CREATE TABLE excluded (
    item TEXT PRIMARY KEY,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A run may fail before anything is known of its server, so that column may be null now.
CREATE TABLE runs_anew (
    id TEXT PRIMARY KEY,
    server INTEGER REFERENCES servers ON DELETE CASCADE,
    origin TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    result TEXT,
    why TEXT,
    message TEXT,
    requested INTEGER,
    calls INTEGER,
    lists TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO runs_anew (id, server, origin, started_at, ended_at, result, why, requested, calls, lists)
SELECT id, server, origin, started_at, ended_at, result, why, requested, calls, lists FROM runs;

DROP TABLE runs;

ALTER TABLE runs_anew RENAME TO runs;

CREATE INDEX runs_started ON runs (started_at);
CREATE INDEX requests_run ON requests (run);

-- For other tools: the table name and columns of the original program.
CREATE VIEW sync_interval AS
SELECT CAST(value AS REAL) AS interval_hours FROM notebook WHERE name = 'interval_hours';
