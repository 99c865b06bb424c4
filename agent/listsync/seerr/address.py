"""Where the server is, in the form that is called and in the form that is shown."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from listsync.lean_dataclasses import dataclass

if TYPE_CHECKING:
    from listsync.http.transport import Proxy

API = "/api/v1"

_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:@!$&'()*+,;=~"
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
