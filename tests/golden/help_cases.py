"""The help texts of both programs."""

from __future__ import annotations

from collections.abc import Iterator

import click

from listsync.cli.program import listsync
from listsyncctl.commands import ctl

_WIDTH = 100


def cases() -> Iterator[tuple[str, list[str]]]:
    yield from _help("listsync", listsync, None)
    yield from _help("listsyncctl", ctl, None)


def _help(
    name: str, command: click.Command, above: click.Context | None
) -> Iterator[tuple[str, list[str]]]:
    settings = {"terminal_width": _WIDTH, **command.context_settings}
    with command.context_class(command, info_name=name, parent=above, **settings) as context:
        yield f"{context.command_path} --help", command.get_help(context).splitlines()
        if isinstance(command, click.Group):
            for name_below in command.commands:
                below = command.get_command(context, name_below)
                if below and below.add_help_option:  # else it has a parser of its own
                    yield from _help(name_below, below, context)
