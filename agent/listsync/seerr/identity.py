"""Who answers at `server.url`: product, version, and a name that survives both."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from msgspec import field

from listsync.decoding import Answer, UnknownFormError, decode
from listsync.domain.server import Product, ServerInfo
from listsync.seerr.transport import ServerTransport
from listsync.text_cleaning import one_line

Shape = TypeVar("Shape")

_PRODUCTS = {
    "Overseerr API": Product.OVERSEERR,
    "Jellyseerr API": Product.JELLYSEERR,
    "Seerr API": Product.SEERR,
}
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


class _Status(Answer, frozen=True):
    version: str


class _Root(Answer, frozen=True):
    api: str = ""


class _Public(Answer, frozen=True):
    """The settings that everybody may read; the last two tell the products apart."""

    initialized: bool
    movie_4k: bool = field(name="movie4kEnabled", default=False)
    series_4k: bool = field(name="series4kEnabled", default=False)
    media_server_type: int | None = field(name="mediaServerType", default=None)
    special_episodes: bool | None = field(name="enableSpecialEpisodes", default=None)


class Me(Answer, frozen=True):
    """The user that the key stands for: the owner."""

    id: int
    name: str = field(name="displayName", default="")
    created_at: str | None = field(name="createdAt", default=None)


def read(wire: ServerTransport, path: str, shape: type[Shape]) -> Shape:
    """Read a small answer of a known shape."""
    return wire.trouble.read(wire.get(path), shape, f"the answer at {path}")


def read_me(wire: ServerTransport) -> Me:
    """Read whom the key stands for; the best test of a key.

    Raises:
        RefusedError: the key is not accepted.
    """
    return read(wire, "/auth/me", Me)


def identify(wire: ServerTransport, url: str) -> ServerInfo:
    """Say who answers, in four calls.

    Raises:
        UnavailableError: also when the server has never been set up.
        RefusedError: the key is not accepted.
    """
    public = read(wire, "/settings/public", _Public)
    if not public.initialized:
        raise wire.trouble.unavailable(f"has not been set up yet: open {url} and finish that")
    version = one_line(read(wire, "/status", _Status).version, 40)
    product = _product(_read_root(wire), public, version)
    me = read_me(wire)
    return ServerInfo(
        product=product,
        version=version,
        identity=_identity(me, url),
        user=one_line(me.name),
        movie_4k=public.movie_4k,
        series_4k=public.series_4k,
    )


def _read_root(wire: ServerTransport) -> str:
    """Read how the API calls itself; some proxies hide the root, which is no reason to stop."""
    response = wire.get("/", also={401, 403, 404})
    try:
        return decode(response.body, _Root).api
    except UnknownFormError:
        return ""


def _product(api: str, public: _Public, version: str) -> Product:
    """Tell the products apart.

    Some Jellyseerr 1.x say "Overseerr API", but only Jellyseerr and Seerr have a media server
    type in their public settings. Source: code of Jellyseerr; live answers of the other two.
    """
    named = _PRODUCTS.get(api)
    if named is not None and (named is not Product.OVERSEERR or public.media_server_type is None):
        return named
    if public.media_server_type is None:
        return Product.OVERSEERR
    is_seerr = public.special_episodes is not None or _numbers(version) >= (3, 0)
    return Product.SEERR if is_seerr and named is None else Product.JELLYSEERR


def _numbers(version: str) -> tuple[int, int]:
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _identity(me: Me, url: str) -> str:
    """Name the server by the moment its owner was created: it outlives address, key, version."""
    mark = url
    if me.created_at:
        try:
            moment = datetime.fromisoformat(me.created_at)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            mark = f"owner since {aware.timestamp():.0f}"
        except ValueError:
            mark = f"owner since {me.created_at}"
    return sha256(mark.encode()).hexdigest()[:16]
