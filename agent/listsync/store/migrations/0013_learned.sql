-- What the last sync learned of who may request what, as JSON (domain/learned.py).
ALTER TABLE servers ADD COLUMN learned TEXT;
