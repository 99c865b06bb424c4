"""Which agents share the work: each says now and then that it is there."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from listsync.domain.fleet import FleetMember
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from psycopg import Connection

    from listsync.fleet.lease import FleetLease

_MOST = 100
_LONGEST_NAME = 100
_BEAT = """
INSERT INTO listsync_members (fleet, owner, name, version, lists)
VALUES (%(fleet)s, %(owner)s, %(name)s, %(version)s, %(lists)s)
ON CONFLICT (fleet, owner) DO UPDATE
SET name = excluded.name, version = excluded.version, lists = excluded.lists,
    seen_at = clock_timestamp()
"""
_FORGET = """
DELETE FROM listsync_members
WHERE fleet = %(fleet)s AND owner <> %(owner)s AND seen_at < clock_timestamp() - CASE
    WHEN name = %(name)s THEN make_interval(secs => %(silent_s)s) ELSE interval '1 day' END
"""
"""An agent that was started again was another owner before: that one is gone."""
_ALL = """
SELECT left(m.owner, 100), left(m.name, 100), left(m.version, 100), left(m.lists, 100), m.seen_at,
       m.owner = f.owner AND f.expires_at > clock_timestamp()
FROM listsync_members m JOIN listsync_fleets f ON f.name = m.fleet
WHERE m.fleet = %s ORDER BY m.name, m.owner LIMIT %s
"""
_SCHEMAS = """
SELECT nspname::text, pg_table_is_visible(pg_class.oid)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = 'listsync_fleets' AND relkind IN ('r', 'p') ORDER BY 1 LIMIT 20
"""
_LEAVE = "DELETE FROM listsync_members WHERE fleet = %s AND owner = %s"


def say_present(
    connection: Connection, lease: FleetLease, *, version: str, lists: str
) -> tuple[FleetMember, ...]:
    """Say that we are there; returns all who are, ourselves among them, by name."""
    values = {
        "fleet": lease.fleet,
        "owner": lease.owner,
        "name": lease.name,
        "version": version,
        "lists": lists,
        "silent_s": 4 * lease.times.beat_s,
    }
    connection.execute(_BEAT, values)
    connection.execute(_FORGET, values)
    return tuple(
        FleetMember(
            owner=owner,
            name=one_line(name, _LONGEST_NAME),
            version=one_line(version, _LONGEST_NAME),
            lists=lists,
            seen_at=seen_at.astimezone(UTC),
            is_leader=is_leader,
        )
        for owner, name, version, lists, seen_at, is_leader in connection.execute(
            _ALL, (lease.fleet, _MOST)
        )
    )


def schemas_of(connection: Connection) -> tuple[str, tuple[str, ...]]:
    """Name the schema of the connection's fleets, and others of the database that have some.

    Two agents with other roles may mean two schemas, as by `"$user"` in the search path.
    """
    found = connection.execute(_SCHEMAS).fetchall()
    ours = next((one_line(name, _LONGEST_NAME) for name, is_ours in found if is_ours), "")
    return ours, tuple(one_line(name, _LONGEST_NAME) for name, is_ours in found if not is_ours)


def leave(connection: Connection, lease: FleetLease) -> None:
    """Be there no longer."""
    connection.execute(_LEAVE, (lease.fleet, lease.owner))
