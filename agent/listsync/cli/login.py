"""`listsync login SERVICE`: a login given on another screen, or else the key of the account."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync.cli.options import (
    ask_hidden,
    config_option,
    errors_shown,
    examples,
    find_state,
    is_interactive,
    load_config,
    log_to_stderr,
    state_option,
)
from listsync.errors import Refusal, RefusedError
from listsync.protocol import Exit
from listsync.terminal.output import say

if TYPE_CHECKING:
    from listsync.app.provider_table import ApiKeyRow
    from listsync.config.configuration import Config

# What asks is imported when it is needed, so that --help stays quick.
# ruff: noqa: PLC0415

SERVICES = ("mdblist", "simkl", "trakt")
"""Where one can log in; how is a row of `app.provider_table.LOGINS`."""


@click.command(epilog=examples("login trakt", "login simkl", "login mdblist"))
@click.argument("service", type=click.Choice(SERVICES))
@config_option
@state_option
def login(service: str, config_path: Path | None, state_dir: Path | None) -> None:
    """Log in at a list service, to read your own and private lists.

    You get a code and an address, and enter it there, on any device. Where you have no app of
    that service (its client_id), mdblist asks for your API key instead.
    """
    _log_in(service, config_path, state_dir)


@click.command("trakt-login", hidden=True)
@config_option
@state_option
def trakt_login(config_path: Path | None, state_dir: Path | None) -> None:
    """Log in to Trakt; the old name of `listsync login trakt`."""
    say("`listsync trakt-login` is called `listsync login trakt` now.", err=True)
    _log_in("trakt", config_path, state_dir)


def _log_in(service: str, config_path: Path | None, state_dir: Path | None) -> None:
    import logging

    from listsync import interrupts
    from listsync.app.memory_tuning import import_httpcore

    import_httpcore()
    with errors_shown():
        config = load_config(config_path, state_dir=state_dir)
        log_to_stderr(logging.WARNING, config)
        try:
            with interrupts.raised():
                _with_code_or_key(service, config, find_state(state_dir), config_path)
        except (KeyboardInterrupt, click.Abort):
            click.echo("listsync: stopped; there is no new login", err=True)
            sys.exit(Exit.INTERRUPTED)


def _with_code_or_key(
    service: str, config: Config, state_dir: Path, config_path: Path | None
) -> None:
    """Log in with a code; without an app of the user's own, take the key of the account.

    Raises:
        RefusedError, UnavailableError, ResponseChangedError: there is no login.
        SecretError: the key cannot be kept.
    """
    from listsync.app.provider_table import LOGINS

    row = LOGINS[service]
    if row.key is not None and getattr(config.providers, service).client_id is None:
        _keep_key(service, row.key, config, state_dir, config_path)
    else:
        _enter_code(service, config, state_dir)


def _enter_code(service: str, config: Config, state_dir: Path) -> None:
    from listsync.app.provider_table import LOGINS, login_store
    from listsync.http.device_login import begin_either, poll
    from listsync.http.service_client import build_client

    where = LOGINS[service].service(config.providers)
    tokens = login_store(state_dir, service)
    with tokens.alone():
        pass  # a login that cannot be kept is not asked for
    with build_client(getattr(config.providers, service)) as http:
        where, code = begin_either(http, where)
        say(f"Open {code.verification_url} and enter the code {code.user_code}")
        say(f"Waiting for it, at most {code.expires_in_s / 60:.0f} min ...", err=True)
        tokens_of_login = poll(http, where, code)
    with tokens.alone():
        tokens.save(tokens_of_login)
    say(f"Logged in; your own lists at {service} can be read now.")


def _keep_key(
    service: str, row: ApiKeyRow, config: Config, state_dir: Path, config_path: Path | None
) -> None:
    from listsync.config.paths import find_config
    from listsync.config_types import SecretStr
    from listsync.http.service_client import build_client
    from listsync.secrets.vault import open_vault

    key = _told_key(service, row)
    with build_client(getattr(config.providers, service)) as http:
        owner = row.owner_of(http, config.providers, SecretStr(key))
    vault = open_vault(find_config(config_path, os.environ), state_dir, os.environ)
    vault.set(row.variable, key)
    say(f"The key is {owner}'s; it is kept encrypted, as {row.variable} in {vault.path}.")
    set_by = config.written.variables.get(("providers", service, "api_key"))
    if set_by is None and getattr(config.providers, service).api_key is not None:
        set_by = "the configuration"
    if set_by not in (None, str(vault.path)):
        say(f"warning: another key has the last word, that of {set_by}: take it out", err=True)


def _told_key(service: str, row: ApiKeyRow) -> str:
    """Ask for the key, or read it from standard input."""
    say(
        f"Without providers.{service}.client_id there is no login with a code: the API key of "
        f"your account does as well ({row.place}).",
        err=True,
    )
    if is_interactive():
        return ask_hidden("API key (it stays hidden)").strip()
    key = sys.stdin.readline().strip()
    if not key:
        why = f"no key came from standard input; type it at a terminal, or set {row.variable}"
        raise RefusedError(service, Refusal.CREDENTIAL, why)
    return key
