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

_VOICED = "\u3099\u309a"
_UNACCENTED = str.maketrans("\u0142\u0141\u00f8\u00d8\u0111\u0110\u0131", "lLoOdDi")


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Drop case, accents, blanks and signs: `IMDb ID`, `imdb_id` and `imdbID` are one name."""
    return re.sub(r"[\W_]", "", _unaccented(name[:100]).casefold())


def _unaccented(text: str) -> str:
    """Drop accents, but not what tells sounds of Japanese apart."""
    if text.isascii():
        return text
    parted = unicodedata.normalize("NFKD", text.translate(_UNACCENTED))
    kept = (sign for sign in parted if not unicodedata.combining(sign) or sign in _VOICED)
    return unicodedata.normalize("NFC", "".join(kept))


_FIELD_NAMES = {
    "title": "title",
    "original_title": (
        "originaltitle originalname originaltitel originaletitel titreoriginal titolooriginale"
        " titulooriginal nombreoriginal tytuloryginalny puvodninazev nativetitle originaltitlename"
        " оригинальноеназвание 原名 原题 原題 원제"
    ),
    "year": (
        "year releaseyear startyear yearreleased yearofrelease movieyear filmyear productionyear"
        " titleyear showyear seriesyear firstyear premiereyear debutyear yearofproduction"
        " jahr erscheinungsjahr produktionsjahr annee anneedesortie anneedeproduction ano"
        " anodelancamento anodeestreno anodeproduccion anno annodiuscita annodiproduzione rok"
        " rokprodukcji rokvydani rokvyroby jaar ar utgivningsar produksjonsar vuosi julkaisuvuosi"
        " ev gyartasieve yil yapimyili an anul godina leto aasta metai gads etos"
        " год годвыпуска година рік ετοσ 年 年份 上映年份 上映年"
        " 公開年 制作年 製作年 연도 년도 개봉연도 제작연도"
    ),
    "date": (
        "releasedate released premiered premieredate premiere firstairdate firstaired release"
        " datepublished airdate originalreleasedate incinemas releasedon datereleased"
        " theatricalrelease theatricalreleasedate dateofrelease datedesortie"
        " erscheinungsdatum датавыхода 上映日期 公開日 개봉일"
    ),
    "kind": (
        "kind type titletype mediatype mediakind itemtype contenttype media typ tipo entitytype"
        " movieorshow movieortv lot mediatypename titlekind worktype medientyp tipus"
        " тип 种类 種類 종류"
    ),
    "soft_kind": (
        "category categories categoria kategorie categorie kategoria kategori format section"
        " subtype medium group категория формат 类别"
    ),
    "imdb": (
        "const imdb imdbid tconst imdbconst imdbtitleid imdbnumber imdbno imdbnr imdbtt imdbkey"
        " ttid imdbcode imdbidentifier imdbref imdbtag"
    ),
    "tmdb": (
        "tmdb tmdbid tmdbnumber themoviedb themoviedbid moviedbid tmdbmovieid tmdbkey tmdbno"
        " tmdbnr tmdbcode themoviedbnumber"
    ),
    "tvdb": "tvdb tvdbid tvdbnumber thetvdb thetvdbid tvdbseriesid tvdbkey tvdbno tvdbnr tvdbcode",
    "season": (
        "season seasons seasonnumber seasonnumbers seasonno seasonnr seasonnum tvseason staffel"
        " saison temporada stagione seizoen sezon staffeln saisons temporadas stagioni seizoenen"
        " sezony seasonname seasontitle seasonlist showseason seasonswanted wantedseasons"
        " monitoredseasons сезон 季 シーズン 시즌"
    ),
    "episode": (
        "episode episodenumber episodeno episodenr episodenum ep epno epnumber episodetitle"
        " episodename folge aflevering odcinek episodio"
    ),
    "status": (
        "status watchlist liststatus watchstatus mystatus userstatus trackingstatus state"
        " entrystatus статус 状态"
    ),
    "address": (
        "url imdburl tmdburl tvdburl link imdblink tmdblink tvdblink titleurl movieurl filmurl"
        " showurl uri href titlelink movielink filmlink imdbpage permalink imdbhref links urls"
        " website webpage page adresse lien enlace odkaz ссылка 链接 링크 リンク"
    ),
    "guids": (
        "guid guids guidsid guidid providerids provideridsstring externalids uniqueid uniqueids"
        " ids alternateids xrefs identifiers"
    ),
    "base": "source provider idtype idsource database sourcename idprovider metadatasource",
    "number": "mediaid identifier externalid itemid sourceid sourceitemid providerid remoteid",
}
FIELDS = {
    plain_name(name): field for field, names in _FIELD_NAMES.items() for name in names.split()
}
_TITLE_NAMES = (  # the first that is there, where nothing is called a title
    *("primarytitle", "movietitle", "filmtitle", "showtitle", "seriestitle", "moviename"),
    *("filmname", "showname", "seriesname", "tvshowname", "titlename", "nameoftitle"),
    *("englishtitle", "titleenglish", "itemtitle", "mediatitle", "worktitle", "fulltitle"),
    *("displaytitle", "animetitle", "animename", "itemname", "medianame", "itemlabel"),
    *("movielabel", "filmlabel", "showlabel", "serieslabel", "titlelabel"),
    *("titel", "filmtitel", "serientitel", "titre", "titredufilm", "titulo", "titolo", "tytul"),
    *("nazev", "nazov", "cim", "titlu", "naslov", "baslik", "filmadi", "diziadi", "tittel"),
    *(
        "русскоязычноеназвание",
        "русскоеназвание",
        "названиефильма",
        "название",
        "назва",
        "заглавие",
    ),
    *("τιτλοσ", "标题", "標題", "片名", "电影名", "电影名称", "電影名稱", "剧名", "名称"),
    *("タイトル", "作品名", "邦題", "題名", "제목", "영화제목", "영화명", "작품명"),
    *("name", "movie", "film", "tvshow", "tvseries", "show", "series", "movies", "films"),
    *("titles", "shows", "naam", "namn", "nombre", "nom", "nome", "pelicula", "serie", "filme"),
    *("nazwa", "nimi", "elokuva", "ф[иі]льм", "сериал", "电影", "映画", "영화"),
    *("label", "sorttitle", "item"),
)
"""Words that mean other things beside a title, and alone the title itself."""
_TITLES = tuple(map(plain_name, _TITLE_NAMES))
_LONGEST_NAME = 25
_LIKE_IDS = (  # what a name says beside that of the base
    ("imdb", re.compile(r"(?!.*(?:rat|vote|scor|rank|list|user|genre|top|date|runtime)).*imdb.*")),
    ("tmdb", re.compile(r"(?!.*(?:rat|vote|list|user|collection)).*(?:tmdb|moviedb).*id.*")),
    ("tvdb", re.compile(r"(?!.*(?:rat|vote|list|user|episode)).*tvdb.*id.*")),
)
# One of these is needed.
NAMING = ("title", "original_title", "imdb", "tmdb", "tvdb", "address", "guids")
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
    soft_kind: object = None
    guids: object = None
    base: object = None
    number: object = None


_PLACES = {name: place for place, name in enumerate(RawRow._fields)}


def is_understood(name: str) -> bool:
    plain = plain_name(name)
    return plain in FIELDS or plain in _TITLES or plain in _UNUSED


def place_of(name: str) -> int | None:
    """Say which field of `RawRow` a name stands for."""
    field = field_of(plain_name(name))
    return None if field is None else _PLACES[field]


def field_of(plain: str) -> str | None:
    """Find the field that a plain name stands for, also one that only contains an id's."""
    known = FIELDS.get(plain)
    if known is None and "db" in plain and len(plain) < _LONGEST_NAME and plain.isalpha():
        return next((field for field, form in _LIKE_IDS if form.fullmatch(plain)), None)
    return known


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
    for find in (FIELDS.get, field_of):
        for column, name in enumerate(plain):
            field = find("title" if name == called else name)
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
    return any(
        FIELDS.get(name) in ("kind", "soft_kind", "tvdb", "season", "episode") for name in names
    )


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
            r"|映画|电影|電影|영화|фильм"
        ),
        Kind(MediaType.MOVIE),
    ),
    (
        (
            r"seri|show|\btv ?season|^tv$|k drama|dorama|sarja|sorozat|\bdizi"
            r"|\u0441\u0435\u0440[\u0438\u0456]\u0430\u043b|剧|劇|ドラマ|드라마|시리즈"
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


_SOFT = re.compile(
    r"(?:movie|film|tv show|show|(?:tv )?(?:mini ?)?serie|(?:audio )?book|(?:video )?game|podcast"
    r"|album|comic)s?|serien|filme|tv|series|manga|pelicula|фильмы?|сериалы?|电影|映画|영화"
)


def soft_kind_of(word: str) -> Kind:
    """Read what may be a type, or a genre, a shelf, or the kind of a disc."""
    return kind_of(word) if _SOFT.fullmatch(_fold(word)) else Kind()


def _fold(word: str) -> str:
    """Drop case, accents and dashes, and part ids such as `tvMiniSeries` into words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word[:100])
    return re.sub(r"[-_\s]+", " ", _unaccented(parted).casefold()).strip()


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
