"""What a row says of seasons and episodes, in the words of people and of other programs.

A cell that is not understood never means all seasons: it is a doubt, which a person must look at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.parsing.columns import Pick, RawRow, header_places, plain_name
from listsync.parsing.decoding import title_text
from listsync.parsing.kinds import (
    OTHER_SEASON_WORDS,
    SEASON_WORDS,
    kind_behind,
    kind_of,
    without_place,
)

_KEYS = ("number", "season", "season_number", "seasonNumber")
_LONGEST = 200
_MOST = 100
_WORD = rf"(?:{SEASON_WORDS}|{OTHER_SEASON_WORDS})"
_NUMBER = rf"(?:(?:{_WORD}|[st])[ :.#-]*(?:(?:no|nr|number)[ .]+)?)?#?(\d{{1,6}})(?:\.0+)?"
_ONE = re.compile(_NUMBER, re.ASCII)
_ORDINAL = re.compile(rf"(\d{{1,3}})(?:st|nd|rd|th|a|o|e|er|eme|de)?[. ] ?{_WORD}", re.ASCII)
_NTH = re.compile(r"\u7b2c ?(\d{1,3}) ?(?:\u5b63|\u671f|\u30b7\u30fc\u30b9\u30f3)", re.ASCII)
_COUNT = re.compile(r"\d+ \w+", re.ASCII)  # "3 seasons", "1 season": how many, and not which
_RANGE = re.compile(
    rf"{_NUMBER}(?: ?(?:-|\.\.+) ?| (?:to|through|thru|until|till|bis|t/m|a|do) ){_NUMBER}",
    re.ASCII,
)
_LISTED = re.compile(r" ?[,;] ?")
_JOINED = re.compile(r" ?[&+|] ?| (?:and|und|et|en|e|y|i) |(?<=\d) (?=s\d)", re.ASCII)
_SPECIALS = re.compile(r"(?:tv )?(?:specials?|spezials?|specia(?:le|li|ux)|especia(?:l|les|is))")
_ALL = re.compile(
    r"\*|(?:all|any|every|complete|entire|full|whole|alle[ns]?|komplett|tous|toutes?|todas?|todos?"
    rf"|tutt[aeio]|wszystkie)(?: (?:the |les |las |le |as )?(?:{_WORD}|serien?|shows?))?"
)
_EPISODE = re.compile(
    r"s ?\d{1,4}[ .:x-]*(?:e|ep|episode)[ .]?\d{1,5}(?: ?- ?e?\d{1,5})?|\d{1,4}x\d{1,5}"
    rf"|(?:(?:{_WORD}|s)[ .:]*\d{{1,4}}[ ,:-]*)?"
    r"(?:ep|episod[ae]s?|episodio|folge|aflevering|odcinek)[ .:#]*\d{1,5}",
    re.ASCII,
)
_NOTHING = frozenset(("", "-", "--", "---", "n/a", "na", "n.a.", "none", "null", "nil", "nan"))
_NO_EPISODE = re.compile(r"0+(?:\.0+)?|no|false", re.ASCII)
_EPISODE_IN_TITLE = re.compile(r"\b[Ss]\d{1,3} ?[Ee]\d{1,4}\b", re.ASCII)
_SHORT = r"S\d{1,3}(?:\s*[-\u2013,&+]\s*S?\d{1,3})*"
_LONG = rf"(?i:{_WORD})\s+\d{{1,3}}(?:\s*[-\u2013,&+]\s*\d{{1,3}})*"
_AFTER_TITLE = re.compile(
    rf"(?P<title>.*\S)(?:\s+(?P<short>{_SHORT})|\s*[-\u2013:,]\s+(?P<long>{_LONG})"
    rf"|\s*[(\[](?P<within>{_SHORT}|{_LONG})[)\]])",
    re.ASCII,
)
_JOINING = "-\u2013,&+ "
_OTHER_ALPHABET = re.compile(r"[\u0370-\u1fff\u3040-\ud7ff]")
_YEAR_BEHIND = re.compile(r"(?P<title>.*\S)\s*\((?P<year>(?:18|19|20)\d\d)\)")
_MAY_END = re.compile(r"\s(?:\s*\d|S\d)|[(\[]S\d", re.ASCII)  # quick, and rare
_ADDRESS = re.compile(
    r"/seasons?/(?:(?:official|dvd|absolute)/)?(?P<path>[^/?#]+)(?P<more>/episodes?/\d+)?"
    r"|[?&]season=(?P<query>[^&#]+)"
    r"|(?P<episode>/episodes?/\d+)",
    re.ASCII | re.IGNORECASE,
)

_NAME = rf"(?!series){_WORD}"
_SEASON_ITSELF = re.compile(rf"(?:{_NAME}|s)0?(\d{{1,2}})", re.ASCII)
_ABOUT_SEASONS = re.compile(
    r"(?!.*(?:of|numero(?:de|di)?(?:saisons|temporadas|stagioni)|count|total|amount|anzahl|aantal"
    r"|nombre|cantidad|liczba|watched|seen|current"
    r"|gesehen|finished|complete|progress|folder|id$|url|link|poster|image|rating|score|year|date"
    r"|air|premiere|start|end|last|latest|next|status|state|available|have|own|length|runtime|finale"
    rf"|title|name|overview|genre|pass|best|fav)).*{_NAME}.*"
)
_INITIALS = re.compile(r"\s*S(?:\s*/\s*E)?\s*")
_NOT_MARKED = (
    "",
    "-",
    "\u2013",
    "\u2014",
    "0",
    "no",
    "n",
    "nein",
    "non",
    "nee",
    "false",
    "none",
    "n/a",
)
_MARKED = ("x", "[x]", "yes", "y", "ja", "oui", "si", "s\u00ed", "true", "want", "wanted")
_MARKS = ("\u2713", "\u2714", "\u2705", "\u2611")


class SeasonCell(NamedTuple):
    """What a cell tells: `numbers` of seasons, all of them, an episode, or what nobody knows.

    `is_given` is False for a cell that says nothing. All seasons are told by no numbers.
    """

    is_given: bool = False
    numbers: tuple[int, ...] = ()
    is_episode: bool = False
    doubt: str | None = None

    @property
    def names_seasons(self) -> bool:
        """Tell whether the row is about some seasons, known or not, and not the whole series."""
        return bool(self.numbers or self.doubt)


EMPTY_CELL = SeasonCell()
_ALL_SEASONS = SeasonCell(is_given=True)
_AN_EPISODE = SeasonCell(is_given=True, is_episode=True)


def read_seasons(cell: object) -> SeasonCell:
    """Read a season cell, or a value of JSON."""
    if cell is None or cell == "" or cell is False:
        return EMPTY_CELL
    if isinstance(cell, str):
        return _read_text(cell) if len(cell) <= _LONGEST else _doubt(cell)
    if isinstance(cell, list):
        return _united(cell)
    if isinstance(cell, dict):
        return _read_object(cell)
    if cell is True or not isinstance(cell, int | float):
        return _doubt(cell)
    return _read_text(str(cell))


def _read_object(cell: dict[str, object]) -> SeasonCell:
    number = next((cell[name] for name in _KEYS if name in cell), None)
    is_plain = number is not None and not isinstance(number, dict | list)
    return read_seasons(number) if is_plain else _doubt(cell)


def names_episode(cell: object) -> bool:
    """Tell whether an episode cell is filled; nought and words for nothing are not."""
    if isinstance(cell, str):
        text = _folded(cell[:_LONGEST])
        says_nothing = text in _NOTHING or _NO_EPISODE.fullmatch(text) or _ALL.fullmatch(text)
        return not says_nothing
    return bool(cell)


def is_title_of_episode(title: str) -> bool:
    """Recognise `Friends S1E1`."""
    return _EPISODE_IN_TITLE.search(title) is not None


def parted_title(text: str) -> tuple[str, str | None]:
    """Part `The Wire S02`, `The Wire (2002) - Season 2` into what is meant and its season.

    A number after the bare word stays with the title: `Open Season 2` is a film.
    """
    found = _AFTER_TITLE.fullmatch(text) if _MAY_END.search(text) else None
    if found is None:
        return text, None
    title = found["title"]
    before = _AFTER_TITLE.fullmatch(title.rstrip(_JOINING)) if found["short"] else None
    if before is not None and before["short"]:  # `S02 - S03`
        return before["title"], text[before.start("short") :]
    return title, found["short"] or found["long"] or found["within"]


def by_its_title(raw: RawRow, assumed: MediaType | None) -> RawRow:
    """Take out of a title what it says of its season and its kind, where nothing else says it.

    `Dark: Season 2` in a list of discs is that season, and `Dune (2021 film)` is a film.
    """
    title = raw.title
    if not isinstance(title, str):
        return raw
    bare = without_place(title)
    if bare != title:
        raw, title = raw._replace(title=bare), bare
    if " / " in title and not raw.original_title and not title.isascii():
        raw = _in_two_languages(raw, title)
        title = str(raw.title)
    if raw.season in (None, "") and assumed is not MediaType.MOVIE and not _is_film(raw.kind):
        bare, season = parted_title(title.strip())
        if season:
            raw = raw._replace(title=bare, season=season)
    behind = kind_behind(title.strip())
    if behind is None or raw.kind not in (None, ""):
        return raw
    return raw._replace(title=behind.title, kind=behind.kind, year=raw.year or behind.year)


def _in_two_languages(raw: RawRow, title: str) -> RawRow:
    """Part a title in another alphabet from what stands behind it: the same in another language.

    Of `Heat / Ronin`, nobody knows whether it is one title or two.
    """
    first, second, *_ = (part.strip() for part in title.split(" / "))
    if not second or not first or not _OTHER_ALPHABET.search(f"{first} {second}"):
        return raw
    dated = _YEAR_BEHIND.fullmatch(second)
    year = raw.year or (dated and dated["year"])
    return raw._replace(title=first, original_title=dated["title"] if dated else second, year=year)


def _is_film(kind: object) -> bool:
    return isinstance(kind, str) and kind_of(kind).media is MediaType.MOVIE


def part_in_address(address: str) -> tuple[str | None, bool]:
    """Find the season in an address of a series, and whether it is the address of an episode."""
    found = _ADDRESS.search(address)
    if found is None:
        return None, False
    return found["path"] or found["query"], bool(found["more"] or found["episode"])


def without_season(title: str, cell: SeasonCell) -> str:
    """Drop from *title* the season that the row tells in a column of its own, too."""
    bare, season = parted_title(title)
    return bare if season and cell.numbers == read_seasons(season).numbers else title


@lru_cache(maxsize=1024)
def _read_text(cell: str) -> SeasonCell:
    text = _folded(cell)
    if text in _NOTHING:
        return EMPTY_CELL
    if _ALL.fullmatch(text):
        return _ALL_SEASONS
    if _EPISODE.fullmatch(text):
        return _AN_EPISODE
    numbers: set[int] = set()
    for part in _parts(text):
        found = _numbers(part)
        if found is None or len(numbers) + len(found) > _MOST:
            return _doubt(cell)
        numbers.update(found)
    return SeasonCell(is_given=True, numbers=tuple(sorted(numbers))) if numbers else _doubt(cell)


def _parts(text: str) -> Iterator[str]:
    """Yield what is enumerated; what stands beside a sign that joins two must not be missing."""
    for listed in _LISTED.split(text):
        if listed:
            yield from _JOINED.split(listed)


def _numbers(part: str) -> range | None:
    if _SPECIALS.fullmatch(part):
        return range(1)
    spread = _RANGE.fullmatch(part)
    single = _ONE.fullmatch(part) or _NTH.fullmatch(part)
    single = single or (None if _COUNT.fullmatch(part) else _ORDINAL.fullmatch(part))
    if spread is not None:
        first, last = int(spread[1]), int(spread[2])
    elif single is not None:
        first = last = int(single[1])
    else:
        return None
    is_sane = _may_be_season(first) and _may_be_season(last) and first <= last
    return range(first, last + 1) if is_sane and last - first < _MOST else None


def _may_be_season(number: int) -> bool:
    """Tell numbers of seasons, which some series count by years, from other ones."""
    return number < 200 or 1900 <= number <= 2100


def _united(cells: Iterable[object]) -> SeasonCell:
    """Read an array of seasons; objects with more than a number describe a series."""
    values = list(cells)
    if values and all(isinstance(one, dict) and len(one) > 1 for one in values):
        return EMPTY_CELL
    if any(isinstance(one, list) for one in values):
        return _doubt(values)
    numbers: set[int] = set()
    given = [cell for cell in map(read_seasons, values) if cell.is_given]
    for cell in given:
        if cell.doubt or cell.is_episode:
            return _doubt(values)
        if not cell.numbers:
            return _ALL_SEASONS
        numbers.update(cell.numbers)
    if len(numbers) > _MOST:
        return _doubt(values)
    return SeasonCell(is_given=True, numbers=tuple(sorted(numbers))) if given else EMPTY_CELL


def _doubt(cell: object) -> SeasonCell:
    words = title_text(str(cell)[:_LONGEST]) or "?"
    return SeasonCell(is_given=True, doubt=f'the season "{words[:60]}" is not understood')


def _folded(text: str) -> str:
    """Drop case, accents and doubled blanks; one form for all dashes and underscores."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    dashed = re.sub(r"[\u2010-\u2015\u2212]", "-", letters)
    return re.sub(r"[\s_]+", " ", dashed).strip()


def with_seasons(header: list[str], pick: Pick) -> Pick:
    """Have *pick* heed columns that speak of seasons where none of *header* names those wanted.

    Of `Season 1`, `Season 2` those with a mark are wanted; what else is filled is handed on with
    the name of its column, which is a doubt, but under `S`.
    """
    plain = [plain_name(name) for name in header]
    place = RawRow._fields.index("season")
    if header_places(header)[place] >= 0:
        return pick
    found = [(column, _SEASON_ITSELF.fullmatch(name)) for column, name in enumerate(plain)]
    numbered = [(column, int(one[1])) for column, one in found if one]
    others = [column for column, name in enumerate(plain) if _ABOUT_SEASONS.fullmatch(name)]
    others += [column for column, name in enumerate(header) if _INITIALS.fullmatch(name)]
    others = [column for column in others if not found[column][1]]
    if len(numbered) < 2 and not others:
        return pick

    def pick_more(fields: list[str]) -> tuple[str, ...]:
        row = list(pick(fields))
        marked = [(column, _is_marked(fields[column])) for column, _ in numbered]
        unclear = [column for column, is_marked in marked if is_marked is None]
        unclear += [column for column in others if any(map(str.isdigit, fields[column]))]
        wanted = (str(dict(numbered)[column]) for column, is_marked in marked if is_marked)
        told = next((f"{header[one]}: {fields[one].strip()}" for one in unclear), "")
        row[place] = told or ",".join(wanted)
        return tuple(row)

    return pick_more


def _is_marked(cell: str) -> bool | None:
    """Tell a mark from none; None for other words, which may say that it was seen."""
    word = cell.strip().casefold()
    if word in _MARKED or word.startswith(_MARKS):
        return True
    return False if word in _NOT_MARKED else None
