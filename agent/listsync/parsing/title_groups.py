"""Which parts of a document are lists of titles, and what their names say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.parsing.columns import field_of, plain_name
from listsync.parsing.decoding import imdb_id
from listsync.parsing.kinds import soft_kind_of

_OF_TITLES = (
    r"(?:already|ive|i|my|movies?|films?|filme|shows?|series|serien|tv|titles?|list|items?)*"
)
_DONE = re.compile(
    rf"{_OF_TITLES}(?:watched|seen|viewed|(?:watch|viewing)?history|complete[d]?|finished|done|diary"
    r"|dropped|abandoned|stopped|ignored?|ignorelist|excluded?|excludes|exclusions?|blacklist(?:ed)?"
    r"|blocklist(?:ed)?|blocked|hidden|skip(?:ped)?|not(?:interested|wanted)|dontwant|unwanted"
    r"|removed|deleted|archived?|trash|rejected|disliked?|rated|ratings|owned|collected|have"
    r"|gesehen|geschaut|abgebrochen|vus?|abandonnes?|vist[oaei]s?|abandonad[oa]s?|abbandonat[oaie]"
    rf"|bekeken|gezien|obejrzane|porzucone|просмотрен[оы]|просмотренное|брошен[оы]|看过|弃剧){_OF_TITLES}"
)
_ADVICE = re.compile(r"recommend\w*|suggest\w*|similar\w*|related\w*|trending|popular|upcoming")
_OWN = re.compile(r"fav(?:ou?rites?|s)?|bookmarks|library|collections?|playlists?|likes|liked")
_TO_WATCH = re.compile(
    r"\w*(?:to|planto|wantto)watch\w*|watchlists?|want(?:ed)?|plan(?:ned|ning|towatch)?|queue|backlog"
    r"|todo|unwatched|unseen"
)
_PARTS = ("movie", "film", "show", "series")
_MOST_NAMES = 1000
_SURE = ("year", "date", "imdb", "tmdb", "tvdb", "guids")
SAYS_MORE = (*_SURE, "kind", "season")
_DATED = re.compile(r"\((?:18|19|20)\d\d\)\s*$")
_NO_LISTS = frozenset(
    (
        *("cast", "crew", "guests", "gueststars", "actors", "directors", "writers", "people"),
        *("persons", "users", "members", "seasons", "episodes", "networks", "companies"),
        *("genres", "images", "reviews", "comments", "actions", "notifications"),
    )
)


class UnreadList(NamedTuple):
    """A list of *size* titles that is not read. `is_loss`: it may hold some that are wanted."""

    name: str
    size: int
    is_loss: bool

    @property
    def why(self) -> str:
        """What is said of it."""
        if not self.is_loss:
            return f"a list of {self.size:,} titles that are not wanted, by its name"
        why = f"a list of {self.size:,} titles beside those that are read"
        return f"{why}; `rows` of a `custom` list says where titles are"


def is_done(name: str) -> bool:
    """Tell a list of what was seen, or is not wanted, beside one of what is."""
    return _DONE.fullmatch(plain_name(name)) is not None


def is_advice(name: str) -> bool:
    """Tell what a service shows beside a list, of which nobody has said that they want it."""
    return _ADVICE.fullmatch(plain_name(name)) is not None


def is_of_own_kind(name: str) -> bool:
    """Tell a list that means something else than what is to be watched."""
    return _OWN.fullmatch(plain_name(name)) is not None or is_advice(name)


def may_be_list(name: str) -> bool:
    return plain_name(name) not in _NO_LISTS


def may_be_wanted(name: str) -> bool:
    """Tell a list, also an empty one, that is plainly of what is to be watched."""
    return _TO_WATCH.fullmatch(plain_name(name)) is not None


def is_known(value: object) -> bool:
    """Tell a title that has its year or an id beside it."""
    if not isinstance(value, dict) or not is_title(value):
        return False
    return any(field_of(plain_name(name)) in _SURE for name in value)


def is_title(value: object) -> bool:
    """Tell an object that names a title and says more of it."""
    if not isinstance(value, dict) or len(value) > _MOST_NAMES:
        return False
    fields = {field_of(plain_name(name)) for name in value}
    return ("title" in fields or "name" in value) and not fields.isdisjoint(SAYS_MORE)


def said_to_be(row: object, kind: str) -> object:
    if isinstance(row, str):
        return {"title": row, "kind": kind}
    return {"kind": kind, **row} if isinstance(row, dict) else row


def says_title(value: object) -> bool:
    if isinstance(value, str):
        return imdb_or_dated(value)
    parts = (value.get(name) for name in _PARTS) if isinstance(value, dict) else ()
    return is_known(value) or any(map(is_known, parts))


def cards_of(
    cards: list[object], lists: list[object]
) -> Iterator[tuple[object, MediaType | None]]:
    """Read the cards of a board; the names of its lists say what those on them are."""
    named = {one.get("id"): str(one.get("name")) for one in lists if isinstance(one, dict)}
    under = [(one, named.get(one.get("idList"), "")) for one in cards if isinstance(one, dict)]
    has_wanted = any(not is_done(name) for _, name in under)
    left = dict[str, int]()
    for card, name in under:
        kind = soft_kind_of(name)
        if has_wanted and is_done(name):
            left[name] = left.get(name, 0) + 1
        else:
            yield said_to_be(card, name) if kind.unwanted else card, kind.media
    yield from ((UnreadList(name, count, False), None) for name, count in left.items())


def imdb_or_dated(value: object) -> bool:
    """Tell a text that is an id, or a title with its year."""
    is_text = isinstance(value, str)
    return is_text and bool(imdb_id(value) or _DATED.search(str(value)[-20:]))
