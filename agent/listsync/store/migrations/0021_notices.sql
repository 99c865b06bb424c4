-- What a person should learn, since when, and when it was over. origin: who says it (a sync, or the
-- agent), and then that it is over; subject: the list's name, else what it is about; run: the one
-- that said it last. runs.notices keeps what each run said.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    list TEXT,
    text TEXT NOT NULL,
    since TEXT NOT NULL,
    run TEXT NOT NULL DEFAULT '',
    ended_at TEXT
) STRICT;

CREATE INDEX notices_open ON notices (origin) WHERE ended_at IS NULL;
CREATE INDEX notices_latest ON notices (since, id);

INSERT INTO notices (origin, kind, severity, list, text, since, run)
SELECT
    'sync',
    json_extract(one.notice, '$.kind'),
    iif(
        json_extract(one.notice, '$.kind') IN (
            'server_changed', 'list_doubted', 'look_ups_failed', 'to_cancel'
        ), 'warning', 'error'
    ),
    json_extract(one.notice, '$.list'),
    json_extract(one.notice, '$.text'),
    json_extract(one.notice, '$.since'),
    coalesce(json_extract(one.notice, '$.run'), '')
FROM (
    SELECT iif(said.type = 'object', said.value, '{}') AS notice
    FROM (
        SELECT notices FROM runs WHERE notices IS NOT NULL ORDER BY started_at DESC, id LIMIT 1
    ) AS last, json_each(iif(json_valid(last.notices), last.notices, '[]')) AS said
) AS one
WHERE json_extract(one.notice, '$.kind') IS NOT NULL
    AND json_extract(one.notice, '$.text') IS NOT NULL
    AND json_extract(one.notice, '$.since') IS NOT NULL;
