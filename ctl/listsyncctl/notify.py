"""`listsyncctl notify` and `summary`: the targets of notifications, and what a day was like."""

from __future__ import annotations

import time

import click

from listsync.interrupts import raised
from listsync.protocol import Exit
from listsyncctl.session import Session, command, common, ctl, examples_of, session_of

_WAIT_S = 60.0
_LOOK_S = 0.2


@common
@ctl.group(
    "notify",
    invoke_without_command=True,
    epilog=examples_of("notify", "notify test", "notify test discord"),
)
@click.pass_context
def notify(context: click.Context, /) -> None:
    """Show the targets of notifications, or test them."""
    if context.invoked_subcommand is None:
        session = session_of(context)
        session.show("targets", session.ask("targets"))


@command("test", "notify test", "notify test discord", under=notify)
@click.argument("target", required=False)
def notify_test(session: Session, *, target: str | None) -> Exit:
    """Send a test message to TARGET, or to all, and show the answer."""
    begun = session.ask("notify_test", {} if target is None else {"target": target})
    until = time.monotonic() + (session.timeout_s or _WAIT_S)
    with raised():
        while True:
            found = session.ask("notify_test_result", {"id": begun["id"]})
            if found["done"] or time.monotonic() > until:
                break
            time.sleep(_LOOK_S)
    session.show("notify_test_result", found)
    return Exit.OK if all(one["state"] == "sent" for one in found["results"]) else Exit.FAILED


@command("summary", "summary", "summary --date 2026-03-01", "summary --send")
@click.option("--date", metavar="DAY", help="Which day, such as 2026-03-01; else yesterday.")
@click.option("--send", is_flag=True, help="Send it to the targets that are told `daily`.")
def summary(session: Session, *, date: str | None, send: bool) -> None:
    """Show or send the summary of a day.

    It has what was requested, what failed and what needs you.
    """
    params = {} if date is None else {"date": date}
    if send:
        session.show("summary_send", session.ask("summary_send", params))
    else:
        session.show("summary", session.ask("summary", params))
