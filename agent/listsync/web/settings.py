"""What the HTTP server is told by the configuration; quick to import, as there is no HTTP here."""

from __future__ import annotations

import socket
from dataclasses import field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass

_FORMS = "expected an address of this machine and a port, such as 127.0.0.1:4222"
_LOCALHOST = "127.0.0.1"
_BACKLOG = 128

Network = IPv4Network | IPv6Network


class TokenScope(StrEnum):
    """What a token is good for."""

    READ = "read"
    CONTROL = "control"
    WEBHOOK = "webhook"
    FEED = "feed"


EVERYTHING = frozenset(TokenScope)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A secret that gives access, how it is called in the log, and what it is good for."""

    name: str
    secret: str = field(repr=False)
    scopes: frozenset[TokenScope]


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where connections are taken; port 0 is any that is free."""

    host: IPv4Address | IPv6Address
    port: int

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """Read `127.0.0.1:4222`, `[::1]:4222`, `localhost:4222`, or a port of this machine alone.

        Raises:
            ValueError: it is none of these.
        """
        host, _, port = text.strip().rpartition(":")
        if not (port.isascii() and port.isdecimal() and int(port) < 2**16):
            raise ValueError(_FORMS)
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if bare == host and ":" in host:
            raise ValueError(f"{_FORMS}; an IPv6 address stands in brackets: [::1]:{port}")
        try:
            return cls(
                ip_address({"": _LOCALHOST, "localhost": _LOCALHOST}.get(bare, bare)), int(port)
            )
        except ValueError:
            raise ValueError(_FORMS) from None

    def open(self) -> socket.socket:
        """Bind and listen.

        The protocol is named, as asyncio turns Nagle's algorithm off only where it is.

        Raises:
            StateError: the address cannot be had.
        """
        family = socket.AF_INET6 if self.host.version == 6 else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((str(self.host), self.port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            words = f"http.listen: {self} cannot be listened at: {error.strerror}"
            raise StateError(words) from error
        return listener

    def taken_by(self, listener: socket.socket) -> ListenAddress:
        """Give the address with the port that the system chose, if it was left to it."""
        return replace(self, port=listener.getsockname()[1])

    def __str__(self) -> str:
        """Render as it is written in the configuration."""
        host = f"[{self.host}]" if self.host.version == 6 else str(self.host)
        return f"{host}:{self.port}"

    @property
    def authority(self) -> str:
        """Give host and port as they stand in an address; of all addresses, the local one."""
        host = self.host
        if host.is_unspecified:
            return f"{_LOCALHOST}:{self.port}" if host.version == 4 else f"[::1]:{self.port}"
        return str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """All that the HTTP server follows; `listen` is where it is.

    `base_path` is empty or begins with a slash and does not end with one; `allowed_hosts` are
    names in small letters, beside those that are the machine's own.
    """

    listen: ListenAddress
    base_path: str = ""
    allowed_hosts: frozenset[str] = frozenset()
    trusted_proxies: tuple[Network, ...] = ()
    tokens: tuple[AccessToken, ...] = ()


def parse_base_path(text: str) -> str:
    """Read `/`, `/listsync` or `/listsync/`; raises ValueError."""
    path = text.strip().strip("/")
    if not path:
        return ""
    parts = path.split("/")
    if not all(
        part.isascii() and part.replace("-", "a").replace("_", "a").isalnum() for part in parts
    ):
        raise ValueError("expected a path of letters, digits, - and _, such as /listsync")
    return f"/{path}"


def parse_network(text: str) -> Network:
    """Read an address or a network, such as 172.18.0.0/16; raises ValueError."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError("expected an address or a network such as 172.18.0.0/16") from None
