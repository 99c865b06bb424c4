"""Titles cleaned and folded to comparable words, freed of a year or country behind them. Pure.

What stands around a title in a list without being part of it (marks, tags, broken letters) is
only taken off at an edge: inside, it may be the name (`[Rec] 2`).

A fold is a string of lower-case words. Two titles with the same fold are the same title to us.
It also names titles in what is remembered, so a change of it forgets what it names otherwise;
`title_forms` knows what else is alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice

_IN_FRONT = re.compile(
    r"^(?:#?\d{1,4}[.)]\s+|#\d{1,4}\s+|\[[A-Z]{2}\]\s*|\([A-Z]{2}\)\s+|[A-Z]{2}\s[-|]\s"
    r"|(?:Film|Movie|Series):\s+)"
)
_BEHIND = re.compile(
    r"\s*(?:[(\[](?:4K|UHD|HDR|1080p|720p|2160p|Blu-?ray|Criterion|Remaster|Restored)[^()\[\]]*[)\]]"
    r"|\s(?:[-\u2013]\s)?(?:special edition|extended (?:cut|edition)|director['\u2019]s cut)"
    r"|\s[(\[]?a\.?k\.?a\.?\s.*)$",
    re.IGNORECASE,
)
_IN_DEPTH = re.compile(r"\s+[([]?3-?D[)\]]?$", re.IGNORECASE)
_BROKEN = re.compile("[\u00c2\u00c3\u00e2\u00c5\u00d0\u00d1\u00e3][\u0080-\uffff]")
_MOST = 4


def cleaned(title: str, *, has_year: bool = True) -> str:
    """Take off what surrounds *title*; where nothing would be left, it stays as it is.

    Without a year `3D` stays: it tells `Saw 3D` from `Saw`.
    """
    text = _repaired(_without_entities(title) if "&" in title else title)
    for _ in range(_MOST):
        bare = _BEHIND.sub("", _IN_FRONT.sub("", text)).strip()
        bare = _IN_DEPTH.sub("", bare) if has_year else bare
        if bare == text or not any(map(str.isalnum, bare)):
            break
        text = bare
    return text


def _without_entities(text: str) -> str:
    """Read entities, also those that were written as such twice: `&amp;#39;`."""
    import html  # noqa: PLC0415 - hardly any list needs its tables

    return html.unescape(html.unescape(text))


def _repaired(text: str) -> str:
    """Read UTF-8 that was taken for Windows-1252, as `Am\u00c3\u00a9lie`."""
    if _BROKEN.search(text) is None:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


@lru_cache(maxsize=1024)
def romanised(title: str) -> str:
    """Write *title* in Latin letters, letter by letter; Han characters by their Mandarin sound."""
    from anyascii import anyascii  # noqa: PLC0415 - few titles need its tables

    return str(anyascii(title))


_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{MULTIPLICATION SIGN}": "x"}
)
_AND = re.compile(r"[&+]")
_SILENT = re.compile(r"['`\u2018\u2019\u00b4\u02bb\u02bc\u00ad\u200b-\u200d\ufeff\ufe00-\ufe0f]")
_ACCENTS = re.compile(
    r"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    r"\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
)
_DOTTED = re.compile(r"(?<![^\W_])([^\W_])[.*·](?=[^\W_](?:[.*·]|(?![^\W_])))")
_BREAK = re.compile(r"[\W_]+")
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_NOT_ROMAN = {"xxx"}
_SHORT_WORDS = {"vol": "volume", "pt": "part", "ep": "episode"}
PART_WORDS = frozenset({"part", "volume", "chapter", "episode", "book", "season"})
_NUMBERS_IN_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {
    word: str(number) for number, word in enumerate(_NUMBERS_IN_WORDS.split(), start=1)
}
_YEAR_SUFFIX = re.compile(r"\s*[(\[]((?:18|19|20)\d\d)[)\]]\s*$")
_NUMBER_BEHIND = re.compile(r"(.*[^\W\d_][^\s,]*),? +(?:[-\u2013] +)?((?:19|20)\d\d)")
_COUNTRY_SUFFIX = re.compile(r"\s*\((US|UK|USA|AU|CA|NZ|IE|DE|FR|ES|IT|JP|KR|IN|BR)\)\s*$")
_CODES = {"UK": "GB", "USA": "US"}
_CUT = re.compile(
    r",?\sor\s?[:(]\s?|,\sor,?\s|\s?(?:(?<!\d)[:\uff1a]|[:\uff1a](?!\d))\s?|\s[-\u2013\u2014/|]\s"
    r"|\s\((?=[^()]+\)$)"
)
_MOST_CUTS = 4
_MAKER = re.compile(
    r"(?!(?:an?|the)\s)(\S+(?:\s\S+){1,3}?)(?:['\u2019]s|(?<=s)['\u2019])\s(\S.*)", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"(\S.*?)[\s:,-]+(?:(?:part|pt|volume|vol|chapter|episode|book)\.?\s)?\w+", re.IGNORECASE
)
_PART_NUMBERS = range(2, 21)


@lru_cache(maxsize=16384)
def fold(title: str) -> str:
    """Fold *title* to comparable words, e.g. `Mr. & Mrs. Smith` to `mr and mrs smith`."""
    text = unicodedata.normalize("NFKC", title).casefold()
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", text))
    text = _SILENT.sub("", _AND.sub(" and ", text))
    words = _split(_DOTTED.sub(r"\1", text))
    return " ".join(_numerals(words)) or title.casefold().strip()


def _split(text: str) -> list[str]:
    """Split into words; vowel signs and voicing marks belong to them, though not for `re`."""
    if text.isascii():
        return _BREAK.sub(" ", text).split()
    return "".join(char if _is_of_word(char) else " " for char in text).split()


def _is_of_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def _numerals(words: list[str]) -> list[str]:
    """Write part numbers in one way: `Part II`, `pt. two` and `Part 2` are alike."""
    out: list[str] = []
    for position, word in enumerate(words):
        plain = _SHORT_WORDS.get(word, word)
        after_part = bool(out) and out[-1] in PART_WORDS
        is_last = position == len(words) - 1 and position > 0
        if after_part and plain in _NUMBER_WORDS:
            plain = _NUMBER_WORDS[plain]
        elif _is_roman(plain) and (len(plain) > 1 or after_part or is_last):
            plain = str(_roman_value(plain))
        out.append(plain)
    return out


def _is_roman(word: str) -> bool:
    return bool(word) and word not in _NOT_ROMAN and _ROMAN.fullmatch(word) is not None


def _roman_value(word: str) -> int:
    values = [_ROMAN_VALUES[char] for char in word]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def cuts(title: str) -> list[tuple[str, str]]:
    """Cut *title* at each place where a subtitle can begin: what stands before and after.

    Past the fourth place no title goes on.
    """
    title = _one_line(title)
    ends = [
        (title[: cut.start()], title[cut.end() :].removesuffix(")"))
        for cut in islice(_CUT.finditer(title), _MOST_CUTS)
    ]
    return [(head, rest) for head, rest in ends if head and any(map(str.isalpha, rest))]


def main_title(title: str) -> str | None:
    """Return what stands before a subtitle, None where there is none."""
    return next((head for head, _ in cuts(title)), None)


def maker_and_title(title: str) -> tuple[str, str] | None:
    """Split `John Carpenter's The Thing` into who made it and the title behind; None without.

    A name of one word is none: `Schindler's List`.
    """
    match = _MAKER.fullmatch(_one_line(title))
    return (match[1], match[2]) if match else None


def series_and_part(title: str) -> tuple[str, int] | None:
    """Split `Beverly Hills Cop IV` into the name of the film series and 4; None without."""
    name = _one_line(title)
    match = _NUMBERED.fullmatch(name)
    number = fold(name).rpartition(" ")[2]
    is_short = number.isascii() and number.isdigit() and len(number) <= 2
    if match is None or not is_short or int(number) not in _PART_NUMBERS:
        return None
    return (match[1], int(number)) if any(map(str.isalnum, match[1])) else None


def without_suffixes(title: str) -> tuple[str, int | None]:
    """Split `Dune (1984)` into `Dune` and 1984; a country such as `(US)` goes as well."""
    bare, year = _one_line(title), None
    while True:
        match = _COUNTRY_SUFFIX.search(bare) or (None if year else _YEAR_SUFFIX.search(bare))
        if match is None or match.start() == 0:
            return bare, year
        year = int(match.group(1)) if match.re is _YEAR_SUFFIX else year
        bare = bare[: match.start()]


def without_year_behind(title: str, year: int | None) -> str | None:
    """Write `Dune 2021` as `Dune` where a list gives that year as well; None where there is none.

    It tells remakes apart, or is part of the title.
    """
    name = _one_line(title)
    if year is None or not name.endswith((f" {year}", f"-{year}", f"\u2013{year}")):
        return None
    return name.removesuffix(str(year)).rstrip(" ,-\u2013") or None


def number_behind(title: str) -> tuple[str, int] | None:
    """Part `Heat 1995` into its words and what may be its year, or may belong to the title."""
    match = _NUMBER_BEHIND.fullmatch(_one_line(title))
    return (match[1], int(match[2])) if match else None


def country_of(title: str) -> str | None:
    """Read the country in brackets that tells *title* from another of its name: `(UK)` is GB."""
    bare = _YEAR_SUFFIX.sub("", _one_line(title))
    match = _COUNTRY_SUFFIX.search(bare)
    if match is None or match.start() == 0:
        return None
    return _CODES.get(match.group(1), match.group(1))


def _one_line(title: str) -> str:
    """Make every run of blanks one blank: the patterns here are slow on long runs."""
    return " ".join(title.split())
