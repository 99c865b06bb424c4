"""The connections: pools whose network heeds deadlines, and bodies that are read within bounds.

httpcore is what httpx itself stands on. What httpx makes of a request and its response costs a
fifth of the CPU, so the server is asked without it, and lists through it (`httpx_transport`).
"""

from __future__ import annotations

import os
import ssl
import zlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

import httpcore

from listsync.cancellation import CancelToken
from listsync.certificates import trust_ca_file
from listsync.http.deadline import DeadlineBackend
from listsync.http.response import Headers
from listsync.lean_dataclasses import dataclass

FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)
"""All that a pool raises where a request is not answered."""


class Pool(Protocol):
    """What sends requests: httpcore's pools, and what stands in for them in tests."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as the environment or the user names it, its login apart."""

    scheme: str
    host: str
    port: int | None
    login: tuple[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it; without a scheme it is one of http.

        Raises:
            ValueError: it cannot be used; the text does not quote it, a login may be in it.
        """
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        except ValueError:
            raise ValueError("it cannot be read") from None
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError("only http:// and https:// ones can be used")
        login = None
        if parts.username is not None:
            login = (unquote(parts.username), unquote(parts.password or ""))
        return cls(parts.scheme, host, port, login)

    @property
    def url(self) -> httpcore.URL:
        return httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target="/")

    @property
    def auth(self) -> tuple[bytes, bytes] | None:
        return (self.login[0].encode(), self.login[1].encode()) if self.login else None


def find_proxy(scheme: str, host: str) -> Proxy | None:
    """Find the proxy for *host* in HTTP_PROXY and its kin; raises what `Proxy.parse` raises."""
    proxies = _proxies()
    named = proxies.get(scheme) or proxies.get("all")
    return Proxy.parse(named) if named and not _is_bypassed(host) else None


def check_proxies() -> None:
    """Raise ValueError where the environment names a proxy that cannot be used."""
    proxies = _proxies()
    for scheme in ("http", "https", "all"):
        if named := proxies.get(scheme):
            Proxy.parse(named)


def _proxies() -> dict[str, str]:
    """Read what the environment names, by scheme; mostly nothing, which is told at once."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}
    from urllib.request import getproxies  # noqa: PLC0415 - brings half a megabyte

    return getproxies()


def _is_bypassed(host: str) -> bool:
    from urllib.request import proxy_bypass  # noqa: PLC0415 - see above

    return bool(proxy_bypass(host))


def open_pool(
    token: CancelToken,
    tls: ssl.SSLContext,
    proxy: Proxy | None,
    *,
    connections: int,
    keep_alive_s: float,
) -> Pool:
    """Open a pool whose connections heed deadlines and *token*; nothing is connected yet."""
    own = CancelToken(token.heartbeat)
    backend = DeadlineBackend(httpcore.SyncBackend(), own)
    pool: httpcore.ConnectionPool
    if proxy is None:
        pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            keepalive_expiry=keep_alive_s,
            network_backend=backend,
        )
    else:
        pool = httpcore.HTTPProxy(
            proxy.url,
            proxy_auth=proxy.auth,
            ssl_context=tls,
            max_connections=connections,
            keepalive_expiry=keep_alive_s,
            network_backend=backend,
        )
    return _EndingPool(pool, own, token)


class _EndingPool:
    """Ends every connection with itself: also one that is just being made, and all to come.

    httpcore forgets those when it is closed, so nobody would ever close them.
    """

    def __init__(self, pool: httpcore.ConnectionPool, own: CancelToken, run: CancelToken) -> None:
        self.handle_request = pool.handle_request
        self._pool = pool
        self._own = own
        self._with_run = run.breaking(own.cut)
        self._with_run.begin()

    def close(self) -> None:
        self._own.cut()
        self._with_run.end()
        self._pool.close()


@cache
def _authorities() -> ssl.SSLContext:
    """Load them once: every load costs megabytes and milliseconds."""
    return _load_authorities()


def _load_authorities() -> ssl.SSLContext:
    import httpx  # noqa: PLC0415 - a server at home is mostly asked without encryption

    return httpx.create_ssl_context()


@lru_cache(maxsize=1)
def _authorities_and_machine(_since: object) -> ssl.SSLContext:
    context = _load_authorities()
    context.load_default_certs()
    return context


def _machine_trust() -> object:
    """Say what the machine trusts, and since when: an agent lives through a change of it."""
    paths = ssl.get_default_verify_paths()
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    found = filter(None, (paths.cafile, paths.capath))
    return named, tuple((path, Path(path).stat().st_mtime_ns) for path in found)


def trusted(ca_file: Path | None = None, *, with_machine: bool = False) -> ssl.SSLContext:
    """Trust what httpx trusts, the certificates in *ca_file*, and maybe what the machine trusts.

    Raises:
        CaFileError: *ca_file* cannot be used.
        OSError: nor can what SSL_CERT_FILE or SSL_CERT_DIR names.
    """
    if ca_file is None:
        return _authorities_and_machine(_machine_trust()) if with_machine else _authorities()
    context = _load_authorities()
    if with_machine:
        context.load_default_certs()
    trust_ca_file(context, ca_file)
    return context


_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32  # by its head


class BodyError(Exception):
    """The body of a response cannot be had; the text says why, after "its answer"."""


class TooLargeError(BodyError):
    """There is more of it than we read."""


class PackingError(BodyError):
    """It cannot be unpacked."""


class CutOffError(BodyError):
    """It ends too early."""


def plain_pieces(pieces: Iterable[bytes], coding: str, limit_bytes: int) -> Iterator[bytes]:
    """Yield the body unpacked, as its `Content-Encoding` says (decompression bombs).

    Raises:
        BodyError: it is too large, or cannot be read.
    """
    coding = coding.strip().lower()
    if coding in _PACKED:
        pieces = _unpacked(pieces, limit_bytes)
    elif coding not in _PLAIN:
        raise PackingError("comes in a packing that we did not ask for")
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit_bytes:
            raise TooLargeError(f"is larger than {_in_words(limit_bytes)}")
        yield piece


def _unpacked(pieces: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    """Unpack all that comes: a body may be several packed parts in a row (RFC 1952, 2.2)."""
    unpacking = None
    for piece in pieces:
        rest = piece
        while rest:
            if unpacking is None or unpacking.eof:
                unpacking = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
            try:
                # One byte over the limit is enough: the reader stops there, the rest stays packed.
                yield unpacking.decompress(rest, limit_bytes + 1)
            except zlib.error as error:
                raise PackingError("comes in a packing that cannot be undone") from error
            rest = unpacking.unused_data
    if unpacking is not None and not unpacking.eof:
        raise CutOffError("is cut off")


def _in_words(limit_bytes: int) -> str:
    mib = limit_bytes / 1024**2
    return f"{mib:g} MiB" if mib >= 1 else "its limit"


def read_body(response: httpcore.Response, limit_bytes: int) -> bytes:
    """Read the body, unpacked; the connection is free for the next request after it.

    Raises:
        BodyError: it is too large, or cannot be read.
    """
    coding = Headers(response.headers).get("content-encoding", "")
    try:
        return b"".join(plain_pieces(response.iter_stream(), coding, limit_bytes))
    finally:
        response.close()
