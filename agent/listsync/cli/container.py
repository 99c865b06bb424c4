"""What a container needs of a program: process 1, and a start that waits for its configuration.

Imports next to nothing: it is the first that runs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import signal
    from pathlib import Path

WAITS = "LISTSYNC_WAIT_FOR_CONFIG"
_FROM_THE_KERNEL = 128  # SI_KERNEL: a terminal has told it to the whole group
_LOOK_S = 1.0
# ruff: noqa: PLC0415 - see above


def split_from_process_1() -> None:
    """Return in a child where this is process 1, which hands signals on and reaps what ends.

    Process 1 inherits each process whose parent has ended, and nobody else reaps them; and no
    signal ends it that it has not asked for.
    """
    if os.getpid() != 1:
        return
    import signal

    everything = signal.valid_signals()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    child = os.fork()
    if child:
        _serve(child, everything)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(child: int, everything: set[signal.Signals]) -> NoReturn:
    import signal

    while True:
        told = signal.sigwaitinfo(everything)
        if told.si_signo == signal.SIGCHLD:
            _reap(child)
        elif told.si_code != _FROM_THE_KERNEL:
            os.kill(child, told.si_signo)


def _reap(child: int) -> None:
    """Reap all that has ended; leaves with *child*, and ends as it did."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def waits_for_config() -> bool:
    """Tell whether an agent in this container waits for a configuration that is right."""
    from listsync.protocol import YES

    return os.environ.get(WAITS, "").strip().lower() in YES


@contextmanager
def waiting_for_config(option: Path | None) -> Iterator[None]:
    """Where that is asked for, do not end because of the configuration: wait for a better one."""
    try:
        yield
    except SystemExit as end:
        from listsync.protocol import Exit

        if end.code != Exit.CONFIG or not waits_for_config():
            raise
        from listsync.config.paths import find_config, usual_configs

        found = find_config(option, os.environ) or usual_configs(os.environ)[0]
        _start_anew_when_it_helps(found)


def _start_anew_when_it_helps(config: Path) -> NoReturn:
    """Wait until *config*, or a file beside it, changes; then start this program anew.

    A container that ends is started again and again, and what it said scrolls away. Nor is it
    said again where a change leaves wrong what was wrong.
    """
    import signal

    from listsync.terminal.output import say

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    _offer_example(config)
    before, told = _files(config), _problems(config)
    say(f"listsync: waiting for a change of {config}, to start then", err=True)
    while True:
        time.sleep(_LOOK_S)
        seen, before = before, _files(config)
        if before != seen and (not told or _problems(config) != told):
            break
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves


def _problems(config: Path) -> list[str]:
    """Say what is wrong with *config* by itself, as far as it can be told without asking."""
    from listsync.config.configuration import load
    from listsync.errors import ConfigError

    try:
        load(config, os.environ)
    except ConfigError as error:
        return [str(one) for one in error.problems]
    return []


def _offer_example(config: Path) -> None:
    """Put the example beside where the configuration belongs, unless there is one already."""
    from listsync.cli.files import read_file

    name = "listsync.yaml.example"
    if not config.exists():
        with suppress(OSError), (config.parent / name).open("xb") as file:
            file.write(read_file(name))


def _files(config: Path) -> frozenset[tuple[str, int, int, int]]:
    """Describe *config* and the files beside it, such as those of secrets."""
    found = set()
    for path in (config, *_beside(config)):
        try:
            seen = path.stat()
        except OSError:
            continue
        found.add((path.name, seen.st_ino, seen.st_mtime_ns, seen.st_size))
    return frozenset(found)


def _beside(config: Path) -> list[Path]:
    try:
        return [path for path in config.parent.iterdir() if path.is_file()]
    except OSError:
        return []
