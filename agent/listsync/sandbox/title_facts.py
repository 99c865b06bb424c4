"""What TMDB says of a title beside its names and dates: genres and votes.

`catalogue.jsonl` has none of that. So that filters can be tried, it is made up here, for the
sandbox alone: always the same for one title, plausible, and not true. Titles that are ordered
(`POST /sandbox/titles`) may bring their own. Titles without a language are taken to be English.
"""

from __future__ import annotations

import zlib

from listsync.sandbox.catalogue import MOVIE, Title

_NAMES = {
    12: ("Adventure", "Abenteuer"),
    14: ("Fantasy", "Fantasy"),
    16: ("Animation", "Animation"),
    18: ("Drama", "Drama"),
    27: ("Horror", "Horror"),
    28: ("Action", "Action"),
    35: ("Comedy", "Komödie"),
    36: ("History", "Historie"),
    37: ("Western", "Western"),
    53: ("Thriller", "Thriller"),
    80: ("Crime", "Krimi"),
    99: ("Documentary", "Dokumentarfilm"),
    878: ("Science Fiction", "Science Fiction"),
    9648: ("Mystery", "Mystery"),
    10402: ("Music", "Musik"),
    10749: ("Romance", "Liebesfilm"),
    10751: ("Family", "Familie"),
    10752: ("War", "Kriegsfilm"),
    10759: ("Action & Adventure", "Action & Abenteuer"),
    10762: ("Kids", "Kinder"),
    10763: ("News", "Nachrichten"),
    10764: ("Reality", "Reality-TV"),
    10765: ("Sci-Fi & Fantasy", "Sci-Fi & Fantasy"),
    10766: ("Soap", "Seifenoper"),
    10767: ("Talk", "Talkshow"),
    10768: ("War & Politics", "Krieg & Politik"),
    10770: ("TV Movie", "TV-Film"),
}
_OF_FILMS = (28, 12, 16, 35, 80, 99, 18, 10751, 14, 36, 27, 10402, 9648, 10749, 878, 53, 10752, 37)
_OF_SERIES = (10759, 16, 35, 80, 99, 18, 10751, 10762, 9648, 10764, 10765, 10766, 10768, 37)
_VOTES_BY_POPULARITY = 37


def known_genres(kind: str, language: str) -> list[dict[str, object]]:
    """Name all genres of films, or of series, in *language*."""
    numbers = (*_OF_FILMS, 10770) if kind == MOVIE else (*_OF_SERIES, 10763, 10767)
    return [_named(number, language) for number in numbers]


def genre_ids(title: Title) -> list[int]:
    """Give one to three genres, those of films or those of series."""
    if title.genres is not None:
        return [number for number, names in _NAMES.items() if names[0] in title.genres]
    known = _OF_FILMS if title.kind == MOVIE else _OF_SERIES
    mark = _mark(title)
    picked = [known[mark // step % len(known)] for step in (1, 97, 9409)]
    return list(dict.fromkeys(picked[: 1 + mark % 3]))


def genres(title: Title, language: str) -> list[dict[str, object]]:
    """Name the genres in *language*; of those, TMDB is known to speak German here."""
    return [_named(number, language) for number in genre_ids(title)]


def _named(number: int, language: str) -> dict[str, object]:
    return {"id": number, "name": _NAMES[number][language[:2] == "de"]}


def votes(title: Title) -> int:
    return int(title.popularity * _VOTES_BY_POPULARITY) if title.votes is None else title.votes


def rating(title: Title) -> float:
    """Give the average of the votes, 0 where there are none."""
    if not votes(title):
        return 0.0
    return title.rating if title.rating is not None else 4.0 + _mark(title) % 51 / 10


def unknown_genres(names: list[str]) -> set[str]:
    return set(names) - {english for english, _ in _NAMES.values()}


def _mark(title: Title) -> int:
    """Give a number that is always the same for one title, and like chance for many."""
    return zlib.crc32(f"{title.kind}/{title.tmdb_id}".encode())
