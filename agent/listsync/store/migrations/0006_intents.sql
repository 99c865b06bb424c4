-- What is told of a request whose answer was lost: for which title, of which lists it was sent.
ALTER TABLE intents ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE intents ADD COLUMN lists TEXT NOT NULL DEFAULT '[]';
