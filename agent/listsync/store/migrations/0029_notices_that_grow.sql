-- Which titles a notice is about (JSON), or how many: so that more of them are told, and once.
-- Null: that is not known.
ALTER TABLE notices ADD COLUMN titles TEXT;
ALTER TABLE notices ADD COLUMN count INTEGER;
