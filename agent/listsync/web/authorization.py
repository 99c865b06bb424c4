"""Whether a request may use a route: decided at the route, never by the text of an address."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.web.hosts import host_in, network_of
from listsync.web.routes import HttpError, HttpRoute
from listsync.web.settings import TokenScope
from listsync.web.tokens import AccessTokens, FailureLimit, Identity, secret_in

COOKIE = "listsync_session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
EVERYBODY = Identity(name="", scopes=frozenset())
_READS = {"GET", "HEAD"}
_IN_ADDRESSES = {TokenScope.FEED: "feeds", TokenScope.WEBHOOK: "webhooks"}
"""What tokens may stand in an address for, as its programs can send no header."""
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="listsync"'}


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Finds out who asks, by what is in force now."""

    tokens: Callable[[], AccessTokens]
    limit: FailureLimit

    def identify(self, request: Request, route: HttpRoute) -> Identity:
        """Say who asks.

        Raises:
            HttpError: 401 without a good secret, 403 where it is not good for this, 429 after too
                many wrong ones.
        """
        secret = secret_in(request.headers)
        if route.scope is None:
            if route.tells_readers_more and secret is not None:
                return self.owner_of(request, secret)
            return self._session(request) or EVERYBODY
        if secret is None and route.scope in _IN_ADDRESSES and not _is_of_another_site(request):
            found = self._owner_of_address(request, route.scope)
        else:
            found = (
                self.owner_of(request, secret) if secret is not None else self._session(request)
            )
        if found is None:
            words = "a token is needed: `listsyncctl status` says where it lies"
            raise HttpError(401, Reason.FORBIDDEN, words, headers=_CHALLENGE)
        if route.scope not in found.scopes:
            words = f"the token {found.name!r} lacks the scope {route.scope} for this"
            raise HttpError(403, Reason.FORBIDDEN, words)
        return found

    def owner_of(self, request: Request, secret: str) -> Identity:
        """Say whose *secret* is.

        The right one is never refused, as who else is at an address, behind one proxy or on one
        machine, may be wrong all the time. Raises HttpError.
        """
        if (token := self.tokens().find(secret)) is not None:
            return Identity(name=token.name, scopes=token.scopes)
        peer = network_of(request.client.host if request.client else "")
        if (wait_s := self.limit.wait_s(peer)) > 0:
            headers = {"Retry-After": f"{wait_s:.0f}"}
            raise HttpError(429, Reason.FORBIDDEN, "too many wrong tokens: wait", headers=headers)
        self.limit.note(peer)
        raise HttpError(401, Reason.FORBIDDEN, "no such token", headers=_CHALLENGE)

    def _owner_of_address(self, request: Request, scope: TokenScope) -> Identity | None:
        """Say whose token an address holds; proxies and programs log addresses."""
        secret = request.path_params.get("token") or request.query_params.get("token")
        if not secret:
            return self._session(request)
        found = self.owner_of(request, secret)
        if found.scopes != {scope}:
            what = _IN_ADDRESSES[scope]
            words = (
                f"the token {found.name!r} is good for more than {what}, so it may not stand in "
                f"an address: use the one for {what} (`listsyncctl status` says where it lies, or "
                f"give one of http.tokens the scopes [{scope}])"
            )
            raise HttpError(403, Reason.FORBIDDEN, words)
        return found

    def _session(self, request: Request) -> Identity | None:
        cookie = request.cookies.get(COOKIE)
        return self.tokens().session(cookie, time.time()) if cookie else None


def check_origin(request: Request, identity: Identity, body: bytes) -> None:
    """Refuse what a page elsewhere may have made a browser send with what it remembers.

    That is a session, or a password that was given once (Basic).

    Under `Referrer-Policy: no-referrer` a form's Origin is "null", also our own form's: then the
    word of its CSRF field decides, which no other page can know.

    Raises:
        HttpError: 403.
    """
    if request.method in _READS:
        return
    origin = request.headers.get("origin", "null")
    if _is_of_another_site(request) or not _is_own(origin, request):
        raise HttpError(403, Reason.FORBIDDEN, "this was sent by a page of another site")
    if identity.csrf:
        _check_csrf(request, identity, body)


def _is_of_another_site(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def _is_own(origin: str, request: Request) -> bool:
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return False
    return origin == "null" or host_in(place) == host_in(request.headers.get("host", ""))


def _check_csrf(request: Request, identity: Identity, body: bytes) -> None:
    given = request.headers.get(CSRF_HEADER) or form_of(body).get(CSRF_FIELD, "")
    if not hmac.compare_digest(given.encode(), identity.csrf.encode()):
        words = "this form is not of this session: load the page again"
        raise HttpError(403, Reason.FORBIDDEN, words)


def form_of(body: bytes) -> dict[str, str]:
    """Read the fields of a form, the last of those of one name; {} where it is none."""
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}
