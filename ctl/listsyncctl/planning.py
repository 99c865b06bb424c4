"""What a sync would do: started, waited for, and read page by page."""

from __future__ import annotations

from typing import Any

from listsync.protocol import Exit
from listsyncctl.following import EXITS, follow_run
from listsyncctl.session import Session
from listsyncctl.trouble import TroubleError


def wait_for_plan(session: Session, run_id: str) -> Exit:
    """Follow the dry run to its end and show what it found; exit as it ended."""
    try:
        ended = follow_run(session, run_id)
    except KeyboardInterrupt:
        raise TroubleError(
            Exit.INTERRUPTED,
            f"detached: the plan is made, see it with `listsyncctl plan --id {run_id}`",
        ) from None
    run = ended["run"]
    if not run.get("dry_run"):
        raise TroubleError(
            Exit.BUSY,
            f"run {run_id} was to be a plan, but somebody asked for a sync before it began: "
            f"see `listsyncctl runs {run_id}`, and plan again",
        )
    return show_plan(session, run_id)


def show_plan(session: Session, run_id: str) -> Exit:
    """Show a plan that is made, or say how far it is."""
    plan = session.ask("plan_result", {"run_id": run_id})
    if plan.get("state") != "done":
        session.show("plan", {"run_id": run_id, **plan})
        return Exit.OK
    session.show("plan_result", plan)
    return EXITS.get(str(_run(plan).get("result")), Exit.FAILED)


def _run(plan: dict[str, Any]) -> dict[str, Any]:
    return plan.get("run") or {}
