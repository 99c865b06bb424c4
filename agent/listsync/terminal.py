"""What reaches a terminal: text of others cannot steer it. Standard library only, quick to import.

Titles, names, errors and answers come from strangers. Wherever they are made harmless before, each
line passes here last; no line of ours needs more than colours.
"""

from __future__ import annotations

import json
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# What steers a terminal, ends a line, or turns or hides writing; joiners stay: scripts need them.
_HARMFUL = (
    "\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_OUR_COLOUR = r"\x1b\[(?:[0-2]|3[1-6])m"


def harmless(text: str) -> str:
    """Replace what could steer a terminal, line ends included."""
    return text if text.isprintable() else re.sub(f"[{_HARMFUL}]", REPLACEMENT, text)


def line(text: str) -> str:
    """Make one finished line harmless, which may have colours of ours in it, and tabs."""
    if text.isprintable():
        return text
    return re.sub(f"({_OUR_COLOUR})|[{_HARMFUL}]", lambda found: found[1] or REPLACEMENT, text)


def as_json(value: object, *, indent: int | None = None) -> str:
    """Write JSON that is the same for programs, and harmless where a person looks at it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if text.isprintable() else re.sub(f"(?!\n)[{_HARMFUL}]", _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
