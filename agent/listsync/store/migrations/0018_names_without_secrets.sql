-- Lists were called by their addresses as they were written, with keys in their queries, and some
-- are known for good by filters among which there was a key. Both functions are listsync.redaction's.
UPDATE OR IGNORE followed SET source = without_credentials(source);

-- The same list under both names: the older one is read no more.
DELETE FROM followed WHERE source <> without_credentials(source);

UPDATE OR IGNORE configured_lists SET source = without_credentials(source);

DELETE FROM configured_lists WHERE source <> without_credentials(source);

UPDATE followed SET name = without_secrets(name), why = without_secrets(why);

UPDATE configured_lists SET name = without_secrets(name);

UPDATE requests SET lists = without_secrets(lists), detail = without_secrets(detail);

UPDATE runs SET
    why = without_secrets(why), message = without_secrets(message),
    lists = without_secrets(lists), notices = without_secrets(notices);

UPDATE setbacks SET why = without_secrets(why);

UPDATE notebook SET value = without_secrets(value);
