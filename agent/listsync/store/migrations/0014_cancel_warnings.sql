-- Titles missing from a list that wants their requests cancelled, of which a sync has said that the
-- next one cancels them; only what was said before is done.
CREATE TABLE cancel_warnings (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    list INTEGER NOT NULL REFERENCES followed ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    PRIMARY KEY (server, list, kind, tmdb, four_k)
) STRICT, WITHOUT ROWID;

-- What the last whole reading lacked: a few of many, looked for at each sync.
CREATE INDEX entries_absent ON entries (list) WHERE absent_reads > 0;
