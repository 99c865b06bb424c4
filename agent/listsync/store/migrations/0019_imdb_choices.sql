-- The IMDb id that a person chose. With no tmdb beside it, the next sync looks it up.
ALTER TABLE choices ADD COLUMN imdb TEXT;
