-- A row may name several seasons (comma-separated), or say something that was not understood.
ALTER TABLE entries ADD COLUMN seasons TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN doubt TEXT;
UPDATE entries SET seasons = CAST(season AS TEXT) WHERE season IS NOT NULL;
ALTER TABLE entries DROP COLUMN season;
