"""The start of `listsyncctl`, and of `python -m listsyncctl`."""

from __future__ import annotations

from typing import NoReturn

from listsync import interrupts


def main() -> NoReturn:
    """Load the command line without looking for garbage, and run it; see `cli.main`.

    What a program consists of is none, and the searches while it loads, and taking it apart at
    its end, would take a fifth of all the time of a short command.
    """
    interrupts.leave_at_once()
    # ruff: noqa: PLC0415 - before that, Ctrl-C would be a traceback
    import gc
    import io
    import sys

    gc.disable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal cannot show is no trouble: titles are of all scripts.
        sys.stdout.reconfigure(errors="replace")
    from listsyncctl.cli import main as run

    gc.freeze()
    gc.enable()
    try:
        run()
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> NoReturn:
    import os
    import sys

    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):  # full, or nobody reads any more: Python's own end says it
        raise end from None
    os._exit(int(end.code or 0))


if __name__ == "__main__":
    main()
