"""The help texts of both programs."""

from __future__ import annotations

from collections.abc import Iterator

import click

from listsync.cli.commands import listsync
from listsyncctl.cli import ctl

_WIDTH = 100


def cases() -> Iterator[tuple[str, list[str]]]:
    for program, command in (("listsync", listsync), ("listsyncctl", ctl)):
        yield from _help(program, command)


def _help(path: str, command: click.Command) -> Iterator[tuple[str, list[str]]]:
    context = click.Context(
        command, info_name=path, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    yield f"{path} --help", command.get_help(context).splitlines()
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            if name != "sandbox" or path != "listsync":  # it has a parser of its own
                yield from _help(f"{path} {name}", below)
