"""Every form in which one title is compared, computed once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from listsync.sync.titles.title_folding import PART_WORDS, cuts, fold
from listsync.sync.titles.title_variants import (
    disguised,
    in_digits,
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
        said = set(_DIGITS.findall(before))
        numbers = tuple(one for one in _numbers(fold(rest).split(" ")) if one not in said)
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
    said = words.split(" ")
    own = [word for word in said if word not in _SMALL_WORDS]
    letters = sum(map(len, said))
    return len(said) >= _NAME_WORDS and len(own) >= _NAME_OWN_WORDS and letters >= _NAME_LETTERS


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
