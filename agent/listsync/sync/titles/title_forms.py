"""Every form in which one title is compared, computed once, and how alike two titles are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass
from listsync.sync.titles.title_folding import PART_WORDS, cuts, fold
from listsync.sync.titles.title_variants import (
    disguised,
    in_digits,
    is_under,
    joined,
    same_writing,
    upright,
    with_umlauts_spelt_out,
)

_ARTICLES_IN_WORDS = (
    "the a an le la les l un une der das ein eine el los las uno una il lo gli de het een"
)
_ARTICLES = frozenset(_ARTICLES_IN_WORDS.split())
_ARTICLES_BEHIND = frozenset({"the", "a", "an"})
_STUDIOS = frozenset({"marvels", "disneys", "dcs", "netflixs", "pixars", "hbos"})
_MOVIE_BEHIND = "movie"
_COUNTRY_BEHIND = re.compile(r"\s\(?(?:US|USA|UK|AU|NZ)\)?$")
_OTHER_SMALL_WORDS = (
    "of and in into on at to for from out with without by vs my your his her no not"
)
_SMALL_WORDS = _ARTICLES | set(_OTHER_SMALL_WORDS.split())
_DIGITS = re.compile(r"\d+")
_SAME_SIGNS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u2013": "-", "\u2014": "-", "&": "and"}
)
_LAST_LATIN = "\u024f"
_ABOUT_IT = frozenset(
    {
        *("making", "makers", "behind", "documentary", "featurette", "retrospective", "recap"),
        *("bloopers", "outtakes", "commentary", "interview", "interviews", "tribute", "reunion"),
        *("unmasking", "anatomy"),
    }
)
_NAME_WORDS, _NAME_OWN_WORDS, _NAME_LETTERS = 3, 2, 10
"""A subtitle of so many words, words that mean something, and letters is a name of its own."""
_SHARED_LETTERS = 6
"""A subtitle of so many letters can be shared by two ways to write a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A title in all its comparable forms.

    `exact`: as it is written, but for case and quotes. `whole`: its fold, `compact`: that
    joined. `written`: every way to write it, `masked`: with `ANY` for letters in disguise,
    `trimmed`: without its article, studio or country; these three joined as well.
    `heads`: what a subtitle follows, each with the numbers that go with the subtitle. `names`:
    the subtitles that are names of their own. `pairs`: (rest, head) of each cut, in words.
    `words`: its words without the article. `numbers`: those in it, a lone part 1 left out.
    """

    exact: str
    whole: str
    compact: str
    written: frozenset[str]
    masked: str | None
    trimmed: frozenset[str]
    heads: Mapping[str, tuple[str, ...]]
    names: frozenset[str]
    pairs: tuple[tuple[str, str], ...]
    words: str
    numbers: tuple[str, ...]
    is_latin: bool


@lru_cache(maxsize=4096)
def folded(title: str) -> Folded:
    """Compute every form of *title* once."""
    title = upright(title)
    whole = fold(title)
    words = same_writing(whole.split(" "))
    heads, names, pairs = _cut(title)
    return Folded(
        exact=_exact(title),
        whole=whole,
        compact=joined(whole.split(" ")),
        written=_written(title, words),
        masked=disguised(words),
        trimmed=_trimmed(title, words),
        heads=heads,
        names=names,
        pairs=pairs,
        words=" ".join(_without_article(words)),
        numbers=_numbers(in_digits(whole.split(" "))),
        is_latin=all(char <= _LAST_LATIN for char in title if char.isalpha()),
    )


def _exact(title: str) -> str:
    spelt = unicodedata.normalize("NFC", title).casefold().translate(_SAME_SIGNS)
    return " ".join(spelt.split())


def _written(title: str, words: list[str]) -> frozenset[str]:
    german = with_umlauts_spelt_out(title)
    ways = [words] if german is None else [words, same_writing(fold(german).split(" "))]
    return frozenset(map(joined, ways))


def _trimmed(title: str, words: list[str]) -> frozenset[str]:
    ways = [words]
    if len(words) > 1 and words[0] in _STUDIOS:
        ways.append(words[1:])
    if len(words) > 1 and title != title.upper() and _COUNTRY_BEHIND.search(title):
        ways.append(words[:-1])
    if len(words) > 1 and words[-1] == _MOVIE_BEHIND:
        ways.append(_without_article(words[:-1]))
    return frozenset(joined(_without_article(way)) for way in ways)


def _cut(
    title: str,
) -> tuple[dict[str, tuple[str, ...]], frozenset[str], tuple[tuple[str, str], ...]]:
    """Give the heads, names and pairs of *title*."""
    heads: dict[str, tuple[str, ...]] = {}
    names: set[str] = set()
    pairs: list[tuple[str, str]] = []
    for head, rest in _ends(title):
        before, after = _comparable(head), _comparable(rest)
        digits = set(_DIGITS.findall(before))
        numbers = tuple(one for one in _numbers(fold(rest).split(" ")) if one not in digits)
        if not _is_about_it(after):
            words = before.split(" ")
            heads.setdefault(joined(words), numbers)
            if len(numbers) == 1:
                heads.setdefault(joined([*words, *numbers]), ())
        if not _is_about_it(before):
            pairs.append((after, before))
            if _is_name(after):
                names.add(joined(after.split(" ")))
    return heads, frozenset(names), tuple(pairs)


def _ends(title: str) -> list[tuple[str, str]]:
    """Cut *title* before each subtitle, and before a part marker at its end."""
    ends = cuts(title)
    words = fold(title).split(" ")
    if len(words) > 2 and words[-2] in PART_WORDS and words[-1].isdigit():
        ends.append((" ".join(words[:-2]), " ".join(words[-2:])))
    return ends


def _comparable(part: str) -> str:
    return " ".join(_without_article(same_writing(fold(part).split(" "))))


def _is_about_it(words: str) -> bool:
    return not _ABOUT_IT.isdisjoint(words.split(" "))


def _is_name(words: str) -> bool:
    parts = words.split(" ")
    own = [word for word in parts if word not in _SMALL_WORDS]
    letters = sum(map(len, parts))
    return len(parts) >= _NAME_WORDS and len(own) >= _NAME_OWN_WORDS and letters >= _NAME_LETTERS


def are_heads_alike(one: Folded, other: Folded) -> bool:
    """Say whether both have the same subtitle, one head only going on where the other ends."""
    return any(
        rest == other_rest
        and sum(map(str.isalpha, rest)) >= _SHARED_LETTERS
        and (_begins(head, other_head) or _begins(other_head, head))
        for rest, head in one.pairs
        for other_rest, other_head in other.pairs
    )


def _begins(head: str, other: str) -> bool:
    return f"{other} ".startswith(f"{head} ")


def _without_article(words: list[str]) -> list[str]:
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if len(words) > 1 and words[-1] in _ARTICLES_BEHIND:
        words = words[:-1]
    return words


def _numbers(words: list[str]) -> tuple[str, ...]:
    return tuple(
        sorted(
            word.lstrip("0") or "0"
            for position, word in enumerate(words)
            if word.isascii()
            and word.isdigit()
            and not (word == "1" and position > 0 and words[position - 1] in PART_WORDS)
        )
    )


_CLOSE = 0.85
_SAME_WORD = 0.5


class Alike(IntEnum):
    """How strong the evidence of the title itself is, weakest first."""

    NONE = 0
    WITHIN = 1
    CLOSE = 2
    SUBTITLE = 3
    TRIMMED = 4
    WRITTEN = 5
    SAME = 6

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Alike.SAME: "same title",
    Alike.WRITTEN: "same title written otherwise",
    Alike.TRIMMED: "same title but for an article, country or studio",
    Alike.SUBTITLE: "same title but for a subtitle",
    Alike.CLOSE: "similar title",
    Alike.WITHIN: "one title within the other",
    Alike.NONE: "other title",
}


class Spelling(IntEnum):
    """How near two titles that are the same are spelt."""

    LETTERS = 0
    WORDS = 1
    EXACT = 2


class Likeness(NamedTuple):
    """How alike two titles are; the greater the better. `similarity` is 0 to 1."""

    alike: Alike
    spelling: Spelling
    similarity: float
    same_numbers: bool


UNLIKE = Likeness(Alike.NONE, Spelling.LETTERS, 0.0, same_numbers=True)


def compare(one: Folded, other: Folded) -> Likeness:
    """Compare two titles by the strongest evidence that they give."""
    if one.compact == other.compact:
        return Likeness(Alike.SAME, _spelling(one, other), 1.0, same_numbers=True)
    # Imported when titles are compared first: ids need none of its megabytes.
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415

    similarity = Levenshtein.normalized_similarity(one.whole, other.whole)
    alike, same_numbers = _alike(one, other, similarity)
    return Likeness(alike, Spelling.LETTERS, similarity, same_numbers)


def is_slip_of_pen(title: str, other: str) -> bool:
    """Say whether no word is put for another: `Her` for `Him` is no slip, `Tail` for `Tale` is.

    Nor is one number put for another.
    """
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - as above

    ours, theirs = folded(title).whole.split(" "), folded(other).whole.split(" ")
    if len(ours) != len(theirs):
        return True
    pairs = zip(ours, theirs, strict=True)
    return all(
        one == like
        or (one.isalpha() and Levenshtein.normalized_similarity(one, like) >= _SAME_WORD)
        for one, like in pairs
    )


def _spelling(one: Folded, other: Folded) -> Spelling:
    if one.exact == other.exact:
        return Spelling.EXACT
    return Spelling.WORDS if one.whole == other.whole else Spelling.LETTERS


def _alike(one: Folded, other: Folded, similarity: float) -> tuple[Alike, bool]:
    """Say how alike they are, and whether no number speaks against it."""
    if not one.written.isdisjoint(other.written) or _is_one_disguised(one, other):
        return Alike.WRITTEN, True
    same_numbers = one.numbers == other.numbers
    if not one.trimmed.isdisjoint(other.trimmed):
        return Alike.TRIMMED, same_numbers
    left_out = _numbers_left_out(one, other)
    if left_out is None and (_is_name_of(one, other) or are_heads_alike(one, other)):
        left_out = ()
    if left_out is not None:
        return Alike.SUBTITLE, not left_out
    if similarity >= _CLOSE:
        return Alike.CLOSE, same_numbers
    return (Alike.WITHIN if _is_within(one, other) else Alike.NONE), same_numbers


def _is_one_disguised(one: Folded, other: Folded) -> bool:
    return is_under(one.masked, other.compact) or is_under(other.masked, one.compact)


def _numbers_left_out(one: Folded, other: Folded) -> tuple[str, ...] | None:
    """Give the numbers of the subtitle that only one has; None where they differ otherwise."""
    left_out = [
        longer.heads[name]
        for longer, shorter in ((one, other), (other, one))
        for name in shorter.trimmed
        if name in longer.heads
    ]
    return min(left_out, key=len, default=None)


def _is_name_of(one: Folded, other: Folded) -> bool:
    """Say whether one is the subtitle of the other, and that is a name of its own."""
    return not (one.trimmed.isdisjoint(other.names) and other.trimmed.isdisjoint(one.names))


def _is_within(one: Folded, other: Folded) -> bool:
    short, long = sorted((one.words, other.words), key=len)
    return bool(short) and (long.startswith(f"{short} ") or long.endswith(f" {short}"))
