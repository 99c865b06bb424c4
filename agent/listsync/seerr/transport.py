"""The calls themselves: one connection pool, patient with reads, careful with writes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from listsync import __version__
from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import Refusal, UnavailableError
from listsync.http.deadline import until
from listsync.logs import warn_rate_limited
from listsync.redaction import basic_token, proxy_logins, redactor_of
from listsync.seerr.address import Address
from listsync.seerr.errors import PassingError, Trouble, UnsentError, retry_after_s
from listsync.seerr.foreign_text import is_json
from listsync.seerr.pool import Patience, Pool, open_pool, read_whole
from listsync.seerr.rate_limit import RateLimit
from listsync.seerr.response import Reply

logger = logging.getLogger(__name__)

PAUSES_S = (0.5, 1.5)
"""How long we wait before the second and the third try."""
LONGEST_WAIT_S = 60.0
"""A server that wants a longer pause is left alone until the next run."""
MOST_REDIRECTS = 3

_GOOD = frozenset({200, 201})
_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


class Wire:
    """Sends calls to one server. Any thread may use it; `close` ends it."""

    def __init__(  # noqa: PLR0913 - one argument per setting
        self,
        address: Address,
        api_key: SecretStr,
        *,
        patience: Patience,
        token: CancelToken | None = None,
        pool: Pool | None = None,
        max_per_second: float | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._address = address
        self._redactor = redactor_of(_secrets(address, api_key))
        self.trouble = Trouble(address, patience, self._redactor)
        self._token = token or CancelToken()
        self._rate_limit = RateLimit(max_per_second, self._token)
        place = urlsplit(address.base)
        self._origin = httpcore.URL(address.base)
        self._path = urlsplit(address.api).path
        self._headers = [
            (b"Host", place.netloc.encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
            (b"User-Agent", f"listsync/{__version__}".encode()),
            (b"X-Api-Key", self._usable(api_key).encode()),
        ]
        if address.login is not None:
            sent = basic_token(*address.login)
            self._headers.append((b"Authorization", f"Basic {sent}".encode()))
        self._whole_s = patience.whole_s
        self._extensions = {"timeout": patience.timeouts}
        try:
            self._pool = pool or open_pool(address, self._token, ca_file)
        except ValueError as error:
            raise self.trouble.unavailable(str(error)) from error
        self._calls = 0
        self._counting = threading.Lock()

    @property
    def calls(self) -> int:
        return self._calls

    def close(self) -> None:
        self._pool.close()

    def get(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        also: Collection[int] = (),
        patient: bool = True,
    ) -> Reply:
        """Read *path* (with its query, percent-encoded); answers 200 or a status in *also*.

        With *patient* false, what the server has seen is not asked again.

        Raises:
            UnavailableError, RefusedError, AnswerChangedError: as `Trouble.of_answer` says.
        """

        def attempt() -> Reply:
            reply = self._follow(path, headers or {})
            if reply.status in also or (reply.status == 200 and is_json(reply)):
                return reply
            raise self.trouble.of_answer(reply)

        return self._patiently(attempt, PassingError if patient else UnsentError)

    def write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send *body* (JSON) once, whatever comes back; only what was not let in is sent again.

        Raises:
            ClosedError, TimedOutError: it was sent, the answer is lost.
            UnavailableError: nothing was sent, or it was sent on to another address.
        """
        length = {"Content-Length": str(len(body or b""))}
        kind = {"Content-Type": "application/json"} if body is not None else {}
        target = self._path + path

        def attempt() -> Reply:
            reply = self._send(method, target, {**length, **kind, **headers}, body)
            if reply.status == 429:
                raise self.trouble.of_answer(reply)
            if reply.location is not None:
                raise self.trouble.of_redirect(self._place(target, reply.location)[0])
            return reply

        return self._patiently(attempt, UnsentError)

    def _usable(self, api_key: SecretStr) -> str:
        key = api_key.get_secret_value().strip()
        if key and key.isascii() and key.isprintable():
            return key
        what = "has characters that no key has" if key else "is empty"
        raise self.trouble.refused(Refusal.CREDENTIAL, f"the API key {what}: check server.api_key")

    def _patiently(self, attempt: Callable[[], Reply], passing: type[PassingError]) -> Reply:
        for pause_s in PAUSES_S:
            try:
                return attempt()
            except passing as error:
                self._wait(error, pause_s)
        return attempt()

    def _wait(self, error: PassingError, pause_s: float) -> None:
        wait_s = max(pause_s, error.retry_after_s or 0.0)
        if wait_s > LONGEST_WAIT_S:
            raise error
        logger.debug("%s; trying again in %.1f s", error, wait_s)
        if self._token.wait(wait_s):
            raise UnavailableError(error.service, f"stopped while waiting ({error.why})")

    def _follow(self, path: str, headers: Mapping[str, str]) -> Reply:
        target = self._path + path
        for _ in range(MOST_REDIRECTS):
            reply = self._send("GET", target, headers)
            if reply.location is None:
                return reply
            place, target = self._place(target, reply.location)
            if not self._address.is_origin_of(place):
                raise self.trouble.of_redirect(place)
        raise self.trouble.unavailable("redirects in a circle: is server.url right?")

    def _place(self, target: str, location: str) -> tuple[Address, str]:
        """Say to which server, and to what there, an answer at *target* sends us."""
        import httpx  # noqa: PLC0415 - hardly any server sends us on

        place = urlsplit(self._address.base)
        try:
            there = httpx.URL(f"{place.scheme}://{place.netloc}{target}").join(location)
            return Address.parse(str(there)), there.raw_path.decode()
        except (httpx.InvalidURL, ValueError) as error:
            why = "redirects to a place that cannot be read: is server.url right?"
            raise self.trouble.unavailable(why) from error

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send one call and read its answer whole; *target* is the path with its query."""
        origin = self._origin
        request = httpcore.Request(
            method.encode(),
            httpcore.URL(
                scheme=origin.scheme, host=origin.host, port=origin.port, target=target.encode()
            ),
            headers=[
                *self._headers,
                *((key.encode(), value.encode()) for key, value in headers.items()),
            ],
            content=body,
            extensions=self._extensions,
        )
        if not self._rate_limit.wait():
            raise self.trouble.unavailable("stopped while waiting for its turn")
        with self._counting:
            self._calls += 1
        ends_at = time.monotonic() + self._whole_s
        try:
            with until(ends_at):
                response = self._pool.handle_request(request)
                content = read_whole(response)
        except httpcore.ReadTimeout as error:
            raise self.trouble.timed_out(is_whole=time.monotonic() >= ends_at) from error
        except _FAILURES as error:
            raise self.trouble.of_exception(error) from error
        # Without the query, which holds what people search for.
        path = target.partition("?")[0]
        logger.debug("%s %s: %s", method, path, response.status)
        redacted = self._redactor.answer(
            response.headers, content, is_good=response.status in _GOOD
        )
        reply = Reply(path, response.status, *redacted)
        if reply.status == 429:
            warn_rate_limited(self.trouble.service, retry_after_s(reply))
        return reply


def _secrets(address: Address, api_key: SecretStr) -> frozenset[str]:
    login = {address.login[1], basic_token(*address.login)} if address.login else set()
    key = api_key.get_secret_value().strip()
    return proxy_logins().union(login, {key})
