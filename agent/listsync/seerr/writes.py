"""Writes of every kind: one at a time, and past the server's CSRF protection; cancelling."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote

from msgspec import field

from listsync.decoding import Answer
from listsync.domain.server import Cancelled
from listsync.errors import Refusal, UnavailableError
from listsync.http.response import Response
from listsync.seerr.errors import complaint
from listsync.seerr.transport import ServerTransport
from listsync.seerr.users import OWNER

_PENDING = 1


class SerialWrites:
    """Sends what changes something at the server; who holds it writes alone.

    Two writes in flight share one database transaction at the server: a failing one undoes
    others that were answered with success. Source: Overseerr 1.34.0 and Seerr 3.1.0 on SQLite,
    measured with requests.
    """

    def __init__(self, wire: ServerTransport) -> None:
        self._wire = wire
        self._one_at_a_time = threading.Lock()
        self._csrf: dict[str, str] = {}

    def held(self) -> AbstractContextManager[object]:
        """Wait until nobody else writes, and let nobody write meanwhile."""
        return self._one_at_a_time

    def write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Response:
        """Send once; what the CSRF protection stopped is sent again with its token.

        Raises:
            ConnectionLostError, TimedOutError: it was sent, the answer is lost.
            UnavailableError: nothing was sent.
            RefusedError: the CSRF protection cannot be passed.
        """
        response = self._send(method, path, headers, body)
        if _is_stopped(response):
            self._csrf = self._fetch_token()
            response = self._send(method, path, headers, body)
            if _is_stopped(response):
                why = "its CSRF protection refuses our requests: switch it off in its settings"
                raise self._wire.trouble.refused(Refusal.PERMISSION, why)
        return response

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        return self._wire.write(method, path, {**headers, **self._csrf}, body)

    def _fetch_token(self) -> dict[str, str]:
        """Fetch the token that every write must carry where CSRF protection is on.

        Its cookies are marked Secure, so they are sent back by hand, also over plain http.
        """
        try:
            response = self._wire.get("/settings/public")
        except UnavailableError as error:  # a lost answer here is not that of the write
            raise self._wire.trouble.unavailable(error.why) from error
        cookies: dict[str, str] = {}
        for header in response.headers.all("set-cookie"):
            try:
                cookies |= {
                    name: morsel.coded_value for name, morsel in SimpleCookie(header).items()
                }
            except CookieError:
                continue
        token = cookies.get("XSRF-TOKEN", "")
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {"Cookie": cookie, "X-XSRF-TOKEN": unquote(token)} if token else {}


def _is_stopped(response: Response) -> bool:
    return response.status == 403 and "csrf" in complaint(response).lower()


class _Request(Answer, frozen=True):
    class User(Answer, frozen=True):
        id: int

    status: int
    user: User | None = field(name="requestedBy", default=None)


def cancel(
    wire: ServerTransport, pen: SerialWrites, request_id: int, ours: Collection[int]
) -> Cancelled:
    """Take the request back if it is pending still and one of the users *ours* made it.

    It is deleted in the name of that user, who may delete own requests as long as they are
    pending: so one that is approved between our look and our deletion stays. The owner may
    delete any. Source: the OpenAPI files; Seerr's code.

    Raises:
        UnavailableError: also when the answer is lost: the next try shows what became of it.
    """
    path = f"/request/{request_id:d}"
    with pen.held():
        found = wire.get(path, also={404})
        if _is_gone(found, wire):
            return Cancelled.GONE
        request = _read(found, wire)
        if request.user is None or request.user.id not in ours or request.status != _PENDING:
            return Cancelled.KEPT
        user_id = request.user.id
        headers = {} if user_id == OWNER else {"X-API-User": str(user_id)}
        return _judge(pen.write("DELETE", path, headers), wire)


def _judge(response: Response, wire: ServerTransport) -> Cancelled:
    if response.status == 204:
        return Cancelled.DONE
    if _is_gone(response, wire):
        return Cancelled.GONE
    if response.status in {401, 403} and response.is_json:
        return Cancelled.KEPT  # the key was accepted a moment ago: it is the request that is not
    raise wire.trouble.of_answer(response)


def _is_gone(response: Response, wire: ServerTransport) -> bool:
    """Tell a request that is gone from a web page that stands where the server should be."""
    if response.status != 404:
        return False
    if not response.is_json:
        raise wire.trouble.of_answer(response)
    return True


def _read(response: Response, wire: ServerTransport) -> _Request:
    return wire.trouble.read(response, _Request, "a request")
