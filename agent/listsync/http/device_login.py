"""A login with a code on another screen (RFC 8628, and elder forms of it), renewed in time.

A refresh token may work once only, so one thread of one process renews at a time, and what it got
is saved before it is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.login_store import (
    Confidential,
    LoginStore,
    LoginTokens,
    Token,
    log_in_words,
    utc_now,
)
from listsync.http.request import ServiceRequest
from listsync.http.response import Judge, Response, retry_after_s
from listsync.http.service_client import get_response
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient

YEAR_S = 366 * 86400
_SLOWER_S, _SLOWEST_S = 5.0, 60.0
_HOUR_S = 3600.0
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PENDING, _SLOW_DOWN = "authorization_pending", "slow_down"
_ENDS = {"access_denied": "the login was denied", "expired_token": "the code has ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDialect:
    """How a service writes what all of them mean; what is left out is as RFC 8628 has it.

    `refused` are statuses that end the waiting for a code, each with what it means. `is_pin`: the
    code that is entered is also what is asked for, by GET; the answer is always 200, and says in
    its `result` whether there is a login, which may have no end.
    """

    is_pin: bool = False
    is_json: bool = False
    code_name: str = "device_code"
    polling: Mapping[str, str] = field(default_factory=lambda: {"grant_type": _GRANT})
    renewing: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[int, str] = field(default_factory=dict)


STANDARD = LoginDialect()
_NONE = SecretStr("")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """Where a service gives codes and logins, and for which app; None: it wants no secret.

    `query` goes with every request. `elder` is how one logs in with an app that is refused here.
    """

    name: str
    code_url: str
    token_url: str
    renewal_url: str
    client_id: SecretStr
    client_secret: SecretStr | None = None
    dialect: LoginDialect = STANDARD
    query: Mapping[str, str] = field(default_factory=dict)
    elder: LoginService | None = None

    @property
    def app_fields(self) -> dict[str, str | SecretStr]:
        fields: dict[str, str | SecretStr] = {"client_id": self.client_id}
        return fields | ({"client_secret": self.client_secret} if self.client_secret else {})

    @property
    def app_keys(self) -> str:
        """Name what the user configures of the app."""
        more = " and client_secret" if self.client_secret else ""
        return f"providers.{self.name}.client_id{more}"

    def refused(self, why: str) -> RefusedError:
        return RefusedError(self.name, Refusal.CREDENTIAL, why)


class NewLogin(Confidential, frozen=True):
    """A login as the service gives it; without a new refresh token the old one stays good."""

    access_token: Token
    refresh_token: Token | None = None
    expires_in: Annotated[float, Meta(gt=0, le=10 * YEAR_S)] = _HOUR_S

    def tokens(self, now: datetime, before: SecretStr | None = None) -> LoginTokens | None:
        """Turn it into what is kept; None where nothing could ever renew it.

        One that needs no renewal (*before* is empty) is kept until it is refused.
        """
        refresh = before if self.refresh_token is None else SecretStr(self.refresh_token)
        if refresh is None:
            return None
        lasts_s = self.expires_in if refresh.get_secret_value() else 10 * YEAR_S
        return LoginTokens(
            access=SecretStr(self.access_token),
            refresh=refresh,
            expires_at=now + timedelta(seconds=lasts_s),
        )


ShapeT = TypeVar("ShapeT", bound=Confidential)


def access_token(
    http: ServiceClient,
    service: Callable[[], LoginService],
    tokens: LoginStore,
    *,
    now: Callable[[], datetime] = utc_now,
) -> SecretStr | None:
    """Give what requests are sent with, renewed when it is about to end; None without a login.

    *service* is asked for only then.

    Raises:
        RefusedError: the login is no longer accepted: the user must log in again.
        UnavailableError: it could not be renewed, or not be saved.
        ResponseChangedError: the answer is none.
    """
    current = tokens.load()
    if current is not None and not current.is_fresh(now()):
        with tokens.alone():
            current = _renewed(http, service(), tokens, now)
    return None if current is None else current.access


def _renewed(
    http: ServiceClient, service: LoginService, tokens: LoginStore, now: Callable[[], datetime]
) -> LoginTokens | None:
    current = tokens.load()
    if current is None or current.is_fresh(now()):
        return current  # another thread or process was faster
    tokens.save(current)  # shows that it can be saved, before the old one is spent
    renewed = refresh(http, service, current, now=now)
    tokens.save(renewed)
    return renewed


def refresh(
    http: ServiceClient,
    service: LoginService,
    tokens: LoginTokens,
    *,
    now: Callable[[], datetime] = utc_now,
) -> LoginTokens:
    """Buy the next login with this one, which may be void from then on."""
    if not tokens.refresh.get_secret_value():
        raise service.refused(f"the login has ended: {log_in_words(service.name)}")
    fields: dict[str, str | SecretStr] = {
        "refresh_token": tokens.refresh,
        "grant_type": "refresh_token",
        **service.dialect.renewing,
    }
    judge = partial(_judge_login, service)
    given = _post(http, service, service.renewal_url, fields, NewLogin, judge)
    return _kept(service, given.tokens(now(), tokens.refresh))


def _kept(service: LoginService, tokens: LoginTokens | None) -> LoginTokens:
    if tokens is None:
        raise ResponseChangedError(service.name, "gives a login that could never be renewed")
    return tokens


def _post(  # noqa: PLR0913, PLR0917 - all that makes one request
    http: ServiceClient,
    service: LoginService,
    url: str,
    fields: Mapping[str, str | SecretStr],
    shape: type[ShapeT],
    judge: Judge,
    *,
    waits: bool = True,
) -> ShapeT:
    """Ask the login service one thing; raises what `get_response` raises."""
    body, headers = _encoded({**service.app_fields, **fields}, is_json=service.dialect.is_json)
    call = ServiceRequest(
        service=service.name,
        url=url,
        params=service.query,
        body=body,
        headers=headers,
        judge=judge,
        waits=waits,
    )
    return _read(get_response(http, call), service, url, shape)


def _get(
    http: ServiceClient, service: LoginService, url: str, shape: type[ShapeT], judge: Judge
) -> ShapeT:
    """Ask a service that knows PINs; raises what `get_response` raises."""
    call = ServiceRequest(
        service=service.name,
        url=url,
        params=service.query,
        secrets={"client_id": service.client_id},
        judge=judge,
        waits=False,
    )
    return _read(get_response(http, call), service, service.token_url, shape)


def _read(response: Response, service: LoginService, url: str, shape: type[ShapeT]) -> ShapeT:
    try:
        return decode(response.body, shape)
    except UnknownFormError:  # without the answer: it may hold what must not be shown
        path = url.partition("://")[2].partition("/")[2]
        raise ResponseChangedError(service.name, f"/{path} answers something unknown") from None


def _encoded(
    fields: Mapping[str, str | SecretStr], *, is_json: bool
) -> tuple[bytes, dict[str, str]]:
    plain = {
        name: one.get_secret_value() if isinstance(one, SecretStr) else one
        for name, one in fields.items()
    }
    return (json.dumps(plain).encode(), {}) if is_json else (urlencode(plain).encode(), _FORM)


def _judge_login(
    service: LoginService, response: Response, *, has_login: bool = True
) -> ListsyncError | None:
    """Judge every status below 500 here, so that no piece of such an answer is ever shown."""
    status, again = response.status, log_in_words(service.name)
    if status in (200, 429) or status >= 500 or (status == 403 and response.is_page):
        return None
    if status == 400 and _said(response) not in ("invalid_client", "unauthorized_client"):
        if not has_login:
            return service.refused(f"gives no code to log in with (400): check {service.app_keys}")
        return service.refused(f"the login has ended, was used up or was revoked (400): {again}")
    if status in (400, 401, 403, 412):
        return service.refused(
            f"does not accept {service.app_keys} ({status}): the app is unknown or was removed"
        )
    return service.refused(f"answers a login with HTTP {status}: {again}")


class _Said(ResponseShape, frozen=True):
    error: object = None
    result: object = None


def _said(response: Response, name: str = "error") -> str:
    """Read the error code of RFC 6749, or another word; empty where there is none."""
    try:
        word = getattr(decode(response.body, _Said), name)
    except UnknownFormError:
        return ""
    return word if isinstance(word, str) else ""


_Address = Annotated[str, Meta(pattern=r"\Ahttps?://[!-~]{1,200}\Z")]


class _Code(Confidential, frozen=True):
    user_code: Annotated[str, Meta(pattern=r"\A[!-~]{1,40}\Z")]
    expires_in: Annotated[float, Meta(gt=0, le=YEAR_S)]
    verification_uri: _Address | None = None
    verification_url: _Address | None = None
    device_code: Token = "-"  # with a PIN, that is what is asked for
    interval: Annotated[float, Meta(ge=0, le=600)] = 5

    def __post_init__(self) -> None:
        if not self.address:
            raise ValueError("no address where the code is entered")

    @property
    def address(self) -> str:
        return self.verification_uri or self.verification_url or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What the person enters where, how often we may ask whether they did, and for how long."""

    user_code: str
    verification_url: str
    device_code: SecretStr
    interval_s: float
    expires_in_s: float


def begin_either(http: ServiceClient, service: LoginService) -> tuple[LoginService, DeviceCode]:
    """Ask for a code, in the elder way where the app is refused; returns also where to wait."""
    try:
        return service, begin(http, service)
    except RefusedError:
        if service.elder is None:
            raise
        return service.elder, begin(http, service.elder)


def begin(http: ServiceClient, service: LoginService) -> DeviceCode:
    """Ask for a code; raises what `get_response` raises."""
    asker = replace(service, client_secret=None)
    judge = partial(_judge_login, service, has_login=False)
    if service.dialect.is_pin:
        code = _get(http, service, service.code_url, _Code, judge)
    else:  # where the secret is not asked for
        code = _post(http, asker, service.code_url, {}, _Code, judge)
    return DeviceCode(
        user_code=code.user_code,
        verification_url=code.address,
        device_code=SecretStr(code.device_code),
        interval_s=max(code.interval, 1),
        expires_in_s=code.expires_in,
    )


def poll(
    http: ServiceClient,
    service: LoginService,
    code: DeviceCode,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> LoginTokens:
    """Ask until the person has entered the code; an outage meanwhile is waited out.

    Raises:
        RefusedError: they said no, the code has ended, or the app is not accepted.
        ResponseChangedError: the answer is none.
    """
    interval_s, give_up = code.interval_s, clock() + code.expires_in_s
    while clock() + interval_s < give_up:
        sleep(interval_s)
        try:
            return _asked_for(http, service, code)
        except UnavailableError as error:
            if error.retry_after_s:
                slower_s = max(interval_s + _SLOWER_S, error.retry_after_s)
                interval_s = min(slower_s, max(_SLOWEST_S, code.interval_s))
    raise service.refused(f"the code was not entered in time: {log_in_words(service.name)}")


def _asked_for(http: ServiceClient, service: LoginService, code: DeviceCode) -> LoginTokens:
    """Ask once; raises UnavailableError while the code was not entered."""
    judge, dialect = partial(_judge_waiting, service), service.dialect
    if dialect.is_pin:
        url = f"{service.token_url}/{quote(code.user_code, safe='')}"
        return _kept(service, _get(http, service, url, NewLogin, judge).tokens(utc_now(), _NONE))
    fields: dict[str, str | SecretStr] = {dialect.code_name: code.device_code, **dialect.polling}
    login = _post(http, service, service.token_url, fields, NewLogin, judge, waits=False)
    return _kept(service, login.tokens(utc_now()))


def _judge_waiting(service: LoginService, response: Response) -> ListsyncError | None:
    """Read how it goes with the code. Waiting is told as "unavailable", with the time to wait."""
    status = response.status
    if service.dialect.is_pin and status == 200:
        return _judge_pin(service, response)
    error = _said(response) if 400 <= status < 500 else ""
    if status == 429 or error == _SLOW_DOWN:
        wait = retry_after_s(response.headers) or _SLOWER_S
        return UnavailableError(service.name, "asks us to slow down", retry_after_s=wait)
    if error == _PENDING or (status == 400 and not error):
        return UnavailableError(service.name, "the code was not entered yet", retry_after_s=0)
    why = _ENDS.get(error) or service.dialect.refused.get(status)
    if why:
        return service.refused(f"{why} ({status}): {log_in_words(service.name)}")
    return _judge_login(service, response)


def _judge_pin(service: LoginService, response: Response) -> ListsyncError | None:
    """Read whether a PIN was entered; of words for that nothing is known for sure."""
    if _said(response, "result") in {"OK", ""}:  # of what is unknown the reader says so
        return None
    wait = _SLOWER_S if "slow" in response.look.lower() else 0
    return UnavailableError(service.name, "the code was not entered yet", retry_after_s=wait)
