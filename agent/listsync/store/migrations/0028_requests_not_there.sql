-- What was requested and has not become available: few of all that ever was, so the summary of a
-- day finds them by themselves. The last two columns are there so that no row has to be read.
CREATE INDEX requests_not_there ON requests (
    server, kind, tmdb, four_k, at, answer, is_available
) WHERE answer = 'requested' AND is_available = 0;
