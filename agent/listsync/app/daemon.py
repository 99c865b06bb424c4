"""The process of `listsync run`, from its start to its end."""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from collections.abc import MutableMapping
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue

from listsync import interrupts
from listsync.agent.systemd import Systemd
from listsync.app.agent_wiring import WiredAgent
from listsync.app.config_loader import ConfigLoader, DaemonOptions
from listsync.app.memory_tuning import share_one_heap
from listsync.config.paths import browser_records
from listsync.domain.events import Event
from listsync.errors import ConfigError, Problem
from listsync.protocol import Exit
from listsync.store.state_folder import close_state, locked, open_state
from listsync.triggers import signals
from listsync.triggers.config_file import digest

_NEEDED = 64
"""What an agent gets by with: 22 when idle, a crowd of clients, and a sync of many lists."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one; raises ConfigError if that is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft != resource.RLIM_INFINITY and soft < _NEEDED:
        what = (
            f"at most {soft} may be open, the agent needs {_NEEDED}: raise the hard limit, with "
            "`ulimit -n` in a shell, LimitNOFILE= in a unit, or --ulimit in Docker"
        )
        raise ConfigError((Problem(file="limit of open files", what=what),))


def sweep_browsers(state_dir: Path) -> None:
    """End what browsers of a killed listsync have left behind."""
    records = browser_records(state_dir)
    if any(records.glob("*")):
        from listsync.process.records import sweep  # noqa: PLC0415 - mostly there are none

        sweep(records)


_SWITCH_S = 0.001
"""How long a busy thread may keep the others waiting: answers stay quick beside a sync."""


def run_agent(options: DaemonOptions, environ: MutableMapping[str, str]) -> Exit:
    """Run until a signal ends it; call it in the main thread, with USR1 and HUP held back.

    Raises:
        ConfigError: the configuration is invalid, or too few files may be open; nothing was
            started.
        BusyError: another listsync works on the state, or answers at the socket.
        StateError: the state or the socket cannot be used.
    """
    share_one_heap()
    raise_limit()
    inbox: SimpleQueue[Event] = SimpleQueue()
    signals.install(inbox.put, ends_with_terminal=interrupts.ends_with_terminal(environ))
    # Before the file is read: a change after this moment is then seen by the watcher.
    seen = digest(options.config_path) if options.config_path else b""
    loader = ConfigLoader(options, environ)
    snapshot = loader.await_first(lambda seconds: _pause(seconds, inbox))
    loader.set_up_log(snapshot.content)
    sys.setswitchinterval(_SWITCH_S)
    with ExitStack() as stack:
        stack.enter_context(locked(options.state_dir))
        sweep_browsers(options.state_dir)
        database = open_state(options.state_dir, reads_later=True)
        daemon = WiredAgent(options, loader, snapshot, database, inbox)
        systemd = Systemd(environ)
        daemon.wire(systemd, seen)
        daemon.control.open()
        interrupts.let_through()
        daemon.start()
        is_clean = daemon.run()
        if not is_clean or daemon.has_failed:
            # A thread hangs in a call: nothing that matters is lost, intents are written ahead.
            logging.shutdown()
            os._exit(Exit.FAILED if daemon.has_failed else Exit.OK)
        close_state(database, options.state_dir)
    return Exit.OK


def _pause(seconds: float, inbox: SimpleQueue[Event]) -> None:
    """Wait at the start, when only signals that end the agent can have put anything in *inbox*."""
    time.sleep(seconds)
    if not inbox.empty():
        sys.exit(Exit.OK)
