"""Which names are never copied, as rsync's --exclude has it; no input or output of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

ALWAYS = (".rsync-partial",)
"""Where an interrupted copy lies, which another copy of the destination may be the source of."""


class CopyExclusions:
    """Patterns of names. Without a slash one counts for a name at any depth, a folder's too.

    With a slash inside it counts for the end of a path, with one in front for a whole path below
    the root; one at its end says that it means folders only. Source: rsync(1), "PATTERN MATCHING
    RULES" of 3.2.7.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        every = dict.fromkeys((*patterns, *ALWAYS))
        self.patterns = tuple(one for one in every if one.strip("/"))
        self._rules = [(one, _compiled(one), one.endswith("/")) for one in self.patterns]

    def find(self, relative: PurePosixPath) -> str | None:
        """Find the pattern by which a file, or a folder that it is in, is left out."""
        parts = relative.parts
        for depth in range(1, len(parts) + 1):
            path = "/" + "/".join(parts[:depth])
            is_folder = depth < len(parts)
            for pattern, rule, for_folders in self._rules:
                if (is_folder or not for_folders) and rule.fullmatch(path):
                    return pattern
        return None

    def arguments(self) -> tuple[str, ...]:
        """Make the options of rsync; a sign in front keeps it from reading one as a rule."""
        return tuple(f"--exclude=- {pattern}" for pattern in self.patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    body = pattern.rstrip("/")
    around = "" if body.startswith("/") else "/(?:.*/)?"
    try:
        return re.compile(around + _translated(body), re.DOTALL)
    except re.error:  # a set of characters that is none
        return re.compile(around + re.escape(body), re.DOTALL)


def _translated(pattern: str) -> str:
    if not set(pattern) & set("*?["):  # only then a backslash escapes
        return re.escape(pattern)
    pieces = re.findall(r"\*\*+|\*|\?|\[[!^]?\]?[^\]]*\]|\\.|.", pattern, re.DOTALL)
    return "".join(map(_piece, pieces))


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*" if piece == "*" else ".*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("[") and len(piece) > 1:
        negation = "^" if piece[1] in "!^" else ""
        inside = piece[1 + len(negation) : -1].replace("\\", r"\\").replace("[", r"\[")
        return f"(?!/)[{negation}{inside}]"
    return re.escape(piece[1:] if piece.startswith("\\") and len(piece) > 1 else piece)
