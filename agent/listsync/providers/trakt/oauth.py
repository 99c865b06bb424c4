"""How Trakt lets people log in: with a code on another screen, in a form elder than RFC 8628."""

from __future__ import annotations

from listsync.errors import Refusal, RefusedError
from listsync.http.device_login import LoginDialect, LoginService
from listsync.providers.trakt.source import SERVICE, TraktOptions

NEEDS_ID = "needs providers.trakt.client_id, that of an API app of your own"
_NEEDS_SECRET = "needs providers.trakt.client_secret to log in"  # noqa: S105 - words
_DIALECT = LoginDialect(
    is_json=True,
    code_name="code",
    polling={},
    # There is no page to come back to.
    renewing={"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"},
    refused={
        404: "does not know the code",
        409: "the code was used already",
        410: "the code has ended",
        418: "the login was denied",
    },
)


def login_service(options: TraktOptions) -> LoginService:
    """Say where one logs in; raises RefusedError where the user gave no app, or not all of it."""
    if options.client_id is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
    if options.client_secret is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, _NEEDS_SECRET)
    base = f"{options.auth_url.rstrip('/')}/oauth"
    return LoginService(
        name=SERVICE,
        code_url=f"{base}/device/code",
        token_url=f"{base}/device/token",
        renewal_url=f"{base}/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        dialect=_DIALECT,
    )
