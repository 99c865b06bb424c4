"""Which Letterboxd list the user means, and where it is found."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from listsync.config_types import AtOnce, Pace, PageOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters, instead_of
from listsync.parsing.address_forms import AddressForm, foreign, is_address, recognise


class LetterboxdOptions(PageOptions, frozen=True, kw_only=True):
    """How Letterboxd is read; there is nothing to log in to."""

    base_url: WebAddress = "https://letterboxd.com"
    # Clients that asked more were turned away; those that ask so are served (October 2026).
    at_once: AtOnce = 3
    pace_s: Pace = 0.35
    film_pages: Annotated[
        int,
        Meta(ge=0, le=5000),
        "How many pages of films not seen before are read for ids, a list and run.",
    ] = 50
    chart_films: Annotated[
        int, Meta(ge=1, le=10000), "How many films of films/popular are read."
    ] = 500


SERVICE = "letterboxd"
FORMS = (
    "user/list/list-name",
    "user/watchlist",
    "user/films",
    "user/likes/films",
    "user/diary (or user/diary/for/2026)",
    "films/popular (or films/popular/this/week, month, year)",
    "films/in/collection-name",
    "director/name (actor, writer, studio, producer, composer, cinematography)",
    "film/name",
    "each of them as an address of letterboxd.com, or https://boxd.it/abc",
)
_PATHS = {  # where the plain view of each kind is, by the names of parsing/address_forms
    "film": "film/{id}",
    "popular": "films/popular",
    "collection": "films/in/{id}",
    "person": "{role}/{id}",
    "list": "{user}/list/{id}",
    "likes": "{user}/likes/films",
    "diary": "{user}/films/diary",
    "watchlist": "{user}/watchlist",
    "films": "{user}/films",
}
_NO_USERS = (
    *("about", "apps", "crew", "film", "films", "journal", "list", "lists", "members", "search"),
    *("people", "reviews", "settings", "tag", "tags", "actor", "director", "writer", "studio"),
    *("producer", "composer", "cinematography"),
)
_SHORT_DIARY = re.compile(r"^([^/]+)/diary(?=/|$)")
_DAYS = re.compile(r"/for/\d{4}(?:/\d{2}){0,2}(?=/|$)", re.ASCII)
_PAGE = re.compile(r"(?:/page/\d+)?/?", re.ASCII)
_NOT_OTHERS = re.compile(r"(?!/(?:similar|lists)(?:/|$)).*")  # of a film, and of no other one
_VIEWS = ("genre", "decade", "year", "language", "country", "on", "rated", "size", "tag")
_VIEW = re.compile(r"(?:/detail|/by/[a-z0-9-]+)*(?:/page/\d+)?/?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterboxdSource:
    """One list. `path` is its place on the site; the token of an unlisted list is only there.

    `kind` is one of those in `parsing/address_forms`; a "short" link says only by following it
    what it is.
    """

    kind: str
    name: str
    path: str = field(repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def user(self) -> str | None:
        """The member whose page it is."""
        owned = self.kind in ("list", "likes", "diary", "watchlist", "films")
        return self.path.partition("/")[0] if owned else None


def parse(text: str) -> LetterboxdSource:
    """Read what the user wrote after `letterboxd:`; a ValueError lists the accepted forms."""
    source = find(text)
    if source is None:
        why = foreign(text.strip(), SERVICE) or f"{text!r} is no list of Letterboxd"
        if view := _view_in(text):
            why += f", but a part of one: leave {'/'.join(view)} out; {instead_of(view[:1])}"
        raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")
    demand_no_filters(text, SERVICE)
    return source


def _view_in(text: str) -> list[str]:
    """Give what makes an address a view that leaves films out: `genre`, `horror`; or nothing."""
    words = [word for word in urlsplit(text.strip()).path.lower().split("/") if word]
    found = [n for n, word in enumerate(words[:-1]) if word in _VIEWS]
    return words[found[-1] : found[-1] + 2] if found else []


def find(text: str) -> LetterboxdSource | None:
    """Read a form or an address; None when it is neither, or a view that leaves films out.

    Orders (`by/...`), pages and the detailed view are dropped: it is the same list. A filter is
    not, because without it the list would be longer than what the user sees.
    """
    value = text.strip()
    address = value if is_address(value) else f"letterboxd.com/{value.lstrip('/')}"
    form = recognise(address)
    if form is None or form.provider != SERVICE or form.groups.get("user") in _NO_USERS:
        return None
    if form.kind == "short":
        name = f"boxd.it/{form.groups['id']}"
        return LetterboxdSource(kind=form.kind, name=name, path=name)
    return _from_address(form, address)


def _from_address(form: AddressForm, address: str) -> LetterboxdSource | None:
    full = address if "://" in address else f"https://{address}"
    place = _SHORT_DIARY.sub(r"\1/films/diary", urlsplit(full).path.strip("/"), count=1)
    path = _PATHS[form.kind].format_map(form.groups)
    if "period" in form.groups:
        path += f"/this/{form.groups['period']}"
    rest = place[len(path) :]
    days = _DAYS.match(rest) if form.kind == "diary" else None
    if days:
        path, rest = path + days[0], rest[days.end() :]
    name = path.replace("/films/diary", "/diary")
    if "share" in form.groups:
        path += f"/share/{form.groups['share']}"
        rest = place[len(path) :]
    view = _PAGE if form.kind == "popular" else _VIEW
    if not (_NOT_OTHERS if form.kind == "film" else view).fullmatch(rest):
        return None
    if "user" in form.groups:  # names are the same in capitals
        user = form.groups["user"].lower()
        name, path = user + name[len(user) :], user + path[len(user) :]
    return LetterboxdSource(kind=form.kind, name=name, path=path)
