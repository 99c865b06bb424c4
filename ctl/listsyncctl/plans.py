"""A plan as a difference: what would be added, what is there, what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from listsyncctl.output import harmless

if TYPE_CHECKING:
    from listsyncctl.views import Look, Result

SIGNS = {"requested": "+", "cancelled": "x", "review": "?", "failed": "!"}
_OTHER = "-"
_ORDER = ("requested", "cancelled", "not_found", "skipped", "review", "failed")
_COUNTED = (
    ("shared", "wanted by several lists"),
    ("handled_before", "handled before"),
    ("excluded", "excluded"),
)


def plan(result: Result, _: Look) -> Iterator[str]:
    """Tell that a plan is being made."""
    run_id = harmless(result.get("run_id"))
    how = {"running": "is being made", "started": "is being made"}.get(
        str(result.get("state")), "is made when the running sync has ended"
    )
    yield f"Plan {run_id} {how}; see it with `listsyncctl plan --id {run_id}`."


def plan_result(result: Result, look: Look) -> Iterator[str]:
    """Tell what would be done; what needs a person stands last, next to the sum."""
    items = result.get("items") or []
    for verdict in _ORDER:
        for item in items:
            if item.get("verdict") == verdict:
                yield from _item(item, look)
    if left_out := result.get("left_out"):
        yield f"... and {left_out} more"
    counts = result.get("counts") or {}
    others = [f"{counts[name]} {words}" for name, words in _COUNTED if counts.get(name)]
    if others:
        yield f"= {', '.join(others)}"
    for notice in result.get("notices") or []:
        head = "to do" if notice.get("needs_person") else "note"
        about = f"{harmless(notice['list'])}: " if notice.get("list") else ""
        yield f"{head}: {about}{harmless(notice.get('text'))}"
    run = result.get("run") or {}
    if run.get("result") in {"ok", "partly"}:
        yield f"Plan: {harmless(run.get('message'))}. Nothing was changed."
    else:
        yield f"Plan {look.paint(run.get('result'))}: {harmless(run.get('why'))}"


def _item(item: Mapping[str, Any], look: Look) -> Iterator[str]:
    verdict = str(item.get("verdict"))
    sign = SIGNS.get(verdict, _OTHER)
    name = harmless(item.get("label"))
    if item.get("tmdb_id"):
        name += f" [{harmless(item.get('kind'))}/{item.get('tmdb_id')}]"
    lists = harmless(item.get("lists"))
    if verdict == "requested":
        line = f"{sign} {name}" + (f"  for {lists}" if lists else "") + _how(item)
        yield f"\x1b[32m{line}\x1b[0m" if look.colour else line
        return
    why = f": {harmless(item['why'])}" if item.get("why") else ""
    line = f"{sign} {name}{why}  ({lists})"
    colour = {"?": 33, "!": 31}.get(sign)
    yield f"\x1b[{colour}m{line}\x1b[0m" if look.colour and colour else line
    for candidate in item.get("candidates") or [] if verdict == "review" else ():
        yield f"    could be {harmless(candidate)}"


def _how(item: Mapping[str, Any]) -> str:
    """Say what is not as usual: as whom, 4K, which seasons, of which Radarr or Sonarr."""
    asking = item.get("asking") or {}
    words = []
    if asking.get("user"):
        words.append(f"as {asking['user']}")
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
    return "".join(f", {harmless(one)}" for one in words)


def ranges(numbers: Sequence[int]) -> str:
    """Say 1, 2, 3, 5 as `1-3, 5`."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in spans)
