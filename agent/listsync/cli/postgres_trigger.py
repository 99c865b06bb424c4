"""`listsync trigger`: have agents sync that listen at a PostgreSQL, also from other machines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync.cli.options import config_option, errors_shown, examples, load_config, state_option
from listsync.errors import ListsyncError, NoConfigurationError
from listsync.terminal.output import say

if TYPE_CHECKING:
    from listsync.config.postgres_options import PostgresOptions

# The command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415

_EXPOSED = (
    "warning: a password on a command line can be read by every user of the machine, and stays in "
    "the history of the shell: use LISTSYNC_POSTGRES_DSN, PGPASSFILE or a service file"
)
_NOWHERE = (
    "no PostgreSQL is named: give --postgres, set LISTSYNC_POSTGRES_DSN, or set postgres.dsn in "
    "listsync.yaml; the agent of this machine needs none of it: `listsyncctl sync-now`"
)


@click.command(
    epilog=examples(
        "trigger",
        "trigger --postgres service=listsync --source backup --list my-list",
        'trigger --postgres "host=db dbname=listsync user=sender"',
    )
)
@click.option(
    "--postgres",
    "dsn",
    metavar="DSN",
    help="Where PostgreSQL is; leave out a password.  "
    "[default: LISTSYNC_POSTGRES_DSN, else postgres.dsn of the configuration]",
)
@click.option(
    "--source",
    metavar="NAME",
    help="Who wants the sync, for people.  [default: the name of this machine]",
)
@click.option("--list", "lists", multiple=True, metavar="LIST", help="Only this list; repeat.")
@click.option(
    "--channel",
    metavar="NAME",
    help="Where agents listen.  [default: sync_trigger; with a configuration, postgres.channel]",
)
@click.option("--dry-run", is_flag=True, help="Show what would be requested, but change nothing.")
@config_option
@state_option
def trigger(
    dsn: str | None,
    source: str | None,
    lists: tuple[str, ...],
    channel: str | None,
    config_path: Path | None,
    state_dir: Path | None,
    *,
    dry_run: bool,
) -> None:
    """Have the agents sync now that listen at a PostgreSQL.

    For scripts and other machines, which need no agent and no configuration. Whoever syncs is not
    waited for. A password on a command line can be read by every user of the machine: leave it to
    LISTSYNC_POSTGRES_DSN, PGPASSFILE or a service file.
    """
    import socket

    from listsync.postgres.sender import CHANNEL, DSN_VARIABLE, trigger_sync

    with errors_shown():
        where, usual = dsn or os.environ.get(DSN_VARIABLE), CHANNEL
        if dsn:
            _warn_of_password(dsn)
        if not where:
            options = _configured(config_path, state_dir)
            where = options.dsn.get_secret_value() if options.dsn else ""
            usual = options.channel
        channel = channel or usual
        source = source or socket.gethostname()
        trigger_sync(source, dsn=where, channel=channel, lists=lists, dry_run=dry_run)
        what = "make a dry run" if dry_run else "sync"
        say(f"Sent: agents that listen on channel {channel} {what} now.")


def _configured(config_path: Path | None, state_dir: Path | None) -> PostgresOptions:
    """Read where the configuration says that PostgreSQL is; raises ListsyncError."""
    try:
        options = load_config(config_path, state_dir=state_dir).postgres
    except NoConfigurationError:
        if config_path is not None:
            raise
        raise ListsyncError(_NOWHERE) from None
    if options.dsn is None:
        raise ListsyncError(_NOWHERE)
    return options


def _warn_of_password(dsn: str) -> None:
    from listsync.config_types import SecretStr
    from listsync.postgres.connection import password_in

    if password_in(SecretStr(dsn)):
        say(_EXPOSED, err=True)
