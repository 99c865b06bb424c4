"""From a film to its ids: they are on the film's own page only, so what is learnt is kept.

Source: the site's markup as maintained scrapers read it, 2025-09 to 2026-10.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from listsync.domain.media import FilmRecord, MediaType
from listsync.errors import ResponseChangedError
from listsync.http.rate_limit import Failure, as_far_as_possible
from listsync.http.service_client import get_response
from listsync.parsing.decoding import external_ids, imdb_id, number_id, title_text, year_number
from listsync.providers.letterboxd.posters import ELSEWHERE, IN_POSTER, POSTER, Poster
from listsync.providers.letterboxd.site_markup import call_for, document_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from listsync.http.service_client import ServiceClient
    from listsync.ports.titles import FilmIds

_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV}
_FILM = (  # what shows that it is the page of a film
    "body.film, body[data-type=film], body[data-tmdb-id], "
    'meta[name="production:identifier"], meta[property="og:type"][content^="video."]'
)
_TMDB = re.compile(r"themoviedb\.org/(movie|tv)/(\d+)", re.ASCII)
_IMDB = re.compile(r"imdb\.com/title/(tt\d+)", re.ASCII)


def learn(
    http: ServiceClient, base_url: str, slugs: Sequence[str], cache: FilmIds, *, at_once: int
) -> str:
    """Look films up and put what their pages say into the cache.

    The list has been read already: a film that cannot be must not cost it. It keeps its title and
    year, and is looked up again next time. Returns what kept all of them from being read, if so.
    """
    failures: list[Failure] = []
    learnt = 0

    def read(slug: str) -> FilmRecord:
        return record_of(document_of(get_response(http, call_for(f"{base_url}/film/{slug}/"))))

    for slug, record in as_far_as_possible(read, slugs, failures, at_once=at_once):
        cache.put(slug, record or FilmRecord())
        learnt += 1
    return "" if learnt or not failures else str(failures[0])


def record_of(document: LexborHTMLParser) -> FilmRecord:
    """Read the ids on a film's page; raises ResponseChangedError when it is none."""
    if document.css_first(_FILM) is None:
        raise ResponseChangedError("letterboxd", "a page that is no film's came in its place")
    kind, number = _tmdb(document)
    title = _IMDB.search(_link(document, "IMDb"))
    return FilmRecord(kind, external_ids(imdb_id(title[1]) if title else None, number, None, kind))


def _tmdb(document: LexborHTMLParser) -> tuple[MediaType | None, int | None]:
    """Read TMDB's number and which kind it counts, from what the page and its link say alike.

    A number alone is kept without a kind: the same is a film's and a series', and nothing else on
    the page tells them apart (it calls a mini-series a movie). What contradicts itself is left
    out: better no id than the wrong one.
    """
    link = _TMDB.search(_link(document, "TMDB"))
    found = {_ids_of(node) for node in document.css("body[data-tmdb-id]") or _owned(document)}
    if link:
        found.add((_KINDS[link[1]], number_id(link[2])))
    found = {(kind, number) for kind, number in found if number is not None}
    kinds = {kind for kind, _ in found if kind is not None}
    numbers = {number for _, number in found}
    if len(numbers) != 1 or len(kinds) > 1:
        return None, None
    return next(iter(kinds), None), numbers.pop()


def _owned(document: LexborHTMLParser) -> list[LexborNode]:
    """Find where a page may carry the number of its film instead; never in what it recommends."""
    return document.css(f"[data-tmdb-id]:not({ELSEWHERE}, {POSTER}, {IN_POSTER})")


def _ids_of(node: LexborNode) -> tuple[MediaType | None, int | None]:
    attributes = node.attributes
    kind = _KINDS.get(attributes.get("data-tmdb-type") or "")
    return kind, number_id(attributes.get("data-tmdb-id"))


def film_row(document: LexborHTMLParser, slug: str) -> Poster:
    """Read title and year on a film's own page."""
    year = document.css_first(".releasedate")
    name = document.css_first("h1 .name") or document.css_first("h1")
    return Poster(
        title_text(name.text()) if name else None,
        year_number(year.text()) if year else None,
        slug,
    )


def _link(document: LexborHTMLParser, name: str) -> str:
    node = document.css_first(f"[data-track-action={name}]")
    return (node.attributes.get("href") or "") if node else ""
