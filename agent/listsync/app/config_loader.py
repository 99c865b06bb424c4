"""Reads configurations for the agent, and lets everything follow them: lists that changed, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync import logs
from listsync.agent.queue import RunQueue
from listsync.agent.retries import RETRY
from listsync.agent.services import Services
from listsync.app.notifications import Notifications
from listsync.app.transfers import Transfers
from listsync.config.configuration import (
    Config,
    ListConfig,
    load,
    secrets_of,
)
from listsync.config.secret_forms import SecretKeeper
from listsync.config.settings_in_force import settings_of
from listsync.config.values import SANDBOX
from listsync.domain.history import ListRow
from listsync.domain.list_rules import ListRules
from listsync.domain.runs import (
    ConfigSnapshot,
    PendingChange,
    Scope,
    Setting,
    SyncJob,
    covers,
)
from listsync.files.local_file import MOST_S, WriterWait
from listsync.lean_dataclasses import dataclass
from listsync.ports.lists import ConfiguredLists
from listsync.ports.state import KeyValueStore
from listsync.secrets.vault import open_vault
from listsync.seerr.address import Address
from listsync.sync.progress import RUN
from listsync.triggers.schedule.due_times import Timetable
from listsync.triggers.schedule.retry_backoff import BackOff
from listsync.triggers.schedule.rules import EVERYTHING, Every, Rule


def snapshot_of(config: Config) -> ConfigSnapshot[Config]:
    url = config.server.url
    return ConfigSnapshot(
        lists=tuple(one.rules for one in config.lists),
        sync_on_change=config.sync.on_config_change,
        server=url if not config.has_server or url == SANDBOX else Address.parse(url).base,
        content=config,
        warnings=config.warnings,
        is_unfinished=config.is_unfinished,
    )


def schedules_of(config: Config) -> dict[str, Rule]:
    """Give the schedules by key: `EVERYTHING`, and lists that have one of their own."""
    own = {
        one.rules.source: one.schedule
        for one in config.lists
        if one.schedule is not None and one.rules.is_enabled
    }
    syncs = config.has_server or config.lists  # else there is nothing to sync, only to copy
    return {**({EVERYTHING: config.schedule} if config.schedule and syncs else {}), **own}


def lists_to_sync(old: Config, new: Config) -> Scope:
    """Name the lists that a change of the configuration concerns; None = all of them."""
    if old.server != new.server or _excludes_less(old, new) or _changes_feeds(old, new):
        return None
    # A feed bears its list's name.
    name = _unnamed if new.http.listen is None else _rules_of
    known = {name(one) for one in old.lists}
    services = {
        name
        for name in new.providers.__struct_fields__
        if getattr(old.providers, name) != getattr(new.providers, name)
    }
    return frozenset(
        one.rules.source
        for one in new.lists
        if one.rules.is_enabled
        and not one.rules.is_exclusion
        and (name(one) not in known or one.service in services)
    )


def _excludes_less(old: Config, new: Config) -> bool:
    """Tell whether something that was excluded may no longer be."""
    gone = _exclusion_lists(old) - _exclusion_lists(new)
    return bool(gone) or not set(old.exclude) <= set(new.exclude)


def _changes_feeds(old: Config, new: Config) -> bool:
    """Tell whether feeds are served from now on, or without what is excluded now."""
    if new.http.listen is None:
        return False
    if old.http.listen is None or set(old.exclude) != set(new.exclude):
        return True
    return _exclusion_lists(old) != _exclusion_lists(new)


def _exclusion_lists(config: Config) -> set[ListRules]:
    lists = (one for one in config.lists if one.rules.is_enabled)
    return {_unnamed(one) for one in lists if one.rules.is_exclusion}


def _rules_of(one: ListConfig) -> ListRules:
    return one.rules


def _unnamed(one: ListConfig) -> ListRules:
    """Give what a list asks for, whatever it is called."""
    return replace(one.rules, name="")


def unmet_settings() -> tuple[PendingChange, ...]:
    """Name what cannot be as it is configured for now, whether it has changed or not."""
    trouble = logs.file_trouble()
    return (PendingChange(key="log.file", why=f"cannot be written: {trouble}"),) if trouble else ()


class AutomaticSyncs:
    """Puts them into the queue. Any thread may use it."""

    def __init__(self, queue: RunQueue, timetable: Timetable, back_off: BackOff) -> None:
        self._queue = queue
        self._timetable = timetable
        self._back_off = back_off

    def of_change(self, scope: Scope) -> None:
        """Sync the lists that a change of the configuration concerns."""
        self._queue.submit(SyncJob.own(scope, "config", eager=True))
        planned = self._back_off.planned()
        if planned is not None and covers(scope, planned.scope):
            self._back_off.begin_anew()

    def of_failures(self, snapshot: ConfigSnapshot[Config]) -> None:
        """Try again what failed: a change of the configuration may have mended it."""
        planned = self._back_off.planned()
        if planned is not None:
            scope = snapshot.still_followed(planned.scope)
            if scope != frozenset():
                self._queue.submit(SyncJob.own(scope, RETRY))
            self._back_off.begin_anew()

    def of_new_lists(self, snapshot: ConfigSnapshot[Config], known: Mapping[str, ListRow]) -> None:
        """Sync lists that came into the file while nothing ran, unless all are due anyway."""
        now = datetime.now(UTC)
        is_due = self._timetable.due_times().get(EVERYTHING, now + timedelta(days=1)) <= now
        new = {one.source for one in snapshot.enabled if not one.is_exclusion} - set(known)
        if known and new and snapshot.sync_on_change and not is_due:
            self.of_change(frozenset(new))

    def retry_times(
        self, snapshot: ConfigSnapshot[Config], known: Mapping[str, ListRow]
    ) -> dict[str, datetime]:
        """Give when what failed is tried again, by the source of a list or `EVERYTHING`."""
        rows = (known.get(one.source) for one in snapshot.enabled)
        times = {row.source: at for row in rows if row and (at := row.asked_again_at)}
        planned = self._back_off.planned()
        return {**times, **({EVERYTHING: planned.at} if planned else {})}


_OVERRULED = "an option of the command that started the agent has the last word"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonOptions:
    """What the command line says, which the file does not overrule.

    `interval` is the time between syncs; zero = never by itself.
    """

    config_path: Path | None
    state_dir: Path
    socket: Path
    interval: timedelta | None = None
    log_level: str | None = None
    log_format: str | None = None
    log_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSubscribers:
    """What follows the configuration; `changed` is called after each change of it."""

    timetable: Timetable
    key_values: KeyValueStore
    lists: ConfiguredLists
    services: Services[Config]
    notifications: Notifications
    transfers: Transfers
    changed: Callable[[], None]


class ConfigLoader:
    """Implements `agent.active_config.Loader`."""

    def __init__(self, options: DaemonOptions, environ: Mapping[str, str]) -> None:
        self.path = options.config_path
        self._options = options
        self._environ = dict(environ)
        self._keeper = SecretKeeper(
            lambda: open_vault(options.config_path, options.state_dir, self._environ)
        )
        self._first: Config | None = None
        self._subscribers: ConfigSubscribers | None = None
        self._shown: tuple[Config, tuple[Setting, ...]] | None = None

    def await_first(self, pause: Callable[[float], bool | None]) -> ConfigSnapshot[Config]:
        """Read the configuration at the start, when whoever is writing it can be waited for."""
        return self._read(WriterWait(pause=pause))

    def load(self, *, anyway: bool, is_closed: bool | None) -> ConfigSnapshot[Config]:
        seen = None if self.path is None or is_closed is None else (self.path, is_closed)
        return self._read(WriterWait(0.0 if anyway else MOST_S, pause=None, seen=seen))

    def _read(self, patience: WriterWait) -> ConfigSnapshot[Config]:
        config = load(self.path, self._environ, patience, keeper=self._keeper)
        interval = self._options.interval
        if interval is not None:
            config = replace(config, schedule=Every(interval) if interval else None)
        return snapshot_of(config)

    def changed(self, old: ConfigSnapshot[Config], new: ConfigSnapshot[Config]) -> Scope:
        return lists_to_sync(old.content, new.content)

    def adopt(self, snapshot: ConfigSnapshot[Config]) -> None:
        config = snapshot.content
        self.set_up_log(config)
        self._follow(config, at_once=False)
        if self._subscribers is not None:
            self._subscribers.changed()

    def reconcile(self, snapshot: ConfigSnapshot[Config]) -> tuple[PendingChange, ...]:
        config = snapshot.content
        subscribers = self._subscribers
        pending = subscribers.services.reconcile(config) if subscribers is not None else ()
        return (*pending, *self._overruled(config))

    def _overruled(self, config: Config) -> Iterator[PendingChange]:
        """Name what has changed since the start though the command line has the last word."""
        first, options = self._first or config, self._options
        for option, key, has_changed in (
            (options.interval, "sync.every", first.sync.every != config.sync.every),
            (options.interval, "sync.cron", first.sync.cron != config.sync.cron),
            (options.log_level, "log.level", first.log.level != config.log.level),
            (options.log_format, "log.format", first.log.format != config.log.format),
            (options.log_file, "log.file", first.log.file != config.log.file),
        ):
            if has_changed and option is not None:
                yield PendingChange(key=key, why=_OVERRULED, needs_restart=True)

    def settings_of(self, config: Config) -> tuple[Setting, ...]:
        """Give every key with what is in force; the command line has the last word.

        They are asked for page by page, and with 300 lists they are 13,000: the last are kept.
        """
        shown = self._shown
        if shown is None or shown[0] is not config:
            given = self._given_at_start()
            settings = tuple(
                Setting(one.path, given[one.path], "the command line")
                if one.path in given
                else one
                for one in settings_of(config)
            )
            self._shown = shown = (config, settings)
        return shown[1]

    def _given_at_start(self) -> Mapping[str, str | None]:
        options, interval = self._options, self._options.interval
        log = {
            "log.level": options.log_level,
            "log.format": options.log_format,
            "log.file": options.log_file,
        }
        given: dict[str, str | None] = {key: str(one) for key, one in log.items() if one}
        if interval is None:
            return given
        return {**given, "sync.every": f"{interval / timedelta(hours=1):g}h", "sync.cron": None}

    def begin(self, config: Config, subscribers: ConfigSubscribers) -> None:
        """Let *subscribers* follow the first configuration, and each one after it."""
        self._first, self._subscribers = config, subscribers
        self._follow(config, at_once=True)

    def set_up_log(self, config: Config) -> None:
        log, options = config.log, self._options
        settings = logs.LogSettings(
            level=options.log_level or log.level,
            format=options.log_format or log.format,
            file=options.log_file or log.file,
            max_bytes=round(log.max_mb * 1024 * 1024),
            keep=log.keep,
            secrets=secrets_of(config),
        )
        logs.set_up(settings, environ=self._environ, run_id=RUN.get)

    def _follow(self, config: Config, *, at_once: bool) -> None:
        if (subscribers := self._subscribers) is None:
            return
        subscribers.notifications.follow(config)
        subscribers.transfers.follow(config)
        subscribers.lists.replace(one.rules for one in config.lists)
        subscribers.timetable.follow(schedules_of(config), at_once=at_once)
        rule = config.schedule
        hours = rule.interval / timedelta(hours=1) if isinstance(rule, Every) else 0.0
        subscribers.key_values.save("interval_hours", hours)
