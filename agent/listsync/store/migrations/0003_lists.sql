-- retry_at: a list that failed is not asked before. shrunk_at: since when much of it is missing.
ALTER TABLE followed ADD COLUMN retry_at TEXT;
ALTER TABLE followed ADD COLUMN shrunk_at TEXT;
