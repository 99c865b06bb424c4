-- Triggers that are written down: none is lost while no agent listens, and each counts once.
--
-- Run it once in the database that postgres.dsn names, as who may create tables there:
--     psql -d DATABASE -f triggers.sql
-- The agent finds the table when it connects next. Whoever wants a sync adds a row:
--     INSERT INTO listsync_triggers (source) VALUES ('cron');
--     INSERT INTO listsync_triggers (source, lists, dry_run) VALUES ('web', '{Watchlist}', true);
-- What is sent by NOTIFY alone triggers as well, but is lost while no agent listens.

BEGIN;

CREATE TABLE IF NOT EXISTS listsync_triggers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text,                              -- who asks, for people
    lists text[],                             -- names of lists; NULL: all of them
    dry_run boolean NOT NULL DEFAULT false,   -- change nothing
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The agent listens on the channel that its key postgres.channel names: the argument of the
-- trigger below. A notification holds 7,999 bytes; the agent reads the row itself.
CREATE OR REPLACE FUNCTION listsync_triggers_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], json_build_object(
        'source', left(NEW.source, 64),
        'timestamp', NEW.created_at,
        'dry_run', NEW.dry_run,
        'listsync_trigger', NEW.id
    )::text);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS listsync_triggers_notify ON listsync_triggers;
CREATE TRIGGER listsync_triggers_notify AFTER INSERT ON listsync_triggers
    FOR EACH ROW EXECUTE FUNCTION listsync_triggers_notify('sync_trigger');

COMMIT;

-- The agent's user needs no more than this (and CONNECT), the others' no more than INSERT:
--     GRANT SELECT ON listsync_triggers TO listsync;
--     GRANT INSERT ON listsync_triggers TO web;

-- Old rows are of no use to the agent; delete them now and then:
--     DELETE FROM listsync_triggers WHERE created_at < now() - interval '30 days';

-- To go back: DROP TABLE listsync_triggers; DROP FUNCTION listsync_triggers_notify;
