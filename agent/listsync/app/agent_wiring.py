"""From a configuration and an open state to an agent, with the services around it."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from listsync import __version__
from listsync.agent.active_config import ActiveConfig
from listsync.agent.backups import Backups
from listsync.agent.history_log import HistoryLog
from listsync.agent.loop import Agent
from listsync.agent.notices import AgentFindings, AgentNotices, notices_of_agent
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.services import AgentService, Services
from listsync.agent.sync_worker import AgentParts
from listsync.agent.systemd import Systemd, SystemdStatus
from listsync.app.config_loader import (
    AutomaticSyncs,
    ConfigLoader,
    ConfigSubscribers,
    DaemonOptions,
    unmet_settings,
)
from listsync.app.fleet import Fleet
from listsync.app.history_service import history_log_service
from listsync.app.http_service import HttpService, http_service
from listsync.app.job_commands import parts_of
from listsync.app.memory_tuning import search_again
from listsync.app.notifications import Notifications, daily_summary_service, notify_service
from listsync.app.postgres_service import PostgresTriggers
from listsync.app.service_table import (
    CONFIG_FILE,
    config_file_service,
    control_service,
    daily_backup_service,
    daily_backups,
    group_of,
    schedule_service,
)
from listsync.app.sync_runner import SyncRunner
from listsync.app.transfers import Transfers
from listsync.commands.context import CommandContext, GlobalRules, Shown, StateOverview
from listsync.commands.dispatch import Dispatcher
from listsync.commands.notify import daily_message
from listsync.config.configuration import Config
from listsync.config.paths import permission_warnings
from listsync.control.server import ControlSocket
from listsync.domain.events import SYSTEM_CLOCK, Event, QueueMoved, Signal, Signalled
from listsync.domain.notices import NoticeRecord, Origin
from listsync.domain.run_messages import findings_of_end
from listsync.domain.runs import Condition, ConfigSnapshot, EndedRun, ReachedServer
from listsync.errors import Problem, StateError
from listsync.notify.daily import DailySummaries
from listsync.store.backup import next_backup, write_backup
from listsync.store.clock_changes import CLOCK_WAS_AHEAD, PullBack, follow_step
from listsync.store.database import Database
from listsync.store.history import SqliteNotices
from listsync.store.key_value import SqliteKeyValueStore, load_doubt
from listsync.store.list_snapshots import SqliteConfiguredLists
from listsync.store.outbox import SqliteOutbox
from listsync.store.state import SqliteAgentState
from listsync.sync.list_backoff import LOOK_EVERY, pause_of_failure
from listsync.sync.progress import ProgressBoard
from listsync.terminal.output import plural
from listsync.triggers.schedule.due_times import ScheduleTrigger, Timetable
from listsync.triggers.schedule.retry_backoff import BackOff
from listsync.triggers.schedule.rules import host_id

logger = logging.getLogger(__name__)


def read_shown(options: DaemonOptions, database: Database, state: SqliteAgentState) -> Shown:
    found = permission_warnings(options.config_path, options.state_dir, options.socket)
    state_doubt = load_doubt(database)
    return Shown(
        permission_warnings=found,
        lists={row.source: row for row in state.lists.all()},
        notices=state.notices.open(Origin.SYNC),
        waiting=state.reviews.count_waiting(),
        state_doubt=state_doubt.why if state_doubt else "",
        allowances=state.server.learned().allowances,
    )


_CONTROL_IS_DEAD_S = 60.0
_JOIN_S = 1.0
_COMMAND_WAITS_S = 1.0
"""How long a command may wait for another program's lock on the state: the next one waits too."""
_DECIDER_WAITS_S = 2.0
"""The same for the decider, which tries again later; a sync waits as long as the store says."""


class WiredAgent:
    """The wired agent and its threads."""

    control: ControlSocket
    http: HttpService
    commands: Dispatcher
    _agent: Agent[Config]
    _systemd_status: SystemdStatus

    def __init__(
        self,
        options: DaemonOptions,
        loader: ConfigLoader,
        snapshot: ConfigSnapshot[Config],
        database: Database,
        inbox: SimpleQueue[Event],
    ) -> None:
        self._options = options
        self._loader = loader
        self._database = database
        self._inbox = inbox
        self._state = SqliteAgentState(database.with_patience(_COMMAND_WAITS_S))
        self._key_values = SqliteKeyValueStore(database.with_patience(_DECIDER_WAITS_S))
        self._backups = Backups(self._back_up)
        self._daily = daily_backups(database, options.state_dir, self._back_up, self._fail)
        self._queue_store = QueueStore(self._key_values)
        self._notices = AgentNotices(SqliteNotices(database.with_patience(_DECIDER_WAITS_S)))
        moved = partial(inbox.put, QueueMoved())
        self._notifications = Notifications(
            SqliteOutbox(database), SqliteKeyValueStore(database), moved
        )
        database.on_messages(self._notifications.wake)
        self._transfers = Transfers(
            database, options.state_dir, lambda: self._config, changed=moved
        )
        self._timetable = Timetable(self._key_values, host_id())
        self._back_off = BackOff(self._key_values)
        self._queue = RunQueue(moved)
        self._postgres = PostgresTriggers(
            self._queue.submit, self._key_values, lambda: self._snapshot, moved
        )
        self._syncs = AutomaticSyncs(self._queue, self._timetable, self._back_off)
        self._configuration = ActiveConfig(
            loader, snapshot, self._syncs.of_change, unmet=unmet_settings
        )
        self._fleet = Fleet(
            database, self._queue, lambda: self._snapshot, moved, self._postgres.intake
        )
        self._recent = RecentRuns()
        self._overview = StateOverview(partial(read_shown, options, database, self._state))
        self._pull_back = PullBack(
            database.with_patience(_DECIDER_WAITS_S),
            longest_pause=pause_of_failure,
            look_every=LOOK_EVERY,
        )
        self.has_failed = False
        self._history = HistoryLog(self._state.requests, self._key_values)
        self._since = datetime.now(UTC)  # what is dated later was dated by this process

    def wire(self, systemd: Systemd, seen: bytes) -> None:
        """Put the parts together; opens nothing. *seen* is the digest of what was loaded."""
        board = ProgressBoard()
        self._systemd = systemd
        self._systemd_status = SystemdStatus(systemd, board, self._recent, self._is_control_well)
        means = AgentParts(
            inbox=self._inbox,
            queue=self._queue,
            configuration=self._configuration,
            schedules=self._timetable,
            retries=self._back_off,
            queue_store=self._queue_store,
            systemd=self._systemd_status,
            recent=self._recent,
            perform=self._history.while_running(
                SyncRunner(self._database, self._options.state_dir, board, self._fleet)
            ),
            note_end=self._note_end,
            note=self._note,
            begun=self._begun,
            refresh=self._overview.refresh,
            clock=SYSTEM_CLOCK,
            clock_set=self._follow_clock,
        )
        self._agent = Agent(means)
        context = CommandContext(
            started_at=datetime.now(UTC),
            queue=self._queue,
            configuration=self._configuration,
            recent=self._recent,
            board=board,
            state=self._state,
            notices=SqliteNotices(self._database.with_patience(_COMMAND_WAITS_S)),
            targets=SqliteOutbox(self._database.with_patience(_COMMAND_WAITS_S)),
            transfers=parts_of(self._transfers, self._database.with_patience(_COMMAND_WAITS_S)),
            backups=self._backups,
            backup_place=lambda: next_backup(self._options.state_dir, datetime.now(UTC)),
            shown=lambda: self._overview.shown,
            refresh=self._overview.refresh,
            global_rules=self._global_rules,
            settings=lambda: self._loader.settings_of(self._config),
            due=self._timetable.planned,
            retry=self._back_off.planned,
            watcher=self._watcher,
            services=lambda: self._services.statuses,
            fleet=self._fleet.status,
            shared_memory=self._fleet.shared_memory,
            postgres=self._postgres.status,
            agent_notices=self._agent_notices,
            cancel=self._agent.cancel,
            reload=self._reload,
        )
        self.commands = Dispatcher(context)
        self.http = HttpService(
            self.commands.call, context, self._options.state_dir, self._transfers.intake
        )
        self._summaries = DailySummaries(
            partial(daily_message, context), SqliteOutbox(self._database).put, self._key_values
        )
        self.control = ControlSocket(
            self._options.socket, self.commands.call, group=group_of(self._config)
        )
        self._services = Services(
            self._table(seen), self._fail, changed=lambda: self._inbox.put(QueueMoved())
        )

    @property
    def _snapshot(self) -> ConfigSnapshot[Config]:
        return self._configuration.current.snapshot

    @property
    def _config(self) -> Config:
        return self._snapshot.content

    def _table(self, seen: bytes) -> tuple[AgentService[Config], ...]:
        """What runs for long, in the order in which it is started."""
        schedule = ScheduleTrigger(self._timetable.due_times, retry_times=self._retry_times)
        return (
            control_service(self.control),
            config_file_service(self._options.config_path, seen, self._inbox.put),
            schedule_service(schedule, self._inbox.put),
            history_log_service(self._history, self._options.state_dir),
            daily_backup_service(self._daily),
            http_service(self.http),
            *self._transfers.services(),
            notify_service(self._notifications),
            self._postgres.service(),
            daily_summary_service(self._summaries),
            self._fleet.service(),
        )

    def _retry_times(self) -> dict[str, datetime]:
        return self._syncs.retry_times(self._snapshot, self._overview.shown.lists)

    def start(self) -> None:
        """Start the threads, and put in the inbox what is owed or due."""
        try:
            self._take_up()
        except BaseException:
            self.control.close()
            raise
        self._services.start(self._config)

    def _take_up(self) -> None:
        SqliteAgentState(self._database).runs.close_cut_off(datetime.now(UTC))
        self._recall()
        self._overview.refresh()
        subscribers = ConfigSubscribers(
            timetable=self._timetable,
            key_values=self._key_values,
            lists=SqliteConfiguredLists(self._database.with_patience(_DECIDER_WAITS_S)),
            services=self._services,
            notifications=self._notifications,
            transfers=self._transfers,
            changed=lambda: self._syncs.of_failures(self._snapshot),
        )
        self._loader.begin(self._config, subscribers)
        self._fleet.begin(self._config, self._agent.cut_off)
        self._queue_store.restore(self._queue)
        self._syncs.of_new_lists(self._snapshot, self._overview.shown.lists)

    def _recall(self) -> None:
        """Let what happened before the start be shown."""
        server = self._state.server.last()
        url = self._snapshot.server
        self._recent.restore(
            next(iter(self._state.runs.page(limit=1).rows), None),
            ReachedServer(*server, url) if server else None,
        )

    def run(self) -> bool:
        """Decide until the end; returns whether everything came to an end by itself."""
        words = "listsync %s started (pid %d, %s, socket %s)"
        about = __version__, os.getpid(), plural(len(self._snapshot.lists), "list")
        logger.info(words, *about, self._options.socket, extra={"action": "started"})
        self._agent_notices()  # what is wrong from the beginning is logged before all else
        self._inbox.put(QueueMoved())  # and written down, as is what is over since the last end
        self._agent.run()
        is_clean = self._agent.stop()
        is_clean &= self._services.stop(_JOIN_S)
        if is_clean:  # its own service has closed it, unless that was to end before it began
            self.control.close()
        self._backups.stop(_JOIN_S)
        logger.info("listsync stopped", extra={"action": "ended"})
        return is_clean

    def _begun(self) -> None:
        """Do what the agent is ready without, and what must be done before it decides anything."""
        search_again()
        with suppress(StateError):  # then it is tried again after each event
            self._put_times_right()

    def _put_times_right(self) -> None:
        if self._pull_back.once(datetime.now(UTC)):
            logger.warning("%s", CLOCK_WAS_AHEAD, extra={"action": "clock_was_ahead"})
            self._recall()
            self._overview.refresh()
            self._transfers.wake()
            self._notifications.wake()

    def _agent_notices(self) -> tuple[NoticeRecord, ...]:
        found = AgentFindings(
            permission_warnings=self._overview.shown.permission_warnings,
            state_errors=(
                *self._systemd_status.state_errors(),
                *filter(None, [self._daily.note]),
            ),
            watcher=self._watcher_problem(),
            services=[one for one in self._services.statuses if one.name != CONFIG_FILE],
            targets=self._notifications.statuses,
            roots=self._transfers.mounts.all(),
            postgres=self._postgres.status(),
            media_servers=self._transfers.media_server_troubles,
            fleet=self._fleet.status(),
            waiting=self._overview.shown.waiting,
        )
        return self._notices.emit(notices_of_agent(self._configuration.current, found))

    def _note(self) -> None:
        self._put_times_right()
        self._agent_notices()
        self._notices.write()

    def _note_end(self, ended: EndedRun) -> None:
        found = findings_of_end(ended.row, passes=ended.retry is not None)
        self._state.runs.note_end(ended.row, found)

    def _back_up(self, path: Path, stop: threading.Event) -> int:
        return write_backup(path, lambda new: self._database.copy_to(new, stop))

    def _fail(self) -> None:
        # Whoever supervises the agent starts a whole one again.
        self.has_failed = True
        self._inbox.put(Signalled(Signal.STOP))

    def _follow_clock(self, step: timedelta) -> None:
        since, self._since = self._since, self._since + step
        patient = self._database.with_patience(_DECIDER_WAITS_S)
        follow_step(patient, step, since=since, now=datetime.now(UTC))
        self._transfers.wake()
        self._overview.refresh()

    def _reload(self) -> tuple[Problem, ...]:
        self._systemd.reloading()
        try:
            return self._configuration.reload()
        finally:
            self._systemd_status.ready(self._queue.state)
            self._overview.refresh()
            # So that the decider knows if the file is bad now, and looks at it again.
            self._inbox.put(QueueMoved())

    def _global_rules(self) -> GlobalRules:
        config = self._config
        return GlobalRules(
            exclusions=config.exclude,
            cap=config.cap,
            owner_asks=config.server.request_as is None,
            has_server=config.has_server,
            zone=config.zone,
        )

    def _watcher(self) -> str:
        if self._options.config_path is None:
            return "nothing to watch: the configuration is the environment"
        return self._watcher_problem() or "active"

    def _watcher_problem(self) -> str:
        """Say why changes of the file may be seen late; empty: they are not, or there is none."""
        if self._options.config_path is None:
            return ""
        status = next(one for one in self._services.statuses if one.name == CONFIG_FILE)
        if status.condition is Condition.FAILED:
            return f"failed, and is started again: {status.why}"
        return self._agent.watcher_note

    def _is_control_well(self) -> bool:
        return time.monotonic() - self.control.heartbeat < _CONTROL_IS_DEAD_S
