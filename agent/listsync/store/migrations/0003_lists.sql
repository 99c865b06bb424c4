-- retry_at: a list that failed is not asked before. shrunk_at: since when much of it is missing.
ALTER TABLE followed ADD COLUMN retry_at TEXT;
ALTER TABLE followed ADD COLUMN shrunk_at TEXT;

-- Films by their names at a list service whose lists give no ids.
CREATE TABLE films (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT,
    imdb TEXT,
    tmdb INTEGER,
    tvdb INTEGER,
    at TEXT NOT NULL,
    PRIMARY KEY (service, name)
) STRICT, WITHOUT ROWID;
