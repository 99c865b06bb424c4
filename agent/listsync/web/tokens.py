"""Who may do what: tokens, sessions of browsers, and how often a wrong secret may be tried."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from listsync.errors import StateError
from listsync.file_access import doubt_about, load_small, open_to_write
from listsync.lean_dataclasses import dataclass
from listsync.redaction import remember
from listsync.web.settings import AccessToken, TokenScope

SESSION_S = 7 * 86400
_MOST_SECRET = 512
_TOKEN_BYTES = 32
_WINDOW_S = 60.0
_MOST_FAILURES = 10
_MOST_PEERS = 1000
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks: the token's name and scopes; `csrf` is the word that a session's forms carry."""

    name: str
    scopes: frozenset[TokenScope]
    csrf: str = ""


def secret_in(headers: Mapping[str, str]) -> str | None:
    """Take the secret from Authorization (Bearer, or Basic's password) or X-Api-Key."""
    kind, _, rest = headers.get("authorization", "").strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        return _password_in(rest.strip())
    return headers.get("x-api-key", "").strip() or None


def _password_in(packed: str) -> str | None:
    """Read a login in UTF-8, or in ISO-8859-1, as Radarr and Sonarr write it."""
    try:
        login = base64.b64decode(packed, validate=True)
    except ValueError:
        return None
    try:
        text = login.decode()
    except UnicodeDecodeError:
        text = login.decode("iso-8859-1")
    return text.partition(":")[2] or None


class AccessTokens:
    """Knows tokens by their digests alone, and compares with each of them in constant time."""

    def __init__(self, tokens: Iterable[AccessToken]) -> None:
        self._by_digest = {_digest(one.secret): one for one in tokens}

    def find(self, secret: str) -> AccessToken | None:
        """Find the token with this secret."""
        given, found = _digest(secret[:_MOST_SECRET]), None
        for digest, token in self._by_digest.items():
            if hmac.compare_digest(digest, given):
                found = token
        return found

    def open_session(self, token: AccessToken, now: float) -> str:
        """Make the value of a session's cookie, which ends with the token or after `SESSION_S`.

        *now* in Unix seconds.
        """
        ends = int(now + SESSION_S)
        head = f"{_name(token)}.{ends}.{secrets.token_hex(16)}"
        return f"{head}.{_seal(token, 'session', head)}"

    def session(self, cookie: str, now: float) -> Identity | None:
        """Tell whose session a cookie is, unless it is over or made up."""
        head, _, seal = cookie.rpartition(".")
        name, _, rest = head.partition(".")
        ends = rest.partition(".")[0]
        if not (ends.isascii() and ends.isdecimal() and len(ends) < 16):
            return None
        for token in self._by_digest.values():
            is_sealed = hmac.compare_digest(_seal(token, "session", head).encode(), seal.encode())
            if is_sealed and name == _name(token) and int(ends) > now:
                csrf = _seal(token, "csrf", head)
                return Identity(name=token.name, scopes=token.scopes, csrf=csrf)
        return None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _name(token: AccessToken) -> str:
    return _seal(token, "name", "")[:16]


def _seal(token: AccessToken, purpose: str, text: str) -> str:
    key = _digest(f"listsync {purpose} {token.secret}")
    return hmac.new(key, text.encode(errors="replace"), "sha256").hexdigest()


class FailureLimit:
    """Lets a client give a wrong secret ten times a minute; then the next one has to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, peer: str) -> float:
        """Say how long *peer* has to wait before its next try; 0 = it may now."""
        recent = self._recent(peer)
        return 0.0 if len(recent) < _MOST_FAILURES else recent[0] + _WINDOW_S - self._clock()

    def note(self, peer: str) -> None:
        """Count a wrong secret."""
        self._failures[peer] = [*self._recent(peer), self._clock()][-_MOST_FAILURES:]
        self._failures.move_to_end(peer)
        while len(self._failures) > _MOST_PEERS:
            self._failures.popitem(last=False)

    def _recent(self, peer: str) -> list[float]:
        since = self._clock() - _WINDOW_S
        return [at for at in self._failures.get(peer, ()) if at > since]


def own_token(path: Path) -> str:
    """Give the token in a file of the state folder, made with the file if that is missing.

    Raises:
        StateError: it cannot be made or read, or others may change it.
    """
    try:
        handle = open_to_write(path, _CREATE)
    except FileExistsError:
        return _read_token(path)
    except OSError as error:
        raise StateError(f"the token's file {path} cannot be made: {error.strerror}") from error
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - a handle, not a path
        file.write(f"{token}\n")
    remember(token)
    return token


def _read_token(path: Path) -> str:
    if doubt := doubt_about(path):
        raise StateError(f"the token's file {path} {doubt}")
    try:
        text = load_small(path, _MOST_SECRET)[0].decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise StateError(f"the token's file {path} cannot be read: {error}") from error
    if len(text) < _TOKEN_BYTES:
        raise StateError(f"the token's file {path} holds no token: remove it, and one is made")
    remember(text)
    return text
