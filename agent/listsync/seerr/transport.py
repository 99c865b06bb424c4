"""Sends calls to the server: patient with reads, careful with writes, one of these at a time."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import httpcore

from listsync import __version__
from listsync.cancellation import CancelToken
from listsync.certificates import CaFileError
from listsync.config_types import SecretStr
from listsync.errors import Refusal, UnavailableError
from listsync.http.deadline import Timeouts, before_sending, until
from listsync.http.rate_limit import RateLimit
from listsync.http.response import Headers, Response, retried, retry_after_s
from listsync.http.transport import FAILURES, BodyError, Pool, open_pool, read_body, trusted
from listsync.lean_dataclasses import dataclass
from listsync.logs import warn_rate_limited
from listsync.redaction import basic_token, proxy_logins, redactor_of
from listsync.seerr.address import Address, Presence
from listsync.seerr.errors import PassingError, ServerErrors, UnsentError, complaint

if TYPE_CHECKING:
    from listsync.ports.fleet import RequestFence

logger = logging.getLogger(__name__)

Shape = TypeVar("Shape")

MOST_REDIRECTS = 3
MOST_BYTES = 16 * 1024 * 1024
"""Of one answer, unpacked; the largest, a page of the index, has about one million."""
KEEP_ALIVE_S = 4.0
"""The servers close an idle connection after 5 s (observed live, header Keep-Alive)."""
CONNECTIONS = 5
"""Four readers and one writer."""
_GOOD = frozenset({200, 201})


@dataclass(frozen=True, slots=True)
class _Way:
    """How long calls may take, what names their errors, and what lets them begin."""

    timeouts: Timeouts
    errors: ServerErrors
    fence: RequestFence | None = None

    @property
    def before_sending(self) -> Callable[[socket.socket], None] | None:
        return self._check if self.fence is not None else None

    def check(self) -> None:
        """Let a call begin; raises LeaseLostError."""
        if self.fence is not None:
            self.fence.check()

    def _check(self, connected: socket.socket) -> None:
        """Let its bytes leave, and lie in the kernel no longer than the call may take."""
        self.check()
        with suppress(OSError):
            most_ms = max(1, int(self.timeouts.whole_s * 1000))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, most_ms)


class ServerTransport:
    """Sends calls to one server. Any thread may use it; `close` ends it."""

    def __init__(  # noqa: PLR0913 - one argument per setting
        self,
        address: Address,
        api_key: SecretStr,
        *,
        timeouts: Timeouts,
        token: CancelToken | None = None,
        pool: Pool | None = None,
        max_per_second: float | None = None,
        ca_file: Path | None = None,
        fence: RequestFence | None = None,
        key_name: str | None = None,
    ) -> None:
        self._address = address
        self._redactor = redactor_of(_secrets(address, api_key))
        self.errors = ServerErrors(address, timeouts, self._redactor, key_name)
        self._reading = self._writing = _Way(timeouts, self.errors)
        if fence is not None:
            timeouts = timeouts.at_most(fence.post_s)
            errors = ServerErrors(address, timeouts, self._redactor, key_name)
            self._writing = _Way(timeouts, errors, fence)
        self._token = token or CancelToken()
        self._rate_limit = RateLimit()
        self._apart_s = 1 / max_per_second if max_per_second else 0.0
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
        try:
            self._pool = pool or _open_pool(address, self._token, ca_file)
        except ValueError as error:
            raise self.errors.unavailable(str(error)) from error
        self.presence = Presence()
        self.check_server: Callable[[], None] = lambda: None
        """Lets each write begin, repeated or not: raises where nothing may be sent."""
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
    ) -> Response:
        """Read *path* (with its query, percent-encoded); answers 200 or a status in *also*.

        With *patient* false, what the server has seen is not asked again.

        Raises:
            UnavailableError, RefusedError, ResponseChangedError: as `ServerErrors.of_answer` says.
        """

        def attempt() -> Response:
            response = self._follow(path, headers or {})
            if response.status in also or (response.status == 200 and response.is_json):
                return response
            raise self.errors.of_answer(response)

        return self._retried(attempt, PassingError if patient else UnsentError)

    def read(self, path: str, shape: type[Shape]) -> Shape:
        """Read a small answer of a known shape."""
        return self.errors.read(self.get(path), shape, f"the answer at {path}")

    def write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Response:
        """Send *body* (JSON) once, whatever comes back; only what was not let in is sent again.

        Raises:
            ConnectionLostError, TimedOutError: it was sent, the answer is lost.
            UnavailableError: nothing was sent, or it was sent on to another address.
            LeaseLostError: another agent may write by now; this attempt was not sent.
        """
        length = {"Content-Length": str(len(body or b""))}
        kind = {"Content-Type": "application/json"} if body is not None else {}
        target = self._path + path

        def attempt() -> Response:
            self.check_server()
            response = self._send(
                method, target, {**length, **kind, **headers}, body, way=self._writing
            )
            if response.status == 429:
                raise self.errors.of_answer(response)
            if response.location is not None:
                raise self.errors.of_redirect(self._place(target, response.location)[0])
            return response

        return self._retried(attempt, UnsentError)

    def _usable(self, api_key: SecretStr) -> str:
        key = api_key.get_secret_value().strip()
        if key and key.isascii() and key.isprintable():
            return key
        what = "has characters that no key has" if key else "is empty"
        raise self.errors.refused(Refusal.CREDENTIAL, f"the API key {what}: check server.api_key")

    def _retried(self, attempt: Callable[[], Response], passing: type[PassingError]) -> Response:
        return retried(attempt, lambda error: isinstance(error, passing), self._token)

    def _follow(self, path: str, headers: Mapping[str, str]) -> Response:
        target = self._path + path
        for _ in range(MOST_REDIRECTS):
            response = self._send("GET", target, headers, way=self._reading)
            if response.location is None:
                return response
            place, target = self._place(target, response.location)
            if not self._address.is_origin_of(place):
                raise self.errors.of_redirect(place)
        raise self.errors.unavailable("redirects in a circle: is server.url right?")

    def _place(self, target: str, location: str) -> tuple[Address, str]:
        """Say to which server, and to what there, an answer at *target* sends us."""
        import httpx  # noqa: PLC0415 - hardly any server sends us on

        place = urlsplit(self._address.base)
        try:
            there = httpx.URL(f"{place.scheme}://{place.netloc}{target}").join(location)
            return Address.parse(str(there)), there.raw_path.decode()
        except (httpx.InvalidURL, ValueError) as error:
            why = "redirects to a place that cannot be read: is server.url right?"
            raise self.errors.unavailable(why) from error

    def _send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        way: _Way,
    ) -> Response:
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
            extensions={"timeout": way.timeouts.for_httpcore},
        )
        if not self._rate_limit.wait(self._apart_s, self._token):
            raise self.errors.unavailable("stopped while waiting for its turn")
        way.check()
        with self._counting:
            self._calls += 1
        begins_at = time.monotonic()
        ends_at = begins_at + way.timeouts.whole_s
        try:
            with until(ends_at), before_sending(way.before_sending):
                answered = self._pool.handle_request(request)
                content = read_body(answered, MOST_BYTES)
        except httpcore.ReadTimeout as error:
            self.presence.doubt()
            raise way.errors.timed_out(is_whole=time.monotonic() >= ends_at) from error
        except (*FAILURES, BodyError) as error:
            self.presence.doubt()
            raise way.errors.of_exception(error) from error
        self.presence.note(begins_at, answered.status)
        # Without the query, which holds what people search for.
        path = target.partition("?")[0]
        logger.debug("%s %s: %s", method, path, answered.status)
        clean, text = self._redactor.answer(
            answered.headers, content, is_good=answered.status in _GOOD
        )
        response = Response(
            service=self.errors.service,
            status=answered.status,
            headers=Headers(clean),
            body=text,
            path=path,
        )
        if response.status == 429:
            warn_rate_limited(self.errors.service, retry_after_s(response.headers))
        return response


class SerialWrites:
    """Sends what changes something at the server; who holds it writes alone.

    Two writes in flight share one database transaction at the server: a failing one undoes
    others that were answered with success. Source: Overseerr 1.34.0 and Seerr 3.1.0 on SQLite,
    measured with requests.
    """

    def __init__(self, transport: ServerTransport) -> None:
        self._transport = transport
        self._one_at_a_time = threading.Lock()
        self._csrf: dict[str, str] = {}

    def one_at_a_time(self) -> AbstractContextManager[object]:
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
                raise self._transport.errors.refused(Refusal.PERMISSION, why)
        return response

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        return self._transport.write(method, path, {**headers, **self._csrf}, body)

    def _fetch_token(self) -> dict[str, str]:
        """Fetch the token that every write must carry where CSRF protection is on.

        Its cookies are marked Secure, so they are sent back by hand, also over plain http.
        """
        try:
            response = self._transport.get("/settings/public")
        except UnavailableError as error:  # a lost answer here is not that of the write
            raise self._transport.errors.unavailable(error.why) from error
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


def _open_pool(address: Address, token: CancelToken, ca_file: Path | None) -> Pool:
    """Open the connections; raises ValueError where proxy or certificates cannot be used."""
    try:
        proxy = address.find_proxy()
    except ValueError:
        raise ValueError("the proxy that the environment names cannot be used") from None
    return open_pool(
        token,
        _build_tls(address, ca_file),
        proxy,
        connections=CONNECTIONS,
        keep_alive_s=KEEP_ALIVE_S,
    )


def _build_tls(address: Address, ca_file: Path | None) -> ssl.SSLContext:
    if not address.encrypted:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nothing to load
    try:
        return trusted(ca_file, with_machine=True)
    except CaFileError as error:
        raise ValueError(f"server.ca_file {ca_file} {error}") from error
    except OSError as error:
        named = "SSL_CERT_FILE or SSL_CERT_DIR"
        raise ValueError(f"the certificates that {named} names cannot be read") from error


def _secrets(address: Address, api_key: SecretStr) -> frozenset[str]:
    login = {address.login[1], basic_token(*address.login)} if address.login else set()
    key = api_key.get_secret_value().strip()
    return proxy_logins().union(login, {key})
