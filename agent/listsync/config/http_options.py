"""The key `http`: where the HTTP server listens, and who may use it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from listsync.config.schema_keys import Section
from listsync.config_types import Check, Options, SecretStr, ValueForm
from listsync.web.hosts import host_in
from listsync.web.settings import (
    ListenAddress,
    Network,
    TokenScope,
    parse_base_path,
    parse_network,
)

_SHORTEST_TOKEN = 16
_FEWEST_LETTERS = 8
"""Different ones: what is made at random has more."""
_LONGEST_NAME = 50
_TEXT = {"type": "string", "minLength": 1}


def _listen(value: object, _: Path) -> ListenAddress:
    return ListenAddress.parse(value if isinstance(value, str) else "")


def _network(value: object, _: Path) -> Network:
    return parse_network(value if isinstance(value, str) else "")


def _host(text: str) -> str:
    if not (name := host_in(text)):
        raise ValueError("expected a name such as sync.example.org")
    return name


def _token_name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"expected a name of at most {_LONGEST_NAME} characters on one line")
    return name


def _unguessable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < _SHORTEST_TOKEN or not text.isascii() or " " in text:
        raise ValueError(
            f"is no token: one has at least {_SHORTEST_TOKEN} ASCII letters and digits, no spaces"
        )
    if len({*text}) < _FEWEST_LETTERS:
        raise ValueError("can be guessed: make one with `openssl rand -hex 32`")
    return secret


def _scopes(scopes: tuple[TokenScope, ...]) -> tuple[TokenScope, ...]:
    if not scopes:
        raise ValueError("expected at least one scope; without the key a token is for everything")
    return scopes


class TokenForm(Options, frozen=True, kw_only=True):
    """One token of the HTTP server."""

    name: Annotated[str, Check(_token_name), "How the token is called in the log, once only."]
    token: Annotated[
        SecretStr, Check(_unguessable), "The token: 16 or more letters and digits, made at random."
    ]
    scopes: Annotated[
        tuple[TokenScope, ...],
        Check(_scopes),
        "What it is good for: read, control, webhook, feed; empty = everything.",
    ] = tuple(TokenScope)


def _tokens(tokens: tuple[TokenForm, ...]) -> tuple[TokenForm, ...]:
    if not tokens:
        raise ValueError("expected at least one token; without the key one is made by itself")
    if len({one.name for one in tokens}) < len(tokens):
        raise ValueError("two tokens have one name")
    if len({one.token for one in tokens}) < len(tokens):
        raise ValueError("two tokens are the same")
    return tokens


class HttpOptions(Section, frozen=True, kw_only=True):
    """The HTTP server: API, feeds, metrics and the dashboard."""

    listen: Annotated[
        Annotated[ListenAddress, ValueForm(_listen, _TEXT)] | None,
        "Address and port, such as 127.0.0.1:4222; port 0 = any that is free; empty = off.",
    ] = None
    base_path: Annotated[
        str,
        Check(parse_base_path),
        "Path before all addresses, as a proxy in front has it, such as /listsync.",
    ] = ""
    allowed_hosts: Annotated[
        tuple[Annotated[str, Check(_host)], ...],
        "Names by which it may be reached, beside the machine's own, such as sync.example.org.",
    ] = ()
    trusted_proxies: Annotated[
        tuple[Annotated[Network, ValueForm(_network, _TEXT)], ...],
        "Proxies in front, by address or network: they say who asks (X-Forwarded-For).",
    ] = ()
    tokens: Annotated[
        tuple[TokenForm, ...] | None,
        Check(_tokens),
        "Who may come in; empty = one token for everything and one for feeds are made, in the "
        "state folder.",
    ] = None
