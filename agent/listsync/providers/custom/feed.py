"""What an item of a feed says of its title.

Sources: the RSS of Letterboxd (2025), Plex (2026) and what Radarr's RSS lists expect (2025-11):
the number at TMDB, or an address at IMDb, as `guid`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from listsync.parsing.address_forms import title_at
from listsync.parsing.columns import place_of
from listsync.parsing.decoding import number_id
from listsync.parsing.feed_items import FeedItem
from listsync.parsing.kinds import kind_of
from listsync.parsing.season_cells import parted_title
from listsync.parsing.title_words import DATED

Item = dict[str, object]

_SCHEME = re.compile(
    r"\b(imdb|tmdb|tvdb)://(?:(movie|show|tv|series)/)?(tt\d{7,10}|\d{1,9})", re.IGNORECASE
)
_IMDB = re.compile(r"(?<![A-Za-z0-9])tt\d{7,10}(?!\d)")
_TMDB = re.compile(r"themoviedb\.org/(movie|tv)/(\d{1,9})(?!\d)")
_PLACES = ("guid", "id", "link", "comments")
_WORDS = ("description", "summary", "content", "encoded")


def first_texts(item: FeedItem) -> dict[str, str]:
    """Give the first text under each name."""
    return {name: texts[0] for name, texts in item.items()}


def row_of(item: FeedItem) -> Item:
    """Say by the usual names what an item says of its title."""
    texts = first_texts(item)
    row: Item = {name: value for name, value in texts.items() if _is_usual(name)}
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
