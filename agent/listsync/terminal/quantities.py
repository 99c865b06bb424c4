"""Numbers, sizes and times in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from listsync.terminal.output import shown

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write `1 title` or `1,200 titles`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def megabytes(size: float) -> str:
    return f"{size / 2**20:.1f} MB"


def duration(seconds: float) -> str:
    """Write `0.4 s`, `12.3 s` or `3 min 20 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def span(seconds: float) -> str:
    """Write a duration by its largest unit, e.g. `3 h`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def time_of(text: object) -> datetime | None:
    """Read an ISO time; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def relative(text: object, now: datetime) -> str:
    """Write an ISO time as `3 h ago` or `in 12 min`; empty for none."""
    then = time_of(text)
    if then is None:
        return shown(text)
    seconds = (then - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def ranges(numbers: Iterable[int]) -> str:
    """Write 1, 2, 3, 5 as `1-3, 5`."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in spans)
