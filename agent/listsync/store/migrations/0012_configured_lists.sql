-- The lists that the configuration in force names, for other tools; followed holds all that ever
-- were.
CREATE TABLE configured_lists (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL
) STRICT;

-- What is named now is not known before a configuration is read.
INSERT INTO configured_lists (id, source, service, name, rank)
SELECT id, source, service, name, id FROM followed;

DROP VIEW lists;

CREATE VIEW lists AS
SELECT id, service AS list_type, substr(source, instr(source, ':') + 1) AS list_id
FROM configured_lists ORDER BY rank;

-- What was requested; and, with negative ids, what was there already when it was met.
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
FROM requests
UNION ALL
SELECT
    -(handled.server << 40 | handled.tmdb << 2 | (handled.kind = 'tv') << 1 | handled.four_k),
    max(coalesce(
        entries.title || iif(entries.year IS NULL, '', ' (' || entries.year || ')'), entries.entry
    )),
    handled.kind,
    max(entries.imdb),
    handled.tmdb,
    coalesce((
        SELECT title_status.status FROM title_status
        WHERE title_status.server = handled.server AND title_status.kind = handled.kind
            AND title_status.tmdb = handled.tmdb AND title_status.four_k = handled.four_k
    ), 'already_there'),
    max(handled.at)
FROM handled
JOIN entries ON entries.list = handled.list AND entries.entry = handled.entry
WHERE NOT EXISTS (
    SELECT 1 FROM requests WHERE requests.server = handled.server
        AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
        AND requests.four_k = handled.four_k
)
GROUP BY handled.server, handled.kind, handled.tmdb, handled.four_k;
