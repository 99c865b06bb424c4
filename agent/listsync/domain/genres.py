"""The genres that TMDB gives films and series, by their English names, folded as titles' are.

Source: TMDB's `/genre/movie/list` and `/genre/tv/list`; the same for years.
"""

from __future__ import annotations

from types import MappingProxyType

from listsync.domain.media import MediaType

_OF_BOTH = ("animation", "comedy", "crime", "documentary", "drama", "family", "mystery", "western")
_OF_FILMS = (
    "action",
    "adventure",
    "fantasy",
    "history",
    "horror",
    "music",
    "romance",
    "science fiction",
    "thriller",
    "tv movie",
    "war",
)
_OF_SERIES = (
    "action & adventure",
    "kids",
    "news",
    "reality",
    "sci-fi & fantasy",
    "soap",
    "talk",
    "war & politics",
)
_MOVIE, _TV = MediaType.MOVIE, MediaType.TV
GENRES = MappingProxyType(
    {
        **dict.fromkeys(_OF_BOTH, frozenset({_MOVIE, _TV})),
        **dict.fromkeys(_OF_FILMS, frozenset({_MOVIE})),
        **dict.fromkeys(_OF_SERIES, frozenset({_TV})),
    }
)
"""Each genre, and the kinds of titles that have it."""


def fold_genre(name: str) -> str:
    """Write a genre's name as it stands in `GENRES`."""
    return " ".join(name.casefold().split())
