"""What a command is for is readable where all commands are listed, on a usual terminal."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from listsync.cli.commands import listsync
from listsyncctl.commands import ctl

_COLUMNS = 80


def _groups(name: str, command: click.Command) -> Iterator[tuple[str, click.Group]]:
    if isinstance(command, click.Group):
        yield name, command
        for below, one in command.commands.items():
            yield from _groups(f"{name} {below}", one)


@pytest.mark.parametrize(
    ("name", "group"), [*_groups("listsync", listsync), *_groups("listsyncctl", ctl)]
)
def test_no_short_help_is_cut_on_a_usual_terminal(name: str, group: click.Group) -> None:
    with click.Context(group, info_name=name, terminal_width=_COLUMNS - 2) as context:
        lines = group.get_help(context).split("Commands:\n")[1].splitlines()
    assert lines
    assert [one for one in lines if one.endswith("...")] == []
