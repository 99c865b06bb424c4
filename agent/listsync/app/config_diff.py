"""What a change of the configuration asks for, and the syncs that come of it by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from listsync.agent.queue import RunQueue
from listsync.agent.retries import RETRY
from listsync.config.configuration import Config, ListConfig
from listsync.config.values import SANDBOX
from listsync.domain.history import ListRow
from listsync.domain.list_rules import ListRules
from listsync.domain.runs import Following, Order, Scope, covers
from listsync.seerr.address import Address
from listsync.sync.limits import Cap
from listsync.triggers.schedule.due_times import Timetable
from listsync.triggers.schedule.retry_backoff import BackOff
from listsync.triggers.schedule.rules import EVERYTHING, Rule


def is_meant(one: ListConfig, scope: Scope) -> bool:
    """Tell whether a list is to be read in a sync of *scope*; exclusions always are."""
    return scope is None or one.rules.is_exclusion or one.rules.source in scope


def following_of(config: Config) -> Following[Config]:
    url = config.server.url
    return Following(
        lists=tuple(one.rules for one in config.lists),
        sync_on_change=config.sync.on_config_change,
        server=url if url == SANDBOX else Address.parse(url).base,
        content=config,
        warnings=config.warnings,
        is_unfinished=config.is_unfinished,
    )


def cap_of(config: Config) -> Cap:
    return Cap(per_run=config.sync.max_per_run, per_day=config.sync.max_per_day)


def schedules_of(config: Config) -> dict[str, Rule]:
    """Give the schedules by key: `EVERYTHING`, and lists that have one of their own."""
    own = {one.rules.source: one.schedule for one in config.lists if one.schedule is not None}
    return {**({EVERYTHING: config.schedule} if config.schedule else {}), **own}


def lists_to_sync(old: Config, new: Config) -> Scope:
    """Name the lists that a change of the configuration concerns; None = all of them."""
    if old.server != new.server or _excludes_less(old, new):
        return None
    known = {_unnamed(one) for one in old.lists}
    services = {
        name
        for name in new.providers.__struct_fields__
        if getattr(old.providers, name) != getattr(new.providers, name)
    }
    return frozenset(
        one.rules.source
        for one in new.lists
        if not one.rules.is_exclusion and (_unnamed(one) not in known or one.service in services)
    )


def _excludes_less(old: Config, new: Config) -> bool:
    """Tell whether something that was excluded may no longer be."""
    gone = {_unnamed(one) for one in old.lists if one.rules.is_exclusion} - {
        _unnamed(one) for one in new.lists if one.rules.is_exclusion
    }
    return bool(gone) or not set(old.exclude) <= set(new.exclude)


def _unnamed(one: ListConfig) -> ListRules:
    """Give what a list asks for, whatever it is called."""
    return replace(one.rules, name="")


class AutomaticSyncs:
    """Puts them into the queue. Any thread may use it."""

    def __init__(self, queue: RunQueue, timetable: Timetable, back_off: BackOff) -> None:
        self._queue = queue
        self._timetable = timetable
        self._back_off = back_off

    def of_change(self, scope: Scope) -> None:
        """Sync the lists that a change of the configuration concerns."""
        self._queue.submit(Order.new(scope, "config"))
        planned = self._back_off.planned()
        if planned is not None and covers(scope, planned.scope):
            self._back_off.begin_anew()

    def of_failures(self, following: Following[Config]) -> None:
        """Try again what failed: a change of the configuration may have mended it."""
        planned = self._back_off.planned()
        if planned is not None:
            scope = following.of_those_followed(planned.scope)
            if scope != frozenset():
                self._queue.submit(Order.new(scope, RETRY, eager=False))
            self._back_off.begin_anew()

    def of_new_lists(self, following: Following[Config], known: Mapping[str, ListRow]) -> None:
        """Sync lists that came into the file while nothing ran, unless all are due anyway."""
        now = datetime.now(UTC)
        is_due = self._timetable.due_times().get(EVERYTHING, now + timedelta(days=1)) <= now
        new = {one.source for one in following.lists if not one.is_exclusion} - set(known)
        if known and new and following.sync_on_change and not is_due:
            self.of_change(frozenset(new))

    def retry_times(
        self, following: Following[Config], known: Mapping[str, ListRow]
    ) -> dict[str, datetime]:
        """Give when what failed is tried again, by the source of a list or `EVERYTHING`."""
        rows = (known.get(one.source) for one in following.lists)
        times = {row.source: at for row in rows if row and (at := row.asked_again_at)}
        planned = self._back_off.planned()
        return {**times, **({EVERYTHING: planned.at} if planned else {})}
