"""Questions to Trakt's login service, and a login renewed before it ends.

A refresh token works once, so one thread of one process renews at a time, and what it got is saved
before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.decoding import UnknownFormError, decode
from listsync.errors import AnswerChangedError, ListsyncError, Refusal, RefusedError
from listsync.http.classify import Judge, Reply
from listsync.http.pages import get_reply
from listsync.http.request import Call
from listsync.providers.trakt.api import LOG_IN
from listsync.providers.trakt.endpoints import SERVICE
from listsync.providers.trakt.options import TraktOptions
from listsync.providers.trakt.token_store import Confidential, Token, Tokens, TraktTokens

if TYPE_CHECKING:
    import httpx

NEEDS_ID = "needs providers.trakt.client_id, that of an API app of your own"
_NEEDS_SECRET = "needs providers.trakt.client_secret to log in"  # noqa: S105 - words
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # there is no page to come back to
YEAR_S = 366 * 86400


class NewLogin(Confidential, frozen=True):
    """A login as the service gives it."""

    access_token: Token
    refresh_token: Token
    expires_in: Annotated[float, Meta(gt=0, le=10 * YEAR_S)]

    def tokens(self, now: datetime) -> TraktTokens:
        return TraktTokens(
            access=SecretStr(self.access_token),
            refresh=SecretStr(self.refresh_token),
            expires_at=now + timedelta(seconds=self.expires_in),
        )


ShapeT = TypeVar("ShapeT", bound=Confidential)


def utc_now() -> datetime:
    return datetime.now(UTC)


def access_token(
    http: httpx.Client,
    options: TraktOptions,
    tokens: Tokens,
    *,
    now: Callable[[], datetime] = utc_now,
) -> SecretStr | None:
    """Give what questions are sent with, renewed when it is about to end; None without a login.

    Raises:
        RefusedError: the login is no longer accepted: the user must log in again.
        UnavailableError: it could not be renewed, or not be saved.
        AnswerChangedError: the answer is none.
    """
    current = tokens.load()
    if current is not None and not current.is_fresh(now()):
        with tokens.alone():
            current = _renewed(http, options, tokens, now)
    return None if current is None else current.access


def _renewed(
    http: httpx.Client, options: TraktOptions, tokens: Tokens, now: Callable[[], datetime]
) -> TraktTokens | None:
    current = tokens.load()
    if current is None or current.is_fresh(now()):
        return current  # another thread or process was faster
    tokens.save(current)  # shows that it can be saved, before the old one is spent
    renewed = refresh(http, options, current, now=now)
    tokens.save(renewed)
    return renewed


def refresh(
    http: httpx.Client,
    options: TraktOptions,
    tokens: TraktTokens,
    *,
    now: Callable[[], datetime] = utc_now,
) -> TraktTokens:
    """Buy the next login with this one, which is void from then on."""
    fields: dict[str, str | SecretStr] = {
        "refresh_token": tokens.refresh,
        "client_secret": secret_of(options),
        "redirect_uri": _OUT_OF_BAND,
        "grant_type": "refresh_token",
    }
    return post(http, options, "oauth/token", fields, NewLogin, judge_login).tokens(now())


def secret_of(options: TraktOptions) -> SecretStr:
    """Give the app's secret; raises RefusedError when the user gave none."""
    if options.client_secret is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, _NEEDS_SECRET)
    return options.client_secret


def post(  # noqa: PLR0913, PLR0917 - all that makes one question
    http: httpx.Client,
    options: TraktOptions,
    path: str,
    fields: Mapping[str, str | SecretStr],
    shape: type[ShapeT],
    judge: Judge,
    *,
    waits: bool = True,
) -> ShapeT:
    """Ask the login service one thing; raises what `get_reply` raises. *waits*: as in `Call`."""
    if options.client_id is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
    told = {"client_id": options.client_id, **fields}
    call = Call(
        service=SERVICE,
        url=f"{options.auth_url.rstrip('/')}/{path}",
        body=json.dumps(told, default=SecretStr.get_secret_value).encode(),
        judge=judge,
        waits=waits,
    )
    reply = get_reply(http, call)
    try:
        return decode(reply.body, shape)
    except UnknownFormError:  # without the answer: it may hold what must not be shown
        raise AnswerChangedError(SERVICE, f"/{path} answers something unknown") from None


def refused(why: str) -> RefusedError:
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)


def judge_login(reply: Reply) -> ListsyncError | None:
    """Judge every status below 500 here, so that no piece of such an answer is ever shown."""
    status = reply.status
    if status in (200, 429) or status >= 500 or (status == 403 and reply.is_page):
        return None
    if status == 400:
        return refused(f"the login has ended, was used up or was revoked (400): {LOG_IN}")
    if status in (401, 403):
        return refused(
            f"does not accept providers.trakt.client_id and client_secret ({status}): "
            "the app is unknown or was removed"
        )
    return refused(f"answers a login with HTTP {status}: {LOG_IN}")
