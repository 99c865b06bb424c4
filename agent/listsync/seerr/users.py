"""Who answers at `server.url`, in whose name requests are made, and what these users may.

Who answers: product, version, and a name that survives both.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import IntFlag
from hashlib import sha256

from msgspec import field

from listsync.domain.media import MediaType
from listsync.domain.server import Product, ServerInfo
from listsync.domain.server_knowledge import UNLIMITED, Allowance, Quota
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode, readable
from listsync.seerr.index import pages_of
from listsync.seerr.transport import ServerTransport
from listsync.text_cleaning import one_line

_PRODUCTS = {
    "Overseerr API": Product.OVERSEERR,
    "Jellyseerr API": Product.JELLYSEERR,
    "Seerr API": Product.SEERR,
}
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


class _Status(ResponseShape, frozen=True):
    version: str


class _Root(ResponseShape, frozen=True):
    api: str = ""


class _Public(ResponseShape, frozen=True):
    """The settings that everybody may read; the last two tell the products apart."""

    initialized: bool
    movie_4k: bool = field(name="movie4kEnabled", default=False)
    series_4k: bool = field(name="series4kEnabled", default=False)
    media_server_type: int | None = field(name="mediaServerType", default=None)
    special_episodes: bool | None = field(name="enableSpecialEpisodes", default=None)


class _Me(ResponseShape, frozen=True):
    """The user that the key stands for: the owner."""

    id: int
    name: str = field(name="displayName", default="")
    created_at: str | None = field(name="createdAt", default=None)


def identify(transport: ServerTransport, url: str) -> ServerInfo:
    """Say who answers, in four calls.

    Raises:
        UnavailableError: also when the server has never been set up.
        RefusedError: the key is not accepted.
    """
    public, product, version = _look(transport, url)
    me = transport.read("/auth/me", _Me)
    return ServerInfo(
        product=product,
        version=version,
        identity=_identity(me, url),
        user=one_line(me.name),
        movie_4k=public.movie_4k,
        series_4k=public.series_4k,
    )


def name_of(transport: ServerTransport, url: str) -> str:
    """Say what answers, such as `Seerr 3.1.0`; no key is needed for that.

    Raises:
        UnavailableError: also when the server has never been set up.
    """
    _, product, version = _look(transport, url)
    return f"{product.value} {version}"


def product_of(transport: ServerTransport, url: str) -> Product:
    """Say which of the three answers; raises as `name_of` does."""
    return _look(transport, url)[1]


def _look(transport: ServerTransport, url: str) -> tuple[_Public, Product, str]:
    """Ask for what everybody may read, in three calls."""
    public = transport.read("/settings/public", _Public)
    if not public.initialized:
        raise transport.errors.unavailable(f"has not been set up yet: open {url} and finish that")
    version = one_line(transport.read("/status", _Status).version, 40)
    return public, _product(_read_root(transport), public, version), version


def _read_root(transport: ServerTransport) -> str:
    """Read how the API calls itself; some proxies hide the root, which is no reason to stop."""
    response = transport.get("/", also={401, 403, 404})
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


def _identity(me: _Me, url: str) -> str:
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


class SameServer:
    """Whether it is still the server that was identified, for who is about to change something."""

    def __init__(self, transport: ServerTransport, url: str) -> None:
        self._transport = transport
        self._url = url
        self._identity = ""

    def identify(self) -> ServerInfo:
        """Say who answers, and know it; raises as `identify` does."""
        self._transport.presence.trust()
        info = identify(self._transport, self._url)
        self._identity = info.identity
        return info

    def check(self) -> None:
        """Look, where another may have come in its place since: one call.

        Raises:
            UnavailableError: another one answers, or none.
        """
        presence = self._transport.presence
        if not self._identity or not presence.may_be_another:
            return
        presence.trust()  # before: what fails meanwhile, in another thread too, is in doubt again
        me = self._transport.read("/auth/me", _Me)
        if _identity(me, self._url) != self._identity:
            presence.doubt()
            raise self._transport.errors.unavailable(
                "another server answers by now than at the start of this sync"
            )


OWNER = 1
"""The user that the key acts as. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live."""
_MOST_PAGES = 100
_BIGGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Actor:
    """The user in whose name requests are made."""

    id: int
    name: str
    permissions: int | None = None


class _User(ResponseShape, frozen=True, rename="camel"):
    id: int
    display_name: str | None = None
    username: str | None = None
    plex_username: str | None = None
    jellyfin_username: str | None = None
    email: str | None = None
    permissions: int | None = None

    @property
    def names(self) -> set[str]:
        """All that the user may be called by, folded."""
        names = (self.username, self.plex_username, self.jellyfin_username, self.email)
        return {name.strip().casefold() for name in (self.display_name, *names) if name}

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.shown, self.permissions)

    @property
    def shown(self) -> str:
        """A name that may stand in a log; an e-mail address may not."""
        name = self.display_name or self.username or f"user {self.id}"
        return one_line(f"user {self.id}" if "@" in name else name, 60)


class Users:
    """Finds users by what they are called, each once; any thread may ask."""

    def __init__(self, transport: ServerTransport) -> None:
        self._transport = transport
        self._all: tuple[_User, ...] | None = None
        self._found: dict[str, Actor | str] = {}
        self._finding = threading.Lock()

    def all(self) -> tuple[Actor, ...]:
        """Give all users; they are read once."""
        with self._finding:
            return tuple(user.actor for user in self._read())

    @property
    def found_ids(self) -> frozenset[int]:
        """Which users were asked for, and exist."""
        with self._finding:
            return frozenset(one.id for one in self._found.values() if isinstance(one, Actor))

    def find(self, wanted: str | int) -> Actor:
        """Find the user called *wanted*, a name or an id.

        The id must be a real one before it is sent: a header X-API-User that is no number ends
        the server's process. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.

        Raises:
            WrongAskingError: there is no such user, or there are several.
        """
        name = str(wanted).strip()
        with self._finding:
            if name not in self._found:
                self._found[name] = self._look_up(name)
            found = self._found[name]
        if isinstance(found, str):
            raise self._transport.errors.wrong_asking(found)
        return found

    def _look_up(self, name: str) -> Actor | str:
        """Look a user up; a text says why there is not one."""
        if name.isascii() and name.isdigit():
            return self._by_id(int(name[:12]))
        users = self._read()
        found = [user for user in users if name.casefold() in user.names]
        if len(found) == 1:
            return found[0].actor
        return _not_one(name, found, users)

    def _read(self) -> tuple[_User, ...]:
        if self._all is None:
            self._all = tuple(_read_users(self._transport))
        return self._all

    def _by_id(self, user_id: int) -> Actor | str:
        if 1 <= user_id <= _BIGGEST_ID:
            response = self._transport.get(f"/user/{user_id}", also={404})
            if response.status == 200:
                return self._transport.errors.read(response, _User, "a user").actor
        return f"there is no user {user_id}"


def _read_users(transport: ServerTransport) -> Iterator[_User]:
    for page, _ in pages_of(transport, "/user", most=_MOST_PAGES):
        yield from readable(page.results, _User)


def _not_one(wanted: str, found: Iterable[_User], users: Iterable[_User]) -> str:
    import difflib  # noqa: PLC0415 - most users are found

    shown = one_line(wanted, 60)
    several = ", ".join(f"{user.shown} (id {user.id})" for user in found)
    if several:
        return f"several users are called {shown!r}: {several}; use the id"
    by_name = {name: user for user in users for name in user.names}
    near = (
        difflib.get_close_matches(wanted.casefold(), by_name, n=5, cutoff=0.5) or list(by_name)[:5]
    )
    names = ", ".join(dict.fromkeys(by_name[name].shown for name in near))
    return f"there is no user {shown!r}; the nearest are: {names}"


class _Permission(IntFlag):
    """Bits of a user's permissions. Source: the code of the three servers."""

    ADMIN = 2
    REQUEST = 32
    REQUEST_4K = 1024
    REQUEST_4K_MOVIE = 2048
    REQUEST_4K_TV = 4096
    REQUEST_MOVIE = 262144
    REQUEST_TV = 524288


_ENOUGH = {
    (MediaType.MOVIE, False): _Permission.REQUEST | _Permission.REQUEST_MOVIE,
    (MediaType.TV, False): _Permission.REQUEST | _Permission.REQUEST_TV,
    (MediaType.MOVIE, True): _Permission.REQUEST_4K | _Permission.REQUEST_4K_MOVIE,
    (MediaType.TV, True): _Permission.REQUEST_4K | _Permission.REQUEST_4K_TV,
}
"""Any of these bits is enough, and ADMIN for everything."""


class _Quota(ResponseShape, frozen=True):
    """One kind's quota; without a limit `limit` is 0 or missing, and so it is for managers."""

    limit: int | None = None
    remaining: int | None = None
    days: int | None = None


class _Quotas(ResponseShape, frozen=True):
    """Quota of series counts seasons; of both kinds 4K counts as well as not."""

    movie: _Quota | None = None
    tv: _Quota | None = None


def allowance_of(transport: ServerTransport, actor: Actor | None) -> Allowance:
    """Read what *actor* may request; the owner, who may do everything, costs no call.

    Raises:
        UnavailableError, RefusedError, ResponseChangedError: it cannot be read.
    """
    if actor is None or actor.id == OWNER:
        return UNLIMITED
    quotas = transport.read(f"/user/{actor.id}/quota", _Quotas)
    return Allowance(
        user_id=actor.id,
        name=actor.name,
        permitted=_permitted(actor.permissions),
        quotas=dict(_limited(quotas)),
    )


def forbidden_kinds(actor: Actor) -> tuple[MediaType, ...]:
    """Name the kinds of titles that *actor* may not request at all, as far as that is known."""
    permitted = None if actor.id == OWNER else _permitted(actor.permissions)
    if permitted is None:
        return ()
    return tuple(kind for kind in MediaType if (kind, False) not in permitted)


def _permitted(permissions: int | None) -> frozenset[tuple[MediaType, bool]] | None:
    if permissions is None:
        return None
    return frozenset(
        what for what, enough in _ENOUGH.items() if permissions & (enough | _Permission.ADMIN)
    )


def _limited(quotas: _Quotas) -> Iterator[tuple[MediaType, Quota]]:
    for kind, quota in ((MediaType.MOVIE, quotas.movie), (MediaType.TV, quotas.tv)):
        if quota is not None and quota.limit and quota.remaining is not None:
            yield kind, Quota(limit=quota.limit, remaining=quota.remaining, days=quota.days)
