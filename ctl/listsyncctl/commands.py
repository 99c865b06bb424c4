"""Every command of `listsyncctl`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

import listsync
from listsync.protocol import PROTOCOL, Exit
from listsyncctl.client import ClientError
from listsyncctl.jobs import jobs
from listsyncctl.notify import notify
from listsyncctl.session import (
    Session,
    command,
    common,
    complete_lists,
    ctl,
    duration,
    examples_of,
    given,
    session_of,
)

if TYPE_CHECKING:
    from listsync.protocol.messages import DoneReply, ReviewDecideReply
    from listsyncctl.views import DecidedResult

__all__ = ["ctl", "jobs", "notify"]

_LEVELS = ["debug", "info", "warning", "error"]


@command("sync-now", "sync-now", "sync-now --wait", "sync-now my-list --dry-run")
@click.argument("lists", nargs=-1, metavar="[LIST]...", shell_complete=complete_lists)
@click.option("--dry-run", is_flag=True, help="Show what would be requested, but change nothing.")
@click.option("--wait", is_flag=True, help="Wait for the sync to end; exit with its result.")
@click.option("--force", is_flag=True, help="Sync even while the agent is paused.")
@click.option("--no-queue", is_flag=True, help="Fail (exit 5) if another sync is running.")
@click.option("--confirm", is_flag=True, help="Go on with what is on hold until you confirm.")
@click.option("--signal", is_flag=True, help="Send SIGUSR1 to your agent, not using the socket.")
@click.option("--pid", type=click.IntRange(1), help="With --signal: the agent with this pid.")
@click.option("--all", "everyone", is_flag=True, help="With --signal: every running agent.")
def sync_now(  # noqa: PLR0913 - one argument per option
    session: Session,
    *,
    lists: tuple[str, ...],
    wait: bool,
    signal: bool,
    pid: int | None,
    everyone: bool,
    **flags: bool,
) -> Exit:
    """Sync now: all lists, or only the ones named."""
    if signal:
        if lists or wait or any(flags.values()):
            why = "--signal can only start a sync of all lists: use it without other options"
            raise ClientError(Exit.USAGE, why)
        return _signal(session, pid, everyone=everyone)
    if pid is not None or everyone:
        raise ClientError(Exit.USAGE, "--pid and --all need --signal")
    params: dict[str, object] = {name: True for name, value in flags.items() if value}
    if lists:
        params["lists"] = list(lists)
    result = session.ask("trigger", {**params, "origin": "listsyncctl"})
    if not wait:
        session.show("trigger", result)
        return Exit.OK
    from listsyncctl.interactive import wait_for_sync  # noqa: PLC0415 - start-up time

    return wait_for_sync(session, result, dry_run=flags["dry_run"])


def _signal(session: Session, pid: int | None, *, everyone: bool) -> Exit:
    from listsyncctl import agents as running  # noqa: PLC0415 - start-up time

    if everyone:
        if pid is not None:
            raise ClientError(Exit.USAGE, "either --pid or --all, not both")
        chosen = running.existing_agents(None)
    else:
        chosen = running.choose_agents(
            running.find_agents(),
            places=session.places,
            is_named=session.chosen_socket is not None,
            uid=os.getuid(),
            pid=pid,
        )
    for one in running.ask_to_sync(chosen):
        session.show("signalled", {"signalled": [one]})
    return Exit.OK


@command("plan", "plan", "plan my-list", "plan --no-wait", "plan --id 4f1c")
@click.argument("lists", nargs=-1, metavar="[LIST]...", shell_complete=complete_lists)
@click.option("--no-wait", is_flag=True, help="Start it and print its id.")
@click.option("--id", "run_id", metavar="ID", help="Show a plan that was started before.")
def plan(session: Session, *, lists: tuple[str, ...], no_wait: bool, run_id: str | None) -> Exit:
    """Show what a sync would do now, but change nothing."""
    from listsyncctl.interactive import show_plan, wait_for_plan  # noqa: PLC0415 - start-up time

    if run_id is not None:
        if lists or no_wait:
            raise ClientError(Exit.USAGE, "--id shows a plan started before: use it alone")
        return show_plan(session, run_id)
    result = session.ask("plan", {"lists": list(lists)} if lists else {})
    if no_wait:
        session.show("plan", result)
        return Exit.OK
    return wait_for_plan(session, str(result.get("run_id")))


@command("status", "status", "status --check || notify-me")
@click.option("--check", is_flag=True, help="Exit with 8 if something needs your attention.")
def status(session: Session, *, check: bool) -> Exit:
    """Show the agent's status, and what needs your attention."""
    result = session.ask("status")
    session.show("status", result)
    return Exit.PARTLY if check and result.get("needs_person") else Exit.OK


@command("config", "config", "config http", "config lists[0]", "config --no-defaults")
@click.argument("path", required=False, metavar="[KEY]")
@click.option("--no-defaults", is_flag=True, help="Only what is set.")
def config(session: Session, *, path: str | None, no_defaults: bool) -> None:
    """Show the configuration in force without secrets, or one KEY."""
    params = given({"path": path, "defaults": False if no_defaults else None})
    session.show("config", session.ask("config", params))


@command("progress", "progress", "progress --follow")
@click.option("--follow", "-f", is_flag=True, help="Keep watching until the sync ends.")
def progress(session: Session, *, follow: bool) -> None:
    """Show the progress of the running sync."""
    if follow:
        from listsyncctl.interactive import follow_progress  # noqa: PLC0415 - start-up time

        session.show("progress", follow_progress(session))
    else:
        session.show("progress", session.ask("progress"))


@command("pause", "pause", "pause --for 2h")
@click.option(
    "--for",
    "for_s",
    type=duration,
    metavar="DURATION",
    help="Resume automatically after this time, e.g. 2h.",
)
def pause(session: Session, *, for_s: float | None) -> None:
    """Pause syncing; triggers received meanwhile wait for resume."""
    session.show("pause", session.ask("pause", {} if for_s is None else {"for_s": for_s}))


@command("resume")
def resume(session: Session) -> None:
    """Resume syncing."""
    session.show("resume", session.ask("resume"))


@command("cancel")
def cancel(session: Session) -> None:
    """Cancel the running sync after its current title, within 5 s."""
    session.show("cancel", session.ask("cancel"))


@command("reload")
def reload(session: Session) -> None:
    """Reload the configuration now."""
    session.show("reload", session.reload())


@command("lists", "lists", "lists my-list")
@click.argument("name", required=False, shell_complete=complete_lists)
def lists(session: Session, *, name: str | None) -> None:
    """Show the status of each list, or one list in detail."""
    session.show("lists", session.ask("lists") if name is None else session.one_list(name))


@command("runs", "runs", "runs --limit 5", "runs 4f1c")
@click.argument("run_id", required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def runs(session: Session, *, run_id: str | None, limit: int | None, offset: int | None) -> None:
    """List recent syncs, or show one in detail."""
    if run_id is not None:
        session.show("runs", session.run(run_id, skip=offset or 0))
        return
    params = given({"limit": limit, "offset": offset})
    session.show("runs", session.ask_some("runs", params, rows="runs", usual=20))


@command("notices", "notices", "notices --open", "notices --limit 100")
@click.option("--open", "open", is_flag=True, default=None, help="Only what is not over.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def notices(session: Session, **params: object) -> None:
    """List the latest notices: what went wrong, and when."""
    asked = given(params)
    session.show("notices", session.ask_some("notices", asked, rows="notices", usual=20))


@command("stats", "stats", "stats --json")
def stats(session: Session) -> None:
    """Show how much was requested, by time, service and list."""
    session.show("stats", session.ask("stats"))


@command(
    "items", "items", "items alien", "items --list my-list --limit 20", "items --export all.csv"
)
@click.argument("query", required=False)
@click.option("--list", "list", shell_complete=complete_lists, help="Only titles of this list.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
@click.option("--export", metavar="FILE", help="Write all to a .csv or .json file (- is stdout).")
def items(session: Session, *, export: str | None, **params: object) -> None:
    """List the titles that the agent knows, or those matching QUERY."""
    if export is None:
        session.show("items", session.ask_some("items", given(params), rows="items", usual=50))
        return
    from listsyncctl.export import export as write_file  # noqa: PLC0415 - start-up time

    if params.pop("limit") is not None or params.pop("offset") is not None:
        raise ClientError(Exit.USAGE, "--export writes all: leave out --limit and --offset")
    write_file(session, export, given(params))


@command("requests", "requests", "requests movie/438631", "requests --list my-list --limit 100")
@click.argument("title", required=False)
@click.option("--list", "list", shell_complete=complete_lists, help="Those of this list instead.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def requests(session: Session, **params: object) -> None:
    """List requests: all, or those of TITLE or of a list."""
    asked = given(params)
    session.show("requests", session.ask_some("requests", asked, rows="requests", usual=50))


@command("explain", 'explain "Dune"', "explain movie/438631", "explain tt1160419")
@click.argument("query")
@click.option("--limit", type=click.IntRange(1), help="How many titles to show (5).")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def explain(session: Session, **params: object) -> None:
    """Explain why the titles matching QUERY were requested or not."""
    session.show("explain", session.explain(given(params)))


@common
@ctl.group(
    "review",
    invoke_without_command=True,
    epilog=examples_of(
        "review",
        "review --interactive",
        "review accept 4f1c9a 2",
        "review accept 4f1c9a movie/438631 --sync",
        "review accept 4f1c9a https://www.imdb.com/title/tt1160419/",
        "review reject 4f1c9a",
    ),
)
@click.option("--interactive", "-i", is_flag=True, help="Go through them one by one.")
@click.option("--decided", is_flag=True, help="Show the ones you have decided.")
@click.option("--sync", is_flag=True, help="With --interactive: sync what you accepted.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
@click.pass_context
def review(
    context: click.Context, /, *, interactive: bool, decided: bool, sync: bool, **params: object
) -> None:
    """List the titles that need your decision, or decide."""
    if context.invoked_subcommand is not None:
        return
    session = session_of(context)
    if interactive:
        from listsyncctl.interactive import go_through  # noqa: PLC0415 - start-up time

        go_through(session, sync=sync)
        return
    only = {"decided": True} if decided else {}
    asked = {**given(params), **only}
    session.show("review", session.ask_some("review", asked, rows="reviews", usual=50))


@command("accept", "review accept 4f1c9a 2", "review accept 4f1c9a tv/1396", under=review)
@click.argument("id_", metavar="ID")
@click.argument("candidate")
@click.option("--sync", is_flag=True, help="Sync the lists that want it right away.")
def accept(session: Session, *, id_: str, candidate: str, sync: bool) -> None:
    """Accept CANDIDATE for title ID.

    CANDIDATE is its number, an id like movie/603, tv/1396 or tt0133093, or the address of its
    page at TMDB or IMDb. An IMDb id is looked up by the next sync.
    """
    from listsyncctl.interactive import decide, sync_lists  # noqa: PLC0415 - start-up time

    done: DecidedResult | ReviewDecideReply = decide(session, id_, candidate)
    try:
        if sync:
            done = {**done, "sync": sync_lists(session, done.get("lists") or [])}
    finally:
        # Also when no sync may start: it is decided.
        session.show("review_decide", done)


@command("reject", "review reject 4f1c9a", under=review)
@click.argument("id_", metavar="ID")
def reject(session: Session, *, id_: str) -> None:
    """Reject all candidates for title ID: it is not requested."""
    done = session.ask("review_decide", {"id": id_, "choice": "reject"})
    advice = f"`listsyncctl review undo {id_}` undoes that."
    session.show("review_decide", _with_advice(session, done, advice))


@command("undo", "review undo 4f1c9a", under=review)
@click.argument("id_", metavar="ID")
def undo(session: Session, *, id_: str) -> None:
    """Undo your decision for title ID."""
    session.show("review_decide", session.ask("review_decide", {"id": id_, "choice": "undo"}))


@command("exclude", "exclude tmdb:movie/348")
@click.argument("item")
def exclude(session: Session, *, item: str) -> None:
    """Never request ITEM."""
    done = session.ask("exclude", {"item": item})
    advice = f"`listsyncctl forget {item}` undoes that."
    session.show("exclude", _with_advice(session, done, advice))


@command("forget", "forget tmdb:movie/348", "forget --all", "forget --all --yes")
@click.argument("item", required=False)
@click.option("--all", "everything", is_flag=True, help="Forget everything the agent remembers.")
@click.option("--yes", is_flag=True, help="With --all: do not ask on a terminal.")
def forget(session: Session, *, item: str | None, everything: bool, yes: bool) -> None:
    """Forget what was done with ITEM, so that it is considered again."""
    if (item is None) is not everything:
        raise ClientError(Exit.USAGE, "name one ITEM, or use --all")
    if everything and not yes:
        from listsyncctl.interactive import agree_to_forget  # noqa: PLC0415 - start-up time

        agree_to_forget()
    params = {"all": True} if item is None else {"item": item}
    session.show("forget", session.ask("forget", params))


@command("backup", "backup /var/backups/listsync.db", "backup listsync-$(date +%F).db")
@click.argument("file")
def backup(session: Session, *, file: str) -> None:
    """Back up the agent's state to FILE, which must not exist yet."""
    from listsyncctl.interactive import back_up  # noqa: PLC0415 - start-up time

    session.show("backup", back_up(session, file))


@command("log-level", "log-level debug")
@click.argument("level", required=False, type=click.Choice(_LEVELS, case_sensitive=False))
def log_level(session: Session, *, level: str | None) -> None:
    """Show the log level, or change it until the agent restarts."""
    session.show("log_level", session.ask("log_level", {} if level is None else {"level": level}))


@command("version")
def version(session: Session) -> None:
    """Show the versions of the agent and of this program."""
    client = {"version": listsync.__version__, "protocol": PROTOCOL}
    session.show("version", {**session.ask("version"), "client": client})


@command("ping")
def ping(session: Session) -> None:
    """Check whether the agent responds."""
    session.show("ping", session.ask("ping"))


@command("describe")
def describe(session: Session) -> None:
    """Describe the commands that programs can send to the agent."""
    session.show("describe", session.ask("describe"))


@command("agents")
def agents(session: Session) -> None:
    """List running agents."""
    from listsyncctl.agents import existing_agents  # noqa: PLC0415 - start-up time

    found = [one.as_dict() for one in existing_agents(session.socket)]
    session.show("agents", {"agents": found})


def _with_advice(session: Session, done: DoneReply, advice: str) -> DoneReply:
    """Tell people what else they can do; programs get what the agent said."""
    is_text = session.output == "text"
    return {**done, "message": f"{done['message']} {advice}"} if is_text else done
