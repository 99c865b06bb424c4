"""What keeps a person at the terminal: following a run or a backup, deciding on titles one by one.

It polls and never waits inside the agent, so that leaving does no harm.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import click

from listsync.interrupts import raised
from listsync.protocol import Code, Exit
from listsync.terminal.output import is_terminal, say, shown
from listsync.terminal.progress import BottomLine, bar_line, can_be_drawn_on, progress_words
from listsyncctl.client import ClientError
from listsyncctl.fleet_views import passed_on
from listsyncctl.session import Session
from listsyncctl.title_views import review
from listsyncctl.views import as_json

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        BackupReply,
        ProgressReply,
        RunReply,
    )
if TYPE_CHECKING:
    from listsync.protocol.messages import (
        OrderReply,
        ReviewDecideReply,
    )
    from listsync.protocol.shapes import (
        ReviewShape,
    )


EXITS = {
    "ok": Exit.OK,
    "partly": Exit.PARTLY,
    "failed": Exit.FAILED,
    "cancelled": Exit.INTERRUPTED,
}
_EVERY_S = 0.5
_MISSES = 6
_LET_GO_TRIES = 50
_LET_GO_S = 0.05
_NOT_HERE = "it cannot be waited for here."


class Bar:
    """Draws on stderr if that is a terminal, else nothing."""

    def __init__(self) -> None:
        can_draw = can_be_drawn_on(sys.stderr, os.environ)
        self._line = BottomLine(sys.stderr) if can_draw else None

    @property
    def can_draw(self) -> bool:
        return self._line is not None

    def draw(self, progress: Mapping[str, object]) -> None:
        if self._line is not None:
            self._line.draw(bar_line(progress, self._line.columns))

    def clear(self) -> None:
        if self._line is not None:
            self._line.clear()


class Patience:
    """How long a command waits: as `--timeout` says; where it was not given, to the end."""

    def __init__(self, session: Session) -> None:
        left_s = session.timeout_s
        self._until = None if left_s is None else time.monotonic() + left_s

    def must_last(self, what: str) -> None:
        """Raise ClientError if it is over, to say *what* still goes on."""
        if self._until is not None and time.monotonic() > self._until:
            raise ClientError(Exit.NO_ANSWER, what)


def follow_run(session: Session, run_id: str) -> RunReply:
    """Poll until run *run_id* has ended; give `{"run", "requests"}`.

    Raises:
        ClientError: the agent went away, a pause holds the run, or `--timeout` was given and is
            over.
        KeyboardInterrupt: the user left; the sync goes on.

    """
    with raised():
        return _followed(session, run_id)


def _followed(session: Session, run_id: str) -> RunReply:
    patience = Patience(session)
    bar = Bar()
    misses = 0
    try:
        while misses <= _MISSES:
            if (ended := _ended(session, run_id)) is not None:
                _let_go(session, run_id)
                return ended
            misses = 0 if _drawn(session, run_id, bar) else misses + 1
            patience.must_last(
                f"sync {run_id} is still running; see `listsyncctl progress --follow`"
            )
            time.sleep(_EVERY_S)
        raise _forgotten(session, run_id)
    finally:
        bar.clear()


def _forgotten(session: Session, run_id: str) -> ClientError:
    """Say why the agent knows no such run: another one leads by now, or this one began anew."""
    fleet = session.ask("status").get("fleet")
    if fleet is not None and fleet["role"] == "standby":
        return ClientError(Exit.PARTLY, f"{_NOT_HERE} {passed_on(fleet)}")
    return ClientError(
        Exit.FAILED,
        f"the agent knows nothing of run {run_id}: was it restarted? See `listsyncctl runs`",
    )


def _ended(session: Session, run_id: str) -> RunReply | None:
    try:
        run = session.run_now(run_id)["run"]
    except ClientError as error:
        # A run that has not begun is not in the books yet.
        if error.code == Code.NOT_FOUND:
            return None
        raise
    return session.run(run_id) if run.get("ended_at") and run.get("result") else None


def _let_go(session: Session, run_id: str) -> None:
    """Wait a moment until the agent is free: it writes the books before it takes the next one."""
    for _ in range(_LET_GO_TRIES):
        progress = session.ask("progress")
        if not progress.get("in_progress") or progress.get("run_id") != run_id:
            return
        time.sleep(_LET_GO_S)


def _drawn(session: Session, run_id: str, bar: Bar) -> bool:
    """Draw how it is; False if the run neither runs nor waits."""
    progress = session.ask("progress")
    if progress.get("in_progress"):
        waiting = {"in_progress": True, "phase": "waiting for the running sync"}
        bar.draw(progress if progress.get("run_id") == run_id else waiting)
        return True
    status = session.ask("status")
    pending = status.get("pending")
    is_pending = pending is not None and pending.get("run_id") == run_id
    if is_pending and status.get("state") == "paused":
        raise ClientError(
            Exit.PAUSED, f"run {run_id} is queued until the pause ends: see `listsyncctl resume`"
        )
    fleet = status.get("fleet")
    if is_pending and fleet is not None and fleet["role"] == "joining" and fleet.get("why"):
        why = f"this agent takes part in its fleet again ({shown(fleet['why'])})"
        raise ClientError(Exit.PAUSED, f"run {run_id} is queued until {why}")
    return is_pending


def follow_progress(session: Session) -> ProgressReply:
    """Show progress until nothing runs, and give the last snapshot; raises ClientError."""
    with raised():
        return _followed_progress(session)


def _followed_progress(session: Session) -> ProgressReply:
    patience, bar = Patience(session), Bar()
    last = ""
    try:
        while True:
            progress = session.ask("progress")
            if not progress.get("in_progress"):
                return progress
            line = as_json(progress) if session.output == "json" else progress_words(progress)
            if session.output != "json" and bar.can_draw:
                bar.draw(progress)
            elif line != last:
                say(line)
            last = line
            patience.must_last("a sync is still running; see `listsyncctl progress`")
            time.sleep(_EVERY_S)
    finally:
        bar.clear()


def wait_for_sync(session: Session, order: OrderReply, *, dry_run: bool) -> Exit:
    """Follow the sync to its end and show what it did; exit as it ended.

    Raises:
        ClientError: another agent does it, so that it cannot be followed here.
    """
    if order.get("state") == "passed_on":
        raise ClientError(Exit.PARTLY, f"{_NOT_HERE} {passed_on(order)}")
    run_id = str(order.get("run_id"))
    left = f"sync {run_id} is still running; stop it with `listsyncctl cancel`"
    ended = _waited_for(session, run_id, left, ("a dry run", "try") if dry_run else None)
    session.show("run", ended)
    return EXITS.get(str(ended["run"].get("result")), Exit.FAILED)


def wait_for_plan(session: Session, run_id: str) -> Exit:
    """Follow the dry run to its end and show what it found; exit as it ended."""
    left = f"the plan is made, see it with `listsyncctl plan --id {run_id}`"
    _waited_for(session, run_id, left, ("a plan", "plan"))
    return show_plan(session, run_id)


def _waited_for(session: Session, run_id: str, left: str, dry: tuple[str, str] | None) -> RunReply:
    """Follow a run; *left* is said of it when the user goes, *dry* is what was to change nothing.

    Raises:
        ClientError: the user left, or the agent made one sync of that and of a real one.

    """
    try:
        ended = follow_run(session, run_id)
    except KeyboardInterrupt:
        raise ClientError(Exit.INTERRUPTED, f"detached: {left}") from None
    if dry is not None and not ended["run"].get("dry_run"):
        what, again = dry
        raise ClientError(
            Exit.BUSY,
            f"run {run_id} was to be {what}, but somebody requested a sync before it began: "
            f"see `listsyncctl runs {run_id}`, and {again} again",
        )
    return ended


def show_plan(session: Session, run_id: str) -> Exit:
    """Show a plan that is made, or say how far it is."""
    plan = session.ask("plan_result", {"run_id": run_id})
    if plan["state"] != "done":
        session.show("plan", plan)
        return Exit.OK
    session.show("plan_result", plan)
    return EXITS.get(str(plan["run"].get("result")), Exit.FAILED)


_FIRST_LOOK_S = 0.02
_LOOK_S = 0.5


def back_up(session: Session, file: str) -> BackupReply:
    """Let the agent write a backup to *file* and wait for it; raises ClientError."""
    # Relative to where we are, and not to where the agent is.
    patience, pause_s = Patience(session), _FIRST_LOOK_S
    done = session.ask("backup", {"file": os.path.abspath(file)})  # noqa: PTH100 - start-up time
    try:
        with raised():
            while done.get("state") == "running":
                patience.must_last(f"{done.get('file')} is still being written")
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LOOK_S)
                done = session.ask("backup_result", {"id": done.get("id")})
    except KeyboardInterrupt:
        raise ClientError(
            Exit.INTERRUPTED, f"detached: the agent goes on writing {done.get('file')}"
        ) from None
    if done.get("state") != "done":
        raise ClientError(Exit.FAILED, str(done.get("why") or "no backup was made"))
    return done


_ORIGIN = "listsyncctl review"


def decide(session: Session, id_: str, choice: str) -> ReviewDecideReply:
    """Say what a title is; raises ClientError."""
    return session.ask("review_decide", {"id": id_, "choice": choice})


def sync_lists(session: Session, lists: Sequence[str]) -> OrderReply:
    """Start a sync of *lists*, which want what was accepted; of all if none is known."""
    params = {"lists": list(lists)} if lists else {}
    return session.ask("trigger", {**params, "origin": _ORIGIN})


_FORGETTING = """\
All that was done at the server is forgotten: the next sync considers every title anew, and what
you have deleted or declined there may be requested again.
Continue?"""


def agree_to_forget() -> None:
    """Ask whoever sits at the terminal; a script has meant what it says.

    Raises:
        ClientError: no was answered.
    """
    if not is_terminal(sys.stdin):
        return
    with raised():
        if not click.confirm(_FORGETTING, default=False, err=True):
            raise ClientError(Exit.FAILED, "nothing was forgotten")


def go_through(session: Session, *, sync: bool) -> None:
    """Show one after the other and ask; raises ClientError where nobody sits."""
    if not is_terminal(sys.stdin) or session.output != "text":
        raise ClientError(
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
            entered = click.prompt(
                f"{numbers}{ids}, s(kip), r(eject) or q(uit)",
                default="s",
                show_default=False,
            )
        except click.Abort:
            return "quit"
        word = str(entered).strip().lower()
        if word in {"q", "quit"}:
            return "quit"
        if word in {"s", "skip"}:
            return "skip"
        word = "reject" if word == "r" else word
        try:
            done = decide(session, str(row.get("lookup")), word)
        except ClientError as error:
            if error.code not in {Code.INVALID_PARAMS, Code.NOT_FOUND}:
                raise
            say(shown(error.message))
            if error.code == Code.NOT_FOUND:  # it waits no more
                return "skip"
            continue
        say(shown(done.get("message")))
        return done
