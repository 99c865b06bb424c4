"""From a film to its ids: they are on the film's own page only, so what is learnt is kept.

Source: the site's markup as maintained scrapers read it, 2025-09 to 2026-10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from listsync.domain.films import FilmRecord
from listsync.domain.media import MediaType
from listsync.errors import AnswerChangedError, ListsyncError
from listsync.net.fields import external_ids, imdb_id, number_id, title_text, year_number
from listsync.net.pages import as_far_as_possible, get_reply
from listsync.providers.letterboxd.markup import Row, call_for, document_of

if TYPE_CHECKING:
    import httpx
    from selectolax.lexbor import LexborHTMLParser

_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV}
_TMDB = re.compile(r"themoviedb\.org/(movie|tv)/(\d+)", re.ASCII)
_IMDB = re.compile(r"imdb\.com/title/(tt\d+)", re.ASCII)


class FilmIds(Protocol):
    """Remembers films by the name in their address. Used by several threads at a time."""

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        """Return what is known; the films that are not known are left out."""
        ...

    def put(self, slug: str, record: FilmRecord) -> None:
        """Keep what was learnt about a film."""
        ...


@dataclass(frozen=True, slots=True)
class FilmIdsInMemory:
    """Remembers films until the process ends."""

    known: dict[str, FilmRecord] = field(default_factory=dict)

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        return {slug: self.known[slug] for slug in slugs if slug in self.known}

    def put(self, slug: str, record: FilmRecord) -> None:
        self.known[slug] = record


def learn(
    http: httpx.Client, base_url: str, slugs: Sequence[str], cache: FilmIds, *, at_once: int
) -> str:
    """Look films up and put what their pages say into the cache; says why if none could be.

    The list has been read already: a film that cannot be must not cost it. It keeps its title and
    year, and is looked up again next time.
    """
    failures: list[str] = []

    def read(slug: str) -> FilmRecord:
        try:
            return record_of(document_of(get_reply(http, call_for(f"{base_url}/film/{slug}/"))))
        except ListsyncError as error:
            failures.append(str(error))
            raise

    has_learnt = False
    for slug, record in as_far_as_possible(read, slugs, at_once=at_once):
        cache.put(slug, record or FilmRecord())
        has_learnt = True
    if has_learnt or not failures:
        return ""
    return f"no film could be looked up for its ids ({failures[0]}); titles stand in for them"


def record_of(document: LexborHTMLParser) -> FilmRecord:
    """Read the ids on a film's page; raises AnswerChangedError when it is none."""
    body = document.css_first("body.film, body[data-type=film], body[data-tmdb-id]")
    if body is None:
        raise AnswerChangedError("letterboxd", "a page that is no film's came in its place")
    link = _TMDB.search(_link(document, "TMDB"))
    kind, number = body.attributes.get("data-tmdb-type"), body.attributes.get("data-tmdb-id")
    if link and (kind not in _KINDS or number_id(number) is None):
        kind, number = link[1], link[2]
    title = _IMDB.search(_link(document, "IMDb"))
    media = _KINDS.get(kind or "")
    imdb = imdb_id(title[1]) if title else None
    return FilmRecord(media, external_ids(imdb, number_id(number), None, media))


def film_row(document: LexborHTMLParser, slug: str) -> Row:
    """Read title and year on a film's own page."""
    year = document.css_first(".releasedate")
    name = document.css_first("h1 .name") or document.css_first("h1")
    return Row(
        title_text(name.text()) if name else None,
        year_number(year.text()) if year else None,
        slug,
    )


def _link(document: LexborHTMLParser, name: str) -> str:
    node = document.css_first(f"[data-track-action={name}]")
    return (node.attributes.get("href") or "") if node else ""
