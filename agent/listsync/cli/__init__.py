"""The `listsync` command."""

from __future__ import annotations

from listsync import interrupts


def main() -> None:
    """Run the command line; imports what it needs only now."""
    interrupts.leave_at_once()
    # ruff: noqa: PLC0415 - before that, Ctrl-C would be a traceback
    import gc

    gc.disable()  # what a program consists of is no garbage: searches would be a tenth of --help
    from listsync.cli.container import split_from_process_1

    split_from_process_1()
    import io
    import os
    import sys
    import threading

    sys.excepthook = lambda _kind, error, _trace: _tell(error)
    threading.excepthook = lambda told: _tell(told.exc_value)
    # Whatever it was: what is made here is its owner's alone, by libraries and children, too.
    os.umask(0o077)
    is_agent = sys.argv[1:2] == ["run"] or (not sys.argv[1:] and _is_automated())
    if is_agent:
        # An early USR1 or HUP would end a process that has no handler yet: both wait.
        interrupts.hold_back()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal cannot show must not end a sync: titles are of all scripts.
        sys.stdout.reconfigure(errors="replace")
    interrupts.import_click()
    from listsync.cli.program import listsync

    if not is_agent:  # which searches again once it is ready: over years, what little is counts
        gc.freeze()  # to look through it at the end would take as long as loading
        gc.enable()
    try:
        listsync(prog_name="listsync", terminal_width=interrupts.help_width())
    except SystemExit as end:
        if listsync.has_loaded:
            raise
        interrupts.leave(end)


def _is_automated() -> bool:
    """Tell whether the environment says that this runs by itself, as a container does."""
    import os

    from listsync.protocol import YES

    return os.environ.get("AUTOMATED_MODE", "").strip().lower() in YES


def _tell(error: BaseException | None) -> None:
    """Show a traceback without any secret, should there ever be one."""
    import sys
    import traceback

    from listsync.redaction import known_secrets, redactor_of

    if error is not None and not isinstance(error, SystemExit):
        text = "".join(traceback.format_exception(error))
        sys.stderr.write(redactor_of(known_secrets()).text(text))
