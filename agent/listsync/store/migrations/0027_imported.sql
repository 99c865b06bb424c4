-- Titles that another program had handled before it was replaced: they count as handled until an
-- entry of a list has taken that over (is_over), or they are forgotten. They belong to the server that
-- is reached next (server is null until then). at: when that program met the title last.
CREATE TABLE imported (
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    title TEXT NOT NULL,
    server INTEGER REFERENCES servers ON DELETE CASCADE,
    is_over INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    PRIMARY KEY (kind, tmdb, four_k)
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_open ON imported (server, kind, tmdb) WHERE NOT is_over;
