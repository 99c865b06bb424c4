-- What a title was looked up as, and by which names it was requested, without reading whole rows.
CREATE INDEX matches_title ON matches (server, kind, tmdb) WHERE tmdb NOT NULL;
CREATE INDEX requests_name ON requests (server, kind, tmdb, four_k, label);
