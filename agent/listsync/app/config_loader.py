"""Reads configurations for the agent, and lets everything follow them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from listsync import logs
from listsync.app.config_diff import following_of, lists_to_sync, schedules_of
from listsync.app.services import Services
from listsync.config.configuration import Config
from listsync.config.load import load
from listsync.config.secret_forms import secrets_of
from listsync.domain.runs import Following, PendingChange, Scope
from listsync.files.local_file import MOST_S, WriterWait
from listsync.ports.lists import ConfiguredLists
from listsync.ports.state import Notebook
from listsync.sync.progress import RUN
from listsync.triggers.schedule.due_times import Timetable
from listsync.triggers.schedule.rules import Every

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
class Followers:
    """What follows the configuration; `changed` is called after each change of it."""

    timetable: Timetable
    notebook: Notebook
    lists: ConfiguredLists
    services: Services
    changed: Callable[[], None]


class ConfigLoader:
    """Implements `agent.active_config.Loader`."""

    def __init__(self, options: DaemonOptions, environ: Mapping[str, str]) -> None:
        self.path = options.config_path
        self._options = options
        self._environ = dict(environ)
        self._first: Config | None = None
        self._followers: Followers | None = None

    def await_first(self, pause: Callable[[float], bool | None]) -> Following[Config]:
        """Read the configuration at the start, when whoever is writing it can be waited for."""
        return self._read(WriterWait(pause=pause))

    def load(self, *, anyway: bool, is_closed: bool | None) -> Following[Config]:
        seen = None if self.path is None or is_closed is None else (self.path, is_closed)
        return self._read(WriterWait(0.0 if anyway else MOST_S, pause=None, seen=seen))

    def _read(self, patience: WriterWait) -> Following[Config]:
        config = load(self.path, self._environ, patience)
        interval = self._options.interval
        if interval is not None:
            config = replace(config, schedule=Every(interval) if interval else None)
        return following_of(config)

    def changed(self, old: Following[Config], new: Following[Config]) -> Scope:
        return lists_to_sync(old.content, new.content)

    def adopt(self, following: Following[Config]) -> None:
        config = following.content
        self.set_up_log(config)
        self._follow(config, at_once=False)
        if self._followers is not None:
            self._followers.changed()

    def reconcile(self, following: Following[Config]) -> tuple[PendingChange, ...]:
        config = following.content
        followers = self._followers
        pending = followers.services.reconcile(config) if followers is not None else ()
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

    def begin(self, config: Config, followers: Followers) -> None:
        """Let *followers* follow the first configuration, and each one after it."""
        self._first, self._followers = config, followers
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
        if (followers := self._followers) is None:
            return
        followers.lists.replace(one.rules for one in config.lists)
        followers.timetable.follow(schedules_of(config), at_once=at_once)
        rule = config.schedule
        hours = rule.interval / timedelta(hours=1) if isinstance(rule, Every) else 0.0
        followers.notebook.save("interval_hours", hours)
