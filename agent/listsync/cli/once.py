"""One sync without a daemon, seen by a person or read by a program."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from listsync.app.wiring import open_parts
from listsync.cancellation import CUT_AFTER_S, CancelToken
from listsync.cli import report as words
from listsync.cli import report_json
from listsync.cli.bar import ProgressBar
from listsync.domain.sync_records import Result, SyncReport, SyncRun
from listsync.protocol import Exit
from listsync.sync.run import sync
from listsync.terminal.output import Palette, is_terminal, say, wants_colour

if TYPE_CHECKING:
    from listsync.config.configuration import Config
    from listsync.sync.run import Parts

_EXITS = {
    Result.OK: Exit.OK,
    Result.PARTLY: Exit.PARTLY,
    Result.FAILED: Exit.FAILED,
    Result.CANCELLED: Exit.INTERRUPTED,
    Result.DECLINED: Exit.OK,
}


def run(
    config: Config, state_dir: Path, *, dry_run: bool, ask: bool, confirmed: bool = False
) -> SyncReport:
    """Sync once; on a terminal with a progress bar, and a question before a large first sync.

    Raises:
        ListsyncError: the state or the server's address cannot be used.
    """
    stop = CancelToken()
    with (
        _stopped_by_signals(stop),
        open_parts(config, state_dir, dry_run=dry_run, token=stop) as parts,
    ):
        is_asked = ask and is_terminal(sys.stdin)
        return sync_now(parts, dry_run=dry_run, ask=is_asked, confirmed=confirmed)


def sync_now(
    parts: Parts, *, dry_run: bool = False, ask: bool = False, confirmed: bool = False
) -> SyncReport:
    """Run one sync of *parts*, with a bar where stderr is a terminal."""
    one = SyncRun(
        run_id=uuid4().hex[:12],
        origin="once",
        started_at=datetime.now(UTC),
        dry_run=dry_run,
        confirmed=confirmed,
    )
    bar = ProgressBar(sys.stderr, parts.board.snapshot) if is_terminal(sys.stderr) else None
    if ask:
        parts = replace(parts, go_on=lambda count: _agreed(count, bar))
    with bar or nullcontext():
        return sync(one, parts)


def _agreed(count: int, bar: ProgressBar | None) -> bool:
    question = (
        f"This first sync looks up {count:,} titles and requests the missing ones. Continue?"
    )
    with bar.hidden() if bar else nullcontext():
        return click.confirm(question, default=False, err=True)


def show(report: SyncReport, *, as_json: bool, verbose: bool) -> None:
    """Print the report."""
    if as_json:
        for line in report_json.as_json(report):
            click.echo(line)
        return
    palette = Palette(enabled=wants_colour(sys.stdout, os.environ))
    columns = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    for line in words.lines(report, palette, verbose=verbose, columns=columns):
        say(line)


def exit_code(report: SyncReport) -> Exit:
    return _EXITS[report.result]


@contextmanager
def _stopped_by_signals(stop: CancelToken) -> Iterator[None]:
    """Let INT and TERM end the sync after its title, or soon; the second one ends it at once."""
    is_told: list[bool] = []

    def handle(_number: int, _frame: object) -> None:
        if is_told:
            os._exit(Exit.INTERRUPTED)
        is_told.append(True)
        stop.set()
        cutting = threading.Timer(CUT_AFTER_S, stop.cut)
        cutting.daemon = True
        cutting.start()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
