-- Times are ISO 8601 in UTC. `server` is the request server that a row belongs to.

CREATE TABLE servers (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL
) STRICT;

-- Lists that are or were followed. `source` names a list for good, `name` is the user's.
CREATE TABLE followed (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    last_try TEXT NOT NULL,
    last_success TEXT,
    outcome TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    read INTEGER NOT NULL DEFAULT 0,
    declared INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    validators TEXT
) STRICT;

-- The last good reading of each list. absent_reads: whole readings in a row that lacked the entry.
CREATE TABLE entries (
    list INTEGER NOT NULL REFERENCES followed ON DELETE CASCADE,
    entry TEXT NOT NULL,
    rank INTEGER NOT NULL,
    title TEXT,
    original_title TEXT,
    year INTEGER,
    kind TEXT,
    imdb TEXT,
    tmdb INTEGER,
    tvdb INTEGER,
    season INTEGER,
    first_seen TEXT NOT NULL,
    absent_reads INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (list, entry)
) STRICT, WITHOUT ROWID;

-- Entries that were acted on. They go when the entry has left its list.
CREATE TABLE handled (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    list INTEGER NOT NULL,
    entry TEXT NOT NULL,
    four_k INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (server, list, entry, four_k),
    FOREIGN KEY (list, entry) REFERENCES entries ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX handled_entry ON handled (list, entry);
CREATE INDEX handled_title ON handled (server, kind, tmdb);

-- What a lookup (an outer id, or a title) was taken for. recheck_at is null for what was found.
CREATE TABLE matches (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    lookup TEXT NOT NULL,
    found TEXT NOT NULL,
    how TEXT NOT NULL,
    kind TEXT,
    tmdb INTEGER,
    title TEXT NOT NULL,
    score REAL NOT NULL,
    reasons TEXT NOT NULL,
    candidates TEXT NOT NULL,
    tries INTEGER NOT NULL,
    at TEXT NOT NULL,
    recheck_at TEXT,
    PRIMARY KEY (server, lookup)
) STRICT, WITHOUT ROWID;

-- Requests that are being sent. What is left here was cut off.
CREATE TABLE intents (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    seasons TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (server, kind, tmdb, four_k)
) STRICT, WITHOUT ROWID;

-- Every answered request, for good: which lists brought it, when, in which run.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    run TEXT NOT NULL,
    label TEXT NOT NULL,
    lists TEXT NOT NULL,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    seasons TEXT NOT NULL,
    answer TEXT NOT NULL,
    detail TEXT NOT NULL,
    request_id INTEGER,
    at TEXT NOT NULL
) STRICT;

CREATE INDEX requests_title ON requests (server, kind, tmdb);

-- Requests that failed in a way that the next run would not mend.
CREATE TABLE setbacks (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    tvdb INTEGER NOT NULL,
    why TEXT NOT NULL,
    tries INTEGER NOT NULL,
    retry_at TEXT NOT NULL,
    PRIMARY KEY (server, kind, tmdb, four_k, tvdb)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    origin TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    result TEXT,
    why TEXT,
    requested INTEGER,
    calls INTEGER,
    lists TEXT
) STRICT, WITHOUT ROWID;

-- The server's index as read last, a page a row, so that an unchanged page need not be sent.
CREATE TABLE index_pages (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    page INTEGER NOT NULL,
    etag TEXT,
    total INTEGER NOT NULL,
    titles BLOB NOT NULL,
    PRIMARY KEY (server, page)
) STRICT, WITHOUT ROWID;

-- For other tools: the table names and columns of the original program.
CREATE VIEW lists AS
SELECT id, service AS list_type, substr(source, instr(source, ':') + 1) AS list_id FROM followed;

CREATE VIEW synced_items AS
SELECT
    requests.id,
    requests.label AS title,
    requests.kind AS media_type,
    (
        SELECT entries.imdb FROM handled
        JOIN entries ON entries.list = handled.list AND entries.entry = handled.entry
        WHERE handled.server = requests.server AND handled.kind = requests.kind
            AND handled.tmdb = requests.tmdb AND entries.imdb IS NOT NULL
        LIMIT 1
    ) AS imdb_id,
    requests.tmdb AS overseerr_id,
    requests.answer AS status,
    requests.at AS last_synced
FROM requests;
