"""Feeds: RSS 0.9 to 2.0 and Atom, item by item, and what an item says of its title.

Sources: the RSS of Letterboxd (2025), Plex (2026) and what Radarr's RSS lists expect (2025-11):
the number at TMDB, or an address at IMDb, as `guid`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from xml.parsers import expat

from listsync.errors import ResponseChangedError
from listsync.parsing.address_forms import title_at
from listsync.parsing.columns import kind_of, place_of
from listsync.parsing.decoding import number_id
from listsync.parsing.list_lines import DATED
from listsync.parsing.season_cells import parted_title
from listsync.providers.custom.source import SERVICE
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.files.local_file import Bytes

Item = dict[str, object]

_FEED = re.compile(r"<(?:\?xml|rss|feed|rdf:RDF|atom:feed)\b", re.IGNORECASE)
_PAGE = re.compile(r"<!doctype html|<html\b", re.IGNORECASE)
_PIECE = 64 * 1024
_LARGEST_PART = 1024 * 1024
"""Bytes of one tag or comment, which are looked through again with each piece that comes."""
_LONGEST = 4000
_MOST_NAMES = 60
_DEEPEST = 100
_ROOTS = ("rss", "feed", "rdf")
_ITEMS = ("item", "entry")
_SCHEME = re.compile(
    r"\b(imdb|tmdb|tvdb)://(?:(movie|show|tv|series)/)?(tt\d{7,10}|\d{1,9})", re.IGNORECASE
)
_IMDB = re.compile(r"(?<![A-Za-z0-9])tt\d{7,10}(?!\d)")
_TMDB = re.compile(r"themoviedb\.org/(movie|tv)/(\d{1,9})(?!\d)")
_PLACES = ("guid", "id", "link", "comments")
_WORDS = ("description", "summary", "content", "encoded")


def is_feed(start: str) -> bool:
    """Tell XML by how it begins; whether it is a feed, its first element says."""
    return _FEED.match(start) is not None and not _PAGE.search(start[:2000])


def items_of(data: Bytes) -> Iterator[Item]:
    """Yield what each item holds: its elements by their names, with and without a prefix.

    Raises:
        ResponseChangedError: it is no feed, no XML, or XML that would grow.
    """
    reading = _Reading()
    for at in range(0, len(data), _PIECE):
        yield from reading.read(data[at : at + _PIECE])
    yield from reading.read(b"", is_last=True)


class _Reading:
    """Reads one feed; nothing outside it is looked at, whatever it refers to."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.EntityDeclHandler = self._entity
        self._size = 0
        self._path: list[str] = []
        self._item: Item | None = None
        self._item_depth = 0
        self._text: list[str] = []
        self._done: list[Item] = []

    def read(self, piece: bytes, *, is_last: bool = False) -> list[Item]:
        """Read on; gives the items that ended."""
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            what = one_line(expat.ErrorString(error.code))
            where = f"line {error.lineno}, column {error.offset + 1}"
            why = f"the feed is no well-formed XML: {what} ({where})"
            raise ResponseChangedError(SERVICE, why) from error
        except (ValueError, LookupError) as error:
            why = f"the feed is in letters that cannot be read: {one_line(str(error))}"
            raise ResponseChangedError(SERVICE, why) from error
        self._size += len(piece)
        if self._size - self._parser.CurrentByteIndex > _LARGEST_PART:
            raise ResponseChangedError(SERVICE, "one tag of the feed is larger than any; not read")
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        depth = len(self._path)
        if depth == 1 and _local(name).lower() not in _ROOTS:
            why = f"this XML is no feed (RSS, Atom): it begins with <{one_line(name, 60)}>"
            raise ResponseChangedError(SERVICE, why)
        if depth > _DEEPEST:
            raise ResponseChangedError(SERVICE, "the feed is nested too deep; not read")
        if self._item is None and _local(name) in _ITEMS:
            self._item, self._item_depth = {}, depth
        elif self._item is not None and depth == self._item_depth + 1:
            self._text = [_attribute(attributes)]

    def _data(self, text: str) -> None:
        if self._item is not None and sum(map(len, self._text)) < _LONGEST:
            self._text.append(text[:_LONGEST])

    def _end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._item is None:
            return
        if depth == self._item_depth:
            self._done.append(self._item)
            self._item = None
        elif depth == self._item_depth + 1 and len(self._item) < _MOST_NAMES:
            text = ("".join(self._text[1:]).strip() or self._text[0])[:_LONGEST]
            for called in (name, _local(name)):
                if text and not self._item.get(called):
                    self._item[called] = text

    def _entity(self, *_: object) -> None:
        why = "the feed declares entities of its own, which no list needs; not read"
        raise ResponseChangedError(SERVICE, why)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _attribute(attributes: Mapping[str, str]) -> str:
    """Give what an element says that has no text: Atom's links and categories."""
    is_other = attributes.get("rel", "alternate") != "alternate"
    return "" if is_other else attributes.get("href") or attributes.get("term") or ""


def row_of(item: Item) -> Item:
    """Say by the usual names what an item says of its title."""
    row: Item = {name: value for name, value in item.items() if _is_usual(name)}
    texts = {name: str(value) for name, value in item.items()}
    title, season = parted_title(texts.get("title", ""))
    dated = DATED.fullmatch(title)
    row["title"] = texts.get("filmTitle") or (dated["title"] if dated else title)
    row["season"] = season
    row["year"] = texts.get("filmYear") or (dated["year"] if dated else None)
    row |= _numbered(texts) or _ids(texts)
    kind = texts.get("category", "")
    if not row.get("type") and kind.lower() != "title" and kind_of(kind).media is not None:
        row["type"] = kind
    # A kind that is not told shows that a number alone is not that of a film.
    return {"type": None, **{name: value for name, value in row.items() if value}}


def _is_usual(name: str) -> bool:
    return ":" not in name and name not in ("link", "id") and place_of(name) is not None


def _numbered(texts: Mapping[str, str]) -> Item | None:
    """Read the numbers of Letterboxd's feeds."""
    for name, kind in (("movieId", "movie"), ("tvId", "tv")):
        if number_id(texts.get(f"tmdb:{name}")):
            return {"tmdb_id": texts[f"tmdb:{name}"], "type": kind}
    return None


def _ids(texts: Mapping[str, str]) -> Item:
    """Find ids where feeds have them; the words of an item count where they name one title."""
    places = [texts[name] for name in _PLACES if name in texts]
    for text in places:
        if found := _SCHEME.search(text):
            kind = {"type": found[2].lower()} if found[2] else {}
            return {f"{found[1].lower()}_id": found[3], **kind}
    for text in places:
        if title_at(text) is not None:
            return {"url": text}
        if _IMDB.fullmatch(text):
            return {"imdb_id": text}
    words = " ".join(texts[name] for name in _WORDS if name in texts)
    imdb, tmdb = set(_IMDB.findall(words)), set(_TMDB.findall(words))
    if len(imdb) == 1:
        return {"imdb_id": imdb.pop()}
    if len(tmdb) == 1:
        kind, number = tmdb.pop()
        return {"tmdb_id": number, "type": kind}
    bare = texts.get("guid", "")
    return {"id": bare} if number_id(bare) else {}
