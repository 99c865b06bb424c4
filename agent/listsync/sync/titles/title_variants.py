"""One title written in two ways: numbers in words, short words, spellings, disguised letters.

What is written otherwise is still the same title; it only counts after a title that is written
as the list writes it. Each rule here is about writing, none about a title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_INVERTED = re.compile(
    r"(.+),\s*(the|an?|l['\u2019]|les?|la|une?|der|die|das|eine?|el|los|las|il|lo|gli|i|de|het|een"
    r"|den|det|os?|as?)(\s*:.*)?",
    re.IGNORECASE,
)
_ELIDED = re.compile(r"^l['\u2019](?=\w)", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"['\u2019](\d\d)(?!\w)")
_LAST_OF_THIS_CENTURY = 29
_HEART = re.compile(r"[\u2665\u2764\u2661]\ufe0f?")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_NEEDLESS_BLANK = re.compile(r"(?<!\d) | (?!\d)")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

_UNITS_IN_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
_UNITS = {word: number for number, word in enumerate(_UNITS_IN_WORDS.split())}
_TENS_IN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {
    word: number for number, word in zip(range(20, 100, 10), _TENS_IN_WORDS.split(), strict=True)
}
_HUNDRED = "hundred"

_LONG_WORDS = {
    "dr": "doctor",
    "mr": "mister",
    "mrs": "missus",
    "jr": "junior",
    "mt": "mount",
    "versus": "vs",
    "gegen": "vs",
    "contre": "vs",
    "contra": "vs",
    "o": "0",
}
_ANDS = frozenset({"et", "und", "y", "e", "och", "og", "n"})
_LEFT_OUT_BEFORE_A_NUMBER = frozenset({"part", "volume", "chapter"})
_AMERICAN = (
    (
        re.compile(
            r"^(arm|behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|parl|rum|sav|splend|val"
            r"|vap|vig)our"
        ),
        r"\1or",
    ),
    (re.compile(r"^(cent|fib|lust|somb|spect|theat)re(s?)$"), r"\1er\2"),
    (re.compile(r"^(def|lic|off|pret)ence(s?)$"), r"\1ense\2"),
    (re.compile(r"^(civil|organ|real|recogn)is(e|ed|er|ing|ation)$"), r"\1iz\2"),
    (re.compile(r"^(jewel|marvel|travel)l(ed|er|ers|ing|ous)$"), r"\1\2"),
    (re.compile(r"^grey(s?)$"), r"gray\1"),
    (re.compile(r"^catalogue(s?)$"), r"catalog\1"),
    (re.compile(r"^programme(s?)$"), r"program\1"),
)

ANY = "\0"
"""Stands in a disguised title for one letter that something else was written for."""
_FOREIGN_SCRIPTS = ("GREEK", "CYRILLIC")


def joined(words: Iterable[str]) -> str:
    """Join *words* without blanks, but for one between two numbers."""
    return _NEEDLESS_BLANK.sub("", " ".join(words))


def article_in_front(title: str) -> str:
    """Write `Matrix, The` as `The Matrix`."""
    inverted = _INVERTED.fullmatch(title)
    if inverted is None:
        return title
    rest, article, subtitle = inverted.groups()
    blank = "" if article[-1] in "'\u2019" else " "
    return f"{article}{blank}{rest}{subtitle or ''}"


def upright(title: str) -> str:
    """Write *title* with its article in front, numbers in full and hearts in words."""
    title = _ELIDED.sub("l ", article_in_front(title))
    title = _THOUSANDS.sub("", _FRACTION.sub(_in_full, title))
    return _HEART.sub(" heart ", _SHORT_YEAR.sub(_full_year, title))


def _in_full(match: re.Match[str]) -> str:
    return f" {unicodedata.normalize('NFKC', match.group())}"


def _full_year(match: re.Match[str]) -> str:
    short = match.group(1)
    return f" {'20' if int(short) <= _LAST_OF_THIS_CENTURY else '19'}{short}"


def with_umlauts_spelt_out(title: str) -> str | None:
    """Write ae for a German or Nordic ä; None where there is none."""
    spelt = unicodedata.normalize("NFC", title).casefold()
    other = spelt.translate(_UMLAUTS)
    return other if other != spelt else None


def same_writing(words: list[str]) -> list[str]:
    """Write folded *words* in one way: digits, long words, American spelling, no part words."""
    counted = in_digits([_one_word(words, at) for at in range(len(words))])
    return [
        word.lstrip("0") or "0" if word.isdigit() else word
        for at, word in enumerate(counted)
        if not (
            word in _LEFT_OUT_BEFORE_A_NUMBER
            and 0 < at < len(counted) - 1
            and counted[at + 1].isdigit()
        )
    ]


def _one_word(words: list[str], at: int) -> str:
    word = words[at]
    is_inside = 0 < at < len(words) - 1
    if word in _ANDS and is_inside:
        return "and"
    if word == "st":
        return "street" if at == len(words) - 1 else "saint"
    if word == "v" and is_inside:
        return "vs"
    if word in _LONG_WORDS:
        return _LONG_WORDS[word]
    for pattern, american in _AMERICAN:
        if pattern.match(word):
            return pattern.sub(american, word)
    return word


def in_digits(words: list[str]) -> list[str]:
    """Write numbers in digits: `one hundred and one` is 101, `twenty one` is 21."""
    out: list[str] = []
    at = 0
    while at < len(words):
        number, taken = _number_at(words, at)
        out.append(words[at] if number is None else str(number))
        at += taken
    return out


def _number_at(words: list[str], at: int) -> tuple[int | None, int]:
    """Read the number in words that begins at *at*, and how many words it takes."""
    number, taken = _below_hundred(words, at)
    if number is None or _at(words, at + taken) != _HUNDRED:
        return number, taken
    number, taken = number * 100, taken + 1
    joined = 1 if _at(words, at + taken) == "and" else 0
    rest, more = _below_hundred(words, at + taken + joined)
    return (number, taken) if rest is None else (number + rest, taken + joined + more)


def _below_hundred(words: list[str], at: int) -> tuple[int | None, int]:
    word = _at(words, at)
    if word in _UNITS:
        return _UNITS[word], 1
    if word not in _TENS:
        return None, 1
    unit = _UNITS.get(_at(words, at + 1), 0)
    return (_TENS[word] + unit, 2) if 0 < unit < 10 else (_TENS[word], 1)


def _at(words: list[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def disguised(words: list[str]) -> str | None:
    """Join *words* with `ANY` for each digit or foreign letter within a Latin word, if any."""
    masked = joined(map(_disguised_word, words))
    return masked if ANY in masked else None


def _disguised_word(word: str) -> str:
    if word.isascii() and (word.isalpha() or word.isdigit()):
        return word
    odd = [_is_odd(char) for char in word]
    inner = [
        is_odd and not (char.isdigit() and (all(odd[:at]) or all(odd[at + 1 :])))
        for at, (char, is_odd) in enumerate(zip(word, odd, strict=True))
    ]
    if all(odd):
        return word
    return "".join(ANY if hidden else char for char, hidden in zip(word, inner, strict=True))


def _is_odd(char: str) -> bool:
    return char.isdigit() or unicodedata.name(char, "").startswith(_FOREIGN_SCRIPTS)


def is_under(disguise: str | None, plain: str) -> bool:
    """Say whether *plain* is what *disguise* hides: letter for letter, `ANY` for any letter."""
    return (
        disguise is not None
        and len(disguise) == len(plain)
        and all(
            one == other or (one == ANY and other.isalpha())
            for one, other in zip(disguise, plain, strict=True)
        )
    )
