"""Who calls: key, acting user, CSRF token.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import quote

from listsync.sandbox.api_call import cookies_of
from listsync.sandbox.responses import ApiError, Headers, forbidden, invalid, message
from listsync.sandbox.server_model import SandboxServer
from listsync.sandbox.state import User

HeaderMap = Mapping[bytes, bytes]
_TOKEN_HEADERS = (b"csrf-token", b"xsrf-token", b"x-csrf-token", b"x-xsrf-token")
_COOKIE_END = "; Path=/; Secure; SameSite=Strict"


def random_key() -> str:
    """Make up a key; like real ones it ends in `=`, which careless copies lose."""
    return base64.b64encode(secrets.token_bytes(44)).decode()


def require_credentials(headers: HeaderMap, path: str) -> None:
    """Refuse a call that brings neither key nor session; what they are worth is asked later."""
    has_session = "connect.sid" in cookies_of(headers.get(b"cookie", b""))
    if not headers.get(b"x-api-key") and not has_session:
        what = "cookie 'connect.sid' required"
        raise ApiError(invalid(401, what, (path, what)))


def acting_user(headers: HeaderMap, world: SandboxServer) -> User | None:
    """Give the user that the key acts as; None for a wrong key or an unknown user."""
    if headers.get(b"x-api-key", b"").decode("latin-1") != world.settings.api_key:
        return None
    number = headers.get(b"x-api-user", b"").decode("latin-1").strip()
    if not number:
        return world.state.users[1]
    try:
        return world.state.users.get(int(number))
    except ValueError:
        _die(number, world)


def require(user: User | None, permission: int) -> None:
    """Guard a route: *permission* is a mask of rights, any of which will do."""
    if user is None or (permission and not user.may(permission)):
        raise ApiError(forbidden())


def check_csrf(method: str, headers: HeaderMap) -> Headers:
    """Refuse a write without token; give the cookies that a read hands out."""
    secret = cookies_of(headers.get(b"cookie", b"")).get("_csrf")
    if method in ("GET", "HEAD", "OPTIONS"):
        return _cookies(secret)
    tokens = [headers[name].decode("latin-1") for name in _TOKEN_HEADERS if name in headers]
    salt = tokens[0].partition("-")[0] if tokens else ""
    if not secret or not tokens or tokens[0] != _token(secret, salt):
        raise ApiError(message(403, "invalid csrf token"))
    return ()


def _cookies(secret: str | None) -> Headers:
    fresh = secret or secrets.token_urlsafe(18)
    token = _token(fresh, secrets.token_hex(4))
    cookies = [f"XSRF-TOKEN={quote(token, safe='')}{_COOKIE_END}"]
    if secret is None:
        cookies.insert(0, f"_csrf={fresh}; HttpOnly{_COOKIE_END}")
    return tuple((b"set-cookie", cookie.encode()) for cookie in cookies)


def _token(secret: str, salt: str) -> str:
    digest = hashlib.sha1(f"{salt}-{secret}".encode(), usedforsecurity=False).digest()
    return f"{salt}-{base64.b64encode(digest).decode()}"


def _die(number: str, world: SandboxServer) -> NoReturn:
    """End the process: Overseerr and Seerr die of a user number that is none."""
    world.crash(f"SQLITE_ERROR: no such column: NaN (X-API-User: {number})")
