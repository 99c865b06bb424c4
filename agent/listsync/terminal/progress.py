"""How far a sync is: in words, and as a bar on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from listsync.terminal.output import shortened, shown, span
from listsync.text_cleaning import printable

_WIDTH = 30
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
        return words + (f": {shown(waiting[0].get('name'), 40)}" if waiting else "")
    if requested := progress.get("requested"):
        words += f", {requested} requested"
    if (eta_s := progress.get("eta_s")) is not None:
        words += f", {span(eta_s)} left"
    return words


def bar_line(progress: Mapping[str, Any]) -> str:
    """Draw a running sync, e.g. `[######----] requesting titles 120/200 (60 %)`."""
    words = _of_running(progress)
    if (total := int(progress.get("total") or 0)) < 1:
        return words
    filled = max(0, min(_WIDTH, _WIDTH * int(progress.get("progress") or 0) // total))
    return f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {words}"


class BottomLine:
    """One line of a terminal that is written over and over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_drawn = False

    def draw(self, line: str) -> None:
        from shutil import get_terminal_size  # noqa: PLC0415 - start-up time of short commands

        self._write(printable(shortened(line, get_terminal_size().columns - 1)))
        self._is_drawn = True

    def clear(self) -> None:
        if self._is_drawn:
            self._write("")
            self._is_drawn = False

    def _write(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()
