-- What stood in the way of each run and of those before it, as JSON: kind, text, list, since when,
-- and which run said it last. Null while the run goes on, and of older runs.
ALTER TABLE runs ADD COLUMN notices TEXT;
