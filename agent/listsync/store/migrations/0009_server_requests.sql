-- What is known of the requests for a title that the server's index does not tell: declined (3) or
-- failed (4) ones, with their seasons; 0: none at all, whatever the index says. lapsed: a declined
-- one that counts no more, as the title has left its lists since.
CREATE TABLE server_requests (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    status INTEGER NOT NULL,
    seasons TEXT NOT NULL,
    request_id INTEGER,
    lapsed INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    PRIMARY KEY (server, kind, tmdb, four_k, status)
) STRICT, WITHOUT ROWID;

-- When the server's list of requests was read last; null while it never was.
ALTER TABLE servers ADD COLUMN requests_read_at TEXT;

-- What could not be requested left no request, though it may have left the title's row.
INSERT OR IGNORE INTO server_requests (server, kind, tmdb, four_k, status, seasons, at)
SELECT server, kind, tmdb, four_k, 0, '[]', strftime('%Y-%m-%dT%H:%M:%f+00:00') FROM setbacks;
