-- For which seasons an entry of a series was acted on. season_rules: by which rules they were
-- chosen, null where that is not known; seasons: their numbers, whatever became of them;
-- aired_before: with a day, all regular seasons that had aired before it count as well.
ALTER TABLE handled ADD COLUMN season_rules TEXT;
ALTER TABLE handled ADD COLUMN seasons TEXT NOT NULL DEFAULT '';
ALTER TABLE handled ADD COLUMN aired_before TEXT;

-- Older versions took a series as handled whole. What was deleted since must not come back.
UPDATE handled SET
    aired_before = substr(at, 1, 10),
    seasons = coalesce((
        SELECT group_concat(number, ',') FROM (
            SELECT DISTINCT wanted.value AS number
            FROM requests, json_each(requests.seasons) AS wanted
            WHERE requests.server = handled.server AND requests.kind = 'tv'
                AND requests.tmdb = handled.tmdb AND requests.four_k = handled.four_k
                AND requests.answer IN ('requested', 'covered')
            ORDER BY number
        )
    ), '')
WHERE kind = 'tv';
