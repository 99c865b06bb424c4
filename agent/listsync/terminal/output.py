"""What both programs show alike: lines, numbers, times, titles; nothing foreign steers them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from listsync.text_cleaning import printable, printable_line

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_GOOD = {"ok", "idle", "started", "active", "requested", "available", "read", "done"}
_GOOD |= {"succeeded", "skipped", "shown", "accepted"}
_BAD = {"failed", "invalid", "refused", "error", "dead", "wrong", "needs you"}


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


_UNITS = ((86400, "d", 3600), (3600, "h", 60), (60, "min", 1), (1, "s", 1))
"""Each with the size of the next smaller one."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write `1 title` or `1,200 titles`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def megabytes(size: float) -> str:
    return f"{size / 2**20:.1f} MB"


def file_size(size: float) -> str:
    """Write bytes as `14.0 GB`, as Radarr and Sonarr do: 1 KB are 1,024 bytes."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def duration(seconds: float) -> str:
    """Write `0.4 s`, `12.3 s` or `3 min 20 s`."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def span(seconds: float) -> str:
    """Write a duration by its largest unit, rounded: 5 h 50 min are `6 h`, 59 min 40 s `1 h`.

    All times that are told as so long ago, or in so long, are rounded here (and, in the browser,
    in `dashboard.js`).
    """
    for size, unit, smaller in _UNITS:
        if seconds >= size - smaller / 2:
            return f"{int(seconds / size + 0.5)} {unit}"
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


_SIGNS = {
    "requested": ("+", "green"),
    "cancelled": ("x", "red"),
    "review": ("?", "yellow"),
    "failed": ("!", "red"),
    "on_hold": ("!", "yellow"),
}
_OTHER = ("-", "")


def planned_title(item: Mapping[str, Any], palette: Palette) -> str:
    """Write what would become of a title, and on behalf of which lists."""
    verdict = str(item.get("verdict"))
    sign, style = _SIGNS.get(verdict, _OTHER)
    name = shown(item.get("label"))
    if item.get("tmdb_id"):
        name += f" [{shown(item.get('kind'))}/{shown(item.get('tmdb_id'))}]"
    lists = shown(item.get("lists"))
    if verdict == "requested":
        line = f"{sign} {name}" + (f"  for {lists}" if lists else "") + request_options(item)
    else:
        line = f"{sign} {name}{because(item.get('why'))}  ({lists})"
    return palette.paint(line, style)


def request_options(item: Mapping[str, Any]) -> str:
    """Write what is not as usual: as whom, 4K, which seasons, of which Radarr or Sonarr."""
    asking = item.get("asking") or {}
    words = [f"as {asking['user']}"] if asking.get("user") else []
    if item.get("four_k"):
        words.append("4K")
    if item.get("seasons"):
        words.append(f"seasons {ranges(item['seasons'])}")
    if asking.get("approve") is not None:
        words.append("approved" if asking["approve"] else "to be approved")
    named = (
        ("service", "by"),
        ("profile", "profile"),
        ("root_folder", "into"),
        ("language_profile", "language profile"),
    )
    words += [f"{word} {asking[name]}" for name, word in named if asking.get(name)]
    if asking.get("tags"):
        words.append(f"tags {', '.join(map(str, asking['tags']))}")
    return "".join(f", {shown(one)}" for one in words)


def could_be(candidates: Iterable[object], indent: str, more: int = 0) -> Iterator[str]:
    """Write what a title could be, and how *more* there are."""
    for candidate in candidates:
        yield f"{indent}could be {shown(candidate)}"
    if more > 0:
        yield f"{indent}and {more} more: `listsyncctl review`"


def because(why: object, limit: int | None = None) -> str:
    return f": {shown(why, limit)}" if why else ""


def notice_words(notice: Mapping[str, Any]) -> str:
    """Write a notice with the list that it is about."""
    head = f"{shown(notice['list'])}: " if notice.get("list") else ""
    return head + shown(notice.get("text"))


def notice_line(notice: Mapping[str, Any]) -> str:
    """Write a notice below a report: whether it waits for a person, and what it says."""
    return f"{'to do' if notice.get('needs_person') else 'note'}: {notice_words(notice)}"
