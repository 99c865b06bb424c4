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

-- For other tools: the table name and columns of the original program.
DROP VIEW synced_items;

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
    coalesce((
        SELECT title_status.status FROM title_status
        WHERE title_status.server = requests.server AND title_status.kind = requests.kind
            AND title_status.tmdb = requests.tmdb AND title_status.four_k = requests.four_k
    ), requests.answer) AS status,
    requests.at AS last_synced
FROM requests;
