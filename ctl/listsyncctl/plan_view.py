"""A plan as a difference: what would be added, what is there, what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

from listsync.terminal.output import shown
from listsync.terminal.titles import could_be, notice_line, planned_title
from listsyncctl.look import Look, Reply

_ORDER = ("requested", "cancelled", "not_found", "skipped", "review", "failed")
_COUNTED = (
    ("shared", "wanted by several lists"),
    ("handled_before", "handled before"),
    ("excluded", "excluded"),
)


def plan(result: Reply, _: Look) -> Iterator[str]:
    """Tell that a plan is being made."""
    run_id = shown(result.get("run_id"))
    is_running = result.get("state") in {"running", "started"}
    how = "started" if is_running else "is queued until the running sync ends"
    yield f"Plan {run_id} {how}; show it with `listsyncctl plan --id {run_id}`."


def plan_result(result: Reply, look: Look) -> Iterator[str]:
    """Tell what would be done; what needs a person stands last, next to the sum."""
    items = result.get("items") or []
    for verdict in _ORDER:
        for item in items:
            if item.get("verdict") == verdict:
                yield planned_title(item, look.palette)
                if verdict == "review":
                    yield from could_be(item.get("candidates") or [], "    ")
    if left_out := result.get("left_out"):
        yield f"... and {left_out} more"
    counts = result.get("counts") or {}
    others = [f"{counts[name]} {words}" for name, words in _COUNTED if counts.get(name)]
    if others:
        yield f"= {', '.join(others)}"
    for notice in result.get("notices") or []:
        yield notice_line(notice)
    run = result.get("run") or {}
    if run.get("result") in {"ok", "partly"}:
        yield f"Plan: {shown(run.get('message'))}. Nothing was changed."
    else:
        yield f"Plan {look.status(run.get('result'))}: {shown(run.get('why'))}"
