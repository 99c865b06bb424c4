"""One way to ask a list service over HTTP: bounded, conditional, retried, judged once.

Whatever goes wrong leaves here as `UnavailableError`, `RefusedError` or `ResponseChangedError`.
"""

from __future__ import annotations

import logging
import math
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from listsync import __version__
from listsync.cancellation import CancelToken
from listsync.certificates import distrust
from listsync.config_types import ClientOptions
from listsync.domain.lists import Validators
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    root_of,
)
from listsync.http.browser_fallback import BrowserFallback
from listsync.http.deadline import until
from listsync.http.httpx_transport import open_transport
from listsync.http.rate_limit import LARGE_BYTES, host_turn
from listsync.http.redirects import follow, on_the_way
from listsync.http.request import ServiceRequest
from listsync.http.response import Headers, Response, RetryableError, retried, verdict
from listsync.http.transport import (
    BodyError,
    CutOffError,
    plain_pieces,
)
from listsync.logs import warn_rate_limited
from listsync.redaction import Redactor, logins_in, proxy_logins, redactor_of
from listsync.text_cleaning import one_line

MAX_REDIRECTS = 5
_LONGEST_S = 60.0
"""What a page may take in a browser, a challenge before it included."""
_LIMITS = (Refusal.RATE_LIMITED, Refusal.QUOTA)
_ENDED = "the sync was ended"
Done = TypeVar("Done")
USER_AGENT = f"listsync/{__version__} (+https://github.com/listsync/listsync)"


class ServiceClient(httpx.Client):
    """A client for one list: how many requests at a time, how far apart, how long altogether.

    `at_once` 0: as many as there are. The time of `list_s` begins with the first request.
    `browser` is the way past bot protection, `token` ends what it waits for; `known_secrets` are
    those of the proxies. `ca_option` names what to set for an authority of the user's own:
    "" = `providers.<service>.ca_file`.
    """

    at_once = 4
    pace_s = 0.0
    list_s = math.inf
    browser: BrowserFallback | None = None
    token: CancelToken
    known_secrets: frozenset[str] = frozenset()
    ca_option = ""
    _give_up = math.inf

    def left_s(self) -> float:
        """Say how long reading the list may still take."""
        return self._give_up - time.monotonic()

    def remaining_s(self, call: ServiceRequest) -> float:
        """Say how long *call* may take; raises UnavailableError when the list's time is over."""
        if self.token.is_set():
            raise UnavailableError(call.service, _ENDED)
        now = time.monotonic()
        if self._give_up == math.inf:
            self._give_up = now + self.list_s
        if now >= self._give_up:
            why = f"the list takes longer than {self.list_s:g} s altogether"
            raise UnavailableError(call.service, why)
        return min(call.deadline_s, self._give_up - now)


def build_client(
    options: ClientOptions,
    *,
    transport: httpx.BaseTransport | None = None,
    browser: BrowserFallback | None = None,
    token: CancelToken | None = None,
) -> ServiceClient:
    """Build the client for one list; the caller closes it. *transport* replaces the network."""
    for name in ("httpx", "httpcore"):  # both write whole addresses, keys in the query included
        logging.getLogger(name).setLevel(logging.WARNING)
    token = token or CancelToken()
    client = ServiceClient(
        transport=transport or open_transport(options, token),
        headers={"User-Agent": options.user_agent or USER_AGENT, "Accept-Encoding": "gzip"},
        timeout=options.timeout_s,
        follow_redirects=False,  # done here, so that every hop is checked before it is taken
    )
    client.token = token
    client.at_once, client.pace_s = options.at_once, options.pace_s
    client.list_s, client.browser = options.list_timeout_s, browser
    proxy = options.proxy.get_secret_value() if options.proxy else ""
    client.known_secrets = logins_in(proxy) | proxy_logins()
    return client


def ask(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None = None
) -> Response:
    """Get one good answer: 200 with a body, or 304 where *previous* made the request conditional.

    What may pass is asked again, at the time that the service names, if that is within a minute
    and within the time of the list.

    Raises:
        UnavailableError: nothing usable answers, after a few tries.
        RefusedError: the service says no.
        ResponseChangedError: it answers something that it should not.
    """
    return retried(
        partial(_ask_once, client, call, previous),
        lambda error: not _is_over(client) and _is_passing(error, waits=call.waits),
        client.token,
        client.left_s,
    )


def get_response(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None = None
) -> Response:
    """Ask once for a page, by browser where bots are kept out; raises what `ask` raises.

    A 304 is possible only where *previous* made the request conditional.
    """
    return past_bot_protection(
        client, lambda: ask(client, call, previous), lambda: load_page(client, call)
    )


def past_bot_protection(
    client: ServiceClient, plainly: Callable[[], Done], instead: Callable[[], Done]
) -> Done:
    """Do it *plainly*, or *instead* by browser where bots are kept out and *client* has one."""
    browser = client.browser
    if browser is None:
        return plainly()
    if not browser.is_needed:
        try:
            return plainly()
        except RefusedError as error:
            if error.kind is not Refusal.BLOCKED:
                raise
    return instead()


def load_page(client: ServiceClient, call: ServiceRequest) -> Response:
    """Ask by the browser of *client*, in its turn at the host; raises what its browser raises."""
    if client.browser is None:
        raise RefusedError(call.service, Refusal.BLOCKED, "no browser may be used")

    def remaining_s() -> float:
        deadline_s = min(_LONGEST_S, client.remaining_s(call))
        client.token.heartbeat.beat(deadline_s)
        return deadline_s

    in_turn: AbstractContextManager[None] = waiting_turn(client, urlsplit(call.url).hostname or "")
    with in_turn, client.token.breaking(client.browser.cut):
        return client.browser.load(call, remaining_s)


def _is_over(client: ServiceClient) -> bool:
    return client.is_closed or client.token.is_set()


def _is_passing(error: RetryableError, *, waits: bool) -> bool:
    """Say whether another try is worth it."""
    if isinstance(error, RefusedError):
        is_limit = error.kind is Refusal.RATE_LIMITED
        return is_limit and waits and error.retry_after_s is not None
    return waits or error.retry_after_s is None


def _ask_once(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None
) -> Response:
    try:
        return _in_turn(client, call, previous)
    except (UnavailableError, RefusedError) as error:
        if error.retry_after_s is not None or getattr(error, "kind", None) in _LIMITS:
            warn_rate_limited(error.service, error.retry_after_s)
        raise


def _in_turn(client: ServiceClient, call: ServiceRequest, previous: Validators | None) -> Response:
    """Keep the turn of *call* only with a good answer.

    Who waits for it may stand before us when we ask again, or go on while we pause.
    """
    try:
        return _answered(client, call, previous)
    except BaseException:
        if call.turn is not None:
            call.turn.end()
        raise


def _answered(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None
) -> Response:
    response = send_once(client, call, previous)
    trouble = verdict(response, call.judge, conditional=bool(_conditions(previous)))
    if trouble is not None:
        raise trouble
    return response


def send_once(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None = None
) -> Response:
    """Send it, once, and return whatever is answered, with what is secret blotted out.

    Raises:
        UnavailableError: nothing is answered, or it takes too long.
        RefusedError, ResponseChangedError: it leads where we do not go, or cannot be read.
    """
    redactor = redactor_of(call.known_secrets | client.known_secrets)
    try:
        response = _redacted(_exchange(client, call, previous), redactor)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        option = client.ca_option or f"providers.{call.service}.ca_file"
        raise _not_reached(call, redactor.text(str(error)), error, option) from error
    except RuntimeError as error:
        if not client.is_closed:  # by whoever ended the sync: nobody waits for this any more
            raise
        raise UnavailableError(call.service, _ENDED) from error
    except (UnavailableError, RefusedError, ResponseChangedError) as error:
        error.reword(redactor.text)
        raise
    return response


def _redacted(response: Response, redactor: Redactor) -> Response:
    headers, body = redactor.answer(
        response.headers.raw, response.body, is_good=response.status == 200
    )
    return replace(response, headers=Headers(headers), body=body)


def _not_reached(
    call: ServiceRequest, words: str, error: Exception, ca_option: str
) -> UnavailableError:
    if isinstance(error, httpx.TimeoutException):
        return UnavailableError(call.service, "does not answer in time")
    reason = one_line(words)
    if isinstance(error, httpx.ProxyError):
        return UnavailableError(call.service, f"the proxy does not let us through: {reason}")
    if isinstance(root := root_of(error), ssl.SSLCertVerificationError):
        why = distrust(root, ca_option)
        return UnavailableError(call.service, one_line(why, 300))
    if isinstance(error, httpx.ConnectError):
        named = getattr(root, "strerror", None)  # without its number
        return UnavailableError(call.service, f"cannot be reached: {named or reason}")
    return UnavailableError(call.service, f"the connection broke: {reason}")


def _conditions(previous: Validators | None) -> dict[str, str]:
    """Headers that make the request conditional; HTTP headers are ASCII."""
    if previous is None:
        return {}
    pairs = {"If-None-Match": previous.etag, "If-Modified-Since": previous.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii()}


def _exchange(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None
) -> Response:
    query: dict[str, str | int] = {
        **call.params,
        **{name: secret.get_secret_value() for name, secret in call.secrets.items()},
    }
    headers = {
        "Accept": call.accept,
        **call.headers,
        **{name: secret.get_secret_value() for name, secret in call.secret_headers.items()},
        **_conditions(previous),
    }
    method = call.method or "GET"
    if call.body is not None:
        method = call.method or "POST"
        headers.setdefault("Content-Type", "application/json")
    request = client.build_request(
        method, call.url, params=query or None, headers=headers, content=call.body
    )
    with waiting_turn(client, request.url.host):
        return _send(client, request, call, client.remaining_s(call))


def waiting_turn(client: ServiceClient, host: str) -> AbstractContextManager[None]:
    """Wait until *client* may ask *host*."""
    if not client.at_once:
        return nullcontext()
    return host_turn(host, at_once=client.at_once, apart_s=client.pace_s, token=client.token)


def _send(
    client: ServiceClient, request: httpx.Request, call: ServiceRequest, deadline_s: float
) -> Response:
    give_up, first = time.monotonic() + deadline_s, request.url
    with until(give_up):
        for hops in range(MAX_REDIRECTS + 1):
            with on_the_way(call, first, request.url):
                response = client.send(request, stream=True)
            try:
                if response.next_request is None or not call.follows:
                    return _read(call, response, client.token, hops=hops, give_up=give_up)
                request = follow(call, request, response.next_request)
            finally:
                response.close()
    raise UnavailableError(call.service, f"sends us from place to place ({MAX_REDIRECTS} times)")


def _read(
    call: ServiceRequest,
    response: httpx.Response,
    token: CancelToken,
    *,
    hops: int,
    give_up: float,
) -> Response:
    body = bytearray()
    try:
        for piece in _within(call, response, token, give_up):
            body += piece
    except (BodyError, UnavailableError, httpx.HTTPError) as error:
        if call.needs_body or not response.is_success:
            if isinstance(error, BodyError):
                raise _unreadable(call, error) from error
            raise
    return Response(
        service=call.service,
        status=response.status_code,
        headers=Headers(response.headers.raw),
        body=bytes(body),
        path=f"{response.request.url.host}{response.request.url.path}",
        hops=hops,
    )


def _within(
    call: ServiceRequest, response: httpx.Response, token: CancelToken, give_up: float
) -> Iterator[bytes]:
    size = 0
    for piece in _plain(call, response):
        size += len(piece)
        is_late = time.monotonic() > give_up
        if call.turn is not None and size > LARGE_BYTES:
            is_late = not call.turn.take(token, give_up - time.monotonic())
        if is_late:
            raise UnavailableError(call.service, "the answer takes too long to come")
        yield piece


def _plain(call: ServiceRequest, response: httpx.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:  # a transport that reads ahead has unpacked it as well
        return plain_pieces([response.content], "", call.limit_bytes)
    coding = response.headers.get("content-encoding", "")
    return plain_pieces(response.iter_raw(), coding, call.limit_bytes)


def _unreadable(call: ServiceRequest, error: BodyError) -> UnavailableError | ResponseChangedError:
    kind = UnavailableError if isinstance(error, CutOffError) else ResponseChangedError
    return kind(call.service, f"its answer {error}")
