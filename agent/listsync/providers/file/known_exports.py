"""Which files are exports of list services: their ids are right. Told by their columns.

Sources: exports of IMDb, Trakt, Letterboxd and TMDB, 2024 to 2026; JSON of MDBList and StevenLu;
letterboxd-list-radarr, 2025-09.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

_NUMBERED = (  # those of which a column called only `id` is the number of TMDB
    {"mediatype", "releaseyear", "imdbid"},  # MDBList
    {"cleantitle", "releaseyear", "adult"},  # Letterboxd
)
_FORMS = (
    *_NUMBERED,
    *({"const", "titletype"}, {"const", "yourrating"}, {"const", "imdbrating"}),  # IMDb
    *({"traktid", "imdbid"}, {"trakt", "slug", "imdb"}, {"trakt", "slug", "tmdb"}),  # Trakt
    {"tmdbid", "imdbid", "name", "seasonnumber", "episodenumber"},  # TMDB
    {"imdbid", "posterurl"},  # StevenLu
    {"letterboxduri", "name"},  # Letterboxd
)


def is_export(names: AbstractSet[str]) -> bool:
    """Tell whether a file with columns of these *names* (plain ones) is such an export."""
    return any(form <= names for form in _FORMS)


def is_numbered_export(names: AbstractSet[str]) -> bool:
    """Tell whether it is an export whose `id` is the number of TMDB."""
    return any(form <= names for form in _NUMBERED)
