"""Where the server is, in the form that is called and in the form that is shown."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import httpx

API = "/api/v1"


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
            parsed = httpx.URL(url.strip())
        except httpx.InvalidURL:
            raise ValueError("is no URL that can be read") from None  # it may quote a password
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise ValueError("must start with http:// or https:// and name a host")
        login = (parsed.username, parsed.password) if parsed.userinfo else None
        path = parsed.raw_path.decode().partition("?")[0].rstrip("/").removesuffix(API)
        return cls(f"{parsed.scheme}://{parsed.netloc.decode()}{path.rstrip('/')}", login)

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
        host = httpx.URL(self.base).host
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def is_origin_of(self, url: httpx.URL) -> bool:
        """True when *url* is at the same scheme, host and port."""
        own = httpx.URL(self.base)
        return (own.scheme, own.netloc) == (url.scheme, url.netloc)
