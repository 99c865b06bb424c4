-- Webhooks, what is copied because of them, and the scans of media servers. A job's key is its
-- destination: of a destination at most one job is live. `label` is what people call it.
CREATE TABLE webhook_events (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    app TEXT NOT NULL,
    instance TEXT NOT NULL DEFAULT '',
    event_type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX webhook_events_at ON webhook_events (at);

CREATE TABLE transfer_jobs (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    app TEXT NOT NULL,
    instance TEXT NOT NULL DEFAULT '',
    source_root TEXT NOT NULL,
    destination_root TEXT NOT NULL,
    relative TEXT NOT NULL,
    folder TEXT NOT NULL,
    media_server_root TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL,
    size INTEGER,
    is_upgrade INTEGER NOT NULL DEFAULT 0,
    superseded TEXT NOT NULL DEFAULT '[]',
    priority INTEGER NOT NULL DEFAULT 0,
    event_count INTEGER NOT NULL DEFAULT 1,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    owner TEXT,
    lease_until TEXT,
    bytes INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    failure TEXT,
    why TEXT NOT NULL DEFAULT '',
    blocked_on TEXT NOT NULL DEFAULT '',
    rerun INTEGER NOT NULL DEFAULT 0,
    has_begun INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX transfer_jobs_live ON transfer_jobs (destination_root, relative)
    WHERE state IN ('queued', 'running', 'retry_wait', 'blocked');
CREATE INDEX transfer_jobs_due
    ON transfer_jobs (priority, next_at, destination_root, source_root, folder)
    WHERE state IN ('queued', 'retry_wait', 'blocked');
CREATE INDEX transfer_jobs_next ON transfer_jobs (next_at)
    WHERE state IN ('queued', 'retry_wait', 'blocked');
CREATE INDEX transfer_jobs_running ON transfer_jobs (destination_root) WHERE state = 'running';
CREATE INDEX transfer_jobs_folder ON transfer_jobs (destination_root, folder)
    WHERE state IN ('queued', 'retry_wait', 'blocked');
CREATE INDEX transfer_jobs_failed ON transfer_jobs (destination_root, relative)
    WHERE state = 'needs_attention';
CREATE INDEX transfer_jobs_blocked ON transfer_jobs (blocked_on) WHERE state = 'blocked';
CREATE INDEX transfer_jobs_state ON transfer_jobs (state, id);
CREATE INDEX transfer_jobs_ended ON transfer_jobs (ended_at) WHERE ended_at IS NOT NULL;
-- Files that we have put there, which an upgrade may remove.
CREATE TABLE copied_files (
    destination_root TEXT NOT NULL,
    relative TEXT NOT NULL,
    PRIMARY KEY (destination_root, relative)
) STRICT, WITHOUT ROWID;
-- What jobs that are forgotten come to.
CREATE TABLE forgotten_jobs (
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (state, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer_attempts (
    job INTEGER NOT NULL REFERENCES transfer_jobs ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    exit_code INTEGER,
    failure TEXT,
    bytes INTEGER NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT '',
    errors TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_jobs (
    event INTEGER NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    job INTEGER NOT NULL REFERENCES transfer_jobs ON DELETE CASCADE,
    PRIMARY KEY (event, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_jobs_job ON event_jobs (job);

CREATE TABLE library_scans (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    folder TEXT NOT NULL,
    health_root TEXT NOT NULL,
    state TEXT NOT NULL,
    expects TEXT NOT NULL DEFAULT '[]',
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX library_scans_waiting ON library_scans (server, folder)
    WHERE state = 'waiting';
CREATE INDEX library_scans_due ON library_scans (server, due_at)
    WHERE state IN ('waiting', 'sent');
CREATE INDEX library_scans_state ON library_scans (state, id);
CREATE INDEX library_scans_folder ON library_scans (folder, id);
CREATE TABLE scan_servers (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
