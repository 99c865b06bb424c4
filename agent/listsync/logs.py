"""The agent's log: on a stream as people, the journal or a program read it, and in a file."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from listsync.lean_dataclasses import dataclass
from listsync.log_file import LogFile, Rotation
from listsync.redaction import known_secrets, redactor_of
from listsync.text_cleaning import printable, printable_json

logger = logging.getLogger(__name__)

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_FORMATS = ("auto", "text", "journal", "json")
_THEIR_LEVELS = {
    "": logging.WARNING,  # the root, and so every logger that has no level of its own
    "httpx": logging.WARNING,  # this and the next write whole addresses, keys included
    "httpcore": logging.WARNING,
}

_CLOCK = "%H:%M:%S"
_DATE_AND_CLOCK = "%Y-%m-%d %H:%M:%S"
_DIM, _YELLOW, _RED = "2", "33", "31"
_COLOURS = {"DEBUG": _DIM, "WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}

_WELL_AFTER_S = 60.0
"""For so long a file is written before that counts as mended: a disk may be nearly full."""

_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "asctime", "message", "run"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What a user may choose; *format* is `auto`, `text`, `journal` or `json`."""

    level: str = "info"
    format: str = "auto"
    file: Path | None = None
    max_bytes: int = 10 * 1024 * 1024
    """A file that would grow past this is put aside; 0 lets it grow."""
    keep: int = 5
    """How many files that were put aside are kept."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """What no line may hold beside `known_secrets`; the edges see to it before."""


def set_up(
    settings: LogSettings,
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str],
    run_id: Callable[[], str],
) -> None:
    """Log to *stream* (stderr) and, where one is set, to the file; replaces an earlier set-up.

    Handlers of others stay. A file that cannot be opened is an error in the log, and
    `file_trouble` until it can.

    Args:
        settings: What the user chose.
        stream: Stays the caller's to close.
        environ: Tells whether *stream* goes to the journal, and whether colours are wanted.
        run_id: Names the run of the thread that calls it, "" for none; asked for each record.

    Raises:
        ValueError: The level or the format is unknown; nothing was changed.
    """
    if settings.format not in _FORMATS:
        raise ValueError(f"unknown log format {settings.format!r}, expected {_one_of(_FORMATS)}")
    set_level(settings.level)
    _quieten_others()
    logging.captureWarnings(capture=True)

    earlier = [handler for handler in logging.root.handlers if isinstance(handler, _Handler)]
    stream = stream or sys.stderr
    formatter = _formatter(settings.format, stream, environ)
    _add(_StreamHandler(stream), formatter, settings.secrets, run_id)
    for handler in earlier:
        logging.root.removeHandler(handler)
        with suppress(OSError, ValueError):  # what it still held back cannot be written
            handler.close()
    if settings.file is not None:
        _add_file(settings.file, settings, run_id)


def set_up_plainly(level: int, secrets: frozenset[str] = frozenset()) -> None:
    """Log to stderr for somebody who waits for a command: level and message, nothing else."""
    handler = _StreamHandler(sys.stderr)
    _add(handler, plain_formatter(), secrets, lambda: "")
    _quieten_others()
    logging.getLogger("listsync").setLevel(level)


def _quieten_others() -> None:
    """Leave of what libraries log what is wrong: their events mean nothing to our users."""
    for name, their_level in _THEIR_LEVELS.items():
        logging.getLogger(name).setLevel(their_level)


def set_level(level: str) -> None:
    """Change from now on how much our own code logs: `debug`, `info`, `warning` or `error`.

    Raises:
        ValueError: There is no such level.
    """
    if level not in _LEVELS:
        raise ValueError(f"unknown log level {level!r}, expected {_one_of(_LEVELS)}")
    logging.getLogger("listsync").setLevel(_LEVELS[level])


def warn_rate_limited(service: str, wait_s: float | None) -> None:
    """Log that *service* asks for patience; people search logs for just these words."""
    logger.warning(
        "Rate limited: %s asks us to wait%s",
        service,
        "" if wait_s is None else f" {wait_s:.0f} s",
        extra={"action": "rate_limited", "service": service, "wait_s": wait_s},
    )


def level() -> str:
    """Tell which level is in force, in the words of `set_level`."""
    number = logging.getLogger("listsync").getEffectiveLevel()
    return logging.getLevelName(number).lower()


def _one_of(names: Mapping[str, int] | tuple[str, ...]) -> str:
    return f"one of {', '.join(names)}"


# -- where it goes ---------------------------------------------------------------------------


class _Handler(logging.Handler):
    """What all of ours are; one that cannot write is silent: the agent goes on without it."""

    secrets: frozenset[str] = frozenset()

    def format(self, record: logging.LogRecord) -> str:
        return redactor_of(self.secrets | known_secrets()).text(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


class _StreamHandler(_Handler, logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        with (_lines_apart or nullcontext)():
            super().emit(record)


_lines_apart: Callable[[], AbstractContextManager[object]] | None = None


def set_lines_apart(hidden: Callable[[], AbstractContextManager[object]] | None) -> None:
    """Have *hidden* called around each line on the stream, where something else is drawn."""
    global _lines_apart  # noqa: PLW0603 - so is the log
    _lines_apart = hidden


class _FileHandler(_Handler):
    """Writes to a file. That it cannot is said once, and once that it can again.

    `trouble` says why it cannot. What cannot be opened is tried again with each line.
    """

    def __init__(self, path: Path, rotation: Rotation) -> None:
        super().__init__()
        self.path = path
        self.rotation = rotation
        self.file: LogFile | None = None
        self.trouble = ""
        self._failed_at: float | None = None

    def open(self) -> None:
        try:
            self._opened()
        except (OSError, ValueError) as error:  # ValueError: no path, such as one with a NUL
            self._failed(error, time.time())

    def _opened(self) -> LogFile:
        if self.file is None:
            self.file = LogFile(self.path, self.rotation)
        return self.file

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n"
        try:
            self._opened().write(line)
        except (OSError, ValueError) as error:
            self._failed(error, record.created)
        else:
            if self._failed_at is not None and record.created - self._failed_at >= _WELL_AFTER_S:
                self._failed_at, self.trouble = None, ""
                words = "the log file %s can be written again; lines are missing there"
                extra = {"action": "log_file_works", "file": str(self.path)}
                logger.warning(words, self.path, extra=extra)

    def _failed(self, error: OSError | ValueError, at: float) -> None:
        before, words = self._failed_at, getattr(error, "strerror", None) or str(error)
        self._failed_at = at if before is None else max(before, at)
        self.trouble = words
        if before is None:
            extra = {"action": "log_file_failed", "file": str(self.path)}
            said = "cannot write the log file %s: %s"
            logger.error(said, self.path, words, extra=extra)  # which comes here, too

    def close(self) -> None:
        super().close()
        if self.file is not None:
            self.file.close()


def file_trouble() -> str:
    """Say why the log file cannot be written, "" where it can or none is wanted."""
    ours = (one for one in logging.root.handlers if isinstance(one, _FileHandler))
    return next((one.trouble for one in ours if one.trouble), "")


def _add(
    handler: _Handler,
    formatter: logging.Formatter,
    secrets: frozenset[str],
    run_id: Callable[[], str],
) -> None:
    def mark(record: logging.LogRecord) -> bool:
        if not hasattr(record, "run"):
            record.run = run_id()
        return True

    handler.secrets = secrets
    handler.setFormatter(formatter)
    handler.addFilter(mark)
    logging.root.addHandler(handler)


def _add_file(path: Path, settings: LogSettings, run_id: Callable[[], str]) -> None:
    as_json = settings.format == "json"
    formatter = _JsonFormatter() if as_json else _TextFormatter(_DATE_AND_CLOCK)
    handler = _FileHandler(path, Rotation(settings.max_bytes, settings.keep))
    _add(handler, formatter, settings.secrets, run_id)
    handler.open()


def _formatter(
    format_: str, stream: TextIO | None, environ: Mapping[str, str]
) -> logging.Formatter:
    if format_ == "json":
        return _JsonFormatter()
    if format_ == "journal" or (format_ == "auto" and _is_journal(stream, environ)):
        return _JournalFormatter()
    if stream is None or not stream.isatty():
        return _TextFormatter(_DATE_AND_CLOCK)
    plain = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
    return _TextFormatter(_CLOCK, colours={} if plain else _COLOURS)


def _is_journal(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Compare device and inode, as systemd.exec(5) asks for: the variable is inherited."""
    if stream is None:
        return False
    try:
        there = os.fstat(stream.fileno())
    except (OSError, ValueError):  # no descriptor, or a closed one
        return False
    return environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


# -- how it looks ----------------------------------------------------------------------------


class _TextFormatter(logging.Formatter):
    """`12:04:31 INFO  message [run 4f1c]`, in local time."""

    def __init__(self, time_format: str, *, colours: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._time_format = time_format
        self._colours = colours or {}

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime(self._time_format, time.localtime(record.created))
        word = f"{record.levelname:<5}"
        if colour := self._colours.get(record.levelname):
            word = f"\x1b[{colour}m{word}\x1b[0m"
        return f"{at} {word} " + "\n".join(_lines(record))


class _PlainFormatter(logging.Formatter):
    """`WARNING message`, for commands: a person looks on, and no file is kept."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname} " + "\n".join(_lines(record))


def plain_formatter() -> logging.Formatter:
    """Give the form of lines for a person who waits for a command."""
    return _PlainFormatter()


class _JournalFormatter(logging.Formatter):
    """Lines as sd-daemon(3) has them, each with its priority: the journal takes each by itself."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_priority(record.levelno)}>"
        return "\n".join(prefix + line for line in _lines(record))


class _JsonFormatter(logging.Formatter):
    """One object a line; what is in `extra=` stands beside the fields that every line has."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if run := _run(record):
            fields["run"] = run
        if trouble := _trouble(record):
            fields["exception"] = trouble
        for name, value in vars(record).items():
            if name not in _OF_EVERY_RECORD:
                fields.setdefault(name, _jsonable(value))
        return printable_json(fields, default=str)


def _priority(levelno: int) -> int:
    """Translate into syslog's levels, which sd-daemon(3) lists."""
    steps = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
    return next((priority for least, priority in steps.items() if levelno >= least), 7)


def _lines(record: logging.LogRecord) -> list[str]:
    """Give the message with its run, then the traceback, indented: no line can pass for ours."""
    run = _run(record)
    message = f"{_message(record)} [run {run}]" if run else _message(record)
    trouble = _trouble(record)
    further = trouble.split("\n") if trouble else []
    return [printable(message), *(f"    {printable(line)}" for line in further)]


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit: the words alone still tell
        return _plain_text(record.msg)
    return " ".join(text.split()) if record.name == "py.warnings" else text


def _run(record: logging.LogRecord) -> str:
    return str(getattr(record, "run", None) or "")


def _trouble(record: logging.LogRecord) -> str:
    """Render the traceback, and the stack where it was asked for; most records have neither."""
    error = record.exc_info[1] if record.exc_info else None
    trace = "" if error is None else "".join(traceback.format_exception(error)).rstrip()
    return "\n".join(filter(None, (trace, record.stack_info)))


def _jsonable(value: object) -> object:
    try:
        json.dumps(value, allow_nan=False, default=str)
    except Exception:  # noqa: BLE001 - also what the `str()` of something else raises
        return _plain_text(value)
    return value


def _plain_text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - see above
        return f"<{type(value).__name__}>"
