"""Commands of `listsync`: their options, and what they print."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync import interrupts
from listsync.cli.container import waiting_for_config
from listsync.cli.options import (
    config_option,
    environment_with_told,
    errors_shown,
    examples,
    find_state,
    load_config,
    log_to_stderr,
    refuse_beside_agent,
    socket_option,
    state_option,
    warn,
    warnings_of_logins,
    warnings_of_places,
)
from listsync.errors import BusyError, ConfigError, StateError
from listsync.protocol import client_sockets
from listsync.terminal.output import megabytes, plural, say

if TYPE_CHECKING:
    from datetime import timedelta

    from listsync.config.configuration import Config


# Each command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415


@click.command(
    epilog=examples("run", "run --interval 12", "run --config ~/listsync.yaml --log-level debug")
)
@config_option
@state_option
@socket_option
@click.option(
    "--interval",
    metavar="DURATION",
    help="Time between syncs, overriding the file: 90m, 1h30m, daily, or hours as a number; "
    "0 = only on command or change.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    help="Log level.  [default: log.level of the configuration]",
)
@click.option(
    "--log-format",
    type=click.Choice(["auto", "text", "journal", "json"]),
    help="Log format.  [default: log.format]",
)
@click.option(
    "--log-file",
    type=click.Path(path_type=Path, readable=False, dir_okay=False),
    help="Log to this file, too.  [default: log.file]",
)
def run(
    config_path: Path | None,
    state_dir: Path | None,
    socket: Path | None,
    interval: str | None,
    log_level: str | None,
    log_format: str | None,
    log_file: Path | None,
) -> None:
    """Run the agent: sync on schedule, on change and on command.

    It stays in the foreground until it is told to end (Ctrl-C, TERM).
    """
    from listsync.app.memory_tuning import import_msgspec, import_yaml

    import_msgspec()
    import_yaml()
    from listsync.app.config_loader import DaemonOptions

    gc.collect()  # classes with slots leave a megabyte behind, which what follows takes
    from listsync.app.daemon import run_agent
    from listsync.config.paths import find_config
    from listsync.protocol import agent_socket

    with waiting_for_config(config_path), errors_shown():
        options = DaemonOptions(
            config_path=find_config(config_path, os.environ),
            state_dir=find_state(state_dir),
            socket=agent_socket(socket, os.environ),
            interval=None if interval is None else _interval(interval),
            log_level=log_level and log_level.lower(),
            log_format=log_format,
            log_file=log_file,
        )
        environ = environment_with_told(options.config_path, options.state_dir, os.environ)
        sys.exit(run_agent(options, environ))


def _interval(text: str) -> timedelta:
    from listsync.terminal.durations import parse_duration, with_hours

    try:
        return parse_duration(with_hours(text.strip()))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} {error}.", param_hint="--interval") from None


@click.command(epilog=examples("once --dry-run", "once --config ~/listsync.yaml --json"))
@config_option
@state_option
@socket_option
@click.option("--dry-run", is_flag=True, help="Show what would be requested, but change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--yes", is_flag=True, help="Do not ask before a large first sync.")
@click.option("--confirm", is_flag=True, help="Go on with what is on hold until you confirm.")
@click.option("-v", "--verbose", is_flag=True, help="Show every item, and log each step.")
def once(
    config_path: Path | None,
    state_dir: Path | None,
    socket: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
    yes: bool,
    confirm: bool,
    verbose: bool,
) -> None:
    """Sync all lists once."""
    from listsync.app.memory_tuning import import_httpcore

    import_httpcore()
    from listsync.cli import once as command

    with errors_shown():
        config = load_config(config_path, state_dir=state_dir, asks=True)
        _must_be_readable(config)
        log_to_stderr("INFO" if verbose else "WARNING", config)
        doubt = _doubt_about_state(config_path, state_dir)
        for warning in (*config.warnings, *warnings_of_places(config_path, state_dir), *doubt):
            warn(warning)
        is_of_its_own = config_path is not None or state_dir is not None
        if not (dry_run and is_of_its_own):  # such a one changes nothing, and is no agent's plan
            instead = "plan" if dry_run else "sync-now --wait"
            sockets = client_sockets(socket, os.environ)
            refuse_beside_agent(sockets, instead, is_of_its_own=is_of_its_own)
        with _advised_to_take_another_state(is_advised=dry_run and state_dir is None):
            report = command.run(
                config,
                find_state(state_dir),
                dry_run=dry_run,
                ask=not yes,
                confirmed=confirm,
                done=partial(command.show, as_json=as_json, verbose=verbose),
            )
        sys.exit(command.exit_code(report))


@contextmanager
def _advised_to_take_another_state(*, is_advised: bool) -> Iterator[None]:
    try:
        yield
    except BusyError as error:
        if not is_advised:
            raise
        advice = "to try a configuration beside it give --state-dir, too: a new folder will do"
        raise BusyError(f"{error}: {advice}") from None


def _must_be_readable(config: Config) -> None:
    """Refuse to go on where all lists want keys that nobody gave."""
    if config.unread:
        raise ConfigError(config.unread)


def _doubt_about_state(config_path: Path | None, state_dir: Path | None) -> list[str]:
    from listsync.config.paths import doubt_about_root, find_config

    config = find_config(config_path, os.environ)
    doubt = doubt_about_root(config, find_state(state_dir), os.environ)
    return [doubt] if doubt else []


@click.command(epilog=examples("backup /var/backups/listsync.db"))
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@state_option
@socket_option
def backup(file: Path, state_dir: Path | None, socket: Path | None) -> None:
    """Back up the state to a new FILE, while no agent runs."""
    with errors_shown():
        if state_dir is None:  # of another one its lock tells
            refuse_beside_agent(client_sockets(socket, os.environ), "backup FILE")
        with interrupts.raised():
            size = _back_up(find_state(state_dir), file)
        say(f"Backed up the state to {file} ({megabytes(size)}).")


def _back_up(state_dir: Path, file: Path) -> int:
    """Write a backup of the state in *state_dir* to *file*; returns its size.

    Raises:
        BusyError: another listsync works on the state.
        StateError: there is no state, or no backup can be written.
    """
    from listsync.store.backup import write_backup
    from listsync.store.database import FILE_NAME, copy_as_it_is
    from listsync.store.integrity import must_have_log, note_between
    from listsync.store.state_folder import locked

    if not (state_dir / FILE_NAME).is_file():
        raise StateError(f"there is no state in {state_dir}: look at --state-dir")
    try:
        with locked(state_dir):
            if must_have_log(state_dir / FILE_NAME):
                note_between(state_dir / FILE_NAME)  # reading it folds the log in
            return write_backup(file, lambda new: copy_as_it_is(state_dir, new))
    except BusyError as error:
        raise BusyError(f"{error}: if it is the agent, use `listsyncctl backup FILE`") from None
    except OSError as error:
        raise StateError(f"cannot write {file}: {error.strerror or error}") from error


@click.command(epilog=examples("check", "check ~/listsync.yaml", "check --live"))
@click.argument("file", type=click.Path(path_type=Path, readable=False), required=False)
@config_option
@state_option
@click.option(
    "--live",
    is_flag=True,
    help="Test the server and everything that the file names there, and read every list.",
)
@click.option(
    "--arr",
    is_flag=True,
    help="With --live: have the server query Radarr and Sonarr, too. That can crash the server.",
)
def check(
    file: Path | None, config_path: Path | None, state_dir: Path | None, *, live: bool, arr: bool
) -> None:
    """Check the configuration and report every problem."""
    if arr and not live:
        raise click.UsageError("--arr needs --live.")
    if file and config_path:
        raise click.UsageError("FILE is what --config names: give one of them.")
    file = file or config_path
    with errors_shown():
        config = load_config(file, state_dir=state_dir, closely=True)
        if not live:
            _must_be_readable(config)
        logins = warnings_of_logins(config, state_dir)
        for warning in (*config.warnings, *warnings_of_places(file, state_dir), *logins):
            say(f"warning: {warning}", err=True)
        count = plural(len(config.lists), "list")
        libraries = len(config.transfers.mappings)
        count += f", {plural(libraries, 'library', 'libraries')} of transfers" if libraries else ""
        say(f"The {'file' if live else 'configuration'} is valid: {count}.")
        if config.written.in_force:
            say(f"The environment sets {', '.join(config.written.in_force)}.")
        if not config.has_server:
            feeds = ", lists are read for their feeds" if config.lists else ""
            say(f"No request server is named: nothing is requested{feeds}.")
        if live:
            from listsync.app.memory_tuning import import_httpcore

            import_httpcore()
            from listsync.cli.check_live import check_live

            log_to_stderr("ERROR", config)
            with interrupts.raised():
                sys.exit(check_live(config, find_state(state_dir), ask_arr=arr))
        for one in config.lists:
            marks = (
                (" (excluded)", one.rules.is_exclusion),
                (" (disabled)", not one.rules.is_enabled),
            )
            say(f"  {one.name}{''.join(mark for mark, is_so in marks if is_so)}")


@click.command(epilog=examples("schema --write", "schema --messages > messages.schema.json"))
@click.option("--messages", is_flag=True, help="Of what a webhook in notify is sent, instead.")
@click.option("--write", is_flag=True, help="Write it beside the configuration, for editors.")
@config_option
def schema(config_path: Path | None, *, messages: bool, write: bool) -> None:
    """Print the JSON Schema of listsync.yaml, or write it.

    With --write it lies where editors look for it: beside the configuration.
    """
    if write and messages:
        raise click.UsageError("--write is about the configuration: use it without --messages.")
    if write:
        _write_schema(config_path)
        return
    if messages:
        from listsync.notify.targets.webhook import message_schema as build
    else:
        from listsync.config.json_schema import schema as build

    import json

    click.echo(json.dumps(build(), indent=2))


def _write_schema(config_path: Path | None) -> None:
    from listsync.config.json_schema import EDITOR_LINE, write_schema
    from listsync.config.paths import find_config

    with errors_shown():
        found = find_config(config_path, os.environ) or Path("listsync.yaml")
        say(f"Wrote {write_schema(found.absolute().parent)}.")
        say(f"Editors use it where the configuration begins with: {EDITOR_LINE}")


@click.command()
def demo() -> None:
    """Show a whole sync against the built-in server.

    It needs no network and no configuration, and leaves nothing behind.
    """
    import logging

    from listsync import logs
    from listsync.cli.once import run_demo

    logs.set_up_plainly(logging.ERROR)
    with errors_shown(), interrupts.raised():
        sys.exit(run_demo())


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def sandbox(options: tuple[str, ...]) -> None:
    """Serve the built-in request server, for trying things out."""
    from listsync.sandbox.__main__ import main as serve

    with errors_shown(), interrupts.raised():
        serve(options)
