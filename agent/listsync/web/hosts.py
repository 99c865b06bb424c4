"""Which names a request may call this machine by: what else a page on the web could make it do."""

from __future__ import annotations

import socket
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from listsync.web.settings import HttpSettings, Network

_REMEMBERED = 256
"""Clients say the same again and again; to take it apart costs more than the rest of a check."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "ip6-localhost"})


@lru_cache(_REMEMBERED)
def host_in(header: str) -> str:
    """Take the name from a Host header, in small letters, without port and trailing dot.

    Empty: it is none.
    """
    text = header.strip().lower()
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        is_good = bool(bracket) and (not rest or _is_port(rest))
        return name if is_good and _is_address(name) else ""
    name, colon, port = text.partition(":")
    if colon and not _is_port(f":{port}"):
        return ""
    name = name.removesuffix(".")
    is_name = name.replace("-", "a").replace(".", "a").replace("_", "a").isalnum()
    return name if name.isascii() and is_name else ""


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdecimal()


@lru_cache(_REMEMBERED)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_allowed(name: str, reached_at: str, settings: HttpSettings) -> bool:
    """Tell whether *name* is the machine's own, or one that the configuration allows.

    *reached_at* is the address of ours at which the connection came in.
    """
    return name in {*_LOOPBACK, reached_at.lower()} | settings.allowed_hosts | _own_names()


@cache
def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"})


def _is_loopback(address: str) -> bool:
    return _is_address(address) and ip_address(address).is_loopback


@lru_cache(_REMEMBERED)
def plain(address: str) -> str:
    """Write an IPv4 address that came in at an IPv6 socket as what it is."""
    if not _is_address(address):
        return address
    found = ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped) if mapped is not None else address


_ONE_NETWORK = 64
"""Bits of an IPv6 address; all with the same ones are of one household."""


def network_of(address: str) -> str:
    """Give what stands for one client: this machine, an IPv4 address, an IPv6 network."""
    address = plain(address)
    if _is_loopback(address):
        return "this machine"
    if ":" not in address or not _is_address(address):
        return address
    return str(ip_network(f"{address.partition('%')[0]}/{_ONE_NETWORK}", strict=False))


_OF_ONE, _OF_ONE_MACHINE = 64, 192


def most_connections_of(address: str, trusted: tuple[Network, ...]) -> int:
    """Say how many connections one client may hold; this machine and proxies stand for many."""
    return _OF_ONE_MACHINE if _is_loopback(address) or _is_within(address, trusted) else _OF_ONE


def peer_of(address: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """Say which client asks: the nearest address of X-Forwarded-For that is no trusted proxy.

    What an address that is not trusted says of others is not read.
    """
    peer = address
    for told in reversed([part.strip() for part in forwarded.split(",")] if forwarded else []):
        if not _is_within(peer, trusted) or not _is_address(told):
            break
        peer = told
    return peer


def is_https(scheme: str, address: str, forwarded: str, trusted: tuple[Network, ...]) -> bool:
    """Tell whether the client speaks HTTPS: to us, or to a trusted proxy, which says so."""
    told = forwarded.rpartition(",")[2].strip().lower()
    return scheme == "https" or (told == "https" and _is_within(address, trusted))


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    if not _is_address(address):
        return False
    own = ip_address(address)
    return any(own.version == one.version and own in one for one in networks)
