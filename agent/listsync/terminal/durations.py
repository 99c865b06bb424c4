"""The one way in which people write how long: `90m`, `1h30m`, `2d`, `1w`, `daily`, or 0."""

from __future__ import annotations

import re
from datetime import timedelta

_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_UNITS = {
    "weeks": r"w(?:eeks?)?",
    "days": r"d(?:ays?)?",
    "hours": r"h(?:rs?|ours?)?",
    "minutes": r"m(?:ins?|inutes?)?",
    "seconds": r"s(?:ecs?|econds?)?",
}
_PIECES = " ?".join(rf"(?:({_NUMBER}) ?{unit})?" for unit in _UNITS.values())
_NAMED = {
    **dict.fromkeys(("0", "off", "never"), timedelta()),
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}
_LONGEST = timedelta(days=3660)

DURATION_PATTERN = rf"^ *(?:{'|'.join(_NAMED)}|(?=\d){_PIECES}) *$"
"""What it looks like in small letters, for programs that complete and check a file."""
FORMS = "such as 90m, 12h, 1h30m, 2d, 1w or daily"

_WRITTEN = re.compile(DURATION_PATTERN, re.ASCII)
_BARE = re.compile(_NUMBER, re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read how long; a number alone says nothing, but for 0.

    Raises:
        ValueError: it is none; the message says what is expected.
    """
    small = " ".join(text.lower().split())
    found = _WRITTEN.fullmatch(small)
    if found is None:
        raise ValueError(_words(small))
    pieces = {
        unit: float(number or 0) for unit, number in zip(_UNITS, found.groups(), strict=True)
    }
    duration = _NAMED.get(small, timedelta(**pieces))
    if duration > _LONGEST:
        raise ValueError("is too long, expected at most 10 years")
    return duration


def with_hours(text: str) -> str:
    """Give a number alone its unit, where the original tools count hours."""
    return f"{text}h" if _BARE.fullmatch(text) else text


def _words(text: str) -> str:
    if _BARE.fullmatch(text) and float(text):
        return f"has no unit, expected {text}h for hours, {text}m for minutes or {text}d for days"
    return f"expected a duration {FORMS}, or 0"
