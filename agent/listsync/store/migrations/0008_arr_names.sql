-- What Radarr (of films) and Sonarr (of series) call things, as JSON, by the identity of their
-- server. No reference to servers: what is looked up before a first sync is remembered, too.
CREATE TABLE arr_names (
    server TEXT NOT NULL,
    kind TEXT NOT NULL,
    names TEXT NOT NULL,
    PRIMARY KEY (server, kind)
) STRICT, WITHOUT ROWID;
