"""`listsyncctl jobs`, `scans`, `webhooks`, `mapping`: copies, what is scanned, what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import click

from listsync.protocol import Exit
from listsync.protocol.job_words import KINDS, SCAN_STATES, STATE_NAMES, STATES
from listsyncctl.client import ClientError
from listsyncctl.session import (
    COMPLETION_S,
    Session,
    command,
    common,
    ctl,
    duration,
    examples_of,
    given,
    session_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from listsync.protocol.job_shapes import JobShape
    from listsync.protocol.transfers import JobsReply


class _StateChoice(click.Choice[str]):
    """A state by its own name, or as it is shown: `failed` is `retry_wait`."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        return super().convert(STATE_NAMES.get(str(value).lower(), value), param, ctx)


_LIVE = ("queued", "running", "retry_wait", "blocked")
_FEW = 50


def _jobs_that(
    params: Mapping[str, object],
) -> Callable[[click.Context, click.Parameter, str], Sequence[CompletionItem]]:
    """Complete numbers of jobs that *params* ask for; whatever goes wrong, none."""

    def complete(
        context: click.Context, _: click.Parameter, incomplete: str
    ) -> Sequence[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - start-up time

        try:
            session = session_of(context)
            session.timeout_s = COMPLETION_S
            found = cast("JobsReply", session.ask_some("jobs", params, rows="jobs", usual=_FEW))
        except ClientError:
            return []
        return [
            CompletionItem(number, help=_help(one))
            for one in found["jobs"]
            if (number := str(one["id"])).startswith(incomplete)
        ]

    return complete


def _help(one: JobShape) -> str:
    """Call a job as people do, if a shell may print that as it is."""
    words = f"{one.get('title')} ({one['state']})"
    return words if words.isprintable() else one["state"]


@common
@ctl.group(
    "jobs",
    invoke_without_command=True,
    epilog=examples_of(
        "jobs",
        "jobs --failed",
        "jobs show 12",
        "jobs retry 12 13",
        "jobs retry-failed --since 48h",
        "jobs cancel 12",
        "jobs follow",
    ),
)
@click.option("--state", type=_StateChoice(STATES), multiple=True, help="Only in this state.")
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind.")
@click.option("--failed", is_flag=True, default=None, help="Only what failed and is not done.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
@click.pass_context
def jobs(context: click.Context, /, *, state: tuple[str, ...], **params: object) -> None:
    """List copies to your library, the newest first, or act on them."""
    if context.invoked_subcommand is None:
        asked = given({**params, "state": [*state] or None})
        session = session_of(context)
        session.show("jobs", session.ask_some("jobs", asked, rows="jobs", usual=_FEW))


@command("show", "jobs show 12", under=jobs)
@click.argument("id_", metavar="ID", type=click.IntRange(1), shell_complete=_jobs_that({}))
def show(session: Session, *, id_: int) -> None:
    """Show all of one copy, with its attempts and scans."""
    session.show("job", session.one_job(id_))


@command("retry", "jobs retry 12", "jobs retry 12 13 14", under=jobs)
@click.argument(
    "ids",
    metavar="ID...",
    nargs=-1,
    required=True,
    type=click.IntRange(1),
    shell_complete=_jobs_that({"failed": True}),
)
def retry(session: Session, *, ids: tuple[int, ...]) -> None:
    """Try copies again that failed, or at once those that wait."""
    for one in ids:
        session.show("job_retry", session.ask("job_retry", {"id": one}))


@command("retry-failed", "jobs retry-failed", "jobs retry-failed --since 7d", under=jobs)
@click.option(
    "--since",
    "since_s",
    type=duration,
    metavar="DURATION",
    help="What failed in this time (24h).",
)
def retry_failed(session: Session, *, since_s: float | None) -> None:
    """Try all copies again that failed lately."""
    asked = given({"since_s": since_s})
    session.show("jobs_retry_failed", session.ask("jobs_retry_failed", asked))


@command("cancel", "jobs cancel 12", under=jobs)
@click.argument(
    "ids",
    metavar="ID...",
    nargs=-1,
    required=True,
    type=click.IntRange(1),
    shell_complete=_jobs_that({"state": [*_LIVE, "needs_attention"]}),
)
def cancel(session: Session, *, ids: tuple[int, ...]) -> None:
    """Cancel copies, or dismiss those that were given up."""
    for one in ids:
        session.show("job_cancel", session.ask("job_cancel", {"id": one}))


@command("follow", "jobs follow", "jobs follow 12", under=jobs)
@click.argument(
    "id_",
    metavar="[ID]",
    required=False,
    type=click.IntRange(1),
    shell_complete=_jobs_that({"state": [*_LIVE]}),
)
def follow(session: Session, *, id_: int | None) -> Exit:
    """Watch copies until all have ended, or one until it has."""
    from listsyncctl.job_following import follow_all, follow_one  # noqa: PLC0415 - start-up time

    return follow_all(session) if id_ is None else follow_one(session, id_)


@common
@ctl.group(
    "scans",
    invoke_without_command=True,
    epilog=examples_of("scans", "scans --state not_shown", "scans retry 7"),
)
@click.option("--state", type=_StateChoice(SCAN_STATES), multiple=True, help="Only in this state.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
@click.pass_context
def scans(context: click.Context, /, *, state: tuple[str, ...], **params: object) -> None:
    """List what media servers were asked to scan, or ask again."""
    if context.invoked_subcommand is None:
        asked = given({**params, "state": [*state] or None})
        session = session_of(context)
        session.show("scans", session.ask_some("scans", asked, rows="scans", usual=_FEW))


@command("retry", "scans retry 7", under=scans)
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(1))
def scan_retry(session: Session, *, ids: tuple[int, ...]) -> None:
    """Have media servers scan folders again."""
    for one in ids:
        session.show("scan_retry", session.ask("scan_retry", {"id": one}))


@command("webhooks", "webhooks", "webhooks --limit 5", "webhooks --job 12")
@click.option("--job", type=click.IntRange(1), help="Only those that requested this copy.")
@click.option("--limit", type=click.IntRange(1), help="How many to show.")
@click.option("--offset", type=click.IntRange(0), help="How many to skip.")
def webhooks(session: Session, **params: object) -> None:
    """List the webhooks that came, what became of each, and why."""
    asked = given(params)
    session.show("webhooks", session.ask_some("webhooks", asked, rows="webhooks", usual=_FEW))


@ctl.group("mapping", epilog=examples_of("mapping explain"))
def mapping() -> None:
    """Find out what becomes of paths that Radarr and Sonarr name."""


@command(
    "explain",
    "mapping explain",
    'mapping explain "/movies/Dune (2021)/Dune.mkv"',
    "mapping explain /movies/x --instance radarr-4k",
    under=mapping,
)
@click.argument("path", required=False)
@click.option("--instance", help="As if this Radarr or Sonarr had named it.")
def mapping_explain(session: Session, **params: object) -> None:
    """Show how PATH is mapped, or that of the last webhook."""
    session.show("mapping", session.ask("mapping", given(params)))
