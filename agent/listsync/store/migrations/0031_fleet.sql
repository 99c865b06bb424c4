-- Several agents on one request server: what of this state has changed and is not shared yet.

-- At most one row; while there is none, nothing is noted, and the triggers that would note it are
-- not there (`store/shared_tables`): each row that is written would pay for them.
-- `state` is what the fleet calls this state, `shape` of which columns what it knows was made.
-- `revision`: up to which the fleet's rows are known here; `held_epoch`: the last one in which we
-- led; `number`: of the last change. `is_joining`: not all was shared yet that was here before;
-- `was_member`: it had been, before that was begun anew;
-- `is_said`: a person has what is being written written; `is_applying`: rows of others are being
-- written. The last two hold in one transaction, that nobody else sees.
CREATE TABLE fleet (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    shape TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    held_epoch INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,
    is_joining INTEGER NOT NULL DEFAULT 1,
    was_member INTEGER NOT NULL DEFAULT 0,
    is_said INTEGER NOT NULL DEFAULT 0,
    is_applying INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `number` grows with each change, so that what changes while it is being shared stays here.
CREATE TABLE fleet_changes (
    noun TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    is_gone INTEGER NOT NULL,
    is_said INTEGER NOT NULL,
    PRIMARY KEY (noun, key)
) STRICT, WITHOUT ROWID;

-- What left a list at another agent departed there: it comes from there.
DROP TRIGGER entry_departs;

CREATE TRIGGER entry_departs BEFORE DELETE ON entries
WHEN NOT EXISTS (SELECT 1 FROM fleet WHERE is_applying) BEGIN
    INSERT OR REPLACE INTO departed (server, list, kind, tmdb, four_k, label)
    SELECT server, list, kind, tmdb, four_k,
        coalesce(OLD.title || iif(OLD.year IS NULL, '', ' (' || OLD.year || ')'), OLD.entry)
    FROM handled WHERE list = OLD.list AND entry = OLD.entry;
END;
