"""The `listsyncctl` program: runs a command, and says in one line what stopped it."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from listsync.protocol import Exit
from listsync.terminal.output import say, shown
from listsyncctl.client import TroubleError
from listsyncctl.commands import ctl
from listsyncctl.views import as_json


def main() -> NoReturn:
    """Run the command line and exit with one of `protocol.Exit`."""
    try:
        code = ctl.main(prog_name="listsyncctl", standalone_mode=False)
    except click.UsageError as error:
        code = _usage(error)
    except click.ClickException as error:
        code = _trouble(Exit.FAILED, error.format_message())
    except TroubleError as trouble:
        code = _trouble(trouble.exit, trouble.message, trouble.code)
    except (click.Abort, KeyboardInterrupt):
        code = Exit.INTERRUPTED
    except OSError as error:
        code = _trouble(Exit.FAILED, f"the output cannot be written: {error.strerror or error}")
    sys.exit(int(code or 0))


def _usage(error: click.UsageError) -> Exit:
    if not sys.argv[1:]:
        # Newer clicks raise this to show the help.
        error.show()
        return Exit.USAGE
    where = error.ctx.command_path if error.ctx else "listsyncctl"
    return _trouble(Exit.USAGE, f"{error.format_message()} See `{where} --help`.")


def _trouble(exit_: Exit, message: str, code: int | None = None) -> Exit:
    words = shown(message)
    if _wants_json():
        error = {"exit": int(exit_), "code": code, "message": words}
        words = as_json({"error": error})
    else:
        words = f"listsyncctl: {words}"
    say(words, err=True)
    return exit_


def _wants_json() -> bool:
    """Look at the bare line: a wrong option may have kept click from reading the others."""
    line = sys.argv[1:]
    after = line[line.index("-o") + 1 :] if "-o" in line else []
    return "--json" in line or after[:1] == ["json"] or bool({"-ojson", "--output=json"} & {*line})
