-- What was requested since a point in time, without reading all that ever was.
CREATE INDEX requests_at ON requests (at);
