"""How lists name columns, and which columns tell an export of a service.

Exports are known by their columns. Sources: exports of IMDb, Trakt, Letterboxd and TMDB, 2024 to
2026; JSON of MDBList and StevenLu; letterboxd-list-radarr, 2025-09.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.parsing.given_up import asks_for_unwanted
from listsync.parsing.kinds import (
    OTHER_SEASON_WORDS,
    SEASON_WORDS,
    Kind,
    kind_of,
    soft_kind_of,
    unaccented,
)


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Drop case, accents, blanks and signs: `IMDb ID`, `imdb_id` and `imdbID` are one name."""
    return re.sub(r"[\W_]", "", unaccented(name[:100]).casefold())


_FIELD_NAMES = {
    "title": "title",
    "original_title": (
        "originaltitle originalname originaltitel originaletitel titreoriginal titolooriginale"
        " titulooriginal nombreoriginal tytuloryginalny puvodninazev nativetitle originaltitlename"
        " nameoriginal titrevo nomeoriginal оригинал 又名 оригинальноеназвание 原名 原题 原題 원제"
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
        " movieorshow movieortv lot mediatypename titlekind worktype medientyp tipus tipologia"
        " titelart typedetitre typedemedia tipodetitulo tipodemedio tipodititolo typtytulu"
        " titeltyp тип 种类 種類 종류"
    ),
    "soft_kind": (
        "category categories categoria kategorie categorie kategoria kategori format section"
        " subtype medium group universe entity art soort rodzaj clase tur категория формат"
        " 类别 类型 類型"
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
        " entrystatus statut estado stato shelf progress статус 状态 状態"
    ),
    "wanted": "want wanted iwant wantit wanttowatch towatch inwatchlist onwatchlist iswanted",
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
    *(
        "canonicaltitle",
        "englishtitle",
        "titleenglish",
        "itemtitle",
        "mediatitle",
        "worktitle",
        "fulltitle",
    ),
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
    *("影片标题", "电影标题", "影片名称", "影片名", "nameru", "nameen"),
    *("タイトル", "作品名", "邦題", "題名", "제목", "영화제목", "영화명", "작품명"),
    *("name", "movie", "film", "tvshow", "tvseries", "show", "series", "movies", "films"),
    *(
        "movieshowname",
        "movieshow",
        "movietvshow",
        "titles",
        "shows",
        "naam",
        "namn",
        "nombre",
        "nom",
        "nome",
        "pelicula",
        "serie",
        "filme",
    ),
    *("nazwa", "nimi", "elokuva", "ф[иі]льм", "сериал", "电影", "映画", "영화"),
    *("label", "sorttitle", "item"),
)
"""Words that mean other things beside a title, and alone the title itself."""
_UNSAID = Kind()
_TITLES = tuple(map(plain_name, _TITLE_NAMES))
_SURER = ("entitytype", "mediatype", "titletype", "itemtype")  # than `type`: of what is done
_LONGEST_NAME = 25
_BESIDE_IMDB = "rat|vote|scor|rank|list|user|genre|top|date|runtime|poster|image"
_LIKE_IDS = (  # what a name says beside that of the base
    ("imdb", re.compile(rf"(?!.*(?:{_BESIDE_IMDB})).*imdb.*")),
    ("tmdb", re.compile(r"(?!.*(?:rat|vote|list|user|collection)).*(?:tmdb|moviedb).*id.*")),
    ("tvdb", re.compile(r"(?!.*(?:rat|vote|list|user|episode)).*tvdb.*id.*")),
)
_SEASON = rf"(?:(?!series)(?:{SEASON_WORDS}|{OTHER_SEASON_WORDS}))"
_LIKE_SEASON = re.compile(
    rf"(?:which|what|missing|needed|wanted|requested|desired|welche|quelle|que|cual)?{_SEASON}"
    r"(?:to(?:watch|see|get|add|download|request)|(?:i|we|you)want|wanted|needed|missing|requested"
    r"|numbers?|nummern?|numero|num|nr|no)?"
    r"|(?:no|nr|n|num|numero|numer|nummer)(?:de|del|di)?"
    r"(?:season|staffel|saison|temporada|stagione|seizoen|sezonu?)"
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

Pick = Callable[[list[str]], tuple[str, ...]]
"""Of the fields of a row those of `RawRow`; place -1 finds the empty field at the end."""


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
    wanted: object = None
    unwanted: object = None


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
    if known is None and len(plain) < _LONGEST_NAME and _LIKE_SEASON.fullmatch(plain):
        return "season"
    return "unwanted" if known is None and asks_for_unwanted(plain) else known


def title_among(plain: Iterable[str]) -> str | None:
    """Find which of the *plain* names stands for the title where none is called so."""
    names = set(plain)
    return None if "title" in names else next((name for name in _TITLES if name in names), None)


def kind_by_title(called: str | None) -> MediaType | None:
    """Say what titles are by the name that they stand under."""
    if not called or called not in _TITLES or called.startswith(("movieshow", "movietv")):
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
            if field is None:
                continue
            place = places[_PLACES[field]]
            if place < 0 or (name in _SURER and plain[place] == "type"):
                places[_PLACES[field]] = column
    return tuple(places)


def count_telling(header: list[str]) -> int:
    """Count the fields that tell a header; `Wanted` and `Dropped` may be titles."""
    places = header_places(header)[: _PLACES["wanted"]]
    return sum(place >= 0 for place in places)


class TitleColumn(NamedTuple):
    """One of several columns of titles side by side, and what belongs to it."""

    name: str
    places: tuple[int, ...]
    media: MediaType | None  # none: what is no title that could be requested


def columns_side_by_side(header: list[str]) -> tuple[list[TitleColumn], str | None]:
    """Part a table of films and series side by side, `Movies,Shows` or `Movie,Year,Show,Year`.

    None, but the name of the second column, where that may be of films as well: the series that
    a film belongs to.
    """
    kinds = [(place, _kind_over(name)) for place, name in enumerate(header)]
    starts = [(place, kind) for place, kind in kinds if kind != _UNSAID]
    if len({kind.media for _, kind in starts if kind.media}) < 2 or not _is_over_titles(header):
        return [], None
    if not _are_lists(header, [place for place, _ in starts]):
        return [], next(header[at] for at, kind in starts if kind.media is MediaType.TV)
    ends = [place for place, _ in starts[1:]] + [len(header)]
    columns = []
    for (start, kind), end in zip(starts, ends, strict=True):
        names = [name if start < at < end else "" for at, name in enumerate(header)]
        names[start] = "title"
        columns.append(TitleColumn(header[start], header_places(names), kind.media))
    return columns, None


def _kind_over(name: str) -> Kind:
    plain = plain_name(name)
    media = None if plain in FIELDS else kind_by_title(plain)
    return Kind(media) if media else soft_kind_of(name) if plain not in FIELDS else _UNSAID


def _is_over_titles(header: list[str]) -> bool:
    """Tell that no column names titles or their kinds: then words for kinds stand over titles."""
    plain = list(map(plain_name, header))
    if any(FIELDS.get(name) in ("kind", "soft_kind") for name in plain):
        return False
    return kind_by_title(title_among(plain)) is not None


def _are_lists(header: list[str], starts: list[int]) -> bool:
    plain = list(map(plain_name, header))
    others = [name for at, name in enumerate(plain) if at not in starts and name]
    names = [plain[at] for at in starts]
    is_series_of_films = any(name.startswith("serie") for name in names) and not all(
        name.endswith(("s", "filme", "serien")) for name in names
    )
    return not others or len({*others}) < len(others) or not is_series_of_films


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


def tells_watched_films(names: AbstractSet[str]) -> bool:
    """Recognise TV Time's list of films, which have a TVDB number, and no kind, as series do."""
    is_told = "iswatched" in names and not names.isdisjoint(("uuid", "rewatchcount"))
    return is_told and not any(FIELDS.get(name) in ("kind", "season", "episode") for name in names)


def names_titles(places: tuple[int, ...]) -> bool:
    """Tell whether a row under this header can say which title it means."""
    return any(places[_PLACES[field]] >= 0 for field in NAMING)


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
