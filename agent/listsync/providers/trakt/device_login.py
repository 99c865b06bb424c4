"""Logging in at Trakt with a code that a person enters elsewhere (OAuth device flow)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.errors import ListsyncError, UnavailableError
from listsync.http.classify import Reply, retry_after_s
from listsync.providers.trakt.api import LOG_IN
from listsync.providers.trakt.endpoints import SERVICE
from listsync.providers.trakt.oauth import (
    YEAR_S,
    NewLogin,
    judge_login,
    post,
    refused,
    secret_of,
    utc_now,
)
from listsync.providers.trakt.options import TraktOptions
from listsync.providers.trakt.token_store import Confidential, Token, TraktTokens

if TYPE_CHECKING:
    import httpx

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


def begin(http: httpx.Client, options: TraktOptions) -> DeviceCode:
    """Ask for a code; raises what `get_reply` raises."""
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
    http: httpx.Client,
    options: TraktOptions,
    code: DeviceCode,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> TraktTokens:
    """Ask until the person has entered the code; an outage meanwhile is waited out.

    Raises:
        RefusedError: they said no, the code has ended, or the app is not accepted.
        AnswerChangedError: the answer is none.
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


def _judge_waiting(reply: Reply) -> ListsyncError | None:
    """Read how it goes with the code. Waiting is told as "unavailable", with the time to wait."""
    if reply.status == 400:
        return UnavailableError(SERVICE, "the code was not entered yet", retry_after_s=0)
    if reply.status == 429:
        wait = retry_after_s(reply.headers) or _SLOWER_S
        return UnavailableError(SERVICE, "asks us to slow down", retry_after_s=wait)
    if reply.status in _ANSWERS:
        return refused(f"{_ANSWERS[reply.status]} ({reply.status}): {LOG_IN}")
    return judge_login(reply)
