"""`listsync files` and `listsync completion`: what is installed beside the programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import click

import listsync
from listsync.cli.options import errors_shown, examples
from listsync.errors import ListsyncError
from listsync.terminal.output import say
from listsync.terminal.table import columns_of, table

# ruff: noqa: PLC0415 - start-up time

FILES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "listsync.yaml.example": ("", "every option of the configuration, explained"),
        "listsync.schema.json": ("", "the configuration as a JSON Schema, for editors"),
        "listsync.1": ("contrib/man/", "manual page of listsync"),
        "listsyncctl.1": ("contrib/man/", "manual page of listsyncctl"),
        "listsync.yaml.5": ("contrib/man/", "manual page of the configuration"),
        "listsync.service": ("contrib/systemd/", "systemd: a service of the system"),
        "browser.conf": (
            "contrib/systemd/listsync.service.d/",
            "systemd: what that service needs for a browser",
        ),
        "transfers.conf": (
            "contrib/systemd/listsync.service.d/",
            "systemd: what that service needs for copies",
        ),
        "listsync-user.service": ("contrib/systemd/", "systemd: a service of your own session"),
        "listsync.bash": ("contrib/completions/", "completion of both programs for bash"),
        "_listsync": ("contrib/completions/", "completion of both programs for zsh"),
        "listsync.fish": ("contrib/completions/", "completion of both programs for fish"),
    }
)
"""By name: the folder in a checkout, and what it is."""
SCHEMA = "listsync.schema.json"
_COMPLETIONS = {"bash": "listsync.bash", "zsh": "_listsync", "fish": "listsync.fish"}


def read_file(name: str) -> bytes:
    """Read a file that is installed with the programs, or lies beside them in a checkout.

    Raises:
        ListsyncError: there is none of that name.
    """
    if name not in FILES:
        raise ListsyncError(f"there is no file {name}: `listsync files` names them all")
    if name == SCHEMA:  # made of what the program reads
        import json

        from listsync.config.json_schema import schema

        return f"{json.dumps(schema(), indent=2)}\n".encode()
    package = Path(listsync.__path__[0])
    for place in (package / "shipped", package.parents[1] / FILES[name][0]):
        with suppress(FileNotFoundError):
            return (place / name).read_bytes()
    raise ListsyncError(f"{name} is missing in this installation: install listsync again")


def _print(name: str) -> None:
    with errors_shown():
        content = read_file(name)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@click.command(epilog=examples("files", "files listsync.service", "files _listsync"))
@click.argument("name", required=False)
def files(name: str | None) -> None:
    """List the files that come with listsync, or print one of them."""
    if name is not None:
        _print(name)
        return
    rows = [[one, what] for one, (_, what) in FILES.items()]
    for line in table(
        ["file", "is"], rows, words=(1,), columns=columns_of(sys.stdout, os.environ)
    ):
        say(line)


@click.command(
    epilog=examples(
        "completion bash > ~/.local/share/bash-completion/completions/listsync",
        "completion zsh > ~/.zfunc/_listsync",
        "completion fish > ~/.config/fish/conf.d/listsync.fish",
    )
)
@click.argument("shell", type=click.Choice(list(_COMPLETIONS)))
def completion(shell: str) -> None:
    """Print the completion of listsync and listsyncctl for a shell."""
    _print(_COMPLETIONS[shell])
