"""The connections to one server.

httpx's transport is used without its client: redirects, cookies and logging by the client cost a
fifth of every call, and are not wanted here (the key must not follow a redirect, queries of
users are not to be logged).
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies, proxy_bypass

import httpx

from listsync.seerr.address import Address

KEEP_ALIVE_S = 4.0
"""The servers close an idle connection after 5 s (observed live, header Keep-Alive)."""
CONNECTIONS = 5
"""Four readers and one writer."""


def build_transport(address: Address) -> httpx.HTTPTransport:
    """Open a pool; nothing is connected yet.

    Raises:
        ValueError: the environment names a proxy that cannot be used.
    """
    limits = httpx.Limits(
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_S,
    )
    proxy = find_proxy(address)
    try:
        return httpx.HTTPTransport(verify=_build_tls(address), limits=limits, proxy=proxy)
    except (ImportError, ValueError, httpx.InvalidURL):
        raise ValueError("the proxy that the environment names cannot be used") from None


def find_proxy(address: Address) -> str | None:
    """Find the proxy for *address* in HTTP_PROXY and its kin; for this machine there is none."""
    url = httpx.URL(address.base)
    if address.is_loopback or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _build_tls(address: Address) -> ssl.SSLContext:
    """Trust what httpx trusts and what the machine trusts; nothing to load for plain http."""
    if not address.encrypted:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
