"""The genres that TMDB gives titles, by their English names folded as titles' are; languages.

Source: TMDB's `/genre/movie/list` and `/genre/tv/list`, the same for years; ISO 639-1, and TMDB's
`/configuration/languages` (cn, mo, sh, xx).
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
