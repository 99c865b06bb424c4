"""The configuration as the rest of the agent uses it, read from the file and the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import tzinfo
from pathlib import Path

from listsync.config.cross_field import check_effects, check_rules, name_of
from listsync.config.environment import SERVER_URL, Overlay, UnusableList, lay_over
from listsync.config.http_options import HttpOptions
from listsync.config.list_entries import WrittenList, WrittenLists, find_service, list_entries
from listsync.config.list_options import ListForm
from listsync.config.notify_options import DailyOptions, NotifyForm
from listsync.config.other_names import Renamed, renamed
from listsync.config.paths import find_state_dir, look_at, usual_configs
from listsync.config.postgres_options import PostgresOptions
from listsync.config.schema import (
    ChromiumOptions,
    ConfigForm,
    ControlOptions,
    LogOptions,
    ProvidersOptions,
    ServerOptions,
    SyncOptions,
)
from listsync.config.secret_forms import (
    SecretKeeper,
    SecretSource,
    secrets_in,
    texts_in,
    warn_of_readers,
)
from listsync.config.validation import MAX_FINDINGS, ConfigIssue, read_form
from listsync.config.values import find_zone, local_zone, rule_of
from listsync.config.yaml_document import KeyPath, YamlDocument, load_document
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Exclusion, MediaType
from listsync.domain.runs import Scope
from listsync.errors import ConfigError, NoConfigurationError, Problem
from listsync.files.local_file import MOST_S, WriterWait
from listsync.lean_dataclasses import dataclass
from listsync.providers.custom.source import CustomSource
from listsync.providers.seerr.source import SeerrSource
from listsync.redaction import proxy_logins, tokens_in
from listsync.secrets.vault import open_vault
from listsync.sync.limits import Cap
from listsync.transfers.settings import TransferSettings
from listsync.triggers.schedule.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """One list to follow.

    `source` is what the service's `parse` made of the user's text; `rules` what is wanted of the
    list. `schedule` None: it follows that of all lists; `Every` zero: only on command or change.
    `entry` is the number of the file's entry that names it, -1: none does.
    """

    source: object
    rules: ListRules
    schedule: Rule | None = None
    entry: int = field(default=-1, compare=False)

    @property
    def service(self) -> str:
        return self.rules.service

    @property
    def name(self) -> str:
        return self.rules.name

    def is_read_in(self, scope: Scope) -> bool:
        """Tell whether a sync of *scope* reads it; lists of what is excluded are always read."""
        is_meant = scope is None or self.rules.is_exclusion or self.rules.source in scope
        return is_meant and self.rules.is_enabled


NO_SERVER = ServerOptions(url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the user wants, checked. `lists` in the user's order, the most important first.

    `schedule` is what `sync` says of it; None: only on command or change. `warnings` tell what has
    no effect; those in `unread`, why none of the lists can be read. `server` is `NO_SERVER` where
    none is named: lists are read for their feeds alone. `zone` is where people's days begin.
    `is_unfinished`: a program still had a file of it open. `written` is what it was read from.
    """

    server: ServerOptions
    sync: SyncOptions
    schedule: Rule | None
    lists: tuple[ListConfig, ...]
    exclude: tuple[Exclusion, ...]
    providers: ProvidersOptions
    chromium: ChromiumOptions
    control: ControlOptions
    http: HttpOptions
    notify: tuple[NotifyForm, ...]
    daily: DailyOptions
    transfers: TransferSettings
    postgres: PostgresOptions
    log: LogOptions
    zone: tzinfo
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    unread: tuple[Problem, ...] = field(default=(), compare=False)
    is_unfinished: bool = field(default=False, compare=False)
    written: Overlay = field(default=Overlay({}), compare=False, repr=False)

    @property
    def has_server(self) -> bool:
        return self.server != NO_SERVER

    @property
    def cap(self) -> Cap:
        return Cap(per_run=self.sync.max_per_run, per_day=self.sync.max_per_day)


def secrets_of(config: Config) -> frozenset[str]:
    """Give keys, tokens and passwords, those of the environment's proxies included."""
    servers = (one.options for one in config.transfers.media_servers)
    arrs = (one.options for one in config.transfers.missed)
    return proxy_logins().union(
        *map(
            secrets_in,
            (
                *(config.server, config.providers, config.http, config.postgres),
                *(*config.notify, *servers, *arrs),
            ),
        ),
        *map(tokens_in, texts_in(_lists_of(config))),
        *(one.source.secrets() for one in config.lists if isinstance(one.source, CustomSource)),
    )


def _lists_of(config: Config) -> object:
    data = config.written.data
    return data.get("lists") if isinstance(data, dict) else None


_UNFINISHED = (
    f"was read as it is: a program has had it open for writing for more than {MOST_S:g} s, "
    "so more may come"
)


Closer = Callable[[Sequence[NotifyForm]], Iterable[ConfigIssue]]
"""Looks for what is wrong with targets where that takes its time."""


def load(
    path: Path | None,
    environ: Mapping[str, str],
    patience: WriterWait | None = None,
    look_closer: Closer = lambda _: (),
    keeper: SecretKeeper | None = None,
) -> Config:
    """Read the configuration; *path* None: from *environ* alone.

    *keeper* tells encrypted secrets, and what nobody gave. Programs that are writing it, or a
    secret's file, are waited for, with *patience*.

    Raises:
        ConfigError: with everything that is wrong, in the order of the file.
        BeingWrittenError: see `WriterWait`.
    """
    patience = patience or WriterWait()
    _must_be_there(path, environ)
    document = load_document(path, patience) if path else YamlDocument(file="environment", data={})
    keeper = keeper or SecretKeeper(
        lambda: open_vault(path, find_state_dir(None, environ), environ)
    )
    folder = path.parent if path else Path()
    config = check(document, environ, folder, patience, keeper)
    if issues := [*look_closer(config.notify)]:
        problems = {_problem(one, document, config.written) for one in issues}
        raise ConfigError(_foremost(problems, document.file))
    unfinished = tuple(
        Problem(file=str(one), what=_UNFINISHED) for one in sorted(patience.unfinished)
    )
    written = renamed(ConfigForm, document.data).data
    open_to_all = warn_of_readers(path, written) if path else ()
    return replace(
        config,
        warnings=(*config.warnings, *unfinished, *open_to_all),
        is_unfinished=bool(unfinished),
    )


def _must_be_there(path: Path | None, environ: Mapping[str, str]) -> None:
    """Raise NoConfigurationError where there is nothing that could be read."""
    if path is not None:
        if not os.path.lexists(path):
            problem = Problem(file=str(path), what="does not exist")
            raise NoConfigurationError(problem, ((str(path), look_at(path)),))
    elif not environ.get(SERVER_URL, "").strip():
        what = f"no configuration file was found, and {SERVER_URL} is not set"
        files = tuple((str(one), look_at(one)) for one in usual_configs(environ))
        variable = (f"{SERVER_URL} in the environment", "is not set")
        raise NoConfigurationError(Problem(file="listsync.yaml", what=what), (*files, variable))


def check(
    document: YamlDocument,
    environ: Mapping[str, str],
    folder: Path,
    patience: WriterWait | None = None,
    keeper: SecretKeeper | None = None,
) -> Config:
    """Check what was read; *folder* is where relative paths in it begin.

    Raises:
        ConfigError: see `load`.
    """
    secrets = SecretSource(environ, folder, patience, keeper)
    named = renamed(ConfigForm, document.data)
    overlay = lay_over(named.data, environ, secrets)
    lists = list_entries(overlay.data)
    places = _Places(named, overlay, lists)
    form, wrong = read_form(ConfigForm, lists.data, folder, secrets, places.of)
    across = (*check_rules(lists), *check_effects(lists))
    findings = (
        *named.found,
        *map(places.of_entry, lists.found),
        *map(places.of_list, across),
        *wrong,
    )
    found = {_problem(finding, document, overlay): finding.is_warning for finding in findings}
    problems = {
        *document.problems,
        *filter(None, (secrets.trouble(),)),
        *(one for one, is_warning in found.items() if not is_warning),
    }
    if form is None or problems:
        raise ConfigError(_foremost(problems, document.file))
    zone = find_zone(form.sync.timezone) if form.sync.timezone else None
    warnings = {one for one, is_warning in found.items() if is_warning} | {
        *(Problem(file=variable, what=why) for variable, why in overlay.remarks),
        *secrets.warnings(),
    }
    config = _settle(form, lists.lists, zone or local_zone(environ), overlay.unusable)
    written = replace(overlay, data=lists.shown, inherited=lists.inherited)
    unread = [_problem(one, document, overlay) for one in findings if one.leaves_nothing]
    return replace(
        config,
        written=written,
        warnings=tuple(sorted(warnings, key=_order)),
        unread=tuple(unread),
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where what is read is written: in short, by another name, or in the defaults."""

    named: Renamed
    overlay: Overlay
    lists: WrittenLists

    def of(self, path: KeyPath) -> KeyPath:
        return self._as_named(self.lists.place_of(path))

    def of_entry(self, issue: ConfigIssue) -> ConfigIssue:
        """Place what is wrong with an entry of the file."""
        return replace(issue, path=self._as_named(issue.path))

    def of_list(self, issue: ConfigIssue) -> ConfigIssue:
        """Place what is wrong with a list; where several stand together, it is named."""
        match issue.path:
            case ("lists", int() as number, *_) if self.lists.lists[number].is_one_of_several:
                what = f"{name_of(self.lists.lists[number])}: {issue.what}"
                return replace(issue, path=self.of(issue.path), what=what)
            case _:
                return replace(issue, path=self.of(issue.path))

    def _as_named(self, path: KeyPath) -> KeyPath:
        is_of_file = not any(
            path[:end] in self.overlay.variables for end in range(1, len(path) + 1)
        )
        return self.named.written(path) if is_of_file else path


def _problem(finding: ConfigIssue, document: YamlDocument, overlay: Overlay) -> Problem:
    """Give a finding its place: the variable or line that it, or what holds it, comes from."""
    place = document.keys.get(finding.path) if finding.at_key else None
    for end in range(len(finding.path), -1, -1):
        prefix = finding.path[:end]
        if variable := overlay.variables.get(prefix):
            return Problem(file=variable, what=finding.what)
        if place := place or document.values.get(prefix):
            break
    line, column = place or (None, None)
    return Problem(file=document.file, what=finding.what, line=line, column=column)


def _foremost(problems: Collection[Problem], file: str) -> tuple[Problem, ...]:
    """Sort them, and cut off what nobody reads any more."""
    ordered = sorted(problems, key=_order)
    more = len(ordered) - MAX_FINDINGS
    if more > 0:
        ordered[MAX_FINDINGS:] = [Problem(file=file, what=f"and {more:,} more that is wrong")]
    return tuple(ordered)


def _order(problem: Problem) -> tuple[bool, int, int, str, str]:
    """Sort by place in the file; what has none (the environment) comes last."""
    place = (problem.line or 0, problem.column or 0)
    return (problem.line is None, *place, problem.file, problem.what)


def _settle(
    form: ConfigForm,
    lists: Sequence[WrittenList],
    zone: tzinfo,
    unusable: Iterable[UnusableList],
) -> Config:
    """Turn the checked form into records, with every default filled in."""
    return Config(
        server=form.server or NO_SERVER,
        sync=form.sync,
        schedule=_settle_schedule(form.sync, zone),
        lists=(
            *(
                _settle_list(entry, written, zone, form)
                for entry, written in zip(form.lists, lists, strict=True)
            ),
            *map(_settle_unusable, unusable),
        ),
        exclude=tuple(
            entry if isinstance(entry, Exclusion) else entry.exclusion for entry in form.exclude
        ),
        providers=form.providers,
        chromium=form.chromium,
        control=form.control,
        http=form.http,
        notify=form.notify,
        daily=form.daily,
        transfers=form.transfers.settings,
        postgres=form.postgres,
        log=form.log,
        zone=zone,
    )


def _settle_schedule(sync: SyncOptions, zone: tzinfo) -> Rule | None:
    if sync.cron is None and not sync.every:
        return None
    return rule_of(sync.every, sync.cron, zone)


def _settle_list(
    form: ListForm, written: WrittenList, zone: tzinfo, whole: ConfigForm
) -> ListConfig:
    service = find_service(written.form) or ""
    source = getattr(form, service)
    if isinstance(source, SeerrSource):
        source = source.requested_as(form.request_as or (whole.server or NO_SERVER).request_as)
    return ListConfig(
        source=source,
        rules=ListRules(
            source=f"{service}:{source}",
            name=name_of(written) or service,
            service=service,
            limit=form.limit,
            kind=form.kind,
            is_exclusion=form.exclude,
            is_enabled=form.enabled,
            four_k=whole.sync.four_k if form.four_k is None else form.four_k,
            asking=form.asking(MediaType.MOVIE),
            asking_of_series=form.asking(MediaType.TV) if form.is_apart else None,
            seasons=form.seasons,
            filters=form.filters,
            max_per_run=form.max_per_run,
            max_per_day=form.max_per_day,
            new_seasons=form.new_seasons,
            cancel_removed=form.cancel_removed,
        ),
        schedule=rule_of(form.every, form.cron, zone),
        entry=written.number,
    )


def _settle_unusable(one: UnusableList) -> ListConfig:
    name = f"{one.service}: {one.source}"
    rules = ListRules(source=f"{one.service}:{one.source}", name=name, service=one.service)
    return ListConfig(source=one.source, rules=rules)
