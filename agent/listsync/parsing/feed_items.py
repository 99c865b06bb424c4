"""Feeds: RSS 0.9 to 2.0 and Atom, item by item; nothing that one refers to is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from xml.parsers import expat

from listsync.errors import ResponseChangedError
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.files.local_file import Bytes

FeedItem = dict[str, list[str]]

_FEED = re.compile(r"<(?:\?xml|rss|feed|rdf:RDF|atom:feed)\b", re.IGNORECASE)
_PAGE = re.compile(r"<!doctype html|<html\b", re.IGNORECASE)
_PIECE = 64 * 1024
_LARGEST_PART = 1024 * 1024
"""Bytes of one tag or comment, which are looked through again with each piece that comes."""
_LONGEST = 4000
_MOST_NAMES = 60
_MOST_TEXTS = 20  # under one name
_DEEPEST = 100
_ROOTS = ("rss", "feed", "rdf")
_ITEMS = ("item", "entry")


def is_feed(start: str) -> bool:
    """Tell XML by how it begins; whether it is a feed, its first element says."""
    return _FEED.match(start) is not None and not _PAGE.search(start[:2000])


def items_of(service: str, data: Bytes) -> Iterator[FeedItem]:
    """Yield what each item holds: the texts of its elements by name, with and without a prefix.

    Raises:
        ResponseChangedError: it is no feed, no XML, or XML that would grow.
    """
    reading = _Reading(service)
    for at in range(0, len(data), _PIECE):
        yield from reading.read(data[at : at + _PIECE])
    yield from reading.read(b"", is_last=True)


class _Reading:
    """Reads one feed; nothing outside it is looked at, whatever it refers to."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.EntityDeclHandler = self._entity
        self._size = 0
        self._path: list[str] = []
        self._item: FeedItem | None = None
        self._item_depth = 0
        self._text: list[str] = []
        self._done: list[FeedItem] = []

    def read(self, piece: bytes, *, is_last: bool = False) -> list[FeedItem]:
        """Read on; gives the items that ended."""
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            what = one_line(expat.ErrorString(error.code))
            where = f"line {error.lineno}, column {error.offset + 1}"
            why = f"the feed is no well-formed XML: {what} ({where})"
            raise ResponseChangedError(self._service, why) from error
        except (ValueError, LookupError) as error:
            why = f"the feed is in letters that cannot be read: {one_line(str(error))}"
            raise ResponseChangedError(self._service, why) from error
        self._size += len(piece)
        if self._size - self._parser.CurrentByteIndex > _LARGEST_PART:
            raise ResponseChangedError(
                self._service, "one tag of the feed is larger than any; not read"
            )
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        depth = len(self._path)
        if depth == 1 and _local(name).lower() not in _ROOTS:
            why = f"this XML is no feed (RSS, Atom): it begins with <{one_line(name, 60)}>"
            raise ResponseChangedError(self._service, why)
        if depth > _DEEPEST:
            raise ResponseChangedError(self._service, "the feed is nested too deep; not read")
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
            for called in dict.fromkeys((name, _local(name))) if text else ():
                texts = self._item.setdefault(called, [])
                if len(texts) < _MOST_TEXTS:
                    texts.append(text)

    def _entity(self, *_: object) -> None:
        why = "the feed declares entities of its own, which no list needs; not read"
        raise ResponseChangedError(self._service, why)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _attribute(attributes: Mapping[str, str]) -> str:
    """Give what an element says that has no text: Atom's links and categories."""
    is_other = attributes.get("rel", "alternate") != "alternate"
    return "" if is_other else attributes.get("href") or attributes.get("term") or ""
