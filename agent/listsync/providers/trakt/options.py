"""How Trakt is reached."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from listsync.options import ServiceOptions

_SENDABLE = re.compile(r"[!-~]{1,4096}")


def sendable(secret: SecretStr | None) -> SecretStr | None:
    """Refuse what cannot stand in an HTTP header."""
    if secret is not None and not _SENDABLE.fullmatch(secret.get_secret_value()):
        raise ValueError("expected ASCII letters, digits and signs, without spaces")
    return secret


class TraktOptions(ServiceOptions):
    """How Trakt is reached. Every list needs the client id of an API app of your own."""

    base_url: str = Field(default="https://api.trakt.tv", description="Address of the API.")
    auth_url: str = Field(
        default="https://auth.trakt.tv", description="Address where `listsync trakt-login` asks."
    )
    client_id: SecretStr | None = Field(
        default=None, description="Client id of your API app (trakt.tv/oauth/applications)."
    )
    client_secret: SecretStr | None = Field(
        default=None, description="Its client secret; only `listsync trakt-login` needs it."
    )
    special_items_limit: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="How many titles are read from a chart, and from your recommendations.",
    )

    _check = field_validator("client_id", "client_secret")(sendable)
