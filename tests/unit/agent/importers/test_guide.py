from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from listsync.cli.program import listsync

GUIDE = Path(__file__).parents[4] / "contrib" / "guides" / "from-listsync.md"


def _parse(words: list[str]) -> None:
    """Let click read a command line, as far as it goes without running it."""
    command: click.Command = listsync
    context = click.Context(listsync, info_name="listsync")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
        context = click.Context(found, info_name=name, parent=context)
    command.make_parser(context).parse_args(words)


def test_its_command_lines_exist() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    lines = re.findall(r"^ *(listsync .*)$", text, re.MULTILINE)
    lines += re.findall(r"`(listsync (?:run|import|once|check)[^`]*)`", text)
    assert len(lines) >= 6
    for line in lines:
        _parse(shlex.split(line)[1:])
