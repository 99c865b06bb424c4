"""How results look: aligned text with colours for people, JSON and plain lines for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

import click

from listsync.protocol import SCHEMA_VERSION
from listsync.text_cleaning import printable, printable_json, printable_line

_GOOD = {"ok", "idle", "started", "active", "requested", "available", "read", "done"}
_BAD = {"failed", "invalid", "refused", "error", "dead"}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person sits there; None is a stream that was closed when we were started."""
    return stream is not None and stream.isatty()


def colours(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Decide by no-color.org, FORCE_COLOR, TERM=dumb and whether *stream* is a terminal."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and is_terminal(stream)


def painted(word: str) -> str:
    """Colour a word by its meaning."""
    code = 32 if word in _GOOD else 31 if word in _BAD else 33
    return f"\x1b[{code}m{word}\x1b[0m"


def harmless(value: object) -> str:
    """Make one line without control characters, which could rewrite the terminal."""
    text = "" if value is None else str(value)
    return printable(" ".join(text.split()))


def say(line: str, *, err: bool = False, colour: bool = False) -> None:
    """Print one line, in which nothing of what the agent said can steer the terminal."""
    click.echo(printable_line(line), err=err, color=colour)


def width(text: str) -> int:
    """Count columns: East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    paint: int | None = None,
    colour: bool,
) -> Iterator[str]:
    """Align columns by two spaces; column *paint* is coloured."""
    cells = [tuple(head), *(tuple(harmless(cell) for cell in row) for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        padded = []
        for column, cell in enumerate(row):
            shown = painted(cell) if colour and number and column == paint and cell else cell
            padded.append(shown + " " * (widths[column] - width(cell)))
        line = "  ".join(padded).rstrip()
        yield f"\x1b[1m{line}\x1b[0m" if colour and not number else line


def moment(text: object) -> datetime | None:
    """Read an ISO time; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def relative(text: object, now: datetime) -> str:
    """Say an ISO time as `3 h ago` or `in 12 min`; empty for none."""
    then = moment(text)
    if then is None:
        return harmless(text)
    seconds = (then - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def span(seconds: float) -> str:
    """Say a duration by its largest unit, e.g. `3 h`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def as_json(result: Mapping[str, Any]) -> str:
    return printable_json({"schema_version": SCHEMA_VERSION, **result})


def plain(result: Mapping[str, Any], rows: str | None, columns: Sequence[str]) -> Iterator[str]:
    """Give tab-separated lines: one per row of *rows*, or one `name<TAB>value` per field."""
    if rows is not None:
        for row in result.get(rows) or []:
            yield "\t".join(_cell(row.get(column)) for column in columns)
        return
    yield from (f"{name}\t{_cell(value)}" for name, value in _fields(result))


def _fields(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from _fields(one, f"{prefix}{name}.")
        else:
            yield prefix + name, one


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return harmless(printable_json(value))
    return harmless(value)
