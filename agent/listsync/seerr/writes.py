"""Writes of every kind: one at a time, and past the server's CSRF protection."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote

from listsync.errors import Refusal, UnavailableError
from listsync.seerr.foreign_text import complaint
from listsync.seerr.response import Reply
from listsync.seerr.transport import Wire


class Pen:
    """Sends what changes something at the server; who holds it writes alone.

    Two writes in flight share one database transaction at the server: a failing one undoes
    others that were answered with success. Source: Overseerr 1.34.0 and Seerr 3.1.0 on SQLite,
    measured with requests.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._one_at_a_time = threading.Lock()
        self._csrf: dict[str, str] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until nobody else writes, and let nobody write meanwhile."""
        with self._one_at_a_time:
            yield

    def write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send once; what the CSRF protection stopped is sent again with its token.

        Raises:
            ClosedError, TimedOutError: it was sent, the answer is lost.
            UnavailableError: nothing was sent.
            RefusedError: the CSRF protection cannot be passed.
        """
        reply = self._send(method, path, headers, body)
        if _is_stopped(reply):
            self._csrf = self._fetch_token()
            reply = self._send(method, path, headers, body)
            if _is_stopped(reply):
                why = "its CSRF protection refuses our requests: switch it off in its settings"
                raise self._wire.trouble.refused(Refusal.PERMISSION, why)
        return reply

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        return self._wire.write(method, path, {**headers, **self._csrf}, body)

    def _fetch_token(self) -> dict[str, str]:
        """Fetch the token that every write must carry where CSRF protection is on.

        Its cookies are marked Secure, so they are sent back by hand, also over plain http.
        """
        try:
            reply = self._wire.get("/settings/public")
        except UnavailableError as error:  # a lost answer here is not that of the write
            raise self._wire.trouble.unavailable(error.why) from error
        cookies: dict[str, str] = {}
        for header in reply.all_headers(b"set-cookie"):
            try:
                cookies |= {
                    name: morsel.coded_value for name, morsel in SimpleCookie(header).items()
                }
            except CookieError:
                continue
        token = cookies.get("XSRF-TOKEN", "")
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {"Cookie": cookie, "X-XSRF-TOKEN": unquote(token)} if token else {}


def _is_stopped(reply: Reply) -> bool:
    return reply.status == 403 and "csrf" in complaint(reply).lower()
