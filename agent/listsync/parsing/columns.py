"""How lists name columns and types, and which columns tell an export of a service.

The words for types are those of IMDb's exports (ids such as `tvMiniSeries`, English labels,
labels in the user's language) and the plain ones of other programs.

Exports are known by their columns. Sources: exports of IMDb, Trakt, Letterboxd and TMDB, 2024 to
2026; JSON of MDBList and StevenLu; letterboxd-list-radarr, 2025-09.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass

_FIELD_NAMES = {
    "title": "title",
    "original_title": "originaltitle",
    "year": (
        "year releaseyear startyear yearreleased yearofrelease movieyear filmyear productionyear"
        " titleyear jahr erscheinungsjahr annee ano anno rok jaar"
    ),
    "date": (
        "releasedate released premiered premieredate premiere firstairdate firstaired release"
        " datepublished airdate originalreleasedate incinemas releasedon datereleased"
    ),
    "kind": (
        "kind type titletype mediatype mediakind itemtype contenttype media typ tipo"
        " movieorshow movieortv"
    ),
    "imdb": (
        "const imdb imdbid tconst imdbconst imdbtitleid imdbnumber imdbno imdbnr imdbtt imdbkey"
        " ttid imdbcode"
    ),
    "tmdb": "tmdb tmdbid tmdbnumber themoviedb themoviedbid moviedbid tmdbmovieid",
    "tvdb": "tvdb tvdbid tvdbnumber thetvdb thetvdbid tvdbseriesid",
    "season": (
        "season seasons seasonnumber seasonnumbers seasonno seasonnr seasonnum tvseason staffel"
        " saison temporada stagione seizoen sezon staffeln saisons temporadas stagioni seizoenen"
        " sezony seasonname seasontitle seasonlist showseason seasonswanted wantedseasons"
        " monitoredseasons"
    ),
    "episode": (
        "episode episodenumber episodeno episodenr episodenum ep epno epnumber episodetitle"
        " episodename folge aflevering odcinek episodio"
    ),
    "status": "status watchlist liststatus watchstatus mystatus",
    "address": (
        "url imdburl tmdburl tvdburl link imdblink tmdblink tvdblink titleurl movieurl filmurl"
        " showurl uri href titlelink movielink filmlink imdbpage permalink imdbhref"
    ),
}
FIELDS = {name: field for field, names in _FIELD_NAMES.items() for name in names.split()}
_TITLES = (  # the first that is there, where nothing is called a title
    *("primarytitle", "movietitle", "filmtitle", "showtitle", "seriestitle", "moviename"),
    *("filmname", "showname", "seriesname", "tvshowname", "titlename", "nameoftitle"),
    *("englishtitle", "titel", "filmtitel", "titre", "titulo", "titolo", "tytul"),
    *("name", "movie", "film", "tvshow", "tvseries", "show", "series", "movies", "films"),
    *("titles", "shows", "naam", "nombre", "nom", "nome", "pelicula", "serie"),
)
"""Words that mean other things beside a title, and alone the title itself."""
NAMING = ("title", "original_title", "imdb", "tmdb", "tvdb", "address")  # one of these is needed
KNOWN = "title (or name), year, type, imdb_id (or const), tmdb_id, tvdb_id, url, season"
# Columns of IMDb's and Letterboxd's exports that are understood, and not used.
_UNUSED = frozenset(
    {
        *("position", "created", "modified", "description", "url", "imdbrating", "runtimemins"),
        *("genres", "numvotes", "releasedatemonthdayyear", "directors", "rank"),
        *("yourrating", "yourated", "daterated", "date", "letterboxduri", "rating", "rating10"),
        *("rewatch", "tags", "watcheddate", "review", "knownfor", "birthdate"),
    }
)


class RawRow(NamedTuple):
    """One row as the file gives it; anything may be missing, empty or nonsense."""

    title: object = None
    original_title: object = None
    year: object = None
    date: object = None
    kind: object = None
    imdb: object = None
    tmdb: object = None
    tvdb: object = None
    season: object = None
    episode: object = None
    address: object = None
    status: object = None
    bare_id: object = None


_PLACES = {name: place for place, name in enumerate(RawRow._fields)}


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Drop case, blanks and signs: `IMDb ID`, `imdb_id` and `imdbID` are one name."""
    return re.sub(r"[^a-z0-9]", "", name[:100].lower())


def is_understood(name: str) -> bool:
    plain = plain_name(name)
    return plain in FIELDS or plain in _TITLES or plain in _UNUSED


def place_of(name: str) -> int | None:
    """Say which field of `RawRow` a name stands for."""
    field = FIELDS.get(plain_name(name))
    return None if field is None else _PLACES[field]


def title_among(plain: Iterable[str]) -> str | None:
    """Find which of the *plain* names stands for the title where none is called so."""
    names = set(plain)
    return None if "title" in names else next((name for name in _TITLES if name in names), None)


def kind_by_title(called: str | None) -> MediaType | None:
    """Say what titles are by the name that they stand under."""
    if not called or called not in _TITLES:
        return None
    return kind_of(called.removesuffix("title").removesuffix("name")).media


def header_places(header: list[str]) -> tuple[int, ...]:
    """Say where in *header* each field of `RawRow` is found; -1 for a field that it lacks."""
    plain = [plain_name(name) for name in header]
    places = [-1] * len(_PLACES)
    called = title_among(plain)
    for column, name in enumerate(plain):
        field = FIELDS.get("title" if name == called else name)
        if field is not None and places[_PLACES[field]] < 0:
            places[_PLACES[field]] = column
    return tuple(places)


def ids_of_parts(names: Iterable[str]) -> bool | None:
    """Tell whether ids are those of the season or the episode that a row is about.

    So in TMDB's account export and in Trakt's exports of lists: there is one set of ids, and rows
    of episodes. Trakt's other exports have the ids of episodes besides: False. None: not told.
    """
    plain = {plain_name(name) for name in names}
    if any(name.startswith("episode") and name.endswith("id") for name in plain):
        return False
    return True if any(FIELDS.get(name) == "episode" for name in plain) else None


def speaks_of_series(names: Iterable[str]) -> bool:
    """Tell whether there is a place for what only series have, or for which of both it is."""
    return any(FIELDS.get(name) in ("kind", "tvdb", "season", "episode") for name in names)


def names_titles(places: tuple[int, ...]) -> bool:
    """Tell whether a row under this header can say which title it means."""
    return any(places[_PLACES[field]] >= 0 for field in NAMING)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a word says; nothing where all is as it begins. `is_season`: one season of a series."""

    media: MediaType | None = None
    unwanted: str | None = None
    is_season: bool = False
    is_unknown: bool = False


SEASON_WORDS = (
    r"seasons?|series|staffeln?|saisons?|temporadas?|stagion[ei]|seizoen(?:en)?|sezon[yu]?"
)


_RULES = (  # the first that is found anywhere in the folded word
    (r"podcast", Kind(unwanted="a podcast")),
    (r"episod|folge|aflevering|odcinek", Kind(unwanted="an episode")),
    (r"telenovela|game ?show|light ?novel adaptation", Kind(MediaType.TV)),
    (
        r"game|videospiel|jeu|videojuego|videogioco|jogo|spel\b|\bgra\b|visual ?novel|\bvn\b",
        Kind(unwanted="a game"),
    ),
    (
        r"music ?video|musikvideo|video ?clip|\bclip\b|video musical",
        Kind(unwanted="a music video"),
    ),
    (r"trailer|teaser|featurette", Kind(unwanted="a trailer")),
    (
        r"comic|manga|manhwa|manhua|webtoon|graphic ?novel|bande dessinee|fumett|tebeo",
        Kind(unwanted="a comic"),
    ),
    (
        (
            r"book|novel|buch|buecher|bucher|roman\b|livre|libro|libri\b|ksiazk|\bboek|magazine"
            r"|zeitschrift|short stor"
        ),
        Kind(unwanted="a book"),
    ),
    (
        r"album|song|soundtrack|\blp\b|\bep\b|\btracks?\b|discograph|\bartists?\b|\bbands?\b",
        Kind(unwanted="music"),
    ),
    (
        r"\badults?\b|porn|erotic|erotik|hentai|\bxxx\b|\bjav\b",
        Kind(unwanted="for adults only"),
    ),
    (r"person|people|actor|actress|director\b", Kind(unwanted="a person")),
    (rf"^(tv ?)?(?!series)({SEASON_WORDS})$", Kind(MediaType.TV, is_season=True)),
    (
        (
            r"film|movie|pelicul|short|court|kurz|corto|curta|elokuva|cinema|kino"
            r"|\u6620\u753b|\u7535\u5f71|\u96fb\u5f71|\u0444[\u0438\u0456]\u043b\u044c\u043c"
        ),
        Kind(MediaType.MOVIE),
    ),
    (
        (
            r"seri|show|\btv ?season|^tv$|k drama|dorama|sarja|sorozat|\bdizi"
            r"|\u0441\u0435\u0440[\u0438\u0456]\u0430\u043b|\u5267|\u30c9\u30e9\u30de"
        ),
        Kind(MediaType.TV),
    ),
    (r"special|video|documentary|dokument|feature|\bdvd\b|blu ?ray", Kind(MediaType.MOVIE)),
    (r"\bmusi[ckq]|musique|\baudio|concert|konzert", Kind(unwanted="music")),
    (
        (
            r"^(?:title|titles|media|anime|cartoon|animation|animated|ova|ona|oav|drama|program"
            r"|programme|unknown|other|none|null|n/?a|-|\?)?$"
        ),
        Kind(),
    ),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _RULES)
_UNKNOWN = Kind(is_unknown=True)


@lru_cache(maxsize=256)
def kind_of(word: str) -> Kind:
    """Read a type; an unknown word is no reason to leave a title out, but to say so."""
    folded = _fold(word)
    for pattern, kind in _COMPILED:
        if pattern.search(folded):
            return kind
    return _UNKNOWN


def _fold(word: str) -> str:
    """Drop case, accents and dashes, and part ids such as `tvMiniSeries` into words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word[:100])
    plain = unicodedata.normalize("NFKD", parted).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[-_\s]+", " ", letters).strip()


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
    *({"simkl", "imdb"}, {"simkl", "tmdb"}, {"simkl", "tvdb"}, {"simklid", "imdb"}),  # Simkl
    {"letterboxduri", "name"},  # Letterboxd
)


def is_export(names: AbstractSet[str]) -> bool:
    """Tell whether a file with columns of these *names* (plain ones) is such an export."""
    return any(form <= names for form in _FORMS)


def is_numbered_export(names: AbstractSet[str]) -> bool:
    """Tell whether it is an export whose `id` is the number of TMDB."""
    return any(form <= names for form in _NUMBERED)
