"""Whose watchlist at the request server the user means."""

from __future__ import annotations

import re

from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import foreign, service_at

SERVICE = "seerr"
FORMS = (
    "watchlist (of the user as whom its titles are requested, or else of the key's owner)",
    "watchlist/user (a user of the server: name, e-mail address or id)",
)
_WATCHLIST = "watchlist"
_LONGEST = 200
_PAGE = re.compile(r"https?://[^/?#]+(?:/[^?#]*)?/users/(\d+)/watchlist(?:[/?#].*)?", re.ASCII)
_OWN_PAGE = re.compile(
    r"https?://[^/?#]+(?:/[^?#]*)?/(?:profile|discover)/watchlist(?:[/?#].*)?", re.ASCII
)
_ELSEWHERE = (
    "is an address, and listsync reads the watchlists of the server in server.url: write {}"
)


@dataclass(frozen=True, slots=True)
class SeerrSource:
    """The watchlist of one user, a name or an id; None: of the owner of the server's key."""

    user: str | None = None

    def __str__(self) -> str:
        return _WATCHLIST if self.user is None else f"{_WATCHLIST}/{self.user}"

    def requested_as(self, user: str | int | None) -> SeerrSource:
        """Take *user* where the list names nobody."""
        return self if self.user is not None or user is None else SeerrSource(str(user))


def parse(text: str) -> SeerrSource:
    """Read what the user wrote after `seerr:`; a ValueError lists the accepted forms."""
    value = text.strip()
    first, slash, user = value.partition("/")
    if first.lower() == _WATCHLIST and not slash:
        return SeerrSource()
    user = user.strip()
    if first.lower() == _WATCHLIST and user.isprintable() and 0 < len(user) <= _LONGEST:
        return SeerrSource(user)
    raise ValueError(f"{_why_not(value)}; accepted: {', '.join(FORMS)}")


def _why_not(value: str) -> str:
    if service_at(value) and (whose := foreign(value, SERVICE)):
        return whose
    page = _PAGE.fullmatch(value)
    if page or _OWN_PAGE.fullmatch(value):
        return f"{value!r} {_ELSEWHERE.format(f'watchlist/{page[1]}' if page else 'watchlist')}"
    return f"{value!r} is no watchlist of the request server"
