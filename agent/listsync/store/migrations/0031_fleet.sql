-- Several agents on one request server: what of this state has changed and is not shared yet.

-- At most one row; while there is none, nothing is noted. `revision`: up to which the fleet's rows
-- are known here; `held_epoch`: the last one in which we led; `is_applying`: rows of others are
-- being written, in one transaction that nobody else sees.
CREATE TABLE fleet (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    held_epoch INTEGER NOT NULL DEFAULT 0,
    is_applying INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `number` grows with each change, so that what changes while it is being shared stays here.
CREATE TABLE fleet_changes (
    noun TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (noun, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX fleet_changes_number ON fleet_changes (number);
