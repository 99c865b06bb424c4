"""What a command is for is readable where all commands are listed, on a usual terminal."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from listsync.cli.program import COMMANDS, listsync
from listsyncctl.commands import ctl

_COLUMNS = 80


def _groups(name: str, command: click.Command) -> Iterator[tuple[str, click.Group]]:
    if isinstance(command, click.Group):
        yield name, command
        for below in command.commands:
            if one := command.get_command(click.Context(command), below):
                yield from _groups(f"{name} {below}", one)


@pytest.mark.parametrize(
    ("name", "group"), [*_groups("listsync", listsync), *_groups("listsyncctl", ctl)]
)
def test_no_short_help_is_cut_on_a_usual_terminal(name: str, group: click.Group) -> None:
    with click.Context(group, info_name=name, terminal_width=_COLUMNS - 2) as context:
        lines = group.get_help(context).split("Commands:\n")[1].splitlines()
    assert lines
    assert [one for one in lines if one.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_said_of_a_command_that_is_not_loaded_is_what_it_says_itself(name: str) -> None:
    known = listsync.commands[name]
    loaded = listsync.get_command(click.Context(listsync), name)
    assert loaded is not None
    assert (known.hidden, loaded.name) == (loaded.hidden, name)
    assert loaded.hidden or known.get_short_help_str(200) == loaded.get_short_help_str(200)
