-- What pages of entries are found by, in the order in which they are shown; with the text that is
-- looked through, so that no other row has to be read.
CREATE INDEX entries_in_order ON entries (
    list, rank, entry, absent_reads, title, original_title, imdb, tmdb, tvdb
);

CREATE INDEX matches_open ON matches (server, lookup) WHERE found != 'found';

-- Which requests each list brought, by its name at that time.
CREATE TABLE request_lists (
    list TEXT NOT NULL,
    request INTEGER NOT NULL REFERENCES requests ON DELETE CASCADE,
    PRIMARY KEY (list, request)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_lists_request ON request_lists (request);

INSERT OR IGNORE INTO request_lists (list, request)
SELECT one.value, requests.id
FROM requests, json_each(iif(json_valid(requests.lists), requests.lists, '[]')) AS one;

CREATE TRIGGER request_has_lists AFTER INSERT ON requests BEGIN
    INSERT OR IGNORE INTO request_lists (list, request)
    SELECT value, NEW.id FROM json_each(NEW.lists);
END;
