"""The calls themselves: one connection pool, patient with reads, careful with writes."""

from __future__ import annotations

import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from functools import lru_cache

import httpx
from pydantic import SecretStr

from listsync import __version__
from listsync.errors import Refusal, UnavailableError
from listsync.seerr.address import Address
from listsync.seerr.pool import build_transport
from listsync.seerr.trouble import PassingError, Trouble, UnsentError
from listsync.seerr.words import is_json

logger = logging.getLogger(__name__)

PAUSES_S = (0.5, 1.5)
"""How long we wait before the second and the third try."""
LONGEST_WAIT_S = 30.0
"""A server that wants a longer pause is left alone until the next run."""
MOST_REDIRECTS = 3


class Wire:
    """Sends calls to one server. Any thread may use it; `close` ends it."""

    def __init__(
        self,
        address: Address,
        api_key: SecretStr,
        *,
        timeout: httpx.Timeout,
        stop: threading.Event | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._address = address
        self.trouble = Trouble(address, timeout)
        self._stop = stop or threading.Event()
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"listsync/{__version__}",
            "X-Api-Key": self._usable(api_key),
        }
        if address.login is not None:
            self._headers["Authorization"] = _basic(address.login)
        self._extensions = {"timeout": timeout.as_dict()}
        try:
            self._transport = transport or build_transport(address)
        except ValueError as error:
            raise self.trouble.unavailable(str(error)) from error
        self._calls = 0
        self._counting = threading.Lock()

    @property
    def calls(self) -> int:
        return self._calls

    def close(self) -> None:
        self._transport.close()

    def get(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        also: Collection[int] = (),
        patient: bool = True,
    ) -> httpx.Response:
        """Read *path* (with its query, percent-encoded); answers 200 or a status in *also*.

        With *patient* false, what the server has seen is not asked again.

        Raises:
            UnavailableError, RefusedError, AnswerChangedError: as `Trouble.of_answer` says.
        """

        def attempt() -> httpx.Response:
            response = self._follow(path, headers or {})
            status = response.status_code
            if status in also or (status == 200 and is_json(response)):
                return response
            raise self.trouble.of_answer(response)

        return self._patiently(attempt, PassingError if patient else UnsentError)

    def write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """Send *body* (JSON) once, whatever comes back; only what was not let in is sent again.

        Raises:
            ClosedError, TimedOutError: it was sent, the answer is lost.
            UnavailableError: nothing was sent, or it was sent on to another address.
        """
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        url = _parsed(self._address.api + path)

        def attempt() -> httpx.Response:
            response = self._send(method, url, headers, body)
            if response.status_code == 429:
                raise self.trouble.of_answer(response)
            target = _target_of(response)
            if target is not None:
                raise self.trouble.of_redirect(target)
            return response

        return self._patiently(attempt, UnsentError)

    def _usable(self, api_key: SecretStr) -> str:
        key = api_key.get_secret_value().strip()
        if key and key.isascii() and key.isprintable():
            return key
        what = "has characters that no key has" if key else "is empty"
        raise self.trouble.refused(Refusal.CREDENTIAL, f"the API key {what}: check server.api_key")

    def _patiently(
        self, attempt: Callable[[], httpx.Response], passing: type[PassingError]
    ) -> httpx.Response:
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
        if self._stop.wait(wait_s):
            raise UnavailableError(error.service, f"stopped while waiting ({error.why})")

    def _follow(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        url = self._address.api + path
        for _ in range(MOST_REDIRECTS):
            response = self._send("GET", url, headers)
            target = _target_of(response)
            if target is None:
                return response
            if not self._address.is_origin_of(target):
                raise self.trouble.of_redirect(target)
            url = str(target)
        raise self.trouble.unavailable("redirects in a circle: is server.url right?")

    def _send(
        self,
        method: str,
        url: httpx.URL | str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> httpx.Response:
        """Send one call and read its answer whole."""
        request = httpx.Request(
            method,
            url,
            headers={**self._headers, **headers},
            content=body,
            extensions=self._extensions,
        )
        with self._counting:
            self._calls += 1
        try:
            response = self._transport.handle_request(request)
            response.request = request
            with closing(response):
                response.read()
        except httpx.HTTPError as error:
            raise self.trouble.of_exception(error) from error
        if logger.isEnabledFor(logging.DEBUG):
            # Without the query, which holds what people search for.
            logger.debug("%s %s: %s", method, request.url.path, response.status_code)
        return response


def _target_of(response: httpx.Response) -> httpx.URL | None:
    """Read where an answer sends us; None when it does not; an odd place is where we were."""
    if not response.has_redirect_location:
        return None
    try:
        return response.request.url.join(response.headers["location"])
    except httpx.InvalidURL:
        return response.request.url


def _basic(login: tuple[str, str]) -> str:
    return f"Basic {b64encode(':'.join(login).encode()).decode()}"


@lru_cache(maxsize=8)
def _parsed(url: str) -> httpx.URL:
    """Parse the few addresses that every write goes to once: parsing costs a tenth of a call."""
    return httpx.URL(url)
