"""The `listsyncctl` program: runs a command, and says in one line what stopped it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from listsync import interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from listsync.protocol import Exit

# ruff: noqa: PLC0415 - before `main` has begun, Ctrl-C would be a traceback


def main() -> NoReturn:
    """Load the command line without looking for garbage, and `run` it.

    What a program consists of is none, and the searches while it loads, and taking it apart at
    its end, would take a fifth of all the time of a short command.
    """
    interrupts.leave_at_once()
    import gc
    import io
    import sys

    gc.disable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal cannot show is no fault: titles are of all scripts.
        sys.stdout.reconfigure(errors="replace")
    interrupts.import_click()
    import listsyncctl.commands  # noqa: F401 - all of the command line

    gc.freeze()
    gc.enable()
    try:
        run()
    except SystemExit as end:
        interrupts.leave(end)


def run() -> NoReturn:
    """Run the command line and exit with one of `protocol.Exit`."""
    import sys

    import click

    from listsync.protocol import Exit
    from listsyncctl.client import ClientError
    from listsyncctl.commands import ctl

    try:
        width = interrupts.help_width()
        code = ctl.main(prog_name="listsyncctl", standalone_mode=False, terminal_width=width)
    except click.UsageError as error:
        code = _usage(error)
    except click.ClickException as error:
        code = _report(Exit.FAILED, error.format_message())
    except ClientError as error:
        code = _report(error.exit, error.message, error.code, error.problems, error.advice)
    except (click.Abort, KeyboardInterrupt):
        code = Exit.INTERRUPTED
    except OSError as error:
        code = _report(Exit.FAILED, f"the output cannot be written: {error.strerror or error}")
    sys.exit(int(code or 0))


def _usage(error: click.UsageError) -> Exit:
    import sys

    from listsync.protocol import Exit

    if not sys.argv[1:]:
        # Newer clicks raise this to show the help.
        error.show()
        return Exit.USAGE
    where = error.ctx.command_path if error.ctx else "listsyncctl"
    return _report(Exit.USAGE, f"{error.format_message()} See `{where} --help`.")


def _report(
    exit_: Exit,
    message: str,
    code: int | None = None,
    problems: Sequence[str] = (),
    advice: Sequence[str] = (),
) -> Exit:
    import sys

    from listsync.terminal.output import say, shown
    from listsyncctl.views import as_json

    words = shown(message)
    if _wants_json(sys.argv[1:]):
        told = {"problems": [*problems]} if problems else {}
        words = as_json({"error": {"exit": int(exit_), "code": code, "message": words, **told}})
    else:
        words = f"listsyncctl: {words}"
    say(words, err=True)
    if not _wants_json(sys.argv[1:]):
        for line in (*map(shown, problems if problems[1:] else ()), *advice):
            say(f"  {line}", err=True)
    return exit_


def _wants_json(line: list[str]) -> bool:
    """Look at the bare line: a wrong option may have kept click from reading the others."""
    after = line[line.index("-o") + 1 :] if "-o" in line else []
    return "--json" in line or after[:1] == ["json"] or bool({"-ojson", "--output=json"} & {*line})


if __name__ == "__main__":
    main()
