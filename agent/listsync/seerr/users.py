"""In whose name requests are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import Field, OnErrorOmit, ValidationError

from listsync.errors import Refusal, RefusedError
from listsync.options import Answer
from listsync.seerr.identity import read
from listsync.seerr.trouble import Trouble
from listsync.seerr.wire import Wire
from listsync.seerr.words import clean

PAGE = 1000
"""Without `take`, the server answers with the first ten users only."""
_MOST_PAGES = 100
_BIGGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Actor:
    """The user in whose name requests are made."""

    id: int
    name: str


class _User(Answer):
    id: int
    display_name: str | None = Field(default=None, alias="displayName")
    username: str | None = None
    plex_username: str | None = Field(default=None, alias="plexUsername")
    jellyfin_username: str | None = Field(default=None, alias="jellyfinUsername")
    email: str | None = None

    @property
    def names(self) -> set[str]:
        """All that the user may be called by, folded."""
        names = (self.username, self.plex_username, self.jellyfin_username, self.email)
        return {name.strip().casefold() for name in (self.display_name, *names) if name}

    @property
    def shown(self) -> str:
        """A name that may stand in a log; an e-mail address may not."""
        name = self.display_name or self.username or f"user {self.id}"
        return clean(f"user {self.id}" if "@" in name else name, 60)


class _Users(Answer):
    class Info(Answer):
        results: int

    info: Info = Field(alias="pageInfo")
    results: list[OnErrorOmit[_User]]


def find_actor(wire: Wire, act_as: str | int) -> Actor:
    """Find the user *act_as*, a name or an id.

    The id must be a real one before it is sent: a header X-API-User that is no number ends the
    server's process. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.

    Raises:
        RefusedError: there is no such user, or there are several.
    """
    wanted = str(act_as).strip()
    if wanted.isascii() and wanted.isdigit():
        return _actor_by_id(wire, int(wanted[:12]))
    users = list(_read_users(wire))
    found = [user for user in users if wanted.casefold() in user.names]
    if len(found) == 1:
        return Actor(found[0].id, found[0].shown)
    raise _not_one(wire.trouble, wanted, found, users)


def _actor_by_id(wire: Wire, user_id: int) -> Actor:
    if 1 <= user_id <= _BIGGEST_ID:
        response = wire.get(f"/user/{user_id}", also={404})
        if response.status_code == 200:
            try:
                user = _User.model_validate_json(response.content)
            except ValidationError as error:
                raise wire.trouble.changed("a user", response.content) from error
            return Actor(user.id, user.shown)
    raise wire.trouble.refused(Refusal.NOT_FOUND, f"server.act_as: there is no user {user_id}")


def _read_users(wire: Wire) -> Iterator[_User]:
    for number in range(_MOST_PAGES):
        page = read(wire, f"/user?take={PAGE}&skip={number * PAGE}", _Users)
        yield from page.results
        if (number + 1) * PAGE >= page.info.results:
            return


def _not_one(
    trouble: Trouble, wanted: str, found: Iterable[_User], users: Iterable[_User]
) -> RefusedError:
    shown = clean(wanted, 60)
    several = ", ".join(f"{user.shown} (id {user.id})" for user in found)
    if several:
        why = f"server.act_as: several users are called {shown!r}: {several}; use the id"
        return trouble.refused(Refusal.NOT_FOUND, why)
    by_name = {name: user for user in users for name in user.names}
    near = get_close_matches(wanted.casefold(), by_name, n=5, cutoff=0.5) or list(by_name)[:5]
    names = ", ".join(dict.fromkeys(by_name[name].shown for name in near))
    why = f"server.act_as: there is no user {shown!r}; the nearest are: {names}"
    return trouble.refused(Refusal.NOT_FOUND, why)
