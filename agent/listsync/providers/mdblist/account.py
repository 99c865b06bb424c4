"""Whose account at MDBList is used, what it may ask for, and which lists it has.

Source: the service's REST documentation (docs.mdblist.com/docs/api, "My lists": an array) and
clients of 2026 (providers' facts, section 6.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.login_store import log_in_words
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, page_of_others, retry_after_s
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, number_id
from listsync.parsing.json_rows import check_one, get_document
from listsync.providers.mdblist.source import SERVICE, MdbListOptions
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.device_login import LoginService
    from listsync.http.service_client import ServiceClient

WholeCount = Annotated[int, Meta(ge=0)]
KEY = "providers.mdblist.api_key"
_SAID = re.compile(r'\s*\{[^\[\]]*?"error"\s*:\s*"((?:[^"\\]|\\.){0,300})"')
_REFUSALS = {  # the first that is part of the service's words
    "invalid api key": Refusal.CREDENTIAL,
    "rate limit": Refusal.RATE_LIMITED,
    "limit reached": Refusal.QUOTA,
    "not found": Refusal.NOT_FOUND,
    "private": Refusal.PRIVATE,
}


class Description(ResponseShape, frozen=True):
    """What the service says about a list as a whole."""

    items: WholeCount | None = None
    updated: str | None = None

    @property
    def stamp(self) -> str | None:
        updated = one_line(self.updated or "")
        return f"{updated} {self.items}" if updated and self.items is not None else None


class OwnedList(Description, frozen=True):
    """One of the lists of an account."""

    id: object = None
    name: str | None = None
    slug: str | None = None

    @property
    def shown(self) -> str:
        """How the list may be named, behind `mine/`."""
        return one_line(self.slug or str(self.number), 80)

    @property
    def number(self) -> int | None:
        return number_id(self.id)

    def is_called(self, name: str) -> bool:
        names = (self.slug, self.name, str(self.number))
        return name.casefold() in {one.strip().casefold() for one in names if one}


class Account(ResponseShape, frozen=True):
    """Whose key it is, and how many requests of how many a day were made with it."""

    user_name: str
    api_requests: WholeCount | None = None
    api_requests_count: WholeCount | None = None

    @property
    def left(self) -> int | None:
        """How many requests may still be made today, where the service says it."""
        if self.api_requests is None or self.api_requests_count is None:
            return None
        return max(0, self.api_requests - self.api_requests_count)


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own error body; it comes with any status, 200 included."""
    error = _SAID.match(response.look)
    if error is None:
        return None
    words = f"says: {one_line(error[1])} (HTTP {response.status})"
    wait = retry_after_s(response.headers)
    for part, kind in _REFUSALS.items():
        if part in error[1].lower():
            return RefusedError(SERVICE, kind, words, retry_after_s=wait)
    return UnavailableError(SERVICE, words, retry_after_s=wait) if response.status == 200 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What shows whose account it is: an API key in the query, or a login in a header.

    `mending` says what to do where it is not accepted.
    """

    query: Mapping[str, SecretStr]
    headers: Mapping[str, SecretStr]
    name: str
    mending: str

    @classmethod
    def of_key(cls, key: SecretStr) -> Credential:
        return cls(query={"apikey": key}, headers={}, name=KEY, mending="")

    @classmethod
    def of_login(cls, access: SecretStr) -> Credential:
        bearer = SecretStr(f"Bearer {access.get_secret_value()}")
        return cls(
            query={},
            headers={"Authorization": bearer},
            name="the login",
            mending=f": {log_in_words(SERVICE)}",
        )


def request_to(
    options: MdbListOptions, credential: Credential, path: str, **params: str | int
) -> ServiceRequest:
    """Make a request to the API."""
    return ServiceRequest(
        service=SERVICE,
        url=f"{options.base_url.rstrip('/')}/{path}",
        params=params,
        secrets=credential.query,
        secret_headers=credential.headers,
        judge=partial(judge_account, credential),
    )


def judge_account(credential: Credential, response: Response) -> ListsyncError | None:
    """Judge an answer of the API: it refuses an account by 401 or 403, and lists by other words.

    A web page is not the API's own answer.
    """
    judged = judge(response)
    if judged is not None or response.status not in (401, 403) or response.is_page:
        return judged or page_of_others(response)
    error = _SAID.match(response.look)
    words = f": {one_line(error[1])}" if error else ""
    what = f"does not accept {credential.name} (HTTP {response.status})"
    why = f"{what}{words}{credential.mending}"
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)


def account_of(http: ServiceClient, options: MdbListOptions, credential: Credential) -> Account:
    """Ask whose account it is; raises RefusedError for a credential that is not accepted."""
    answer = get_document(http, request_to(options, credential, "user"))
    return check_one(SERVICE, answer.content, Account)


_MOST_NAMED = 20


def find_own(
    http: ServiceClient, options: MdbListOptions, credential: Credential, wanted: str
) -> OwnedList:
    """Find one of the account's own lists by name or number; one call tells all of them.

    Raises:
        RefusedError: there is no such list, or there are several; it names those that there are.
    """
    answer = get_document(http, request_to(options, credential, "lists/user"))
    if not isinstance(answer.content, list):
        why = "the account's lists are not listed"
        raise ResponseChangedError(SERVICE, why, sample=answer.response.sample)
    lists = [check_one(SERVICE, one, OwnedList) for one in answer.content]
    found = [one for one in lists if wanted and one.is_called(wanted) and one.number is not None]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"mine/{one.shown}" for one in lists[:_MOST_NAMED])
    more = f" and {len(lists) - _MOST_NAMED} more" if len(lists) > _MOST_NAMED else ""
    what = f"several of your lists are called {wanted!r}" if found else f"you have no {wanted!r}"
    what = what if wanted else "mine is no list by itself"
    raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"{what}; yours are: {names or 'none'}{more}")


def judge_list(credential: Credential, where: str, response: Response) -> ListsyncError | None:
    """Judge what is said of a list: of one that is not there, *where* to look for its name."""
    judged = judge_account(credential, response)
    is_missing = isinstance(judged, RefusedError) and judged.kind is Refusal.NOT_FOUND
    if is_missing or (judged is None and response.status == 404 and not response.is_page):
        why = f"has no such list (HTTP {response.status}); which there are: {where}"
        return RefusedError(SERVICE, Refusal.NOT_FOUND, why)
    return judged


def login_service(options: MdbListOptions) -> LoginService:
    """Say where one logs in, as RFC 8628 has it, with an app of mdblist.com/developer.

    Source: clients of 2026 (providers' facts, section 6.3). Raises RefusedError where the user
    gave no app.
    """
    from listsync.http.device_login import LoginService  # noqa: PLC0415 - only to log in

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
    return account_of(http, options, Credential.of_key(key)).user_name
