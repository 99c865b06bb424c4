"""`listsync webhook install`: our webhook put into Radarr or Sonarr, and tested from there."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync.cli.options import (
    arr_key,
    config_option,
    errors_shown,
    examples,
    find_state,
    load_config,
    secret_options,
    state_option,
)
from listsync.terminal.output import say

if TYPE_CHECKING:
    from listsync.config.configuration import Config
    from listsync.config_types import SecretStr
    from listsync.domain.transfers import ImportApp
    from listsync.transfers.arr_client import ArrClient

# The command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415


@click.group()
def webhook() -> None:
    """Have Radarr and Sonarr tell listsync what they import."""


@webhook.command(
    epilog=examples(
        "webhook install radarr http://radarr:7878 --url http://listsync:4222",
        "webhook install sonarr http://localhost:8989 --key-file sonarr.key",
        "webhook install radarr http://radarr:7878 --remove",
    )
)
@click.argument("app", type=click.Choice(["radarr", "sonarr"]))
@click.argument("address", metavar="URL")
@secret_options("key", "--api-key")
@click.option(
    "--url",
    help="Our own address as the application reaches it; in Docker such as http://listsync:4222.  "
    "[default: http.listen, by the address of this machine]",
)
@click.option("--name", default="listsync", show_default=True, help="Name of the connection.")
@click.option("--remove", is_flag=True, help="Take the connection out again.")
@config_option
@state_option
def install(
    app: str,
    address: str,
    key_file: Path | None,
    key_env: str | None,
    url: str | None,
    name: str,
    config_path: Path | None,
    state_dir: Path | None,
    *,
    key_stdin: bool,
    remove: bool,
) -> None:
    """Put our webhook into Radarr or Sonarr at URL, and test it.

    The test is sent by them, so that it proves the way that imports will take. A connection of
    that name is kept right; what else is ticked there stays. The API key comes from
    RADARR_API_KEY or SONARR_API_KEY, a file or standard input, or is asked for.
    """
    from listsync.domain.transfers import ImportApp
    from listsync.transfers.arr_client import ArrClient

    with errors_shown():
        key = arr_key(app, key_file, key_env, is_on_stdin=key_stdin)
        with closing(ArrClient(ImportApp(app), address, key)) as client:
            if remove:
                _remove(client, name)
                return
            config = load_config(config_path, state_dir=state_dir)
            where = _own_address(config, url, client.base)
            secret = _secret(config, find_state(state_dir))
            _install(client, ImportApp(app), name, where, secret)


def _remove(client: ArrClient, name: str) -> None:
    from listsync.transfers.arr_connections import remove

    client.check()
    if remove(client, name):
        say(f"Removed the connection {name} from {client.name}.")
    else:
        say(f"{client.name} has no connection {name}: nothing was changed.")


def _install(client: ArrClient, app: ImportApp, name: str, base: str, secret: SecretStr) -> None:
    from listsync.protocol import Exit
    from listsync.transfers.arr_connections import WebhookWish, advice_on, install

    version = client.check()
    url = f"{base}/sync/{app.value}"
    done = install(client, WebhookWish(app=app, name=name, url=url, secret=secret))
    events = ", ".join(done.events)
    say(f"{client.name} {version}: the connection {name} was {_DONE[done.outcome.value]}.")
    say(f"It sends {events} to {url}.")
    if not done.trouble:
        say(f"Tested: {client.name} reaches us.")
        return
    say(f"listsync: {client.name} could not reach {url}: {done.trouble}", err=True)
    say(f"What you can do: {advice_on(done.trouble, url, app)}.".replace("?.", "?"), err=True)
    sys.exit(Exit.FAILED)


_DONE = {"added": "added", "updated": "changed", "unchanged": "there already, as it should be"}


def _own_address(config: Config, given: str | None, other: str) -> str:
    """Find the address at which we are reached: the one given, or that of this machine."""
    from listsync.config_types import parse_web_address
    from listsync.errors import ListsyncError

    listen, base_path = config.http.listen, config.http.base_path
    if given is not None:
        try:
            return parse_web_address(given).rstrip("/")
        except ValueError as error:
            raise ListsyncError(f"--url: {error}") from None
    if listen is None:
        raise ListsyncError(
            "webhooks come over HTTP, which is off: set http.listen, such as 0.0.0.0:4222"
        )
    if not listen.port:
        raise ListsyncError("http.listen has port 0, another one at each start: set one, or --url")
    host = _way_to(other) if listen.host.is_unspecified else str(listen.host)
    bracketed = f"[{host}]" if ":" in host else host
    return f"http://{bracketed}:{listen.port}{base_path}"


def _way_to(other: str) -> str:
    """Give the address of this machine on the way to another; nothing is sent."""
    import socket
    from urllib.parse import urlsplit

    host = urlsplit(other).hostname or ""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, 80, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()


def _secret(config: Config, state_dir: Path) -> SecretStr:
    """Find the token that webhooks come in with: the one that is good for the least."""
    from listsync.app.http_service import webhook_token

    return webhook_token(config.http, state_dir)
