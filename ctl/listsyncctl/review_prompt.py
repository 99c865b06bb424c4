"""Deciding on titles that need it: one at a time on a terminal, or by a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from listsync.protocol import Code, Exit
from listsync.terminal.output import is_terminal, say, shown
from listsyncctl.client import TroubleError
from listsyncctl.session import Session
from listsyncctl.title_views import review

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        OrderReply,
        ReviewDecideReply,
    )
    from listsync.protocol.shapes import (
        ReviewShape,
    )

_ORIGIN = "listsyncctl review"


def decide(session: Session, id_: str, choice: str) -> ReviewDecideReply:
    """Say what a title is; raises TroubleError."""
    return session.ask("review_decide", {"id": id_, "choice": choice})


def sync_lists(session: Session, lists: Sequence[str]) -> OrderReply:
    """Start a sync of *lists*, which want what was accepted; of all if none is known."""
    params = {"lists": list(lists)} if lists else {}
    return session.ask("trigger", {**params, "origin": _ORIGIN})


def go_through(session: Session, *, sync: bool) -> None:
    """Show one after the other and ask; raises TroubleError where nobody sits."""
    if not is_terminal(sys.stdin) or session.output != "text":
        raise TroubleError(
            Exit.USAGE,
            "--interactive asks a person at a terminal: without one, use `review accept` and "
            "`review reject`",
        )
    display = session.display
    lists: dict[str, None] = {}
    wants_all = False
    accepted = 0
    # Read all before the first is decided: what is decided leaves the queue.
    rows = session.ask("review")["reviews"]
    for row in rows:
        for line in review(row, display):
            say(line)
        done = _ask(session, row)
        if done == "quit":
            break
        if done == "skip":
            continue
        if done.get("key") or done.get("imdb_id"):
            accepted += 1
            named = done.get("lists") or []
            # Of many lists none is named.
            wants_all |= not named or (done.get("lists_total") or 0) > len(named)
            lists.update(dict.fromkeys(named))
    if not rows:
        click.echo("No titles to review.")
    if accepted and sync:
        session.show("trigger", sync_lists(session, [] if wants_all else list(lists)))
    elif accepted:
        click.echo(f"{accepted} accepted: the next sync requests what is missing.")


def _ask(session: Session, row: ReviewShape) -> ReviewDecideReply | Literal["skip", "quit"]:
    """Ask until there is an answer."""
    count = len(row.get("candidates") or [])
    numbers = f"1-{count}, " if count > 1 else "1, " if count else ""
    ids = "an id (movie/603, tt0133093) or an address of TMDB or IMDb"
    while True:
        try:
            said = click.prompt(
                f"{numbers}{ids}, s(kip), r(eject) or q(uit)",
                default="s",
                show_default=False,
            )
        except click.Abort:
            return "quit"
        word = str(said).strip().lower()
        if word in {"q", "quit"}:
            return "quit"
        if word in {"s", "skip"}:
            return "skip"
        word = "reject" if word == "r" else word
        try:
            done = decide(session, str(row.get("lookup")), word)
        except TroubleError as trouble:
            if trouble.code not in {Code.INVALID_PARAMS, Code.NOT_FOUND}:
                raise
            say(shown(trouble.message))
            if trouble.code == Code.NOT_FOUND:  # it waits no more
                return "skip"
            continue
        say(shown(done.get("message")))
        return done
