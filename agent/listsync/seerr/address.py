"""Where the server is, as called and as shown, and whether the same one still answers there."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from listsync.lean_dataclasses import dataclass

if TYPE_CHECKING:
    from listsync.http.transport import Proxy

API = "/api/v1"

_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:@!$&'()*+,;=~"
_OF_GATEWAYS = frozenset({502, 503, 504})
_SOONEST_S = 1.0
"""Nobody ends a server, and starts another in its place, in less."""
_NO_HOST = '\\%<>^`{|}"'


@dataclass(frozen=True, slots=True)
class Address:
    """The address of one server.

    `base` has no slash at its end and no `/api/v1`; it holds no password, query or fragment, so
    it may be shown. `login` is what stood before an `@`, for a proxy that asks for it.
    """

    base: str
    login: tuple[str, str] | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read what the user wrote; a pasted `/api/v1` at the end is taken off.

        Raises:
            ValueError: *url* cannot be the address of a server.
        """
        try:
            parsed = urlsplit(url.strip())
            host, port = _ascii(parsed.hostname or ""), parsed.port
        except ValueError:
            raise ValueError("is no URL that can be read") from None  # it may quote a password
        if parsed.scheme not in _PORTS or not host:
            raise ValueError("must start with http:// or https:// and name a host")
        login = None
        if parsed.username is not None:
            login = (unquote(parsed.username), unquote(parsed.password or ""))
        place = host if port in (None, _PORTS[parsed.scheme]) else f"{host}:{port}"
        path = quote(parsed.path, safe=_KEPT).rstrip("/").removesuffix(API).rstrip("/")
        return cls(f"{parsed.scheme}://{place}{path}", login)

    @property
    def api(self) -> str:
        """What every path of the API is appended to."""
        return self.base + API

    @property
    def encrypted(self) -> bool:
        return self.base.startswith("https:")

    @property
    def is_loopback(self) -> bool:
        """True when the server is on this machine, where no proxy has a place."""
        host = urlsplit(self.base).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def find_proxy(self) -> Proxy | None:
        """Find the proxy that the environment names for it; raises what `Proxy.parse` raises."""
        from listsync.http.transport import find_proxy  # noqa: PLC0415 - brings httpcore

        if self.is_loopback:
            return None
        return find_proxy(urlsplit(self.base).scheme, urlsplit(self.base).hostname or "")

    def is_origin_of(self, other: Address) -> bool:
        """True when *other* has the same scheme, host and port."""
        return urlsplit(self.base)[:2] == urlsplit(other.base)[:2]


class Presence:
    """Notices when another server may have come in the place of the one that was there.

    That is so where nothing was asked of it for a moment, or a call failed; not while it takes its
    time to answer. Any thread may use it.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.trust()

    @property
    def may_be_another(self) -> bool:
        return self._is_in_doubt or self._is_silence(self._now())

    def trust(self) -> None:
        """Take who answers now for the same one."""
        self._is_in_doubt = False
        self._heard_at = self._now()

    def note(self, asked_at: float, status: int) -> None:
        """Note that it, or what stands before it, has answered what it was asked then."""
        if self._is_silence(asked_at) or status in _OF_GATEWAYS:
            self._is_in_doubt = True
        self._heard_at = self._now()

    def doubt(self) -> None:
        """Note that a call failed, or that another one answers."""
        self._is_in_doubt = True

    def _is_silence(self, until: float) -> bool:
        return until - self._heard_at > _SOONEST_S


def _ascii(host: str) -> str:
    """Write a host as it goes over the wire: IDNA for names, brackets for IPv6."""
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host)}]"
    wire = host.encode("idna")  # refuses empty and overlong parts, as connecting would
    if not host.isascii():
        host = wire.decode()
    if any(one.isspace() or one in _NO_HOST for one in host):
        raise ValueError("is no host")
    return host
