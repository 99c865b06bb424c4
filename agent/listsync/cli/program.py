"""The program `listsync`: its commands, each loaded when it is used.

Imports next to nothing: --help is quick, and an agent holds nothing that `init` or `import` need.
"""

from __future__ import annotations

import os
from importlib import import_module

import click

from listsync import __version__

COMMANDS = {
    "run": ("commands:run", "Run the agent: sync on schedule, on change and on command."),
    "once": ("commands:once", "Sync all lists once."),
    "backup": ("commands:backup", "Back up the state to a new FILE, while no agent runs."),
    "check": ("commands:check", "Check the configuration and report every problem."),
    "schema": ("commands:schema", "Print the JSON Schema of listsync.yaml, or write it."),
    "doctor": ("doctor:doctor", "Look at all that a sync needs, and say what to do."),
    "demo": ("commands:demo", "Show a whole sync against the built-in server."),
    "sandbox": ("commands:sandbox", "Serve the built-in request server, for trying things out."),
    "files": ("files:files", "List the files that come with listsync, or print one of them."),
    "completion": (
        "files:completion",
        "Print the completion of listsync and listsyncctl for a shell.",
    ),
    "secret": ("secret:secret", "Keep secrets encrypted: {encrypted: NAME} in listsync.yaml."),
    "import": ("imports:import_group", "Move in from ListSync, Radarr, Sonarr or Kometa."),
    "init": ("init:init", "Write the first configuration, from a few questions."),
    "trigger": (
        "postgres_trigger:trigger",
        "Have the agents sync now that listen at a PostgreSQL.",
    ),
    "webhook": ("webhook:webhook", "Have Radarr and Sonarr tell listsync what they import."),
    "login": ("login:login", "Log in at a list service, to read your own and private lists."),
    "trakt-login": ("login:trakt_login", ""),
}
"""Where each is, and what is said of it where all are listed: nothing of one that is hidden."""


class LazyGroup(click.Group):
    """A group that knows its commands by COMMANDS, and loads one when it is asked for it."""

    has_loaded = False

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - as click calls it
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        self.has_loaded = True
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"listsync.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Let a group that knows no more than that be shown, so that nothing is loaded."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)


@click.group(
    cls=LazyGroup,
    commands=[
        click.Command(name, help=what, hidden=not what) for name, (_, what) in COMMANDS.items()
    ],
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="listsync")
@click.pass_context
def listsync(context: click.Context) -> None:
    """Keep Overseerr, Jellyseerr or Seerr in step with the lists you follow."""
    if context.invoked_subcommand is not None:
        return
    from listsync.protocol import YES, Exit  # noqa: PLC0415 - --help needs neither

    if os.environ.get("AUTOMATED_MODE", "").strip().lower() in YES:
        from listsync.cli.commands import run  # noqa: PLC0415 - see above

        listsync.has_loaded = True
        context.invoke(run)
    else:
        click.echo(context.get_help())
        context.exit(Exit.USAGE)
