"""How MDBList lets people log in: as RFC 8628 has it, for an app without a secret.

Source: clients of 2026 (providers' facts, section 6.3); the app is one of mdblist.com/developer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.errors import Refusal, RefusedError
from listsync.http.device_login import LoginService
from listsync.parsing.json_rows import check_one, get_document
from listsync.providers.mdblist.reader import Account, Credential, request_to
from listsync.providers.mdblist.source import SERVICE, MdbListOptions

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


def login_service(options: MdbListOptions) -> LoginService:
    """Say where one logs in; raises RefusedError where the user gave no app."""
    if options.client_id is None:
        raise RefusedError(
            SERVICE,
            Refusal.CREDENTIAL,
            "needs providers.mdblist.client_id, that of a Device Code app (mdblist.com/developer)",
        )
    base = f"{options.base_url.rstrip('/')}/oauth"
    return LoginService(
        name=SERVICE,
        code_url=f"{base}/device-authorization/",
        token_url=f"{base}/token/",
        renewal_url=f"{base}/token/",
        client_id=options.client_id,
    )


def owner_of(http: ServiceClient, options: MdbListOptions, key: SecretStr) -> str:
    """Say whose *key* it is; raises RefusedError for one that is not accepted."""
    call = request_to(options, Credential.of_key(key), "user")
    return check_one(SERVICE, get_document(http, call).content, Account).user_name
