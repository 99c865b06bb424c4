"""From configurations to what the agent follows, and what a change of them asks for."""

from __future__ import annotations

from dataclasses import replace

from listsync.config.configuration import Config, ListConfig
from listsync.config.values import SANDBOX
from listsync.domain.runs import Following, Scope
from listsync.domain.sync_records import ListRules
from listsync.seerr.address import Address
from listsync.sync.limits import Cap
from listsync.triggers.schedule import EVERYTHING, Rule


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
