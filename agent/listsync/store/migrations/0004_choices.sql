-- What a person chose for a lookup that needs one. tmdb is null for "none of those on offer".
-- TMDB numbers are the same at every server, so choices belong to none.
CREATE TABLE choices (
    lookup TEXT PRIMARY KEY,
    kind TEXT,
    tmdb INTEGER,
    title TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- By which lookup (see matches) an entry was looked for last; null while it never was.
ALTER TABLE entries ADD COLUMN lookup TEXT;

CREATE INDEX entries_lookup ON entries (lookup) WHERE lookup IS NOT NULL;

-- As which user of the server it was asked for; null for the usual one.
ALTER TABLE requests ADD COLUMN asked_as TEXT;
