"""HTTP as a service of the agent, while the configuration wants it; its tokens exist before."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from listsync.agent.services import AgentService, ServiceWork
from listsync.commands.context import CommandContext
from listsync.config.configuration import Config
from listsync.config.http_options import HttpOptions
from listsync.config_types import SecretStr
from listsync.errors import StateError
from listsync.web.settings import AccessToken, HttpSettings, TokenScope
from listsync.web.tokens import own_token

if TYPE_CHECKING:
    from listsync.transfers.intake import WebhookIntake
    from listsync.web.application import Backend, Call, SendTrigger
    from listsync.web.server import HttpServer

logger = logging.getLogger(__name__)

_START_S = 3.0
"""What it consists of is imported first, where the machine is busy in more than a second."""
_CONNECT_S = 5
"""How long PostgreSQL may take to answer: somebody waits."""
_STOP_S = 2.0
"""Answers may take a second to end."""
TOKEN_FILE, FEED_TOKEN_FILE, WEBHOOK_TOKEN_FILE = "http-token", "feed-token", "webhook-token"
_MADE = {
    TOKEN_FILE: "the token lies",
    FEED_TOKEN_FILE: "the one for feeds",
    WEBHOOK_TOKEN_FILE: "the one for webhooks",
}
"""Tokens that are made where none are named, and how each is called."""


class HttpService:
    """Listens where `http.listen` says; *state_dir* is where tokens are made that nobody gave.

    *open_intake* makes what takes webhooks; it is called while the server starts.
    """

    def __init__(
        self,
        commands: Call,
        context: CommandContext,
        state_dir: Path,
        open_intake: Callable[[], WebhookIntake],
    ) -> None:
        self._commands = commands
        self._context = context
        self._open_intake = open_intake
        self._state_dir = state_dir
        self._backend: Backend | None = None
        self._server: HttpServer | None = None

    def start(self, config: Config) -> ServiceWork:
        """Begin to listen; raises StateError."""
        settings = self._settings(config)
        listener = settings.listen.open()
        settings = replace(settings, listen=settings.listen.taken_by(listener))
        # Who connects now waits in the socket's queue for what is imported, which takes longest.
        from listsync.commands.feeds import Feeds  # noqa: PLC0415 - see below
        from listsync.web.all_routes import application  # noqa: PLC0415 - 4 MB, where it is wanted
        from listsync.web.application import Backend  # noqa: PLC0415 - see below
        from listsync.web.server import HttpServer  # noqa: PLC0415 - see above

        self._backend = backend = Backend(self._commands, settings)
        backend.follow(settings, _sender_of(config))
        self._server = server = HttpServer(
            application(backend, Feeds(self._context), self._open_intake()),
            listener,
            backend.end,
            backend.most_of,
        )

        where = "; ".join(filter(None, (self.address(), self.note())))
        logger.info("the dashboard is at %s", where, extra={"action": "http_open"})

        def serve(stop: threading.Event) -> None:
            try:
                server.run(stop.is_set)
            finally:
                backend.close()

        return serve

    def follow(self, config: Config) -> None:
        """Take all but another address; raises StateError."""
        if self._backend is not None:
            where = self._backend.settings.listen
            settings = replace(self._settings(config), listen=where)
            self._backend.follow(settings, _sender_of(config))

    def wake(self) -> None:
        """Let it see that it is to stop."""
        if self._server is not None:
            self._server.wake()

    def address(self) -> str:
        """Say where it is."""
        settings = self._backend and self._backend.settings
        return f"http://{settings.listen.authority}{settings.base_path}/" if settings else ""

    def note(self) -> str:
        """Say where the tokens lie that were made."""
        tokens = self._backend.settings.tokens if self._backend else ()
        names = {one.name for one in tokens}
        told = (
            f"{words} in {self._state_dir / name}"
            for name, words in _MADE.items()
            if {name, TOKEN_FILE} <= names
        )
        return ", ".join(told)

    def _settings(self, config: Config) -> HttpSettings:
        """Read the options, and make the tokens that they lack; raises StateError."""
        options = config.http
        if options.listen is None:
            raise StateError("http.listen is empty")
        return HttpSettings(
            listen=options.listen,
            base_path=options.base_path,
            allowed_hosts=frozenset(options.allowed_hosts),
            trusted_proxies=options.trusted_proxies,
            tokens=self._tokens(options, has_webhooks=config.transfers.is_on),
        )

    def _tokens(self, options: HttpOptions, *, has_webhooks: bool) -> tuple[AccessToken, ...]:
        if options.tokens is not None:
            return tuple(
                AccessToken(
                    name=one.name,
                    secret=one.token.get_secret_value(),
                    scopes=frozenset(one.scopes),
                )
                for one in options.tokens
            )
        made = [
            (TOKEN_FILE, frozenset(TokenScope)),
            (FEED_TOKEN_FILE, frozenset({TokenScope.FEED})),
        ]
        if has_webhooks:
            made.append((WEBHOOK_TOKEN_FILE, frozenset({TokenScope.WEBHOOK})))
        return tuple(
            AccessToken(name=name, secret=own_token(self._state_dir / name), scopes=scopes)
            for name, scopes in made
        )


def _sender_of(config: Config) -> SendTrigger | None:
    """Give what tells a fleet to sync; None: there is none, so no database is in the way."""
    options = config.postgres
    if options.dsn is None or not options.fleet:
        return None
    dsn, channel = options.dsn, options.channel

    def send(source: str) -> None:
        from listsync.postgres.connection import PostgresLink  # noqa: PLC0415 - only in a fleet
        from listsync.postgres.sender import send_trigger  # noqa: PLC0415 - see above

        with closing(PostgresLink(dsn, name="listsync http", connect_s=_CONNECT_S)) as link:
            send_trigger(link, channel, source)

    return send


def webhook_token(options: HttpOptions, state_dir: Path) -> SecretStr:
    """Give the token that webhooks come in with: of several the one that is good for the least.

    Raises:
        StateError: there is none, or it cannot be read.
    """
    if options.tokens is None:
        path = state_dir / TOKEN_FILE
        if not path.exists():
            words = f"there is no token in {path} yet: the agent makes it when it starts with http"
            raise StateError(f"{words}.listen set; or name tokens of your own (http.tokens)")
        return SecretStr(own_token(path))
    fitting = [one for one in options.tokens if TokenScope.WEBHOOK in one.scopes]
    if not fitting:
        raise StateError("none of http.tokens has the scope webhook")
    return min(fitting, key=lambda one: len(one.scopes)).token


def http_service(http: HttpService) -> AgentService[Config]:
    """Make its row: the agent goes on without it."""
    return AgentService(
        name="http",
        start=http.start,
        needs=lambda config: config.http.listen,
        follows=lambda config: (config.http, config.transfers.is_on, config.postgres),
        follow=http.follow,
        keys=("http",),
        address=http.address,
        note=http.note,
        wake=http.wake,
        start_s=_START_S,
        stop_s=_STOP_S,
        is_vital=False,
        before_ready=True,
    )
