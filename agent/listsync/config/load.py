"""From the file and the environment to a `Config`, or to all that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from listsync.config.configuration import Config, ListConfig
from listsync.config.cross_field import check_effects, check_rules, name_of
from listsync.config.environment import SERVER_URL, Overlay, lay_over
from listsync.config.schema import ConfigForm, ListForm, SyncOptions
from listsync.config.secret_forms import SecretSource, warn_of_readers
from listsync.config.services import SERVICES
from listsync.config.validation import MAX_FINDINGS, ConfigIssue, read_form
from listsync.config.values import find_zone, local_zone, rule_of
from listsync.config.yaml_document import YamlDocument, load_document
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Exclusion
from listsync.domain.server import Asking
from listsync.errors import ConfigError, Problem
from listsync.files.local_file import MOST_S, WriterWait
from listsync.triggers.schedule.rules import Rule

_UNFINISHED = (
    f"was read as it is: a program has had it open for writing for more than {MOST_S:g} s, "
    "so more may come"
)


def load(
    path: Path | None, environ: Mapping[str, str], patience: WriterWait | None = None
) -> Config:
    """Read the configuration; *path* None: from *environ* alone.

    Programs that are writing it, or a secret's file, are waited for, with *patience*.

    Raises:
        ConfigError: with everything that is wrong, in the order of the file.
        BeingWrittenError: see `WriterWait`.
    """
    patience = patience or WriterWait()
    if path is None and not environ.get(SERVER_URL, "").strip():
        what = f"no configuration file was found, and {SERVER_URL} is not set"
        raise ConfigError((Problem(file="listsync.yaml", what=what),))
    document = load_document(path, patience) if path else YamlDocument(file="environment", data={})
    config = check(document, environ, path.parent if path else Path(), patience)
    unfinished = tuple(
        Problem(file=str(one), what=_UNFINISHED) for one in sorted(patience.unfinished)
    )
    open_to_all = warn_of_readers(path, document.data) if path else ()
    return replace(
        config,
        warnings=(*config.warnings, *unfinished, *open_to_all),
        is_unfinished=bool(unfinished),
    )


def check(
    document: YamlDocument,
    environ: Mapping[str, str],
    folder: Path,
    patience: WriterWait | None = None,
) -> Config:
    """Check what was read; *folder* is where relative paths in it begin.

    Raises:
        ConfigError: see `load`.
    """
    overlay = lay_over(document.data, environ)
    secrets = SecretSource(environ, folder, patience)
    form, wrong = read_form(ConfigForm, overlay.data, folder, secrets)
    findings = (*check_rules(overlay.data), *check_effects(overlay.data), *wrong)
    told = {_problem(finding, document, overlay): finding.is_warning for finding in findings}
    problems = {*document.problems, *(one for one, is_warning in told.items() if not is_warning)}
    if form is None or problems:
        raise ConfigError(_foremost(problems, document.file))
    zone = find_zone(form.sync.timezone) if form.sync.timezone else None
    warnings = {one for one, is_warning in told.items() if is_warning} | {
        Problem(file=variable, what="is empty: it names no list") for variable in overlay.empty
    }
    config = _settle(form, overlay.data, zone or local_zone(environ))
    return replace(config, warnings=tuple(sorted(warnings, key=_order)))


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
    told = sorted(problems, key=_order)
    more = len(told) - MAX_FINDINGS
    if more > 0:
        told[MAX_FINDINGS:] = [Problem(file=file, what=f"and {more:,} more that is wrong")]
    return tuple(told)


def _order(problem: Problem) -> tuple[bool, int, int, str, str]:
    """Sort by place in the file; what has none (the environment) comes last."""
    place = (problem.line or 0, problem.column or 0)
    return (problem.line is None, *place, problem.file, problem.what)


def _settle(form: ConfigForm, data: Any, zone: tzinfo) -> Config:
    """Turn the checked form into records, with every default filled in."""
    raw_lists = data.get("lists") or []
    return Config(
        server=form.server,
        sync=form.sync,
        schedule=_settle_schedule(form.sync, zone),
        lists=tuple(
            _settle_list(entry, raw, zone, four_k=form.sync.four_k)
            for entry, raw in zip(form.lists, raw_lists, strict=True)
        ),
        exclude=tuple(
            entry if isinstance(entry, Exclusion) else entry.exclusion for entry in form.exclude
        ),
        providers=form.providers,
        chromium=form.chromium,
        control=form.control,
        log=form.log,
    )


def _settle_schedule(sync: SyncOptions, zone: tzinfo) -> Rule | None:
    if sync.cron is None and not sync.every:
        return None
    return rule_of(sync.every, sync.cron, zone)


def _settle_list(
    form: ListForm, raw: dict[str, object], zone: tzinfo, *, four_k: bool
) -> ListConfig:
    service = next(key for key in raw if key in SERVICES)
    source = getattr(form, service)
    return ListConfig(
        source=source,
        rules=ListRules(
            source=f"{service}:{source}",
            name=name_of(raw) or service,
            service=service,
            limit=form.limit,
            kind=form.kind or form.filters.kind,
            is_exclusion=form.exclude,
            four_k=four_k if form.four_k is None else form.four_k,
            asking=_settle_asking(form),
            seasons=form.seasons,
            filters=form.filters.filters,
            max_per_run=form.max_per_run,
            max_per_day=form.max_per_day,
            new_seasons=form.new_seasons,
            cancel_removed=form.cancel_removed,
        ),
        schedule=rule_of(form.every, form.cron, zone),
    )


def _settle_asking(form: ListForm) -> Asking:
    return Asking(
        user=None if form.user is None else str(form.user),
        approve=form.approve,
        service=form.service,
        profile=form.profile,
        root_folder=form.root_folder,
        language_profile=form.language_profile,
        tags=form.tags,
    )
