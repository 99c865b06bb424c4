"""How Trakt is reached."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress

SENDABLE = r"\A[!-~]{1,4096}\Z"
"""What can stand in an HTTP header."""


def sendable(secret: SecretStr | None) -> SecretStr | None:
    """Refuse what cannot stand in an HTTP header."""
    if secret is not None and not re.match(SENDABLE, secret.get_secret_value()):
        raise ValueError("expected ASCII letters, digits and signs, without spaces")
    return secret


class TraktOptions(ServiceOptions, frozen=True, kw_only=True):
    """How Trakt is reached. Every list needs the client id of an API app of your own."""

    base_url: Annotated[WebAddress, "Address of the API."] = "https://api.trakt.tv"
    auth_url: Annotated[WebAddress, "Address where `listsync trakt-login` asks."] = (
        "https://auth.trakt.tv"
    )
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of your API app (trakt.tv/oauth/applications).",
    ] = None
    client_secret: Annotated[
        SecretStr | None,
        Check(sendable),
        "Its client secret; only `listsync trakt-login` needs it.",
    ] = None
    special_items_limit: Annotated[
        int,
        Meta(ge=1, le=10_000),
        "How many titles are read from a chart, and from your recommendations.",
    ] = 20
