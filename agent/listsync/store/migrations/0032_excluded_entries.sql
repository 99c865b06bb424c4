-- Which entries are excluded, and by whom: what the last sync said, and what was excluded since.
CREATE TABLE excluded_entries (
    list INTEGER NOT NULL REFERENCES followed ON DELETE CASCADE,
    entry TEXT NOT NULL,
    said_by TEXT NOT NULL,
    PRIMARY KEY (list, entry)
) STRICT, WITHOUT ROWID;
