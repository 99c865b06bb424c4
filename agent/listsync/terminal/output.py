"""Printing lines that nothing foreign can steer, in colours where they are wanted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TextIO

from listsync.text_cleaning import printable, printable_line

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_GOOD = {"ok", "idle", "started", "active", "requested", "available", "read", "done"}
_BAD = {"failed", "invalid", "refused", "error", "dead", "wrong"}


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person sits there; None is a stream that was closed when we were started."""
    return stream is not None and stream.isatty()


def wants_colour(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Decide by no-color.org, FORCE_COLOR, TERM=dumb and whether *stream* is a terminal."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and is_terminal(stream)


class Palette:
    """Styles text, or leaves it alone."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._enabled and style else text

    def status(self, word: object) -> str:
        """Show a word that says how something is, in the colour of its meaning."""
        text = shown(word)
        return self.paint(text, "green" if text in _GOOD else "red" if text in _BAD else "yellow")


PLAIN = Palette(enabled=False)


def shown(value: object, limit: int | None = None) -> str:
    """Show a foreign value as a part of one line, at most *limit* characters long; None as ""."""
    text = "" if value is None else printable(" ".join(str(value).split()))
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def say(line: str, *, err: bool = False) -> None:
    """Print one line, in which nothing that came from outside can steer the terminal."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:  # it was closed when we were started
        stream.write(f"{printable_line(line)}\n")
        stream.flush()
