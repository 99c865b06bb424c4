"""What the type column of a list means: a film, a series, or nothing that can be requested.

The words are those of IMDb's exports (ids such as `tvMiniSeries`, English labels, labels in the
user's language) and the plain ones of other programs.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from listsync.domain.media import MediaType


@dataclass(frozen=True, slots=True)
class Kind:
    """What a word says; nothing where all is as it begins. `is_season`: one season of a series."""

    media: MediaType | None = None
    unwanted: str | None = None
    is_season: bool = False


SEASON_WORDS = (
    r"seasons?|series|staffeln?|saisons?|temporadas?|stagion[ei]|seizoen(?:en)?|sezon[yu]?"
)


_RULES = (  # the first that is found anywhere in the folded word
    (r"podcast", Kind(unwanted="a podcast")),
    (r"episod|folge|aflevering|odcinek", Kind(unwanted="an episode")),
    (
        r"game|videospiel|jeu|videojuego|videogioco|jogo|spel\b|\bgra\b",
        Kind(unwanted="a game"),
    ),
    (
        r"music ?video|musikvideo|video ?clip|\bclip\b|video musical",
        Kind(unwanted="a music video"),
    ),
    (r"person", Kind(unwanted="a person")),
    (rf"^(tv ?)?(?!series)({SEASON_WORDS})$", Kind(MediaType.TV, is_season=True)),
    (r"film|movie|pelicul|short|court|kurz|corto|curta", Kind(MediaType.MOVIE)),
    (r"seri|show|\btv ?season|^tv$", Kind(MediaType.TV)),
    (r"special|video|documentary", Kind(MediaType.MOVIE)),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _RULES)
_NOTHING = Kind()


@lru_cache(maxsize=256)
def kind_of(word: str) -> Kind:
    """Read a type; an unknown word is no reason to leave a title out."""
    folded = _fold(word)
    for pattern, kind in _COMPILED:
        if pattern.search(folded):
            return kind
    return _NOTHING


def _fold(word: str) -> str:
    """Drop case, accents and dashes, and part ids such as `tvMiniSeries` into words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word[:100])
    plain = unicodedata.normalize("NFKD", parted).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[-_\s]+", " ", letters).strip()
