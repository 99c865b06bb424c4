"""Titles and notices as both programs show them: what would be done, what could be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from listsync.terminal.output import Palette, ranges, shown

_SIGNS = {
    "requested": ("+", "green"),
    "cancelled": ("x", "red"),
    "review": ("?", "yellow"),
    "failed": ("!", "red"),
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
