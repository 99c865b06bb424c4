-- check_ids: nobody vouches for the ids of the row. bare_id: a number that is called only `id`, which
-- may be the list's own. Files are read anew, so that older rows learn what holds for them.
ALTER TABLE entries ADD COLUMN check_ids INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN bare_id INTEGER;
