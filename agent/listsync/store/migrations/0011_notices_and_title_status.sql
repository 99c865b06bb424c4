-- What stood in the way of each run and of those before it, as JSON: kind, text, list, since when,
-- and which run said it last. Null while the run goes on, and of older runs.
ALTER TABLE runs ADD COLUMN notices TEXT;

-- What became of each title that was handled or requested, in a word for people: see
-- domain/title_status. Noted at the end of a run in which anything of it may have changed.
CREATE TABLE title_status (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (server, kind, tmdb, four_k)
) STRICT, WITHOUT ROWID;
