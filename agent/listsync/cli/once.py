"""`listsync once`: one sync without a daemon, with a bar on a terminal; `listsync demo`: two."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TextIO
from uuid import uuid4

import click

from listsync import interrupts, logs
from listsync.app.wiring import open_parts, scratch_folder
from listsync.cancellation import CUT_AFTER_S, CancelToken
from listsync.cli import report_view
from listsync.config.configuration import Config, load
from listsync.domain.report import ItemReport, Progress, Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_messages import server_messages
from listsync.errors import ListsyncError
from listsync.protocol import Exit
from listsync.sync.run import Parts, sync
from listsync.terminal.output import Palette, is_terminal, say, wants_colour
from listsync.terminal.progress import BottomLine, bar_line, can_be_drawn_on
from listsync.terminal.table import columns_of

_EVERY_S = 0.1


class ProgressBar:
    """Draws on *stream* until closed; `hidden()` clears the line for something else.

    Lines of the log clear it, too. Nobody who hides it waits for another one: a question may stand
    there for long.
    """

    def __init__(
        self, stream: TextIO, snapshot: Callable[[], Progress], *, dry_run: bool = False
    ) -> None:
        self._line = BottomLine(stream)
        self._snapshot = snapshot
        self._dry_run = dry_run
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._hidden = 0
        self._thread = threading.Thread(target=self._draw_on, name="listsync-bar", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        logs.set_lines_apart(self.hidden)
        return self

    def __exit__(self, *_: object) -> None:
        logs.set_lines_apart(None)
        self._stop.set()
        self._thread.join()
        self._line.clear()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        with self._lock:
            self._hidden += 1
            self._line.clear()
        try:
            yield
        finally:
            with self._lock:
                self._hidden -= 1

    def _draw_on(self) -> None:
        while not self._stop.wait(_EVERY_S):
            with self._lock:
                if not self._hidden:
                    self._line.draw(bar_line(self._progress(), self._line.columns))

    def _progress(self) -> dict[str, object]:
        return {**as_reply(self._snapshot()), "dry_run": self._dry_run}


def as_reply(progress: Progress) -> dict[str, object]:
    """Say of a snapshot what the agent says to its clients, as far as it is shown."""
    return {
        "phase": progress.phase.value,
        "progress": progress.done,
        "total": progress.total,
        "percent": progress.percent,
        "requested": progress.requested,
        "eta_s": progress.eta_s,
        "lists": [{"name": one.name, "state": one.state} for one in progress.lists],
    }


_EXITS = {
    Result.OK: Exit.OK,
    Result.PARTLY: Exit.PARTLY,
    Result.FAILED: Exit.FAILED,
    Result.CANCELLED: Exit.INTERRUPTED,
    Result.DECLINED: Exit.OK,
}


def run(
    config: Config,
    state_dir: Path,
    *,
    dry_run: bool,
    ask: bool,
    confirmed: bool = False,
    done: Callable[[SyncReport], None] = lambda _: None,
) -> SyncReport:
    """Sync once; on a terminal with a progress bar, and a question before a large first sync.

    *done* is called when that is done, before its messages are delivered.

    Raises:
        ListsyncError: the state or the server's address cannot be used.
    """
    stop = CancelToken()
    with (
        _stopped_by_signals(stop),
        open_parts(config, state_dir, dry_run=dry_run, token=stop) as parts,
    ):
        is_asked = ask and is_terminal(sys.stdin)
        report = sync_now(parts, dry_run=dry_run, ask=is_asked, confirmed=confirmed)
        done(report)
        return report


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
    can_draw = can_be_drawn_on(sys.stderr, os.environ)
    bar = ProgressBar(sys.stderr, parts.board.snapshot, dry_run=dry_run) if can_draw else None
    if ask:
        parts = replace(parts, go_on=lambda count: _agreed(count, bar))
    with bar or nullcontext():
        return sync(one, parts)


def _agreed(count: int, bar: ProgressBar | None) -> bool:
    question = (
        f"This first sync looks up {count:,} titles and requests the missing ones.\n"
        f"Note: {server_messages(count)}.\nContinue?"
    )
    with bar.hidden() if bar else nullcontext():
        return click.confirm(question, default=False, err=True)


def show(report: SyncReport, *, as_json: bool, verbose: bool) -> None:
    """Print the report."""
    if as_json:
        for line in report_view.as_json(report):
            click.echo(line)
        return
    palette = Palette(enabled=wants_colour(sys.stdout, os.environ))
    columns = columns_of(sys.stdout, os.environ)
    for line in report_view.lines(report, palette, verbose=verbose, columns=columns):
        say(line)


def exit_code(report: SyncReport) -> Exit:
    return _EXITS[report.result]


@contextmanager
def _stopped_by_signals(stop: CancelToken) -> Iterator[None]:
    """Let INT and TERM end the sync after its title, or soon; the second one ends it at once.

    So does the end of the terminal, unless that is not to matter; it may be said twice.
    """
    is_interrupted: list[bool] = []

    def handle(number: int, _frame: object) -> None:
        if is_interrupted and number == signal.SIGHUP:
            return
        if is_interrupted:
            os._exit(Exit.INTERRUPTED)
        is_interrupted.append(True)
        stop.set()
        cutting = threading.Timer(CUT_AFTER_S, stop.cut)
        cutting.daemon = True
        cutting.start()

    hangup = [signal.SIGHUP] if interrupts.can_hang_up() else []
    numbers = (signal.SIGINT, signal.SIGTERM, *hangup)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_LISTS = {
    "imdb": "imdb-export.csv",
    "letterboxd": "letterboxd-watchlist.csv",
    "traps": "traps.csv",
}
_EXPLAINED = (
    (Verdict.REQUESTED, "Requested"),
    (Verdict.SHARED, "Wanted by two lists"),
    (Verdict.REVIEW, "Waiting for review"),
    (Verdict.NOT_FOUND, "Not found"),
    (Verdict.SKIPPED, "Skipped"),
)


def run_demo() -> Exit:
    """Sync three lists twice, and explain; OK only when the second sync asks for nothing."""
    with scratch_folder("demo") as folder:
        config = load(_write_config(folder), {})
        click.echo("Three lists against a built-in request server; nothing leaves this machine.\n")
        stop = CancelToken()
        with open_parts(config, folder / "state", dry_run=False, token=stop) as parts:
            return _two_syncs(parts)


def _two_syncs(parts: Parts) -> Exit:
    first = sync_now(parts)
    show(first, as_json=False, verbose=False)
    click.echo("\nOne decision of each kind, explained:\n")
    for line in _explanations(first):
        say(line)
    click.echo("\nThe same lists once more:\n")
    second = sync_now(parts)
    show(second, as_json=False, verbose=False)
    good = all(report.result in (Result.OK, Result.PARTLY) for report in (first, second))
    return Exit.OK if good and not second.requested else Exit.FAILED


def _explanations(report: SyncReport) -> Iterator[str]:
    for verdict, title in _EXPLAINED:
        item = _telling(item for item in report.items if item.verdict is verdict)
        if item is not None:
            yield f"{title}:"
            yield from (f"  {line}" for line in report_view.explained(item))


def _telling(items: Iterable[ItemReport]) -> ItemReport | None:
    """Pick the item with the most reasons: it shows best how a decision was made."""
    return max(items, key=lambda item: len(item.reasons), default=None)


def _write_config(folder: Path) -> Path:
    lines = ["server:", "  url: sandbox", "lists:"]
    for name, file in _LISTS.items():
        with _shipped(file) as path:
            (folder / file).write_bytes(path.read_bytes())
        lines += [f"  - file: {file}", f"    name: {name}"]
    config = folder / "listsync.yaml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


@contextmanager
def _shipped(file: str) -> Iterator[Path]:
    """Find a list of contrib/lists: inside the installed package, or in a checkout beside it."""
    from importlib import resources  # noqa: PLC0415 - only a demo needs it

    with resources.as_file(resources.files("listsync")) as package:
        for folder in (package / "sandbox" / "lists", package.parents[1] / "contrib" / "lists"):
            if (folder / file).is_file():
                yield folder / file
                return
    raise ListsyncError(f"the demo's list {file} is not installed")
