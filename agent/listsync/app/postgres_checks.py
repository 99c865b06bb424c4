"""What the doctor looks at where PostgreSQL is used: whether it answers, delivers, and is ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from listsync import __version__
from listsync.app.doctor import CheckResult, CheckState, Patient
from listsync.cancellation import CancelToken
from listsync.config.postgres_options import PostgresOptions
from listsync.terminal.output import plural, span
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from psycopg import Connection

    from listsync.postgres.connection import PostgresLink

# What needs psycopg is imported when PostgreSQL is used.
# ruff: noqa: PLC0415

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
POSTGRES_S = 40.0
_CONNECT_S, _ANSWER_S = 5, 5.0
_AWRY_S = 60.0
_LEAST_VERSION = 130_000
_LONGEST_NAME = 100
_TABLES = ("listsync_fleets", "listsync_members", "listsync_rows")
_REACH = "is it running, and is postgres.dsn right? `psql` with the same DSN says more"
_POOLER = (
    "name PostgreSQL itself in postgres.dsn, or a pool that keeps a session (PgBouncer: "
    "pool_mode = session)"
)
_IN_RECOVERY = (
    "name the primary in postgres.dsn, or all of them with target_session_attrs=read-write"
)
_ONE_SCHEMA = (
    "let all agents use one: name it in postgres.dsn (options='-c search_path=...'), and drop the "
    "tables of the other"
)
_LOSES = "set postgres.catch_up, or make the table: contrib/postgres/triggers.sql"


class _Facts(NamedTuple):
    """What a connection tells of its server."""

    version: str
    number: int
    user: str
    database: str
    in_recovery: bool
    now: datetime
    schema: str | None
    may_create: bool


_FACTS = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int,
    current_user::text, current_database()::text, pg_is_in_recovery(), clock_timestamp(),
    current_schema()::text, coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
_TRIGGERS = """
SELECT has_table_privilege(oid, 'SELECT') FROM pg_class
WHERE oid = to_regclass('listsync_triggers')
"""
_FLEET_TABLES = """
SELECT name, has_table_privilege(to_regclass(name), 'SELECT')
    AND has_table_privilege(to_regclass(name), 'INSERT')
    AND has_table_privilege(to_regclass(name), 'UPDATE')
    AND has_table_privilege(to_regclass(name), 'DELETE')
FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL
"""
_LEADER = """
SELECT left(leader, 100), since, expires_at > clock_timestamp(), format
FROM listsync_fleets WHERE name = %s
"""
_MEMBERS = """
SELECT left(name, 100), left(version, 100), left(lists, 100) FROM listsync_members
WHERE fleet = %s AND seen_at > clock_timestamp() - interval '5 minutes' ORDER BY name LIMIT 100
"""


def postgres(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Connect to PostgreSQL if it is used, and look at all that is expected of it."""
    options = patient.config.postgres if patient.config else PostgresOptions()
    if options.dsn is None:
        return
    from listsync.postgres import connection

    try:
        link = connection.PostgresLink(
            options.dsn,
            name="listsync doctor",
            connect_s=_CONNECT_S,
            settings=connection.LISTENS,
        )
    except connection.PostgresServerError as error:
        is_missing = error.why == connection.NOT_INSTALLED
        yield CheckResult("postgres", _FAILED, error.why, "" if is_missing else _REACH)
        return
    with closing(link):
        try:
            yield from _connected(link, options)
        except connection.PostgresServerError as error:
            yield CheckResult("postgres", _FAILED, error.why, _REACH)


def _connected(link: PostgresLink, options: PostgresOptions) -> Iterator[CheckResult]:
    with link.within(_ANSWER_S) as connection:
        from psycopg.rows import args_row

        cursor = connection.cursor(row_factory=args_row(_Facts))
        facts = cursor.execute(_FACTS).fetchall()[0]
    place = f"database {one_line(facts.database)} as {one_line(facts.user)}"
    text = f"PostgreSQL {one_line(facts.version)} answers, {place}"
    if facts.in_recovery:
        words = f"{text}; it is a standby server, where nobody can LISTEN or write"
        yield CheckResult("postgres", _FAILED, words, _IN_RECOVERY)
        return
    yield CheckResult("postgres", _OK, text)
    yield _clock(facts)
    yield _delivery(link, options.channel)
    with link.within(_ANSWER_S) as connection:
        yield _triggers(connection, options)
        if options.fleet:
            yield from _fleet(connection, facts, options)


def _clock(facts: _Facts) -> CheckResult:
    apart_s = (datetime.now(UTC) - facts.now).total_seconds()
    if abs(apart_s) < _AWRY_S:
        return CheckResult("clock", _OK, "agrees with PostgreSQL's", subject="postgres")
    way = "ahead of" if apart_s > 0 else "behind"
    text = f"this machine is {span(abs(apart_s))} {way} PostgreSQL"
    return CheckResult("clock", _WARNING, text, "keep both right with NTP", "postgres")


def _delivery(link: PostgresLink, channel: str) -> CheckResult:
    """Send something, and see whether it comes."""
    from listsync.postgres.notifications import PostgresNotifications

    with closing(PostgresNotifications(link.another(), (channel,))) as listener:
        if listener.hears_itself(_ANSWER_S):
            text = f"what is sent with NOTIFY arrives; the channel is {one_line(channel)}"
            return CheckResult("postgres", _OK, text, subject="notifications")
    text = "what is sent with NOTIFY does not arrive: there is a pooler in between"
    return CheckResult("postgres", _FAILED, text, _POOLER, "notifications")


def _triggers(connection: Connection, options: PostgresOptions) -> CheckResult:
    """Say what becomes of triggers that are sent while nobody listens."""
    row = connection.execute(_TRIGGERS).fetchone()
    if row is None and options.catch_up:
        text = "there is no table of triggers: after a time without a connection all is synced"
        return CheckResult("postgres", _OK, text, subject="triggers")
    if row is None:
        text = "what is sent while the agent does not listen is lost"
        return CheckResult("postgres", _WARNING, text, _LOSES, "triggers")
    if not row[0]:
        text = "we may not read the table listsync_triggers"
        advice = "GRANT SELECT ON listsync_triggers TO the user of postgres.dsn"
        return CheckResult("postgres", _FAILED, text, advice, "triggers")
    text = "the table listsync_triggers keeps what is sent while nobody listens"
    return CheckResult("postgres", _OK, text, subject="triggers")


def _fleet(
    connection: Connection, facts: _Facts, options: PostgresOptions
) -> Iterator[CheckResult]:
    """Say whether the tables can be made or used, and who leads."""
    rows = connection.execute(_FLEET_TABLES, (list(_TABLES),))
    found: dict[str, bool] = dict(rows.fetchall())
    if (trouble := _trouble_of_fleet(facts, found)) is not None:
        yield CheckResult("postgres", _FAILED, *trouble, "fleet")
    elif len(found) < len(_TABLES):
        text = "there is no fleet yet: the first agent makes its tables"
        yield CheckResult("postgres", _OK, text, subject="fleet")
    else:
        yield from _members(connection, options.channel)


def _trouble_of_fleet(facts: _Facts, found: dict[str, bool]) -> tuple[str, str] | None:
    """Say what is in the way of a fleet, and what to do."""
    if facts.number < _LEAST_VERSION:
        return "several agents need PostgreSQL 13 or later", "update it"
    forbidden = sorted(name for name, may_use in found.items() if not may_use)
    if forbidden:
        names = ", ".join(forbidden)
        advice = f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO the user of postgres.dsn"
        return f"we may not use {names}", advice
    if len(found) < len(_TABLES) and not facts.may_create:
        schema = one_line(facts.schema or "public")
        advice = f"GRANT CREATE ON SCHEMA {schema} TO the user of postgres.dsn"
        return f"we may not make tables in the schema {schema}", advice
    return None


def _members(connection: Connection, fleet: str) -> Iterator[CheckResult]:
    from listsync.fleet.schema import FORMAT

    row = connection.execute(_LEADER, (fleet,)).fetchone()
    if row is None:
        text = f"there is no fleet {one_line(fleet)} yet: the first agent makes it"
        yield CheckResult("postgres", _OK, text, subject="fleet")
        return
    leader, since, is_held, known = row
    if known > FORMAT:
        text = "a newer listsync leads or led this fleet: this one takes no part"
        yield CheckResult("postgres", _FAILED, text, "update this listsync", "fleet")
        return
    members = connection.execute(_MEMBERS, (fleet,)).fetchall()
    count = plural(len(members), "agent")
    if is_held:
        ago = span((datetime.now(UTC) - since).total_seconds())
        text = f"{one_line(leader, _LONGEST_NAME)} leads since {ago}, among {count}"
        yield CheckResult("postgres", _OK, text, subject="fleet")
    else:
        text = f"nobody leads; {count} took part in the last 5 minutes"
        advice = "start an agent; one that runs takes the lead within a minute"
        yield CheckResult("postgres", _WARNING, text, advice, "fleet")
    yield from _elsewhere(connection)
    yield from _unlike(members)


def _elsewhere(connection: Connection) -> Iterator[CheckResult]:
    """Say where the fleet is, if there may be another in the same database."""
    from listsync.fleet.members import schemas_of

    ours, others = schemas_of(connection)
    if others:
        names = one_line(", ".join(others), _LONGEST_NAME)
        text = f"this fleet is in the schema {ours}; there are tables of a fleet in {names}, too"
        yield CheckResult("postgres", _WARNING, text, _ONE_SCHEMA, "fleet")


def _unlike(members: Sequence[tuple[str, str, str]]) -> Iterator[CheckResult]:
    """Say in what the agents of a fleet differ that should be the same."""
    others = [f"{name} ({version})" for name, version, _ in members if version != __version__]
    if others:
        names = one_line(", ".join(others), _LONGEST_NAME)
        text = f"other versions than this ({__version__}) take part: {names}"
        yield CheckResult("postgres", _WARNING, text, "update all of them", "fleet")
    if len({lists for _, _, lists in members}) > 1:
        text = "the agents do not follow the same lists"
        advice = "give all of them the same configuration: whoever leads requests by its own"
        yield CheckResult("postgres", _WARNING, text, advice, "fleet")
