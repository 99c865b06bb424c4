-- confirmed: a person said that this server is meant (or it was the first one). What was requested
-- before confirmed_at may be gone from its index without a word.
ALTER TABLE servers ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE servers ADD COLUMN confirmed_at TEXT NOT NULL DEFAULT '';

-- What the server's catalogue says of titles, as JSON, for filters.
CREATE TABLE facts (
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    facts TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (kind, tmdb)
) STRICT, WITHOUT ROWID;

-- When a handled series is looked at again for new seasons, as a day.
CREATE TABLE season_looks (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    next_on TEXT NOT NULL,
    PRIMARY KEY (server, tmdb, four_k)
) STRICT, WITHOUT ROWID;

-- Handled titles whose entries have left their lists, until it is settled what that means.
CREATE TABLE departed (
    server INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    list INTEGER NOT NULL REFERENCES followed ON DELETE CASCADE,
    kind TEXT NOT NULL,
    tmdb INTEGER NOT NULL,
    four_k INTEGER NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (server, list, kind, tmdb, four_k)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entry_departs BEFORE DELETE ON entries BEGIN
    INSERT OR REPLACE INTO departed (server, list, kind, tmdb, four_k, label)
    SELECT server, list, kind, tmdb, four_k,
        coalesce(OLD.title || iif(OLD.year IS NULL, '', ' (' || OLD.year || ')'), OLD.entry)
    FROM handled WHERE list = OLD.list AND entry = OLD.entry;
END;
