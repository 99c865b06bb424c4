"""How far a sync is: in words, and as a bar on a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TextIO

from listsync.terminal.output import is_terminal, shown, span
from listsync.terminal.table import columns_of, shortened, shortened_inside, width
from listsync.text_cleaning import printable

_WIDTH = 30
_NARROWEST = 10
"""Cells of the bar; where there is not even room for so many, there is none."""
_LONGEST_NAME = 40
_USUAL = 80
_WORDS = {
    "idle": "",
    "connect": "connecting to the server",
    "collect": "reading lists",
    "add": "requesting titles",
    "report": "finishing",
}


def progress_words(progress: Mapping[str, Any]) -> str:
    """Write e.g. `requesting titles 120/200 (60 %), 80 requested, 1 min left`."""
    if not progress.get("in_progress"):
        last = progress.get("last_result")
        return "no sync is running" + (f"; last: {shown(last.get('message'))}" if last else "")
    return _of_running(progress)


def _of_running(progress: Mapping[str, Any]) -> str:
    phase = shown(progress.get("phase"))
    words = _WORDS.get(phase, phase)
    if total := progress.get("total"):
        words += f" {progress.get('progress')}/{total} ({progress.get('percent')} %)"
    if phase == "collect":
        waiting = [one for one in progress.get("lists") or [] if one.get("state") == "waiting"]
        name = shortened_inside(shown(waiting[0].get("name")), _LONGEST_NAME) if waiting else ""
        return words + (f": {name}" if name else "")
    if requested := progress.get("requested"):
        words += f", {requested} {'would be ' if progress.get('dry_run') else ''}requested"
    if (eta_s := progress.get("eta_s")) is not None:
        words += f", {span(eta_s)} left"
    return words


def bar_line(progress: Mapping[str, Any], columns: int) -> str:
    """Draw a running sync, e.g. `[######----] requesting titles 120/200 (60 %)`.

    Where there are too few *columns* for both, the words come first.
    """
    words = _of_running(progress)
    room = min(_WIDTH, columns - width(words) - len("[] "))
    if (total := int(progress.get("total") or 0)) < 1 or room < _NARROWEST:
        return words
    filled = max(0, min(room, room * int(progress.get("progress") or 0) // total))
    return f"[{'#' * filled}{'-' * (room - filled)}] {words}"


def can_be_drawn_on(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Tell whether lines of *stream* can be written over."""
    return is_terminal(stream) and environ.get("TERM") != "dumb"


class BottomLine:
    """One line of a terminal that is written over and over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_drawn = False

    @property
    def columns(self) -> int:
        """How much of a line there is room for; terminals are made narrower meanwhile."""
        return (columns_of(self._stream, os.environ) or _USUAL) - 1

    def draw(self, line: str) -> None:
        self._write(printable(shortened(line, self.columns)))
        self._is_drawn = True

    def clear(self) -> None:
        if self._is_drawn:
            self._write("")
            self._is_drawn = False

    def _write(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()
