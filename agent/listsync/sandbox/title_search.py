"""Finds titles, persons and film series by name, most popular first, as TMDB does.

A name matches when every folded word of the query is one of its words (the last may be the
beginning of one), or when both are equal without spaces. Nothing is guessed beyond that.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterable

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.catalogue import (
    INVENTED_YEARS,
    TV,
    CatalogueTitle,
    Collection,
    Person,
    SandboxCatalogue,
    invented,
)

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


Entry = CatalogueTitle | Person | Collection
PAGE_SIZE = 20
_NONE = range(0)
_INVENTED_WORDS = ("sandbox", "film")
_INVENTED_DIGITS = 6


@dataclass(frozen=True, slots=True)
class SearchHits:
    """What a query names: entries, then a run of films that are invented when looked at."""

    entries: list[Entry]
    numbers: range

    def __len__(self) -> int:
        return len(self.entries) + len(self.numbers)

    def page(self, page: int) -> list[Entry]:
        """Give page *page*, counted from 1; pages that do not exist are empty."""
        if page < 1:
            return []
        start, stop = (page - 1) * PAGE_SIZE, page * PAGE_SIZE
        known = len(self.entries)
        numbers = self.numbers[max(start - known, 0) : max(stop - known, 0)]
        return [*self.entries[start:stop], *map(invented, numbers)]


class Search:
    """An index of names: word -> positions of entries."""

    def __init__(self, catalogue: SandboxCatalogue, others: Iterable[Entry]) -> None:
        self._catalogue = catalogue
        self._entries: list[Entry] = []
        self._positions: dict[str, set[int]] = {}
        self._compact: dict[str, set[int]] = {}
        self._words: list[str] = []
        for entry in (*catalogue.real, *others):
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Make *entry* findable; a title that was there already is found as it is now."""
        position = len(self._entries)
        self._entries.append(entry)
        for name in set(_names(entry)):
            self._compact.setdefault(compact(name), set()).add(position)
            for word in index_words(name):
                if word not in self._positions:
                    insort(self._words, word)
                self._positions.setdefault(word, set()).add(position)

    def find(self, query: str) -> SearchHits:
        """Give everything that *query* names."""
        wanted = words(query)
        if not wanted:
            return SearchHits([], _NONE)
        positions = self._matching(wanted) | self._compact.get(compact(query), set())
        entries = {_identity(entry): entry for entry in map(self._entry, positions)}
        ordered = sorted(entries.values(), key=lambda entry: -entry.popularity)
        return SearchHits(ordered, _invented_numbers(wanted, self._catalogue.invented_films))

    def find_of_year(
        self, query: str, year: int
    ) -> tuple[list[CatalogueTitle], list[CatalogueTitle]]:
        """Give the first 20 films and the first 20 series of *year* that *query* names."""
        found = self.find(query)
        dated = [
            entry
            for entry in found.entries
            if isinstance(entry, CatalogueTitle) and entry.year == str(year)
        ]
        films = [title for title in dated if title.kind != TV]
        series = [title for title in dated if title.kind == TV]
        films += map(invented, _of_year(found.numbers, year)[:PAGE_SIZE])
        return films[:PAGE_SIZE], series[:PAGE_SIZE]

    def _entry(self, position: int) -> Entry:
        entry = self._entries[position]
        if isinstance(entry, CatalogueTitle):
            return self._catalogue.find(*entry.key) or entry
        return entry

    def _matching(self, wanted: tuple[str, ...]) -> set[int]:
        found = self._beginning(wanted[-1])
        for word in wanted[:-1]:
            found &= self._positions.get(word, set())
        return found

    def _beginning(self, prefix: str) -> set[int]:
        found: set[int] = set()
        for place in range(bisect_left(self._words, prefix), len(self._words)):
            if not self._words[place].startswith(prefix):
                break
            found |= self._positions[self._words[place]]
        return found


def _names(entry: Entry) -> tuple[str, ...]:
    return (
        (entry.title, entry.original_title) if isinstance(entry, CatalogueTitle) else (entry.name,)
    )


def _identity(entry: Entry) -> tuple[str, int]:
    return (
        entry.key if isinstance(entry, CatalogueTitle) else (type(entry).__name__, entry.tmdb_id)
    )


def _invented_numbers(wanted: tuple[str, ...], total: int) -> range:
    """Give the numbers of the invented films that *wanted* names: always one unbroken run.

    The words of such a film are `sandbox`, `film` and six digits.
    """
    *whole, last = wanted
    digits = {word for word in whole if word not in _INVENTED_WORDS}
    if len(digits) > 1 or any(len(word) != _INVENTED_DIGITS for word in digits):
        return _NONE
    beginning = "" if any(word.startswith(last) for word in _INVENTED_WORDS) else last
    number = digits.pop() if digits else beginning
    if not number.startswith(beginning) or not all(char in "0123456789" for char in number):
        return _NONE
    if len(number) > _INVENTED_DIGITS:
        return _NONE
    first = int(number.ljust(_INVENTED_DIGITS, "0"))
    after = int(number.ljust(_INVENTED_DIGITS, "9")) + 1
    return range(max(first, 1), max(min(after, total + 1), 1))


def _of_year(numbers: range, year: int) -> range:
    if year not in INVENTED_YEARS:
        return _NONE
    cycle = len(INVENTED_YEARS)
    first = numbers.start + (INVENTED_YEARS.index(year) - numbers.start) % cycle
    return range(first, numbers.stop, cycle)
