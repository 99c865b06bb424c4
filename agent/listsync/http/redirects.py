"""Where an answer may send us on to: with nothing of ours, and out of the networks at home.

An address that the user wrote is theirs, also in their own network, unless the request is for what
is public only. What a public host answers is not: a list must not make the agent ask a router, a
neighbour or a cloud's metadata service. Names are looked up once, and the connection goes to just
the address that was judged.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

from listsync.cancellation import CancelToken, call_bounded
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.http.request import ServiceRequest
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    import httpx

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Those of a network's own translator (RFC 8215), and what IPv4 once looked like (RFC 4291).
_NOT_PUBLIC = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("::/96"))
_PORTS = {"http": 80, "https": 443}
_LOOK_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class _Demand:
    """The `host` that must be public, unless that which the user wrote (`users`) is not, either.

    `is_first`: it is the one that the user wrote.
    """

    service: str
    host: str
    users: str
    is_first: bool

    def refusal(self) -> UnavailableError | RefusedError:
        what = f"{one_line(self.host, 100)}, which is this machine or in a private network: not"
        if self.is_first:
            why = f"is at {what} asked (`allow_private: true` beside its url lets it be)"
            return RefusedError(self.service, Refusal.PERMISSION, why)
        return UnavailableError(self.service, f"sends us on to {what} followed")


_must_be_public: ContextVar[_Demand | None] = ContextVar("must_be_public", default=None)


def follow(call: ServiceRequest, here: httpx.Request, there: httpx.Request) -> httpx.Request:
    """Check a redirect, and take from it what is meant for *here* alone.

    Raises:
        UnavailableError: it is none to follow.
    """
    if there.url.scheme not in _PORTS:
        raise UnavailableError(call.service, "sends us to an address that is not one of the web")
    if here.url.scheme == "https" and there.url.scheme != "https":
        raise UnavailableError(call.service, "sends us from https to an address without it")
    if not _is_same(here.url, there.url):
        if call.body is not None:
            # What is sent may hold a secret, and is meant for nobody else.
            raise UnavailableError(call.service, f"sends us on to {_host(there)} with our data")
        for name in (*call.headers, *call.secret_headers, "Authorization"):
            there.headers.pop(name, None)
    return there


def _ascii_host(url: httpx.URL) -> str:
    """Give the host as it is connected to: letters of other scripts are encoded."""
    return url.raw_host.decode("ascii")


def _is_same(here: httpx.URL, there: httpx.URL) -> bool:
    """Tell whether the same server is meant; it may well begin to encrypt."""
    is_upgrade = (here.scheme, there.scheme) == ("http", "https")
    if here.host != there.host:
        return False
    return _port(here) == _port(there) or (is_upgrade and (_port(here), _port(there)) == (80, 443))


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS[url.scheme]


def _host(request: httpx.Request) -> str:
    return one_line(request.url.host, 300)


@contextmanager
def on_the_way(call: ServiceRequest, first: httpx.URL, now: httpx.URL) -> Iterator[None]:
    """Let connections to the host of *now* be made to public addresses only.

    Unless it is that of *first*, which the user wrote, or this is not public itself; of a *call*
    for what is public only, even that must be public.

    Raises:
        UnavailableError, RefusedError: the address is not public as it is written.
    """
    host, users = _ascii_host(now), _ascii_host(first)
    if host == users and not call.public_only:
        yield
        return
    excuse = "" if call.public_only else users
    demand = _Demand(call.service, host, excuse, is_first=host == users)
    # The rest is judged where it is connected to, which a proxy does not let us see.
    if _is_written_private(host) and not _is_soon_known_at_home(demand.users):
        raise demand.refusal()
    token = _must_be_public.set(demand)
    try:
        yield
    finally:
        _must_be_public.reset(token)


def places_of(host: str, port: int) -> list[str]:
    """Give what to connect to for *host*: itself, or its addresses where these must be public.

    Through a proxy only the proxy is connected to, and the name is looked up there.

    Raises:
        UnavailableError, RefusedError: an address must be public, and is not.
        OSError: the name is not known.
    """
    demand = _must_be_public.get()
    if demand is None or host != demand.host:
        return [host]
    addresses = _addresses(host, port)
    if not all(map(_is_public, addresses)) and not is_at_home(demand.users):
        raise demand.refusal()
    return [str(one) for one in addresses]


def is_at_home(host: str) -> bool:
    """Tell whether *host* is in a network that is not public, by any of its addresses.

    No host is not.
    """
    if not host:
        return False
    try:
        return not all(map(_is_public, _addresses(host, 0)))
    except OSError:
        return False


def _is_soon_known_at_home(host: str) -> bool:
    """Tell the same without waiting long for it: in doubt, *host* is public."""
    with suppress(TimeoutError):
        return call_bounded(lambda: is_at_home(host), _LOOK_UP_S, CancelToken(), lambda _: None)
    return False


def _addresses(host: str, port: int) -> list[IpAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(one[4][0]) for one in found)
    return [ipaddress.ip_address(text.partition("%")[0]) for text in texts]


def _is_written_private(host: str) -> bool:
    try:
        return not _is_public(ipaddress.ip_address(host))
    except ValueError:
        return host.rstrip(".").endswith("localhost")


def _is_public(address: IpAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local or any(address in one for one in _NOT_PUBLIC):
            return False
    return address.is_global and not address.is_multicast
