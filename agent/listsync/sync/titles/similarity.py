"""How alike two titles are, by their forms alone."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from listsync.sync.titles.title_forms import Folded, are_heads_alike, folded
from listsync.sync.titles.title_variants import is_under

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
