"""What is secret in a configuration, for the log's last net."""

from __future__ import annotations

from collections.abc import Iterator

from listsync.config.configuration import Config
from listsync.config_types import Options, SecretStr
from listsync.redaction import logins_in, proxy_logins


def secrets_of(config: Config) -> frozenset[str]:
    """Give keys, tokens and passwords, those of the environment's proxies included."""
    return proxy_logins().union(_secrets_in(config.server), _secrets_in(config.providers))


def _secrets_in(options: Options) -> Iterator[str]:
    for name in options.__struct_fields__:
        match getattr(options, name):
            case Options() as part:
                yield from _secrets_in(part)
            case SecretStr() as secret:
                yield secret.get_secret_value()
                yield from logins_in(secret.get_secret_value())
            case str(text) if "@" in text:
                yield from logins_in(text)
