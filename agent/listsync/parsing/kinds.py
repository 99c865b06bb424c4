"""Which kind a word means: film, series, or what is none of both and cannot be requested.

The words are those of IMDb's exports (ids such as `tvMiniSeries`, English labels, labels in the
user's language) and the plain ones of other programs and of people, in many languages.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass

_VOICED = "\u3099\u309a"
_UNACCENTED = str.maketrans("\u0142\u0141\u00f8\u00d8\u0111\u0110\u0131", "lLoOdDi")


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
OTHER_SEASON_WORDS = (
    r"sasong(?:en|er)?|s(?:ae|\u00e6)son(?:en|er)?|sesong(?:en|er)?|kausi|kaudet|evad(?:ok)?|rad[ay]"
    r"|sezon(?:[ae]|ul)|\u0441\u0435\u0437\u043e\u043d\u044b?|\u5b63|\u30b7\u30fc[\u30b9\u30ba]\u30f3"
    r"|\uc2dc\uc98c|\u1109\u1175\u110c\u1173\u11ab"
)
"""Of the north, Finnish, Hungarian, Czech, Russian, Chinese, Japanese and Korean; folded."""


_RULES = (  # the first that is found anywhere in the folded word
    (r"podcast", Kind(unwanted="a podcast")),
    (
        (
            r"episod|epizod|folge|aflevering|odcinek|avsnitt|afsnit|jakso\b|\bbolum|эпизод|^серия$"
            r"|エピソード|单集|單集|에피소드"
        ),
        Kind(unwanted="an episode"),
    ),
    (
        (
            r"telenovela|game ?show|light ?novel adaptation|综艺|綜藝|예능"
            r"|^(?:scripted|reality|variety|news|sports)$"
        ),
        Kind(MediaType.TV),
    ),
    (
        (
            r"game|videospiel|jeux?\b|juego|videogioco|jogo|spel\b|\bgra\b|visual ?novel|\bvn\b"
            r"|^spiele$|oyun|\bjatek|spill\b|^(?:video)?hra$|游戏|遊戲|ゲーム|게임|игр[аы]"
            r"|brettspiel"
        ),
        Kind(unwanted="a game"),
    ),
    (
        r"music ?video|musikvideo|video ?clip|\bclip\b|video musical",
        Kind(unwanted="a music video"),
    ),
    (r"trailer|teaser|featurette", Kind(unwanted="a trailer")),
    (
        r"box ?set|collection|playlist|folder|^channel$|^(?:watch)?list$",
        Kind(unwanted="no title, but what holds some"),
    ),
    (
        (
            r"comic|manga|manhwa|manhua|webtoon|graphic ?novel|bande dessinee|fumett|tebeo"
            r"|漫画|漫畫|マンガ|만화|манга|комикс"
        ),
        Kind(unwanted="a comic"),
    ),
    (
        (
            r"book|novel|buch|buecher|bucher|roman\b|livre|libro|libri\b|ksiazk|\bboek|magazine"
            r"|zeitschrift|short stor|livr[eo]|книг|kitap|\bkniha|\bknihy|konyv"
            r"|\bkirjat?\b|\bbok\b|\bbocker|\bboger\b|\bcarti\b"
            r"|^[图圖]?[书書]籍?$|^本$|小说|小說|^책$"
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
    (r"person|people|actor|actress|director\b|^creator$", Kind(unwanted="a person")),
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
            r"|\u0441\u0435\u0440[\u0438\u0456]\u0430\u043b|剧|劇|ドラマ|シリーズ|드라마|시리즈"
        ),
        Kind(MediaType.TV),
    ),
    (r"special|video|documentary|dokument|feature|\bdvd\b|blu ?ray", Kind(MediaType.MOVIE)),
    (r"\bmusi[ckq]|musique|\baudio|concert|konzert", Kind(unwanted="music")),
    (
        (
            r"^(?:title|titles|media|anime|cartoon|animation|animated|ova|ona|oav|drama|program"
            r"|programme|work|unknown|other|none|null|n/?a|-|\?|аниме|动漫|動漫|动画|アニメ|애니)?$"
        ),
        Kind(),
    ),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _RULES)
_UNKNOWN = Kind(is_unknown=True)


@lru_cache(maxsize=256)
def kind_of(word: str) -> Kind:
    """Read a type; an unknown word is no reason to leave a title out, but to say so."""
    plain = folded(word)
    for pattern, kind in _COMPILED:
        if pattern.search(plain):
            return kind
    return _UNKNOWN


_SOFT = re.compile(
    r"(?:movie|film|tv show|show|(?:tv )?(?:mini ?)?serie|(?:audio )?book|(?:video )?game|podcast"
    r"|(?:music )?album|comic(?: ?book)?|serial|videojuego|livre|livro|libro|jogo|pelicula)s?"
    r"|music track|serien|filmes?|tv|tv (?:movie|film)s?|(?:tv |web )?(?:mini ?)?series|mangas?"
    r"|videospiele?|spiele|libri|buch|bucher|buecher|jeux(?: video)?|board ?games?|brettspiele?"
    r"|(?:light |graphic )?novels?|romane|ksiazk[ai]|boek(?:en)?|bok|bocker|boger|kitap(?:lar)?"
    r"|(?:tv )?(?:episode|folge|avsnitt|afsnit|aflevering|odcinek|episodio)n?s?"
    r"|kniha|knihy|konyv(?:ek)?|kirjat?|carti|oyun(?:lar)?|gry|(?:data|tv|video)?spel|本|書籍"
    r"|фильмы?|сериалы?|книги?|игр[аы]|манга|电影|電影|电视剧|電視劇|剧集|短剧|综艺|漫画|图?书|游戏"
    r"|映画|ドラマ|ゲーム|영화|드라마|예능"
)


def soft_kind_of(word: str) -> Kind:
    """Read what may be a type, or a genre, a shelf, or the kind of a disc."""
    return kind_of(word) if _SOFT.fullmatch(folded(word)) else Kind()


_YEAR = r"(?:18|19|20)\d\d(?:\s*[-\u2013]\s*(?:\d{4})?)?"
_BEHIND = re.compile(
    rf"(?P<title>.*\S)\s*[(\[](?:(?P<first>{_YEAR})[ ,]+)?(?P<kind>[^\W\d_][^()\[\]]{{1,18}}?)"
    rf"(?:[ ,]+(?P<last>{_YEAR}))?\s*[)\]]",
    re.ASCII,
)


class KindBehind(NamedTuple):
    """A title, the word for its kind that stands behind it in brackets, and the year there."""

    title: str
    kind: str
    year: str | None


def kind_behind(title: str) -> KindBehind | None:
    """Part `Chernobyl (TV series)` and `Dune (2021 film)`; None where there is no such word."""
    is_year = title[-5:-1].isdigit() and title[-6:-5] in ("(", "[")
    found = None if is_year or title[-1:] not in (")", "]") else _BEHIND.fullmatch(title)
    if found is None:
        return None
    kind = soft_kind_of(found["kind"])
    year = found["first"] or found["last"]
    is_kind = kind.media is not None or kind.unwanted is not None
    return KindBehind(found["title"], found["kind"], year and year[:4]) if is_kind else None


_AROUND = re.compile(  # words of headings that say nothing of a kind
    r"my|the|to|watch|watchlist|lists?|want|favou?rites?|must|best|all|read|play|watched|seen|i|have"
    r"|and|und|et|y|e|en|och|og|zu|zum|zur|a|om|te|do|por|para|da|per|att|lesen|lire|leer|ler"
    r"|leggere|lezen|czytania|lasa|spielen|jouer|jugar|jogar|giocare|spelen|grania|sehen|voir|ver"
)
_WORDS = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 5  # of a heading


def heading_words(words: str, *, is_bare: bool = False) -> list[str]:
    """Part a heading into folded words; *is_bare*: those that say nothing are left out."""
    found = _WORDS.findall(folded(words))
    return [word for word in found if not _AROUND.fullmatch(word)] if is_bare else found


def kind_of_heading(words: str) -> Kind:
    """Say what stands under a heading such as `Movies to watch` or `My books`."""
    bare = heading_words(words, is_bare=True)
    whole = soft_kind_of(" ".join(bare))
    if whole != Kind() or not 1 < len(bare) <= _MOST_WORDS:
        return whole
    kinds = [soft_kind_of(word) for word in bare]  # `Comics & Manga`
    is_one = all(kind.unwanted for kind in kinds) or len(set(kinds)) == 1
    return kinds[0] if is_one else whole


_SERVICES = (
    r"netflix|hbo(?: max)?|apple ?tv ?\+?|(?:amazon )?prime(?: video)?|amazon|hulu"
    r"|disney ?(?:\+|plus)|peacock|paramount ?(?:\+|plus)|crunchyroll|showtime|starz"
    r"|amc ?\+?|mubi|shudder|tubi|fx|sky"
)
_WHERE = re.compile(
    rf"(?:[(\[](?:on )?(?:{_SERVICES})[)\]]|\s[-\u2013\u2014@]\s+(?:on )?(?:{_SERVICES}))$",
    re.IGNORECASE,
)
_DASHES = (" - ", " \u2013 ", " \u2014 ", " @ ")


def without_place(title: str) -> str:
    """Take off the service where a title is to be seen: `Severance (Apple TV+)`."""
    in_brackets = title[-1:] in (")", "]") and not title[-2:-1].isdigit()
    may_be = in_brackets or any(dash in title for dash in _DASHES)
    found = _WHERE.search(title) if may_be else None
    return (found and title[: found.start()].rstrip()) or title


def folded(word: str) -> str:
    """Drop case, accents and dashes, and part ids such as `tvMiniSeries` into words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word[:100])
    return re.sub(r"[-_\s]+", " ", unaccented(parted).casefold()).strip()


def unaccented(text: str) -> str:
    """Drop accents, but not what tells sounds of Japanese apart."""
    if text.isascii():
        return text
    parted = unicodedata.normalize("NFKD", text.translate(_UNACCENTED))
    kept = (sign for sign in parted if not unicodedata.combining(sign) or sign in _VOICED)
    return unicodedata.normalize("NFC", "".join(kept))
