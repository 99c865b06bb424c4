-- How a title is called whose list says but its number: one without ids elsewhere goes by that, and
-- need not be asked for again at each sync.
ALTER TABLE films ADD COLUMN title TEXT;
ALTER TABLE films ADD COLUMN year INTEGER;
