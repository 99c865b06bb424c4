"""`listsync secret`: secrets that are kept encrypted, set and shown by name.

No secret is taken from the command line, which every user of the machine can read: they come from
standard input, or are asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync import interrupts
from listsync.cli.options import (
    ask_hidden,
    config_option,
    errors_shown,
    examples,
    find_state,
    is_interactive,
    state_option,
)
from listsync.errors import ConfigError, SecretError
from listsync.terminal.output import plural, say

if TYPE_CHECKING:
    from listsync.secrets.vault import Vault

# Each command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415

_MOST_BYTES = 1024 * 1024


@click.group()
def secret() -> None:
    """Keep secrets encrypted: {encrypted: NAME} in listsync.yaml."""


@secret.command(
    "set", epilog=examples("secret set seerr-key", "secret set OVERSEERR_API_KEY < key.txt")
)
@click.argument("name")
@config_option
@state_option
def set_(name: str, config_path: Path | None, state_dir: Path | None) -> None:
    """Store a secret under NAME.

    It is asked for on a terminal, and else read from standard input.
    """
    from listsync.secrets.sealed import check_name

    with errors_shown():
        check_name(name)
        vault = _open(config_path, state_dir)
        is_first = not vault.exists()
        vault.set(name, _told(f"Secret {name}"))
        say(f"Stored {name} in {vault.path}; name it in listsync.yaml as {{encrypted: {name}}}.")
        if is_first:
            _tell_of_key(vault)
        say("An agent that runs takes it with `listsyncctl reload`.", err=True)


@secret.command(epilog=examples("secret get seerr-key"))
@click.argument("name")
@config_option
@state_option
def get(name: str, config_path: Path | None, state_dir: Path | None) -> None:
    """Print the secret stored under NAME."""
    with errors_shown():
        click.echo(_open(config_path, state_dir).get(name))


@secret.command("list", epilog=examples("secret list", "secret list --json"))
@config_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print names and places as JSON.")
def list_(config_path: Path | None, state_dir: Path | None, *, as_json: bool) -> None:
    """List the names of stored secrets, and where they are used."""
    with errors_shown():
        vault = _open(config_path, state_dir)
        uses = _uses(config_path)
        rows = {name: sorted(uses.get(name, ())) for name in vault.names()}
        if as_json:
            import json

            key = None if vault.has_passphrase() else str(vault.key_file.place)
            click.echo(
                json.dumps({"file": str(vault.path), "key": key, "secrets": rows}, indent=2)
            )
            return
        room = max(map(len, rows), default=0)
        for name, places in rows.items():
            say(f"{name:{room}}  {', '.join(places)}".rstrip())
        key = "a passphrase" if vault.has_passphrase() else str(vault.key_file.place)
        say(f"{plural(len(rows), 'secret')} in {vault.path}, with the key from {key}", err=True)


@secret.command(epilog=examples("secret remove seerr-key"))
@click.argument("name")
@config_option
@state_option
def remove(name: str, config_path: Path | None, state_dir: Path | None) -> None:
    """Remove the secret stored under NAME."""
    with errors_shown():
        vault = _open(config_path, state_dir)
        vault.remove(name)
        say(f"Removed {name} from {vault.path}.")
        if places := _uses(config_path).get(name):
            say(f"warning: listsync.yaml still uses it: {', '.join(sorted(places))}", err=True)


@secret.command(epilog=examples("secret rotate", "secret rotate --passphrase"))
@config_option
@state_option
@click.option("--passphrase", "kind", flag_value="passphrase", help="With one that you choose.")
@click.option("--key", "kind", flag_value="key", help="With a random key in a file of its own.")
def rotate(config_path: Path | None, state_dir: Path | None, *, kind: str | None) -> None:
    """Encrypt all secrets anew, with a new key or passphrase.

    Which of the two is as it is now.
    """
    with errors_shown():
        vault = _open(config_path, state_dir)
        if kind == "passphrase" or (kind is None and vault.has_passphrase()):
            vault.check()
            vault.rotate(_new_passphrase())
            words = "the new passphrase"
        else:
            vault.rotate()
            words = f"a new key in {vault.key_file.place}"
        say(f"Encrypted {plural(len(vault.names()), 'secret')} anew with {words}.")
        if not vault.has_passphrase():
            say("Older keys stay there, for copies that were made before.", err=True)
        elif vault.passphrase.place is not None:
            say(f"Write the new passphrase into {vault.passphrase.place} now.", err=True)
        else:
            say("An agent that runs must be started anew to ask for it.", err=True)


@secret.command("export-key", epilog=examples("secret export-key > /media/usb/listsync.key"))
@config_option
@state_option
def export_key(config_path: Path | None, state_dir: Path | None) -> None:
    """Print the key, for a copy that you keep elsewhere."""
    with errors_shown():
        vault = _open(config_path, state_dir)
        key = vault.export_key()
        click.echo(key)
        words = f"Whoever has this and {vault.path} has all secrets; "
        say(f"{words}it belongs into {vault.key_file.place}, mode 0600.", err=True)


def _open(config_path: Path | None, state_dir: Path | None) -> Vault:
    from listsync.config.paths import find_config
    from listsync.secrets.vault import open_vault

    ask = ask_hidden if is_interactive() else None
    return open_vault(find_config(config_path, os.environ), find_state(state_dir), os.environ, ask)


def _told(words: str) -> str:
    """Read a secret from standard input, or ask for it; a line's end is none of it."""
    if is_interactive():
        return ask_hidden(words)
    with interrupts.raised():
        data = sys.stdin.buffer.read(_MOST_BYTES)
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError("what came from standard input is not UTF-8 text") from None


def _new_passphrase() -> str:
    passphrase = _told("New passphrase")
    if is_interactive() and ask_hidden("The same again") != passphrase:
        raise SecretError("the two differ; nothing was changed")
    return passphrase


def _tell_of_key(vault: Vault) -> None:
    if vault.has_passphrase():
        return
    key = vault.key_file.place
    say(f"Its key is {key}: without that nobody can read it, so keep a copy", err=True)
    say("(`listsync secret export-key`), not where copies of the secrets go.", err=True)
    if key.path.is_relative_to(vault.path.parent) or vault.path.is_relative_to(key.path.parent):
        folder = os.path.commonpath((key.path, vault.path))
        say(f"warning: both lie in {folder}: who copies that folder has the secrets;", err=True)
        say("LISTSYNC_SECRET_KEY_FILE puts the key elsewhere.", err=True)


def _uses(config_path: Path | None) -> dict[str, set[str]]:
    """Tell which keys of the configuration use which secret; nothing where it cannot be read."""
    from listsync.config.paths import find_config
    from listsync.config.validation import dotted
    from listsync.config.yaml_document import KeyPath, load_document

    def find(data: object, path: KeyPath) -> Iterator[tuple[str, str]]:
        match data:
            case {"encrypted": str(name)}:
                yield name, dotted(path)
            case dict():
                for key, value in data.items():
                    yield from find(value, (*path, key))
            case list():
                for number, value in enumerate(data):
                    yield from find(value, (*path, number))

    found: dict[str, set[str]] = {}
    path = find_config(config_path, os.environ)
    try:
        document = load_document(path) if path else None
    except ConfigError:
        return found
    for name, place in find(document.data if document else None, ()):
        found.setdefault(name, set()).add(place)
    return found
