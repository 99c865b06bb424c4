"""`listsync trakt-login`: a login at Trakt, given on another screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync.app.provider_table import trakt_login
from listsync.errors import Refusal, RefusedError
from listsync.http.service_client import build_client
from listsync.providers.trakt.oauth import begin, poll
from listsync.terminal.output import say

if TYPE_CHECKING:
    from listsync.config.configuration import Config


def log_in(config: Config, state_dir: Path) -> None:
    """Ask for a code, wait until it was entered, and keep the login in *state_dir*.

    Raises:
        RefusedError, UnavailableError, ResponseChangedError: there is no login.
        KeyboardInterrupt: nobody waits any more.
    """
    options = config.providers.trakt
    if options.client_id is None or options.client_secret is None:
        raise RefusedError(
            "trakt",
            Refusal.CREDENTIAL,
            "needs providers.trakt.client_id and client_secret to log in",
        )
    tokens = trakt_login(state_dir)
    with tokens.alone():
        pass  # a login that cannot be kept is not asked for
    with build_client(options) as http:
        code = begin(http, options)
        say(f"Open {code.verification_url} and enter the code {code.user_code}")
        say(f"Waiting for it, at most {code.expires_in_s / 60:.0f} min ...", err=True)
        login = poll(http, options, code)
    with tokens.alone():
        tokens.save(login)
    click.echo("Logged in; your own Trakt lists can be read now.")
