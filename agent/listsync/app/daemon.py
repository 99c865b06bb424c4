"""`listsync run`: wires the agent, starts its threads, and takes it down again."""

from __future__ import annotations

import grp
import logging
import os
import sys
import threading
import time
from collections.abc import MutableMapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from listsync import __version__
from listsync.agent.active_config import Configuration
from listsync.agent.backups import Backups, DailyBackups, Shelf
from listsync.agent.loop import Agent
from listsync.agent.parts import AgentParts
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns, told_server
from listsync.agent.retries import RETRY
from listsync.agent.service_status import SystemdStatus
from listsync.agent.systemd_notify import Systemd
from listsync.app import permission_warnings as access
from listsync.app.browser_wiring import sweep
from listsync.app.config_diff import cap_of
from listsync.app.config_loader import DaemonOptions, Followers, Loader
from listsync.app.heap import share_one
from listsync.app.open_files import raise_limit
from listsync.app.services import AgentService, Services
from listsync.app.sync_runner import SyncRunner
from listsync.commands import Commands, Shown, Sources, Terms
from listsync.config.configuration import Config
from listsync.control import ControlSocket
from listsync.domain.clock import SYSTEM_CLOCK
from listsync.domain.events import Event, QueueMoved, Signal, Signalled
from listsync.domain.runs import Following, Order, Scope, covers
from listsync.domain.services import Condition
from listsync.errors import Problem, StateError
from listsync.protocol import Exit
from listsync.store.backup import newest_at, next_backup, prune, write_backup
from listsync.store.clock_steps import CLOCK_WAS_AHEAD, follow_step, pull_back
from listsync.store.configured_lists import SqliteConfiguredLists
from listsync.store.database import Database
from listsync.store.history import SqliteBooks
from listsync.store.key_value import SqliteNotebook
from listsync.store.lock import locked
from listsync.store.recovery import close_state, open_state
from listsync.store.state_doubt import load_doubt
from listsync.sync.progress import ProgressBoard
from listsync.triggers import signal_mask, signals
from listsync.triggers.config_file import ConfigFileTrigger, digest
from listsync.triggers.schedule import (
    EVERYTHING,
    BackOff,
    ScheduleTrigger,
    Timetable,
    host_id,
)

logger = logging.getLogger(__name__)

_SWITCH_S = 0.001
"""How long a busy thread may keep the others waiting: answers stay quick beside a sync."""
_CONTROL_IS_DEAD_S = 60.0
_JOIN_S = 1.0
_WATCHER = "config-file"
_COMMAND_WAITS_S = 1.0
"""How long a command may wait for another program's lock on the state: the next one waits too."""
_DECIDER_WAITS_S = 2.0
"""The same for the decider, which tries again later; a sync waits as long as the store says."""


def run_agent(options: DaemonOptions, environ: MutableMapping[str, str]) -> Exit:
    """Run until a signal ends it; call it in the main thread, with USR1 and HUP held back.

    Raises:
        ConfigError: the configuration is invalid, or too few files may be open; nothing was
            started.
        BusyError: another listsync works on the state, or answers at the socket.
        StateError: the state or the socket cannot be used.
    """
    share_one()
    raise_limit()
    inbox: SimpleQueue[Event] = SimpleQueue()
    signals.install(inbox.put)
    # Before the file is read: a change after this moment is then seen by the watcher.
    seen = digest(options.config_path) if options.config_path else b""
    loader = Loader(options, environ)
    following = loader.await_first(lambda seconds: _pause(seconds, inbox))
    loader.set_up_log(following.content)
    sys.setswitchinterval(_SWITCH_S)
    with ExitStack() as stack:
        stack.enter_context(locked(options.state_dir))
        sweep(options.state_dir)
        database = open_state(options.state_dir)
        daemon = _Daemon(options, loader, following, database, inbox)
        systemd = Systemd(environ)
        daemon.wire(systemd, seen)
        daemon.control.open()
        signal_mask.unblock()
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


class _Daemon:
    """The wired agent and its threads."""

    control: ControlSocket
    _agent: Agent[Config]
    _teller: SystemdStatus

    def __init__(
        self,
        options: DaemonOptions,
        loader: Loader,
        following: Following[Config],
        database: Database,
        inbox: SimpleQueue[Event],
    ) -> None:
        self._options = options
        self._loader = loader
        self._database = database
        self._inbox = inbox
        self._books = SqliteBooks(database.with_patience(_COMMAND_WAITS_S))
        self._notebook = SqliteNotebook(database.with_patience(_DECIDER_WAITS_S))
        self._backups = Backups(self._back_up)
        self._daily = DailyBackups(self._back_up, _shelf(options.state_dir))
        self._queue_store = QueueStore(self._notebook)
        self._timetable = Timetable(self._notebook, host_id())
        self._back_off = BackOff(self._notebook)
        self._queue = RunQueue(lambda: inbox.put(QueueMoved()))
        self._configuration = Configuration(loader, following, self._want)
        self._recent = RecentRuns()
        self._shown = Shown()
        self.has_failed = False
        self._since = datetime.now(UTC)  # what is dated later was dated by this process

    def wire(self, systemd: Systemd, seen: bytes) -> None:
        """Put the parts together; opens nothing. *seen* is the digest of what was loaded."""
        board = ProgressBoard()
        self._systemd = systemd
        self._teller = SystemdStatus(systemd, board, self._recent, self._is_control_well)
        means = AgentParts(
            inbox=self._inbox,
            queue=self._queue,
            configuration=self._configuration,
            schedules=self._timetable,
            retries=self._back_off,
            queue_store=self._queue_store,
            systemd=self._teller,
            recent=self._recent,
            perform=SyncRunner(self._database, self._options.state_dir, board),
            note_end=self._books.note_end,
            refresh=self._refresh,
            clock=SYSTEM_CLOCK,
            clock_set=self._follow_clock,
        )
        self._agent = Agent(means)
        commands = Commands(
            Sources(
                started_at=datetime.now(UTC),
                queue=self._queue,
                configuration=self._configuration,
                recent=self._recent,
                board=board,
                books=self._books,
                backups=self._backups,
                shown=lambda: self._shown,
                refresh=self._refresh,
                terms=self._terms,
                due=self._timetable.planned,
                retry=self._back_off.planned,
                watcher=self._watcher,
                services=lambda: self._services.statuses,
                notes=self._notes,
                cancel=self._agent.cancel,
                reload=self._reload,
            )
        )
        self.control = ControlSocket(
            self._options.socket, commands.answer, group=_group_of(self._config)
        )
        self._services = Services(self._table(seen), self._fail)

    @property
    def _config(self) -> Config:
        return self._configuration.in_force.following.content

    def _table(self, seen: bytes) -> tuple[AgentService, ...]:
        """What runs for long, in the order in which it is started."""
        control = AgentService(
            name="control",
            start=lambda _: self._serve,
            needs=lambda config: (config.control.group,),
            keys=("control.group",),
            follow=lambda config: self.control.admit(_group_of(config)),
            wake=self.control.wake,
        )
        path = self._options.config_path
        file = ConfigFileTrigger(path or Path(), seen=seen)
        watcher = AgentService(
            name=_WATCHER,
            start=lambda _: lambda stop: file.run(self._inbox.put, stop),
            needs=lambda _: path,
            wake=file.wake,
            is_vital=False,
        )
        trigger = ScheduleTrigger(self._timetable.due_times, retry_times=self._retry_times)
        schedule = AgentService(
            name="schedule", start=lambda _: lambda stop: trigger.run(self._inbox.put, stop)
        )
        backup = AgentService(
            name="daily-backup",
            start=lambda _: self._daily.run,
            wake=lambda: self._daily.stop(_JOIN_S),
            is_vital=False,
        )
        return control, watcher, schedule, backup

    def start(self) -> None:
        """Start the threads, and put in the inbox what is owed or due."""
        try:
            self._take_up()
        except BaseException:
            self.control.close()
            raise
        self._services.start(self._config)

    def _take_up(self) -> None:
        now = datetime.now(UTC)
        if pull_back(self._database, now):
            logger.warning("%s", CLOCK_WAS_AHEAD, extra={"action": "clock_was_ahead"})
        SqliteBooks(self._database).close_cut_off_runs(now)
        self._recall()
        self._refresh()
        followers = Followers(
            timetable=self._timetable,
            notebook=self._notebook,
            lists=SqliteConfiguredLists(self._database.with_patience(_DECIDER_WAITS_S)),
            services=self._services,
            changed=self._retry_at_once,
        )
        self._loader.begin(self._config, followers)
        self._queue_store.restore(self._queue)
        self._want_new_lists()

    def _recall(self) -> None:
        """Let what happened before the start be shown."""
        server = self._books.last_server()
        url = self._configuration.in_force.following.server
        self._recent.restore(
            next(iter(self._books.runs(limit=1).rows), None),
            told_server(*server, url) if server else None,
        )

    def run(self) -> bool:
        """Decide until the end; returns whether everything came to an end by itself."""
        logger.info(
            "listsync %s runs: pid %d, lists: %d, socket: %s",
            __version__,
            os.getpid(),
            len(self._configuration.in_force.following.lists),
            self._options.socket,
            extra={"action": "started"},
        )
        self._configuration.warn()
        self._agent.run()
        is_clean = self._agent.stop()
        is_clean &= self._services.stop(_JOIN_S)
        self._backups.stop(_JOIN_S)
        logger.info("listsync has ended", extra={"action": "ended"})
        return is_clean

    def _notes(self) -> tuple[str, ...]:
        return (*self._teller.notes(), *filter(None, [self._daily.note]))

    def _back_up(self, path: Path, stop: threading.Event) -> int:
        return write_backup(path, lambda new: self._database.copy_to(new, stop))

    def _serve(self, stop: threading.Event) -> None:
        try:
            self.control.run(stop)
        finally:
            self.control.close()

    def _fail(self) -> None:
        # Whoever supervises the agent starts a whole one again.
        self.has_failed = True
        self._inbox.put(Signalled(Signal.STOP))

    def _retry_times(self) -> dict[str, datetime]:
        """Give when what failed is tried again, by the source of a list or `EVERYTHING`."""
        shown = self._shown.lists
        rows = (shown.get(one.source) for one in self._configuration.in_force.following.lists)
        times = {row.source: at for row in rows if row and (at := row.asked_again_at)}
        planned = self._back_off.planned()
        return {**times, **({EVERYTHING: planned.at} if planned else {})}

    def _retry_at_once(self) -> None:
        """Try again what failed: a change of the configuration may have mended it."""
        planned = self._back_off.planned()
        if planned is not None:
            following = self._configuration.in_force.following
            scope = following.of_those_followed(planned.scope)
            if scope != frozenset():
                self._queue.submit(Order.new(scope, RETRY, eager=False))
            self._back_off.begin_anew()

    def _want(self, scope: Scope) -> None:
        self._queue.submit(Order.new(scope, "config"))
        planned = self._back_off.planned()
        if planned is not None and covers(scope, planned.scope):
            self._back_off.begin_anew()

    def _want_new_lists(self) -> None:
        """Sync lists that came into the file while nothing ran, unless all are due anyway."""
        following = self._configuration.in_force.following
        now = datetime.now(UTC)
        is_due = self._timetable.due_times().get(EVERYTHING, now + timedelta(days=1)) <= now
        known = self._shown.lists
        new = {one.source for one in following.lists if not one.is_exclusion} - set(known)
        if known and new and following.sync_on_change and not is_due:
            self._want(frozenset(new))

    def _refresh(self) -> None:
        options = self._options
        doubts = access.doubts(options.config_path, options.state_dir, options.socket)
        for doubt in sorted(set(doubts) - set(self._shown.doubts)):
            logger.warning("%s", doubt, extra={"action": "open_to_others"})
        state_doubt = load_doubt(self._database)
        self._shown = Shown(
            doubts=doubts,
            lists={row.source: row for row in self._books.lists()},
            notices=self._books.notices(),
            waiting=self._books.waiting(limit=0).total or 0,
            state_doubt=state_doubt.why if state_doubt else "",
        )

    def _follow_clock(self, step: timedelta) -> None:
        since, self._since = self._since, self._since + step
        patient = self._database.with_patience(_DECIDER_WAITS_S)
        follow_step(patient, step, since=since, now=datetime.now(UTC))
        self._refresh()

    def _reload(self) -> tuple[Problem, ...]:
        self._systemd.reloading()
        try:
            return self._configuration.reload()
        finally:
            self._teller.ready(self._queue.standing)
            self._refresh()
            # So that the decider knows if the file is bad now, and looks at it again.
            self._inbox.put(QueueMoved())

    def _terms(self) -> Terms:
        config = self._config
        return Terms(
            exclusions=config.exclude, cap=cap_of(config), owner_asks=config.server.act_as is None
        )

    def _watcher(self) -> str:
        if self._options.config_path is None:
            return "nothing to watch: the configuration is the environment"
        status = next(one for one in self._services.statuses if one.name == _WATCHER)
        if status.condition is Condition.FAILED:
            return f"failed, and is started again: {status.why}"
        return self._agent.watcher_note or "active"

    def _is_control_well(self) -> bool:
        return time.monotonic() - self.control.heartbeat < _CONTROL_IS_DEAD_S


def _group_of(config: Config) -> int | None:
    """Find the group that may look; raises StateError when it is gone since it was checked."""
    name = config.control.group
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        raise StateError(f"there is no group {name!r}") from None


def _shelf(folder: Path) -> Shelf:
    return Shelf(
        newest=lambda: newest_at(folder),
        name=lambda now: next_backup(folder, now),
        prune=lambda: prune(folder),
    )
