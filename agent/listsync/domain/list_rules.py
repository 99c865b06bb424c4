"""What a list may restrict: titles, by genre and language among others, and seasons of a series.

The genres are those that TMDB gives titles, by their English names folded as titles' are.
Source: TMDB's `/genre/movie/list` and `/genre/tv/list`, the same for years; ISO 639-1, and TMDB's
`/configuration/languages` (cn, mo, sh, xx).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from listsync.domain.media import MediaType
from listsync.domain.server import (
    AS_USUAL,
    Asking,
    SeriesDetails,
    TitleFacts,
)
from listsync.lean_dataclasses import dataclass

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


_ISO_639_1 = """
aa afar, ab abkhazian, ae avestan, af afrikaans, ak akan, am amharic, an aragonese, ar arabic,
as assamese, av avaric, ay aymara, az azerbaijani, ba bashkir, be belarusian, bg bulgarian,
bi bislama, bm bambara, bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, ce chechen,
ch chamorro, co corsican, cr cree, cs czech, cu church slavic, cv chuvash, cy welsh, da danish,
de german, dv divehi, dz dzongkha, ee ewe, el greek, en english, eo esperanto, es spanish,
et estonian, eu basque, fa persian, ff fulah, fi finnish, fj fijian, fo faroese, fr french,
fy western frisian, ga irish, gd gaelic, gl galician, gn guarani, gu gujarati, gv manx, ha hausa,
he hebrew, hi hindi, ho hiri motu, hr croatian, ht haitian, hu hungarian, hy armenian, hz herero,
ia interlingua, id indonesian, ie interlingue, ig igbo, ii sichuan yi, ik inupiaq, io ido,
is icelandic, it italian, iu inuktitut, ja japanese, jv javanese, ka georgian, kg kongo, ki kikuyu,
kj kuanyama, kk kazakh, kl kalaallisut, km khmer, kn kannada, ko korean, kr kanuri, ks kashmiri,
ku kurdish, kv komi, kw cornish, ky kirghiz, la latin, lb luxembourgish, lg ganda, li limburgan,
ln lingala, lo lao, lt lithuanian, lu luba-katanga, lv latvian, mg malagasy, mh marshallese,
mi maori, mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay, mt maltese, my burmese,
na nauru, nb norwegian bokmål, nd north ndebele, ne nepali, ng ndonga, nl dutch,
nn norwegian nynorsk, no norwegian, nr south ndebele, nv navajo, ny chichewa, oc occitan,
oj ojibwa, om oromo, or oriya, os ossetian, pa punjabi, pi pali, pl polish, ps pashto,
pt portuguese, qu quechua, rm romansh, rn rundi, ro romanian, ru russian, rw kinyarwanda,
sa sanskrit, sc sardinian, sd sindhi, se northern sami, sg sango, si sinhala, sk slovak,
sl slovenian, sm samoan, sn shona, so somali, sq albanian, sr serbian, ss swati, st southern sotho,
su sundanese, sv swedish, sw swahili, ta tamil, te telugu, tg tajik, th thai, ti tigrinya,
tk turkmen, tl tagalog, tn tswana, to tonga, tr turkish, ts tsonga, tt tatar, tw twi, ty tahitian,
ug uighur, uk ukrainian, ur urdu, uz uzbek, ve venda, vi vietnamese, vo volapük, wa walloon,
wo wolof, xh xhosa, yi yiddish, yo yoruba, za zhuang, zh chinese, zu zulu,
"""
_OF_TMDB = "cn cantonese, mo moldavian, sh serbo-croatian, xx no language"


def _read(table: str) -> dict[str, str]:
    rows = " ".join(table.split()).rstrip(",").split(", ")
    return {row[:2]: row[3:] for row in rows}


LANGUAGES = MappingProxyType(_read(_ISO_639_1) | _read(_OF_TMDB))
"""English names by code; both in small letters."""


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from `low` to `high`, both included; None: without a bound."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, number: float) -> bool:
        above = self.low is None or number >= self.low
        return above and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        low, high = (f"{end:g}" if end is not None else None for end in (self.low, self.high))
        if low == high:
            return str(low)
        if low is None or high is None:
            return f">={low}" if high is None else f"<={high}"
        return f"{low}-{high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a title must be like; what is not said does not matter.

    Genres are case-folded English names, languages ISO 639-1 codes. A title of which the
    catalogue does not say what is asked for does not fit: it may fit later.
    """

    year: Span | None = None
    rating: Span | None = None
    votes: Span | None = None
    genres: frozenset[str] = frozenset()
    genres_not: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    languages_not: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self is not NO_FILTERS and self != NO_FILTERS

    def objection(self, facts: TitleFacts) -> str | None:
        """Say why the title is not taken; None if it is."""
        numbers = (
            ("year", self.year, facts.year),
            ("rating", self.rating, facts.rating),
            ("votes", self.votes, facts.votes),
        )
        for name, span, number in numbers:
            if span is not None and (number is None or number not in span):
                known = "unknown" if number is None else f"{number:g}"
                return f"{name} {known}, the list takes {span}"
        if self.genres and not self.genres & facts.genres:
            return f"none of the genres {_words(self.genres)}"
        if self.genres_not & facts.genres:
            return f"genre {_words(self.genres_not & facts.genres)}"
        if self.languages and facts.language not in self.languages:
            return f"language {facts.language or 'unknown'}, not {_words(self.languages)}"
        if facts.language in self.languages_not:
            return f"language {facts.language}"
        return None


NO_FILTERS = Filters()


def _words(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


class Which(StrEnum):
    """Which seasons of a series."""

    ALL = "all"
    FIRST = "first"
    LATEST = "latest"
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seasons:
    """Which seasons of a series a list wants; specials (0) only where they are named.

    `count` belongs to LATEST, `numbers` to NAMED.
    """

    which: Which = Which.ALL
    count: int = 1
    numbers: frozenset[int] = frozenset()

    def __str__(self) -> str:
        """Write the rule down, the same for good: what was handled is remembered by it."""
        if self.which is Which.NAMED:
            return ",".join(map(str, sorted(self.numbers)))
        return f"latest:{self.count}" if self.which is Which.LATEST else self.which.value

    def of(self, details: SeriesDetails) -> frozenset[int]:
        """Choose among the seasons that have episodes; announced ones only if none has."""
        if self.which is Which.NAMED:
            return self.numbers
        regular = [season for season in details.seasons if season.number > 0]
        numbers = sorted(s.number for s in [one for one in regular if one.episodes] or regular)
        if self.which is Which.FIRST:
            return frozenset(numbers[:1])
        if self.which is Which.LATEST:
            return frozenset(numbers[-self.count :])
        return frozenset(numbers)


ALL_SEASONS = Seasons()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """What the user wants done with one list.

    `source` names the list for good (`mdblist:user/slug`), so that its memory survives a new
    `name`. `limit` counts titles from the top, `max_per_run` and `max_per_day` (24 hours) those
    that are asked for. `is_exclusion`: "not these". `new_seasons`: of series that were handled,
    seasons that air later are asked for. `cancel_removed`: what leaves the list is not waited for.
    `asking_of_series`: where series are asked for otherwise than films.
    One that is not `is_enabled` is kept as it was read last, and not read.
    """

    source: str
    name: str
    service: str
    limit: int | None = None
    kind: MediaType | None = None
    is_exclusion: bool = False
    is_enabled: bool = True
    four_k: bool = False
    asking: Asking = AS_USUAL
    asking_of_series: Asking | None = None
    seasons: Seasons = ALL_SEASONS
    filters: Filters = NO_FILTERS
    max_per_run: int | None = None
    max_per_day: int | None = None
    new_seasons: bool = False
    cancel_removed: bool = False

    def asking_for(self, kind: MediaType) -> Asking:
        """Say how titles of *kind* are asked for."""
        if kind is MediaType.TV and self.asking_of_series is not None:
            return self.asking_of_series
        return self.asking
