"""Makes text fit: what a service takes at most, counted as it counts, cut where nobody minds.

A letter stays together with its marks, an emoji with what it is made of; and what is left out is
said to be.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

from listsync.domain.messages import Message
from listsync.text_cleaning import printable

Size = Callable[[str], int]
"""What a text counts, of which the parts count no less than the whole, and a letter at least 1."""

MARK = "…"
LONGEST_LINE = 1000
_LONGEST_CLUSTER = 32
"""Code points: nobody reads a letter with more marks."""
_JOINERS = "\u200c\u200d"
_VIRAMA = 9


def utf16_units(text: str) -> int:
    """Count as Discord's and Telegram's programs do."""
    return len(text) + sum(one > "\uffff" for one in text)


def fitted(text: str, limit: int, size: Size) -> str:
    """Cut the end of *text* off where it counts more than *limit*, which a mark says."""
    if _fits(text, limit, size):
        return text
    return _taken(_clusters(text[:limit]), limit - size(MARK), size).rstrip() + MARK


def fitted_line(text: str, limit: int, size: Size) -> str:
    """Cut out the middle instead: the end of an error says most."""
    if _fits(text, limit, size):
        return text
    of_end = limit // 3
    begin = _taken(_clusters(text[:limit]), limit - of_end - size(MARK), size)
    _, *last = _clusters(text[-of_end - _LONGEST_CLUSTER :])
    end = _taken((one[::-1] for one in reversed(last)), of_end, size)[::-1]
    return f"{begin.rstrip()}{MARK}{end.lstrip()}"


def fitted_rows(rows: Sequence[str], limit: int, size: Size, more: int = 0) -> list[str]:
    """Take as many *rows* as fit, each on a line; the last one counts the others, and *more*."""
    kept: list[str] = []
    left = limit
    for number, row in enumerate(rows, 1):
        others = len(rows) - number + more
        need = size(row) + 1
        if need + (size(_others(others, is_all=False)) + 1 if others else 0) > left:
            break
        kept.append(row)
        left -= need
    if others := len(rows) - len(kept) + more:
        kept.append(_others(others, is_all=not kept))
    return kept


def body_rows(message: Message, limit: int, size: Size, *, facts: bool = True) -> list[str]:
    """Give what stands below the title: what it says, what is told in few words, and titles."""
    lines = [*message.lines]
    if facts:
        lines += [f"{name}: {value}" for name, value in message.facts]
    longest = min(LONGEST_LINE, limit // 2)
    shown = [fitted_line(printable(one), longest, size) for one in lines]
    for_titles = limit // 4 if message.titles or message.more else 0
    rows = fitted_rows(shown, limit - for_titles, size)
    left = limit - sum(size(row) + 1 for row in rows)
    titles = [f"• {fitted(printable(one), 200, size)}" for one in message.titles[:left]]
    unseen = message.more + len(message.titles) - len(titles)
    return rows + fitted_rows(titles, left, size, unseen)


def _others(count: int, *, is_all: bool) -> str:
    return f"{count:,} in all" if is_all else f"and {count:,} more"


def _fits(text: str, limit: int, size: Size) -> bool:
    return len(text) <= limit and size(text) <= limit


def _taken(clusters: Iterable[str], limit: int, size: Size) -> str:
    kept, left = [], limit
    for one in clusters:
        left -= size(one)
        if left < 0:
            break
        kept.append(one)
    return "".join(kept)


def _clusters(text: str) -> Iterator[str]:
    """Take *text* apart into what people see as one letter."""
    start = 0
    for at in range(1, len(text)):
        is_long = at - start >= _LONGEST_CLUSTER
        if is_long or not _is_joined(text[start:at], text[at]):
            yield text[start:at]
            start = at
    yield text[start:]


def _is_joined(cluster: str, letter: str) -> bool:
    last = cluster[-1]
    if letter < "\u0300" or last < "\u0080" > letter:
        return False
    is_mark = unicodedata.category(letter)[0] == "M" or letter in _JOINERS
    is_tone = "\U0001f3fb" <= letter <= "\U0001f3ff"  # of skin
    is_flag = len(cluster) == 1 and _is_regional(last) and _is_regional(letter)
    is_conjunct = unicodedata.combining(last) == _VIRAMA
    return is_mark or is_tone or is_flag or is_conjunct or last == "\u200d" or _is_jamo(letter)


def _is_regional(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _is_jamo(letter: str) -> bool:
    """Tell a vowel or an end of a Korean syllable, which begins before it."""
    return "\u1160" <= letter <= "\u11ff" or "\ud7b0" <= letter <= "\ud7fb"
