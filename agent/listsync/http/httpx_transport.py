"""httpx over connections of ours: the one way in which it lets its network be replaced."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator

import httpcore
import httpx

from listsync.cancellation import CancelToken
from listsync.certificates import CaFileError
from listsync.config_types import ClientOptions
from listsync.http.transport import (
    FAILURES,
    Pool,
    Proxy,
    check_proxies,
    find_proxy,
    open_pool,
    trusted,
)

_CONNECTIONS = 20
_KEEP_ALIVE_S = 5.0
_PROXIES = (  # without their addresses, as a login may be in them
    "a proxy that the environment names cannot be used (http:// and https:// ones can): check "
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"
)
_AUTHORITIES = "no certificate authorities can be loaded: check SSL_CERT_FILE and SSL_CERT_DIR"


class DeadlineTransport(httpx.BaseTransport):
    """Sends what httpx is to send through pools that heed deadlines: one for each proxy.

    Without *proxy*, the environment says for each request which proxy is used, if any. A thread
    that a list has left behind may be at a request when it is closed: that is broken off.
    """

    def __init__(self, token: CancelToken, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._token = token
        self._tls = tls
        self._proxy = proxy
        self._pools: dict[Proxy | None, Pool] = {}
        self._opening = threading.Lock()
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        proxy = self._proxy or find_proxy(url.scheme, url.host)
        pool = self._pool(proxy)
        try:
            response = pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.read(),
                    extensions=request.extensions,
                )
            )
        except FAILURES as error:
            raise _as_httpx(error) from error
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def _pool(self, proxy: Proxy | None) -> Pool:
        with self._opening:
            if self._is_closed:
                raise httpx.ConnectError("the sync that would ask is over")
            pool = self._pools.get(proxy)
            if pool is None:
                pool = self._pools[proxy] = open_pool(
                    self._token,
                    self._tls,
                    proxy,
                    connections=_CONNECTIONS,
                    keep_alive_s=_KEEP_ALIVE_S,
                )
            return pool

    def close(self) -> None:
        with self._opening:
            self._is_closed = True
            pools = tuple(self._pools.values())
        for pool in pools:
            pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_stream()
        except FAILURES as error:
            raise _as_httpx(error) from error

    def close(self) -> None:
        self._response.close()


def _as_httpx(error: Exception) -> httpx.TransportError:
    """Give the error that httpx has for it: both call them alike."""
    known = (getattr(httpx, one.__name__, None) for one in type(error).__mro__)
    kind = next(one for one in known if one is not None and issubclass(one, httpx.TransportError))
    made: httpx.TransportError = kind(str(error))
    return made


def open_transport(options: ClientOptions, token: CancelToken) -> httpx.BaseTransport:
    """Open the way to one service; where there is none, what is sent by it fails and says why."""
    try:
        proxy = Proxy.parse(options.proxy.get_secret_value()) if options.proxy else None
        if proxy is None:
            check_proxies()
        return DeadlineTransport(token, trusted(options.ca_file), proxy)
    except CaFileError as error:
        return _NoConnection(f"its ca_file {options.ca_file} {error}")
    except ValueError:
        return _NoConnection(_PROXIES)
    except OSError:
        return _NoConnection(_AUTHORITIES)


class _NoConnection(httpx.BaseTransport):
    """Stands where the environment leaves no way out, so that other lists can go on."""

    def __init__(self, why: str) -> None:
        self._why = why

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(self._why, request=request)
