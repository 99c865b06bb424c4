"""The key `postgres`: who may wake the agent there, and whether it shares the work with others."""

from __future__ import annotations

from typing import Annotated

from listsync.config.schema_keys import Section
from listsync.config_types import Check, SecretStr
from listsync.domain.fleet import MOST_OF_CHANNEL


def _channel(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable() or len(name.encode()) > MOST_OF_CHANNEL:
        raise ValueError(f"expected a name of at most {MOST_OF_CHANNEL} bytes on one line")
    return name


class PostgresOptions(Section, frozen=True, kw_only=True):
    """Where PostgreSQL is, and what for."""

    dsn: Annotated[
        SecretStr | None,
        "How to connect: host=... dbname=... user=... password=..., or postgresql://...; "
        "empty = PostgreSQL is not used.",
    ] = None
    channel: Annotated[
        str,
        Check(_channel),
        "Channel of NOTIFY that triggers a sync; with fleet also the name of the fleet.",
    ] = "sync_trigger"
    catch_up: Annotated[
        bool,
        "Sync after a time without a connection, as a trigger may have been missed.",
    ] = True
    fleet: Annotated[
        bool,
        "Share the work with other agents at this database: one leads, the others stand by.",
    ] = False
    agent_name: Annotated[
        str | None,
        Check(_channel),
        "What this agent is called among them; empty = the name of the machine.",
    ] = None
