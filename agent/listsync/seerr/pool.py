"""The connections to one server.

httpcore is used without httpx around it: redirects, cookies and logging are not wanted here (the
key must not follow a redirect, queries of users are not to be logged), and what httpx makes of a
call and its answer costs a fifth of the call's CPU.
"""

from __future__ import annotations

import ssl
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from listsync.cancellation import CancelToken
from listsync.certificates import CaFileError, trust_ca_file
from listsync.http.deadline import DeadlineBackend
from listsync.seerr.address import Address

KEEP_ALIVE_S = 4.0
"""The servers close an idle connection after 5 s (observed live, header Keep-Alive)."""
CONNECTIONS = 5
"""Four readers and one writer."""

CONNECT_S = 5.0
LEAST_WHOLE_S = 120.0
"""Enough for a page of the index (1 MB) at 10 kB/s."""

MOST_BYTES = 16 * 1024 * 1024
"""Of one answer, unpacked; the largest, a page of the index, has about one million."""

_GZIP = 16 + zlib.MAX_WBITS


class UnreadableError(httpcore.RemoteProtocolError):
    """An answer came, and cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds things may take: a connection, silence, and an answer as a whole.

    `answer_s` is waited for each piece of an answer. All of it may take longer, so that large
    pages still come from a server that is slow; but not for ever.
    """

    connect_s: float
    answer_s: float
    whole_s: float

    @classmethod
    def of(cls, timeout_s: float) -> Self:
        """Derive all from `server.timeout_s`."""
        return cls(
            connect_s=min(CONNECT_S, timeout_s),
            answer_s=timeout_s,
            whole_s=max(LEAST_WHOLE_S, 4 * timeout_s),
        )

    @property
    def timeouts(self) -> dict[str, float]:
        """As httpcore wants them with each call."""
        return {
            "connect": self.connect_s,
            "pool": self.answer_s,
            "read": self.answer_s,
            "write": self.answer_s,
        }


class Pool(Protocol):
    """What sends calls: httpcore's pools, and what stands in for them in tests."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response: ...

    def close(self) -> None: ...


def open_pool(address: Address, token: CancelToken, ca_file: Path | None = None) -> Pool:
    """Open a pool whose connections heed deadlines and *token*; nothing is connected yet.

    The authorities in *ca_file* are trusted, too.

    Raises:
        ValueError: a proxy or certificates that are named cannot be used.
    """
    tls = _build_tls(address, ca_file)
    backend = DeadlineBackend(httpcore.SyncBackend(), token)
    proxy = find_proxy(address)
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=backend,
        )
    try:
        place = Address.parse(proxy)
    except ValueError:
        raise ValueError("the proxy that the environment names cannot be used") from None
    name, password = place.login or ("", "")
    return httpcore.HTTPProxy(
        place.base,
        proxy_auth=(name.encode(), password.encode()) if place.login else None,
        ssl_context=tls,
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_S,
        network_backend=backend,
    )


def find_proxy(address: Address) -> str | None:
    """Find the proxy for *address* in HTTP_PROXY and its kin; for this machine there is none."""
    url = urlsplit(address.base)
    if address.is_loopback or proxy_bypass(url.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def read_whole(response: httpcore.Response) -> bytes:
    """Read the body, unpacked if it is packed; the connection is free for the next call then.

    Raises:
        UnreadableError: it cannot be unpacked, or there is too much of it.
    """
    chunks, size = [], 0
    try:
        for chunk in response.iter_stream():
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise _too_large()
    finally:
        response.close()
    content = b"".join(chunks)
    return _unpack(content) if content and _is_packed(response.headers) else content


def _unpack(content: bytes) -> bytes:
    unpacking = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacking.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise UnreadableError("it says that it is gzip, and is not") from error
    if unpacking.unconsumed_tail:
        raise _too_large()
    if not unpacking.eof:
        raise UnreadableError("it ends too early")
    return unpacked


def _too_large() -> UnreadableError:
    return UnreadableError(f"it is larger than {MOST_BYTES // 1024**2} MiB")


def _is_packed(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        key.lower() == b"content-encoding" and value.lower() == b"gzip" for key, value in headers
    )


def _build_tls(address: Address, ca_file: Path | None) -> ssl.SSLContext:
    """Trust what httpx trusts and what the machine trusts; nothing to load for plain http."""
    if not address.encrypted:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    import httpx  # noqa: PLC0415 - a server at home is mostly asked without encryption

    try:
        context = httpx.create_ssl_context()
        context.load_default_certs()
        if ca_file is not None:
            trust_ca_file(context, ca_file)
    except CaFileError as error:
        raise ValueError(f"server.ca_file {ca_file} {error}") from error
    except OSError as error:
        named = "SSL_CERT_FILE or SSL_CERT_DIR"
        raise ValueError(f"the certificates that {named} names cannot be read") from error
    return context
