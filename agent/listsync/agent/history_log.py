"""The history log: what was requested, a line each, as a diary that people read.

Its lines come from the state, after the commit, and the state notes how far they are written.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import field
from datetime import tzinfo
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from listsync.domain.history import RequestRow
from listsync.domain.media import MediaType
from listsync.domain.server import ResponseKind
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.log_file import FileEnd, LogFile, Rotation
from listsync.ports.runs import RequestSequence
from listsync.ports.state import KeyValueStore
from listsync.redaction import redactor_of
from listsync.terminal.output import ranges, shown

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")
_MARK = "history_log"
_AT_ONCE = 500
_TAIL = 512 * 1024
"""In which so many lines stand, even long ones."""
_PAUSE_S = 2.0
"""How old a line may be while a sync runs."""
_AGAIN_S = 60.0
_MOST_LISTS = 3
_WORDS = {
    ResponseKind.REQUESTED: "requested",
    ResponseKind.COVERED: "existing",
    ResponseKind.CANCELLED: "cancelled",
    ResponseKind.UNSURE: "unsure",
}
_REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """Where the lines go; *zone* is that of their times, *secrets* what none may hold."""

    path: Path
    rotation: Rotation
    zone: tzinfo
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


def history_line(row: RequestRow, zone: tzinfo) -> str:
    """Tell of one request: `2026-11-29 08:15  requested  Dune (2021), film, from "mine"`."""
    at = row.at.astimezone(zone)
    facts = (
        shown(row.title, 200),
        _what(row),
        f"as {shown(row.requested_as, 100)}" if row.requested_as else "",
        f"from {_names(row.lists)}" if row.lists else "",
    )
    word = _WORDS.get(ResponseKind(row.answer), _REFUSED)
    why = f": {shown(row.detail, 300)}" if row.detail and row.answer in _TOLD_WHY else ""
    return f"{at:%Y-%m-%d %H:%M}  {word:<9}  {', '.join(filter(None, facts))}{why}"


_TOLD_WHY = frozenset(ResponseKind) - {ResponseKind.REQUESTED, ResponseKind.COVERED}


def _what(row: RequestRow) -> str:
    edition = " in 4K" if row.four_k else ""
    if row.key.kind is MediaType.MOVIE:
        return f"film{edition}"
    if not row.seasons:
        return f"series{edition}"
    return f"series{edition}, season{'s'[: len(row.seasons) > 1]} {ranges(row.seasons)}"


def _names(lists: Sequence[str]) -> str:
    names = [f'"{shown(one, 100)}"' for one in lists[:_MOST_LISTS]]
    more = len(lists) - len(names)
    if more:
        names.append(f"{more} more")
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


class HistoryLog:
    """Writes the history log, in a thread of its own; `note` says why it cannot, for people."""

    def __init__(self, requests: RequestSequence, marks: KeyValueStore) -> None:
        self.note = ""
        self._requests = requests
        self._marks = marks
        self._woken = threading.Event()
        self._runs = 0
        self._settings: HistorySettings | None = None

    def follow(self, settings: HistorySettings) -> None:
        """Write as *settings* say from now on."""
        self._settings = settings
        self.wake()

    def wake(self) -> None:
        """Look now whether there is anything to write."""
        self._woken.set()

    def while_running(self, perform: Callable[_P, _T]) -> Callable[_P, _T]:
        """Give what performs syncs, such that lines are written while one runs, and behind it."""

        @wraps(perform, updated=())
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self._runs += 1
            self.wake()
            try:
                return perform(*args, **kwargs)
            finally:
                self._runs -= 1
                self.wake()

        return run

    def run(self, stop: threading.Event) -> None:
        """Block until *stop* is set."""
        while not stop.is_set():
            self._woken.clear()
            self.write()
            pause_s = _AGAIN_S if self.note else _PAUSE_S if self._runs else None
            self._woken.wait(pause_s)
        self.write()

    def write(self) -> None:
        """Write all that is not written yet, or note why that cannot be."""
        try:
            self._catch_up()
        except (OSError, ValueError, StateError) as error:
            self._failed(getattr(error, "strerror", None) or str(error))
        else:
            self._failed("")

    def _failed(self, why: str) -> None:
        before, self.note = self.note, f"cannot be written: {why}" if why else ""
        if why and not before:
            words = "the history log cannot be written: %s; its lines wait until it can"
            logger.error(words, why, extra={"action": "history_log_failed"})
        elif before and not why:
            words = "the history log is written again, with all that waited"
            logger.info(words, extra={"action": "history_log_works"})

    def _catch_up(self) -> None:
        settings = self._settings
        number, *end = self._marks.load(_MARK) or [0]
        while settings and (rows := self._requests.later_than(number, limit=_AT_ONCE)):
            end = _write(settings, FileEnd(*end), rows)
            number = rows[-1].number
            self._marks.save(_MARK, [number, *end])


def _write(settings: HistorySettings, since: FileEnd, rows: Sequence[RequestRow]) -> FileEnd:
    """Write lines of *rows*, but for those that were written *since* then, before a kill."""
    redactor = redactor_of(settings.secrets)
    lines = [f"{redactor.text(history_line(one, settings.zone))}\n" for one in rows]
    with closing(LogFile(settings.path, settings.rotation)) as file:
        file.write(_missing(file.tail(since, _TAIL), lines))
        file.sync()
        return file.end()


def _missing(tail: str, lines: Sequence[str]) -> str:
    """Give of *lines* what does not stand at the end of a file yet, of which *tail* is the end."""
    before, _, torn = tail.rpartition("\n")
    before = f"{before}\n"
    for count in range(len(lines), -1, -1):
        there, rest = "".join(lines[:count]), "".join(lines[count:])
        if there and not f"\n{before}".endswith(f"\n{there}"):
            continue
        if torn and not (count < len(lines) and lines[count].startswith(torn)):
            continue
        return rest[len(torn) :]
    return f"\n{''.join(lines)}"
