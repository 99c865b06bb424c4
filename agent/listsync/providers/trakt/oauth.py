"""A login at Trakt: begun with a code on another screen, and renewed before it ends.

A refresh token works once, so one thread of one process renews at a time, and what it got is
saved before it is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.request import ServiceRequest
from listsync.http.response import Judge, Response, retry_after_s
from listsync.http.service_client import get_response
from listsync.parsing.decoding import UnknownFormError, decode
from listsync.providers.trakt.api import LOG_IN
from listsync.providers.trakt.source import SERVICE, TraktOptions
from listsync.providers.trakt.token_store import Confidential, Token, Tokens, TraktTokens

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


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
    http: ServiceClient,
    options: TraktOptions,
    tokens: Tokens,
    *,
    now: Callable[[], datetime] = utc_now,
) -> SecretStr | None:
    """Give what requests are sent with, renewed when it is about to end; None without a login.

    Raises:
        RefusedError: the login is no longer accepted: the user must log in again.
        UnavailableError: it could not be renewed, or not be saved.
        ResponseChangedError: the answer is none.
    """
    current = tokens.load()
    if current is not None and not current.is_fresh(now()):
        with tokens.alone():
            current = _renewed(http, options, tokens, now)
    return None if current is None else current.access


def _renewed(
    http: ServiceClient, options: TraktOptions, tokens: Tokens, now: Callable[[], datetime]
) -> TraktTokens | None:
    current = tokens.load()
    if current is None or current.is_fresh(now()):
        return current  # another thread or process was faster
    tokens.save(current)  # shows that it can be saved, before the old one is spent
    renewed = refresh(http, options, current, now=now)
    tokens.save(renewed)
    return renewed


def refresh(
    http: ServiceClient,
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


def post(  # noqa: PLR0913, PLR0917 - all that makes one request
    http: ServiceClient,
    options: TraktOptions,
    path: str,
    fields: Mapping[str, str | SecretStr],
    shape: type[ShapeT],
    judge: Judge,
    *,
    waits: bool = True,
) -> ShapeT:
    """Ask the login service one thing; raises what `get_response` raises."""
    if options.client_id is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
    body = {"client_id": options.client_id, **fields}
    call = ServiceRequest(
        service=SERVICE,
        url=f"{options.auth_url.rstrip('/')}/{path}",
        body=json.dumps(body, default=SecretStr.get_secret_value).encode(),
        judge=judge,
        waits=waits,
    )
    response = get_response(http, call)
    try:
        return decode(response.body, shape)
    except UnknownFormError:  # without the answer: it may hold what must not be shown
        raise ResponseChangedError(SERVICE, f"/{path} answers something unknown") from None


def refused(why: str) -> RefusedError:
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)


def judge_login(response: Response) -> ListsyncError | None:
    """Judge every status below 500 here, so that no piece of such an answer is ever shown."""
    status = response.status
    if status in (200, 429) or status >= 500 or (status == 403 and response.is_page):
        return None
    if status == 400:
        return refused(f"the login has ended, was used up or was revoked (400): {LOG_IN}")
    if status in (401, 403):
        return refused(
            f"does not accept providers.trakt.client_id and client_secret ({status}): "
            "the app is unknown or was removed"
        )
    return refused(f"answers a login with HTTP {status}: {LOG_IN}")


_SLOWER_S, _SLOWEST_S = 5.0, 60.0
_ANSWERS = {
    404: "does not know the code",
    409: "the code was used already",
    410: "the code has ended",
    418: "the login was denied",
}


class _Code(Confidential, frozen=True):
    device_code: Token
    user_code: Annotated[str, Meta(pattern=r"\A[!-~]{1,40}\Z")]
    verification_url: Annotated[str, Meta(pattern=r"\Ahttps?://[!-~]{1,200}\Z")]
    expires_in: Annotated[float, Meta(gt=0, le=YEAR_S)]
    interval: Annotated[float, Meta(ge=0, le=600)] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What the person enters where, how often we may ask whether they did, and for how long."""

    user_code: str
    verification_url: str
    device_code: SecretStr
    interval_s: float
    expires_in_s: float


def begin(http: ServiceClient, options: TraktOptions) -> DeviceCode:
    """Ask for a code; raises what `get_response` raises."""
    secret_of(options)  # without it the code would be entered in vain
    code = post(http, options, "oauth/device/code", {}, _Code, judge_login)
    return DeviceCode(
        user_code=code.user_code,
        verification_url=code.verification_url,
        device_code=SecretStr(code.device_code),
        interval_s=max(code.interval, 1),
        expires_in_s=code.expires_in,
    )


def poll(
    http: ServiceClient,
    options: TraktOptions,
    code: DeviceCode,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> TraktTokens:
    """Ask until the person has entered the code; an outage meanwhile is waited out.

    Raises:
        RefusedError: they said no, the code has ended, or the app is not accepted.
        ResponseChangedError: the answer is none.
    """
    fields = {"code": code.device_code, "client_secret": secret_of(options)}
    interval_s, give_up = code.interval_s, clock() + code.expires_in_s
    while clock() + interval_s < give_up:
        sleep(interval_s)
        try:
            login = post(
                http,
                options,
                "oauth/device/token",
                fields,
                NewLogin,
                _judge_waiting,
                waits=False,
            )
            return login.tokens(utc_now())
        except UnavailableError as error:
            if error.retry_after_s:
                slower_s = max(interval_s + _SLOWER_S, error.retry_after_s)
                interval_s = min(slower_s, max(_SLOWEST_S, code.interval_s))
    raise refused(f"the code was not entered in time: {LOG_IN}")


def _judge_waiting(response: Response) -> ListsyncError | None:
    """Read how it goes with the code. Waiting is told as "unavailable", with the time to wait."""
    if response.status == 400:
        return UnavailableError(SERVICE, "the code was not entered yet", retry_after_s=0)
    if response.status == 429:
        wait = retry_after_s(response.headers) or _SLOWER_S
        return UnavailableError(SERVICE, "asks us to slow down", retry_after_s=wait)
    if response.status in _ANSWERS:
        return refused(f"{_ANSWERS[response.status]} ({response.status}): {LOG_IN}")
    return judge_login(response)
