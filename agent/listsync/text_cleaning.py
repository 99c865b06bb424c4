"""The one cleaner of foreign text: titles, names, errors and answers that others wrote.

Text is cleaned twice. Where it comes in, `one_line` takes away what no title needs. Where it goes
out, to a terminal or a log, the `printable` ones put a mark in the place of whatever is still
there; what we print as JSON is escaped instead, so that programs get it as it was. All of them
have one alphabet. Standard library only, quick to import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_HARMFUL_SIGNS = (
    "\x00-\x1f\x7f-\x9f",  # C0 and C1: escape sequences, ends of lines
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",  # the direction of writing
    "\u2028\u2029",  # ends of lines and paragraphs
    "\u00ad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb\U0001bca0-\U0001bca3",  # of no width
    "\U0001d173-\U0001d17a",  # of no width, in music
    "\U000e0000-\U000e007f",  # tags: a second, invisible alphabet
    "\ud800-\udfff",  # halves of characters, which cannot be written down
    "\ue000-\uf8ff\U000f0000-\U0010ffff",  # private use: nobody knows what it looks like
)
_HARMFUL = "".join(_HARMFUL_SIGNS)
# Scripts and emoji need joiners; behind an ASCII character there is nothing to join.
_USELESS_JOINER = r"(?<![^\x00-\x7f])[\u200c\u200d]"
# Compiled (and kept by re) when needed first: most text needs none, and short commands are quick.
_ANY = f"[{_HARMFUL}]|{_USELESS_JOINER}"
_NO_GAP = rf"(?!\s)(?:{_ANY})"
_SEEN = rf"(?!{_ANY})\S"
_NOT_IN_JSON = rf"(?!\n)(?:{_ANY})"
_NOT_IN_LINE = rf"(\t|\x1b\[(?:[0-2]|3[1-6])m)|{_ANY}"  # tabs, and colours of ours


def one_line(text: str, limit: int = 200) -> str:
    """Clean text that comes in: one line, single spaces, at most *limit* characters."""
    is_cut = False
    if len(text) > limit or "  " in text or not text.isprintable():
        text, rest = text[: 4 * limit], text[4 * limit :]
        is_cut = bool(rest and re.search(_SEEN, rest))
        text = " ".join(re.sub(_NO_GAP, "", text).split())
    text = text.strip()
    is_cut = is_cut and bool(text)
    return text[: limit - 1].rstrip() + "…" if is_cut or len(text) > limit else text


def cut(text: str, limit: int) -> str:
    """Leave *text* as it is but for what is longer than *limit* characters, which a mark says."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """Mark everything in *text* that could steer a terminal or end a line."""
    return text if text.isprintable() else re.sub(_ANY, REPLACEMENT, text)


def printable_line(line: str) -> str:
    """Mark it in a finished line of ours, which may have tabs and our colours in it."""
    if line.isprintable():
        return line
    return re.sub(_NOT_IN_LINE, lambda found: found[1] or REPLACEMENT, line)


def printable_json(
    value: object, *, indent: int | None = None, default: Callable[[object], object] | None = None
) -> str:
    """Write JSON that is the same for programs, and harmless where a person looks at it.

    Only halves of characters are marked: strict programs take no JSON that has them.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    return text if text.isprintable() else re.sub(_NOT_IN_JSON, _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    is_half = "\ud800" <= found[0] <= "\udfff"
    return REPLACEMENT if is_half else json.dumps(found[0])[1:-1]
