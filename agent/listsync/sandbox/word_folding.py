"""Titles as a search sees them: words without case, accents, symbols; numerals as numbers."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['`\u2019\u02bb\u02bc]")
_ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "&": " and ",
    }
)


def _plain(text: str) -> str:
    folded = text.casefold().translate(_LETTERS)
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _arabic(word: str) -> str:
    """Write a Roman numeral up to 39 as a number; leave any other word alone."""
    if not _ROMAN.fullmatch(word):
        return word
    values = [_ROMAN_VALUES[letter] for letter in word]
    following = [*values[1:], 0]
    signed = (
        value if value >= after else -value for value, after in zip(values, following, strict=True)
    )
    return str(sum(signed))


def words(text: str) -> tuple[str, ...]:
    """Split a title into folded words; an apostrophe joins ("schindlers")."""
    joined = _APOSTROPHES.sub("", _plain(text))
    return tuple(_arabic(word) for word in _WORD.findall(joined))


def index_words(text: str) -> set[str]:
    """Give every word a title can be found by; an apostrophe also parts ("avventura")."""
    return {*words(text), *(_arabic(word) for word in _WORD.findall(_plain(text)))}


def compact(text: str) -> str:
    """Run a title's words together, so that `WALL-E` equals `WALL·E`."""
    return "".join(_WORD.findall(_APOSTROPHES.sub("", _plain(text))))
