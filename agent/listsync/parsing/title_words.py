"""What the words around a title say: its year, what it is, and of a season in any language.

What speaks of a season is handed on as the season cell, which `season_cells` reads or doubts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.parsing.columns import RawRow
from listsync.parsing.decoding import year_number
from listsync.parsing.kinds import kind_behind

DATED = re.compile(r"(?P<title>.*\S)\s*[(\[](?P<year>\d{4})(?:\s*[-\u2013]\s*(?:\d{4})?)?[)\]]")
_LAST_YEAR = re.compile(
    r"(?P<title>.*\S)(?:\s*[|;\t]\s*|,\s+|\s+[-\u2013\u2014]\s+)\(?(?P<year>(?:18|19|20)\d\d)\)?"
)
_WITHIN = re.compile(
    r"(?P<title>.*\S)\s*[(\[](?P<words>[^()\[\]]{0,24}?)(?<!\d)(?P<year>(?:18|19|20)\d\d)(?!\d)"
    r"(?:\s*[-\u2013]\s*(?:\d{4})?)?(?P<more>[^()\[\]]{0,24})[)\]](?P<rest>(?:[\s,;:|\u2013-].*)?)"
)
_SECOND = re.compile(r"[(\[](?:18|19|20)\d\d[)\]]")
_PARTED = re.compile(r"\b[Ss]\d{1,3}(?:\b| ?[Ee]\d)|\b[Ss]eason\b")
_YEAR_FIRST = re.compile(r"[(\[](?P<year>(?:18|19|20)\d\d)[)\]]\s*[-:\u2013]?\s*(?P<title>\S.*)")
_KIND_FIRST = re.compile(
    r"(?P<kind>movie|film|tv|tv show|tv series|series|show)\s*:\s+(?P<title>\S.*)", re.IGNORECASE
)
_LONGEST = 200
_SURE = (  # `series` is a word for the whole, too
    r"seasons?|staffeln?|saisons?|temporadas?|stagion[ei]|seizoen(?:en)?|sezon[a-z]{0,3}"
    r"|sasong(?:en|er)?|s(?:ae|\u00e6)son(?:en|er)?|sesong(?:en|er)?|kausi|kaudet|evad(?:ok)?"
    r"|\u0441\u0435\u0437\u043e\u043d[\u0430-\u044f]{0,3}"
)
_WORD = rf"(?:{_SURE}|rad[ay])"
_EASTERN = r"(?:\u5b63|\u30b7\u30fc\u30b9\u30f3|\uc2dc\uc98c)"
_ORDER = (
    r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|latest|newest|new"
    r"|next|current|erste[nrs]?|zweite[nrs]?|dritte[nrs]?|letzte[nrs]?|neue(?:ste)?[nrs]?|naechste"
    r"|premiere|deuxieme|troisieme|derniere|nouvelle|primera?|segunda|tercera|ultima|nueva|prima"
    r"|seconda|terza|nuova|eerste|tweede|derde|laatste|nieuwe?|ostatni|nowy|forsta|sista|nya"
)
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"
_NUMBER_WORDS = r"one|two|three|four|five|six|seven|eight|nine|ten|finale|premiere"
_OF_SEASON = (
    rf"{_BEGIN}{_WORD}[ .:#_-]{{0,3}}(?:(?:no|nr|number)[ .]{{1,2}})?#?\d"
    rf"|{_BEGIN}series[ .:#-]{{0,3}}\d{{1,2}}(?!\d|[/.,]\d)"
    rf"|(?<![^\W_])(?<![/.,]){{digits}}(?:st|nd|rd|th|a|o|e|er|eme|de)?[ ._-]{{0,2}}{_WORD}{_END}"
    rf"|(?<![^\W_])(?<![/.,]){{digits}}(?:st|nd|rd|th)?[ ._-]{{0,2}}series{_END}"
    rf"|{_BEGIN}(?:{_ORDER})[ ._-](?:{_SURE}){_END}"
    rf"|{_BEGIN}(?:{_SURE})[ ._-](?:{_NUMBER_WORDS}){_END}"
    rf"|\u7b2c? ?\d ?{_EASTERN}|{_EASTERN} ?\d"
    rf"|{_BEGIN}s\d{{1,3}}{_END}"
).replace("{digits}", r"\d{1,3}")
_BEHIND = re.compile(
    rf"{_OF_SEASON}|{_BEGIN}\d{{1,2}}x\d{{2,3}}{_END}|{_BEGIN}s\d{{1,3}} ?e\d"
    rf"|{_BEGIN}(?:e|ep|episod[ae]s?|episodio|folge|aflevering|odcinek)[ .:#]{{0,2}}\d"
)
_WHOLLY = re.compile(
    rf"(?:{_SURE})|t\d{{1,2}}|(?:specials|spezials|speciali|speciaux|especia(?:les|is))"
)
_IN_TITLE = re.compile(
    rf"{_OF_SEASON}|[ (\[](?:new episodes?|neue folgen){_END}|(?<=[:(\[\u2013-])[^:(\[\u2013-]*"
    r"\bspecials?[)\]]?$"
)
_HINTS = (  # quicker to look for than any pattern
    *("season", "series", "staffel", "saison", "temporada", "stagion", "seizoen", "sezon", "ason"),
    *("esong", "s\u00e6son", "kausi", "kaudet", "evad", "rad", "special", "episode", "folge"),
    *("\u0441\u0435\u0437\u043e\u043d", "\u5b63", "\u30b7\u30fc\u30b9\u30f3", "\uc2dc\uc98c"),
)
_NUMBERED = re.compile(r"[\W_]s\d", re.ASCII)
_ARTICLES = ("the", "a", "la", "le", "il", "el", "der", "die", "das", "de", "het")
_AROUND = " -\u2013\u2014,:;|()[]._/"
_PART = re.compile(
    r"[\W_]*(?:part|vol|volume|teil|partie|parte|deel|del|czesc)[ .]{0,2}\d{1,2}[\W_]*"
)


class NamedTitle(NamedTuple):
    """What words say of a title."""

    title: str
    year: str | None = None
    kind: str | None = None
    season: str | None = None

    @property
    def row(self) -> RawRow:
        return RawRow(title=self.title, year=self.year, kind=self.kind, season=self.season)


def named_by(words: str) -> NamedTitle:
    """Part words into a title, its year, and what it is, as far as they say so."""
    kind = None
    if first := _KIND_FIRST.fullmatch(words):
        kind, words = first["kind"], first["title"]
    if behind := kind_behind(words):
        return NamedTitle(behind.title, behind.year, kind or behind.kind)
    for form in (DATED, _WITHIN, _LAST_YEAR, _YEAR_FIRST):
        found = form.fullmatch(words)
        if found is not None and (form is DATED or year_number(found["year"])):
            if form is not _WITHIN:
                return NamedTitle(found["title"], found["year"], kind)
            if within := _within(found, kind):
                return within
    return NamedTitle(words, kind=kind)


def _within(found: re.Match[str], kind: str | None) -> NamedTitle | None:
    """Read a year among other words; None where a second title follows, or a season before it."""
    title, rest, around = found["title"], found["rest"], f"{found['words']} {found['more']}"
    if _SECOND.search(f"{title}{rest}") or _PARTED.search(title):
        return None
    said = "film" if _is_part_of_film(rest) else _said_kind(around)
    season = part_behind(rest) or part_behind(around)
    return NamedTitle(title, found["year"], kind or said, season)


def _said_kind(words: str) -> str | None:
    lower = words.lower()
    return "tv" if "series" in lower or "tv" in lower.split() else None


def part_behind(words: str) -> str | None:
    """Take what *words* behind a title, an id or an address say of seasons; None: nothing."""
    bare = _bare(words)
    level = _level(bare[:_LONGEST])
    return bare if level and (_WHOLLY.fullmatch(level) or _BEHIND.search(level)) else None


def part_at_once(words: str) -> str | None:
    """Take *words* that begin with a season: behind an id, others are the title."""
    bare = _bare(words)
    level = _level(bare[:_LONGEST])
    return bare if level and (_WHOLLY.fullmatch(level) or _BEHIND.match(level)) else None


def _is_part_of_film(words: str) -> bool:
    """Recognise `Vol. 1`, which may stand behind a film; that of a series would be a doubt."""
    return _PART.fullmatch(_level(words[:_LONGEST])) is not None


def by_told_title(raw: RawRow, media: MediaType | None, *, has_id: bool) -> RawRow:
    """Take the season out of a title that only its row tells to be one of a series.

    Of a title with an id, nobody knows whether it is `Open Season 2`: it is believed of a film,
    and the id of a series contradicts that.
    """
    title = raw.title
    if media is MediaType.MOVIE or not (media or has_id) or not isinstance(title, str):
        return raw
    found = _season_in(title[:_LONGEST])
    if found is None:
        return raw
    if media is None:
        return raw._replace(kind="film")
    return raw._replace(title=found[0], season=found[1])


def _season_in(title: str) -> tuple[str, str] | None:
    level = _level(title)
    may_be = _NUMBERED.search(level) or any(hint in level for hint in _HINTS)
    found = _IN_TITLE.search(level) if may_be else None
    if found is None:
        return None
    before = title[: found.start()].rstrip(_AROUND)
    is_named = any(map(str.isalnum, before)) and before.lower() not in _ARTICLES
    return (before, _bare(title[found.start() :])) if is_named else None


def _bare(words: str) -> str:
    start = next((place for place, sign in enumerate(words) if sign.isalnum()), len(words))
    return words[start:].rstrip(" )],;:.|*_~")


def _level(text: str) -> str:
    """Drop case and accents, and keep each letter in its place."""
    return text.lower() if text.isascii() else "".join(map(_letter, text))


def _letter(sign: str) -> str:
    if "\uac00" <= sign <= "\ud7a3":
        return sign
    return (unicodedata.normalize("NFKD", sign).casefold() or sign)[0]
