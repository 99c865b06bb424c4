-- What lists hold after matching and all rules, as feeds serve it: some titles to a page, packed.
CREATE TABLE feeds (
    id INTEGER PRIMARY KEY,
    list TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    read_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    is_empty INTEGER NOT NULL,
    counts TEXT NOT NULL,
    left_out TEXT NOT NULL
) STRICT;

CREATE TABLE feed_pages (
    feed INTEGER NOT NULL REFERENCES feeds ON DELETE CASCADE,
    page INTEGER NOT NULL,
    titles BLOB NOT NULL,
    PRIMARY KEY (feed, page)
) STRICT, WITHOUT ROWID;

-- What the catalogue says of titles in feeds, for good; of series without a TVDB id for a week.
CREATE TABLE known_titles (
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    title TEXT NOT NULL,
    year INTEGER,
    imdb TEXT,
    tvdb INTEGER,
    at TEXT NOT NULL,
    PRIMARY KEY (kind, tmdb)
) STRICT, WITHOUT ROWID;
