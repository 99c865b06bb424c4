"""What Radarr and Sonarr have: import lists and exclusions.

Source: `ImportLists/` and `Exclusions/` of Radarr and Sonarr (develop), read 2026-11: a list is
named by its `implementation`, and what it is made of by `fields`; enumerations are numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Literal

import msgspec

from listsync.config.values import SERVICES
from listsync.config_types import SecretStr
from listsync.domain.media import MediaType
from listsync.domain.transfers import ImportApp
from listsync.importers.plan import MovedList, MovePlan
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import recognise
from listsync.redaction import without_secrets
from listsync.terminal.output import plural
from listsync.text_cleaning import one_line

App = Literal["radarr", "sonarr"]
_EXCLUSIONS = {"radarr": "exclusions", "sonarr": "importlistexclusion"}
_KINDS = {"radarr": MediaType.MOVIE, "sonarr": MediaType.TV}
_WORDS = {"radarr": "movies", "sonarr": "shows"}
_CHARTS: Mapping[str, tuple[str, ...]] = {
    "radarr": (
        *("trending:movies", "popular:movies", "anticipated:movies", "boxoffice:movies"),
        *("watched:movies:weekly", "watched:movies:monthly", "watched:movies:yearly"),
        *("watched:movies:all", "favorited:movies:weekly", "favorited:movies:monthly"),
        *("favorited:movies:yearly", "favorited:movies:all"),
    ),
    "sonarr": (
        *("trending:shows", "popular:shows", "anticipated:shows", "watched:shows:weekly"),
        *("watched:shows:monthly", "watched:shows:yearly", "watched:shows:all"),
        *("favorited:shows:weekly", "favorited:shows:monthly", "favorited:shows:yearly"),
        "favorited:shows:all",
    ),
}
_OF_USER = ("watchlist", "watched", "collection")
_TMDB_CHARTS = {1: "now-playing", 2: "popular", 3: "top-rated", 4: "upcoming"}
_IMDB_NAMES = {"top250": "top", "popular": "moviemeter"}
_STEVENLU = {1: "imdb-min", 2: "metacritic-min", 3: "rottentomatoes-min"}
_ADDRESSES = ("listurl", "url", "link", "baseurl")
_IMPLEMENTATION = re.compile(r"(?:Import|List)+$")
_MOST_NUMBER = 2_147_483_647


class _Field(msgspec.Struct):
    name: str
    value: object = None


class _ImportList(msgspec.Struct, rename="camel"):
    """A list; whether it adds by itself, each says in another word."""

    name: str = ""
    implementation: str = ""
    enabled: bool = True
    enable_auto: bool = True
    enable_automatic_add: bool = True
    fields: tuple[_Field, ...] = ()


class _Exclusion(msgspec.Struct, rename="camel"):
    tmdb_id: int = 0
    tvdb_id: int = 0


def plan_of_arr(app: App, address: str, key: SecretStr) -> MovePlan:
    """Ask Radarr or Sonarr at *address*.

    Raises:
        ListsyncError: it does not answer, refuses the key, or is something else.
    """
    from listsync.transfers.arr_client import ArrClient  # noqa: PLC0415 - brings httpx

    with closing(ArrClient(ImportApp(app), address, key)) as client:
        lists = client.get("importlist", tuple[_ImportList, ...])
        exclusions = client.get(_EXCLUSIONS[app], tuple[_Exclusion, ...])
    return plan_of_lists(app, lists, exclusions)


def plan_of_lists(
    app: App, lists: Iterable[_ImportList], exclusions: Iterable[_Exclusion]
) -> MovePlan:
    """Put what was read into our words."""
    moved, left = list[MovedList](), list[str]()
    for one in lists:
        result = _moved(app, one)
        if isinstance(result, MovedList):
            moved.append(result)
        else:
            name = without_secrets(one_line(one.name))  # often the address of the list
            left.append(f'the list "{name}" ({one_line(one.implementation)}): {result}')
    excluded = tuple(_excluded(exclusions))
    found = (
        f"{app.capitalize()}: {plural(len(moved) + len(left), 'import list')}, "
        f"{plural(len(excluded), 'exclusion')}"
    )
    return MovePlan(found=(found,), lists=tuple(moved), exclude=excluded, left=tuple(left))


def _excluded(exclusions: Iterable[_Exclusion]) -> Iterator[str]:
    for one in exclusions:
        if 0 < one.tmdb_id <= _MOST_NUMBER:
            yield f"tmdb:movie/{one.tmdb_id}"
        elif 0 < one.tvdb_id <= _MOST_NUMBER:
            yield f"tvdb:{one.tvdb_id}"


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one list, by their names in any case."""

    values: Mapping[str, object]

    def text(self, name: str) -> str:
        value = self.values.get(name.lower())
        return "" if value is None else str(value).strip()

    def number(self, name: str) -> int:
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _moved(app: App, one: _ImportList) -> MovedList | str:
    """Give the list, or why it is not taken over."""
    if not (one.enabled and one.enable_auto and one.enable_automatic_add):
        return "is switched off there"
    fields = _Fields({field.name.lower(): field.value for field in one.fields})
    named = _named(app, one.implementation, fields) or _by_address(fields)
    if named is None:
        kind = _IMPLEMENTATION.sub("", one.implementation) or "such"
        return f"{one_line(kind)} lists are not read here"
    service, text = named
    try:
        SERVICES[service](text)
    except ValueError as error:
        return without_secrets(str(error))
    limit = fields.number("limit")
    options = [("kind", _KINDS[app].value)]
    if service == "trakt" and limit > 0:
        options.append(("limit", str(limit)))
    return MovedList(service, text, tuple(options))


_Name = Callable[[App, _Fields], tuple[str, str] | None]


def _named(app: App, implementation: str, fields: _Fields) -> tuple[str, str] | None:
    name = _NAMED.get(implementation.lower())
    return name(app, fields) if name else None


def _by_address(fields: _Fields) -> tuple[str, str] | None:
    """Find a list that a service of ours reads behind an address."""
    for name in _ADDRESSES:
        form = recognise(address) if (address := fields.text(name)) else None
        if form is not None and form.provider in SERVICES:
            return form.provider, address.removesuffix("/").removesuffix("/json")
    return None


def _trakt_list(_app: App, fields: _Fields) -> tuple[str, str] | None:
    user, name = fields.text("username"), fields.text("listname")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return ("trakt", f"{user}/lists/{slug}") if user and slug else None


def _trakt_user(app: App, fields: _Fields) -> tuple[str, str] | None:
    which = fields.number("traktListType")
    if not 0 <= which < len(_OF_USER):
        return None
    return "trakt", f"{fields.text('username') or 'me'}/{_OF_USER[which]}/{_WORDS[app]}"


def _trakt_chart(app: App, fields: _Fields) -> tuple[str, str] | None:
    which, charts = fields.number("traktListType"), _CHARTS[app]
    return ("trakt", charts[which]) if 0 <= which < len(charts) else None


def _imdb(_app: App, fields: _Fields) -> tuple[str, str] | None:
    name = fields.text("listId")
    return ("imdb", _IMDB_NAMES.get(name.lower(), name)) if name else None


def _tmdb(prefix: str, field: str, suffix: str = "") -> _Name:
    def name(_app: App, fields: _Fields) -> tuple[str, str] | None:
        number = fields.number(field)
        return ("tmdb", f"{prefix}/{number}{suffix}") if number > 0 else None

    return name


def _tmdb_chart(app: App, fields: _Fields) -> tuple[str, str] | None:
    chart = _TMDB_CHARTS.get(fields.number("tMDbListType"))
    return ("tmdb", f"{_KINDS[app].value}/{chart}") if chart else None


def _plex(_app: App, _fields: _Fields) -> tuple[str, str]:
    return "plex", "watchlist"


def _stevenlu(_app: App, fields: _Fields) -> tuple[str, str] | None:
    link = fields.text("link")
    return ("stevenlu", link) if link else None


def _stevenlu_scores(_app: App, fields: _Fields) -> tuple[str, str] | None:
    score, word = fields.number("minScore"), _STEVENLU.get(fields.number("source"))
    if word is None:
        return "stevenlu", "popular"
    return "stevenlu", f"movies-{word}{score}{'' if word.startswith('imdb') else '0'}"


_NAMED: Mapping[str, _Name] = {
    "traktlistimport": _trakt_list,
    "traktuserimport": _trakt_user,
    "traktpopularimport": _trakt_chart,
    "imdblistimport": _imdb,
    "tmdblistimport": _tmdb("list", "listId"),
    "tmdbcollectionimport": _tmdb("collection", "collectionId"),
    "tmdbkeywordimport": _tmdb("keyword", "keywordId", "/movie"),
    "tmdbcompanyimport": _tmdb("company", "companyId", "/movie"),
    "tmdbpopularimport": _tmdb_chart,
    "pleximport": _plex,
    "stevenluimport": _stevenlu,
    "stevenlu2import": _stevenlu_scores,
}
