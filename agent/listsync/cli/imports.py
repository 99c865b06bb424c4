"""`listsync import`: what another program has, shown first, and taken over with --apply."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listsync.cli.options import (
    arr_key,
    ask_hidden,
    config_option,
    errors_shown,
    examples,
    find_state,
    is_interactive,
    read_secret,
    secret_options,
    state_option,
)
from listsync.terminal.output import plural, say, shown

if TYPE_CHECKING:
    from listsync.importers.arr import App
    from listsync.importers.plan import MovePlan
    from listsync.importers.take_over import Change, Done, Places

# What a command needs is imported when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415

_F = TypeVar("_F", bound=Callable[..., Any])
_MOST_SHOWN = 200


@click.group("import")
def import_group() -> None:
    """Move in from ListSync, Radarr, Sonarr or Kometa.

    What would be taken over is shown first; --apply does it.
    """


def _applied(command: _F) -> _F:
    for option in (
        state_option,
        config_option,
        click.option("--apply", is_flag=True, help="Do it; without this it is only shown."),
    ):
        command = option(command)
    return command


@import_group.command(
    "listsync", epilog=examples("import listsync ~/list-sync", "import listsync .env --apply")
)
@click.argument("path", type=click.Path(path_type=Path, readable=False))
@secret_options("password")
@_applied
def of_listsync(
    path: Path,
    password_file: Path | None,
    password_env: str | None,
    config_path: Path | None,
    state_dir: Path | None,
    *,
    password_stdin: bool,
    apply: bool,
) -> None:
    """Move in from ListSync: its folder, its data folder or its .env.

    Lists, users, interval, settings and keys are taken over; what it handled counts as handled, so
    that nothing is requested again. What is not taken over is named.
    """
    from listsync.importers.listsync_folder import plan_of_listsync

    def ask(file: Path) -> str | None:
        return read_secret(
            f"Password of {file}", password_file, password_env, is_on_stdin=password_stdin
        )

    with errors_shown():
        _run(plan_of_listsync(path, ask), config_path, state_dir, apply=apply)


def _arr_command(app: App, port: int) -> click.Command:
    @import_group.command(
        app, epilog=examples(f"import {app} http://localhost:{port} --key-file {app}.key")
    )
    @click.argument("url")
    @secret_options("key")
    @_applied
    def command(
        url: str,
        key_file: Path | None,
        key_env: str | None,
        config_path: Path | None,
        state_dir: Path | None,
        *,
        key_stdin: bool,
        apply: bool,
    ) -> None:
        from listsync.importers.arr import plan_of_arr

        with errors_shown():
            key = arr_key(app, key_file, key_env, is_on_stdin=key_stdin)
            plan = plan_of_arr(app, url, key)
            _run(plan, config_path, state_dir, apply=apply)

    command.help = (
        f"Take over import lists and exclusions of {app.capitalize()} at URL.\n\n"
        f"Its key comes from {app.upper()}_API_KEY, a file or standard input, or is asked for."
    )
    return command


of_radarr = _arr_command("radarr", 7878)
of_sonarr = _arr_command("sonarr", 8989)


@import_group.command("kometa", epilog=examples("import kometa ~/kometa/config/movies.yml"))
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@_applied
def of_kometa(
    file: Path, config_path: Path | None, state_dir: Path | None, *, apply: bool
) -> None:
    """Take over the lists that a collection file of Kometa names."""
    from listsync.importers.kometa import plan_of_kometa

    with errors_shown():
        _run(plan_of_kometa(file), config_path, state_dir, apply=apply)


def _run(plan: MovePlan, config_path: Path | None, state_dir: Path | None, *, apply: bool) -> None:
    from listsync.importers.take_over import Places, change_of, take_over
    from listsync.importers.yaml_edit import UneditableError
    from listsync.protocol import Exit

    if plan.is_empty:
        for line in _read_and_left(plan):
            say(line)
        say("There is nothing to take over.")
        return
    ask = ask_hidden if is_interactive() else None
    places = Places(_target(config_path), find_state(state_dir), os.environ, ask)
    try:
        change = change_of(plan, places)
    except UneditableError as error:
        for line in str(error).split("\n"):  # what is to be pasted
            say(line, err=True)
        sys.exit(Exit.FAILED)
    for line in _report(change):
        say(line)
    if apply:
        _tell(take_over(change, places), places)
    else:
        say("")
        say("Nothing was changed. Add --apply to do it.")


def _target(option: Path | None) -> Path:
    """Find the configuration; where there is none yet, where it is looked for first."""
    from listsync.config.paths import SYSTEM_CONFIG, find_config

    found = find_config(option, os.environ)
    if found is None:
        base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
        home = base if base.is_absolute() else _home()
        found = SYSTEM_CONFIG if home is None else home / "listsync" / "listsync.yaml"
    return found.absolute()


def _home() -> Path | None:
    try:
        return Path(os.environ.get("HOME") or Path.home()) / ".config"
    except RuntimeError:
        return None


def _report(change: Change) -> Iterator[str]:
    plan = change.plan
    yield from _section("Read", plan.found)
    new = [f"+ {one}" for one in change.lists]
    known = [f"= {one} (is followed already)" for one in change.known]
    yield from _section("Lists", (*new, *known))
    yield from _section(
        "Settings", (f"+ {'.'.join(keys)}: {text}" for keys, text in _told(change))
    )
    secrets = (f"+ {'.'.join(one.keys)}" for one in change.secrets)
    yield from _section("Secrets, which are kept encrypted", secrets)
    if plan.handled:
        count = plural(len(plan.handled), "title")
        four_k = ", in 4K" if plan.four_k else ""
        yield f"Handled before{four_k}: {count}; none of them is requested again."
    if plan.exclude:
        yield f"Exclusions: {len(plan.exclude):,}, {len(change.exclude):,} of them new."
    yield from _section("Not taken over", (*plan.left, *change.left))


def _told(change: Change) -> Iterator[tuple[tuple[str, ...], str]]:
    from listsync.redaction import without_secrets

    return ((keys, without_secrets(text)) for keys, text in change.settings.items())


def _read_and_left(plan: MovePlan) -> Iterator[str]:
    yield from _section("Read", plan.found)
    yield from _section("Not taken over", plan.left)


def _section(head: str, lines: Iterable[str]) -> Iterator[str]:
    """Show lines below a head; none where there are none."""
    listed = list(lines)
    if listed:
        yield f"{head}:"
    for line in listed[:_MOST_SHOWN]:
        yield f"  {shown(line)}"
    if len(listed) > _MOST_SHOWN:
        yield f"  and {len(listed) - _MOST_SHOWN:,} more"


def _tell(done: Done, places: Places) -> None:
    say("")
    if not done.changed:
        say("All of it had been taken over before: nothing was changed.")
        return
    if done.titles:
        say(f"Noted {plural(done.titles, 'title')} as handled.")
    if done.secrets:
        say(f"Kept {plural(done.secrets, 'secret')} encrypted.")
    if done.wrote_file:
        kept = f"; the old one is {done.kept}" if done.kept else ""
        say(f"Wrote {places.config}{kept}.")
    say("Next: `listsync check --live`, then `listsync once --dry-run`.")
