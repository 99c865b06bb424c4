-- Whether what was requested has become available since; it is noted when that is seen.
ALTER TABLE requests ADD COLUMN is_available INTEGER NOT NULL DEFAULT 0;

-- How many requests there were, for statistics. slot: the quarter of an hour (since 1970, UTC), in
-- which every day anywhere begins; -1: ever. list: the one that had them requested, the first one
-- named. The triggers below keep it. What bears no date that can be read counts as of 1970.
CREATE TABLE request_counts (
    server INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    list TEXT NOT NULL,
    kind TEXT NOT NULL,
    answer TEXT NOT NULL,
    number INTEGER NOT NULL,
    available INTEGER NOT NULL,
    PRIMARY KEY (server, slot, list, kind, answer)
) STRICT, WITHOUT ROWID;

UPDATE requests SET is_available = 1 WHERE answer = 'requested' AND EXISTS (
    SELECT 1 FROM title_status AS now WHERE now.server = requests.server
        AND now.kind = requests.kind AND now.tmdb = requests.tmdb
        AND now.four_k = requests.four_k AND now.status = 'available'
);

INSERT INTO request_counts (server, slot, list, kind, answer, number, available)
SELECT
    server, slots.slot,
    coalesce(iif(json_valid(lists), json_extract(lists, '$[0]'), NULL), ''),
    kind, answer, count(*), sum(is_available)
FROM requests, (
    SELECT id, coalesce(CAST(strftime('%s', at) AS INTEGER) / 900, 0) AS slot FROM requests
    UNION ALL SELECT id, -1 FROM requests
) AS slots
WHERE slots.id = requests.id GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER request_is_counted AFTER INSERT ON requests BEGIN
    INSERT INTO request_counts (server, slot, list, kind, answer, number, available)
    VALUES (
        NEW.server, -1,
        coalesce(json_extract(NEW.lists, '$[0]'), ''), NEW.kind, NEW.answer, 1, NEW.is_available
    )
    ON CONFLICT DO UPDATE SET number = number + 1, available = available + excluded.available;
    INSERT INTO request_counts (server, slot, list, kind, answer, number, available)
    VALUES (
        NEW.server, coalesce(CAST(strftime('%s', NEW.at) AS INTEGER) / 900, 0),
        coalesce(json_extract(NEW.lists, '$[0]'), ''), NEW.kind, NEW.answer, 1, NEW.is_available
    )
    ON CONFLICT DO UPDATE SET number = number + 1, available = available + excluded.available;
END;

CREATE TRIGGER request_is_counted_no_more AFTER DELETE ON requests BEGIN
    UPDATE request_counts SET number = number - 1, available = available - OLD.is_available
    WHERE server = OLD.server AND slot = -1
        AND list = coalesce(json_extract(OLD.lists, '$[0]'), '')
        AND kind = OLD.kind AND answer = OLD.answer;
    UPDATE request_counts SET number = number - 1, available = available - OLD.is_available
    WHERE server = OLD.server AND slot = coalesce(CAST(strftime('%s', OLD.at) AS INTEGER) / 900, 0)
        AND list = coalesce(json_extract(OLD.lists, '$[0]'), '')
        AND kind = OLD.kind AND answer = OLD.answer;
END;

CREATE TRIGGER request_is_counted_elsewhere AFTER UPDATE OF at ON requests BEGIN
    UPDATE request_counts SET number = number - 1, available = available - OLD.is_available
    WHERE server = OLD.server AND slot = coalesce(CAST(strftime('%s', OLD.at) AS INTEGER) / 900, 0)
        AND list = coalesce(json_extract(OLD.lists, '$[0]'), '')
        AND kind = OLD.kind AND answer = OLD.answer;
    INSERT INTO request_counts (server, slot, list, kind, answer, number, available)
    VALUES (
        NEW.server, coalesce(CAST(strftime('%s', NEW.at) AS INTEGER) / 900, 0),
        coalesce(json_extract(NEW.lists, '$[0]'), ''), NEW.kind, NEW.answer, 1, NEW.is_available
    )
    ON CONFLICT DO UPDATE SET number = number + 1, available = available + excluded.available;
END;

CREATE TRIGGER request_is_counted_as_available AFTER UPDATE OF is_available ON requests BEGIN
    UPDATE request_counts SET available = available + NEW.is_available - OLD.is_available
    WHERE server = OLD.server AND slot = -1
        AND list = coalesce(json_extract(OLD.lists, '$[0]'), '')
        AND kind = OLD.kind AND answer = OLD.answer;
    UPDATE request_counts SET available = available + NEW.is_available - OLD.is_available
    WHERE server = OLD.server AND slot = coalesce(CAST(strftime('%s', OLD.at) AS INTEGER) / 900, 0)
        AND list = coalesce(json_extract(OLD.lists, '$[0]'), '')
        AND kind = OLD.kind AND answer = OLD.answer;
END;

CREATE TRIGGER title_becomes_available AFTER INSERT ON title_status
WHEN NEW.status = 'available' BEGIN
    UPDATE requests SET is_available = 1
    WHERE server = NEW.server AND kind = NEW.kind AND tmdb = NEW.tmdb AND four_k = NEW.four_k
        AND answer = 'requested' AND NOT is_available;
END;
