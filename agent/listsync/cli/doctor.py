"""`listsync doctor`: what is well, what is not, and what to do."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from listsync import __version__, interrupts
from listsync.cli.options import config_option, examples, socket_option, state_option
from listsync.errors import ConfigError, ListsyncError, StateError
from listsync.protocol import SCHEMA_VERSION, Exit, client_sockets

if TYPE_CHECKING:
    from listsync.app.doctor import BoundedCheck, CheckResult, Patient
    from listsync.terminal.output import Palette

# The command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
_SIGNS = {"ok": "✓", "warning": "▲", "failed": "✗", "skipped": "·"}
_PLAIN_SIGNS = {"ok": "+", "warning": "!", "failed": "x", "skipped": "-"}
_INDENT = " " * 12
_MOST_PROBLEMS = 20


@click.command(epilog=examples("doctor", "doctor --json", "doctor --config ~/listsync.yaml"))
@config_option
@state_option
@socket_option
@click.option("--json", "as_json", is_flag=True, help="Print what is found as JSON.")
def doctor(
    config_path: Path | None, state_dir: Path | None, socket: Path | None, *, as_json: bool
) -> None:
    """Look at all that a sync needs, and say what to do.

    Nothing is changed; a running agent is asked for a dry run of one list. Exits with 1 if
    something has failed.
    """
    import logging

    from listsync import logs
    from listsync.app.doctor import examine, result_of
    from listsync.app.memory_tuning import import_httpcore

    import_httpcore()
    logs.set_up_plainly(logging.CRITICAL)
    patient, found = _patient(config_path, state_dir, socket)
    shown = _Shown(as_json=as_json)
    results: list[CheckResult] = []
    try:
        with interrupts.raised():
            for result in (*found, *_configuration(patient)):
                results.append(patient.redacted(result))
                shown.add(results[-1])
            for result in examine(patient, _stages()):
                results.append(result)
                shown.add(result)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    shown.end(results, result_of(results).value)
    sys.exit(Exit.FAILED if result_of(results).value == "failed" else Exit.OK)


def _patient(
    config_path: Path | None, state_dir: Path | None, socket: Path | None
) -> tuple[Patient, list[CheckResult]]:
    from listsync.app.doctor import CheckResult, CheckState, Patient
    from listsync.cli.options import find_state
    from listsync.config.paths import find_config

    found: list[CheckResult] = []
    config = state = None
    try:
        config = find_config(config_path, os.environ)
    except ConfigError as error:
        found.append(CheckResult("configuration", CheckState.FAILED, str(error)))
    with suppress(StateError):  # the check of the state says so
        state = find_state(state_dir)
    return Patient(config, state, client_sockets(socket, os.environ), os.environ), found


def _configuration(patient: Patient) -> Iterator[CheckResult]:
    """Read the configuration, which most other checks need."""
    from listsync.app.doctor import CheckResult, CheckState
    from listsync.cli.options import load_config
    from listsync.terminal.output import plural

    name, place = "configuration", patient.config_path or "the environment"
    try:
        patient.config = config = load_config(patient.config_path, closely=True)
    except ConfigError as error:
        path = patient.config_path
        check = path and f"correct it: `listsync check {shlex.quote(str(path))}` tells all"
        advice = check or _NEW
        for problem in error.problems[:_MOST_PROBLEMS]:
            yield CheckResult(name, CheckState.FAILED, str(problem), advice)
        return
    except ListsyncError as error:
        yield CheckResult(name, CheckState.FAILED, str(error))
        return
    text = f"{place} is valid: {plural(len(config.lists), 'list')}"
    yield CheckResult(name, CheckState.OK, text)
    for warning in config.warnings:
        yield CheckResult(name, CheckState.WARNING, str(warning))


_NEW = "`listsync init` asks for what is needed; `listsync demo` shows what listsync does"


def _stages() -> Iterable[Iterable[BoundedCheck]]:
    from listsync.app import doctor as services
    from listsync.app import doctor_agent, doctor_machine, postgres_checks, transfer_checks
    from listsync.app.doctor import BoundedCheck

    lists_s = services.LISTS_S
    yield (
        BoundedCheck("permissions", doctor_machine.permissions),
        BoundedCheck("state", doctor_machine.state, 60),
        BoundedCheck("disk", doctor_machine.disk),
        BoundedCheck("log", doctor_machine.log_files),
        BoundedCheck("sqlite", doctor_machine.sqlite),
        BoundedCheck("clock", doctor_machine.clock),
        BoundedCheck("timezone", doctor_machine.timezone),
        BoundedCheck("list", services.lists, lists_s, needs_config=True),
        BoundedCheck("account", services.accounts, 20, needs_config=True),
        BoundedCheck("server", services.server, lists_s + 60, needs_config=True),
        BoundedCheck("browser", doctor_machine.browser, 20),
        BoundedCheck("rsync", transfer_checks.rsync, 20),
        BoundedCheck("mapping", transfer_checks.mappings, transfer_checks.MAPPINGS_S),
        BoundedCheck("media_server", transfer_checks.media_servers, 60),
        BoundedCheck("postgres", postgres_checks.postgres, postgres_checks.POSTGRES_S),
        BoundedCheck("socket", doctor_agent.agent, 20),
    )
    yield (
        BoundedCheck("service_manager", doctor_machine.service_manager, 20),
        BoundedCheck("trigger", doctor_agent.trigger, doctor_agent.TRIGGER_S),
    )


class _Shown:
    """Shows results as they come, or all as JSON at the end."""

    def __init__(self, *, as_json: bool) -> None:
        from listsync.terminal.output import Palette, wants_colour
        from listsync.terminal.table import columns_of

        self._as_json = as_json
        self._signs = signs_for(sys.stdout)
        self._palette = Palette(enabled=wants_colour(sys.stdout, os.environ))
        self._columns = columns_of(sys.stdout, os.environ)

    def add(self, result: CheckResult) -> None:
        from listsync.terminal.output import say

        if not self._as_json:
            for line in lines_of(result, self._palette, self._signs, self._columns):
                say(line)

    def end(self, results: Iterable[CheckResult], state: str) -> None:
        from listsync.terminal.output import plural, say
        from listsync.text_cleaning import printable_json

        if self._as_json:
            told = [_told(one) for one in results]
            head = {"schema_version": SCHEMA_VERSION, "version": __version__, "result": state}
            click.echo(printable_json({**head, "checks": told}, indent=2))
            return
        states = [one.state.value for one in results]
        wrong, odd = states.count("failed"), states.count("warning")
        words = [f"{plural(wrong, 'check')} failed"] if wrong else []
        words += [plural(odd, "warning")] if odd else []
        say(self._palette.paint(f"{', '.join(words) or 'All is well'}.", _COLOURS[state]))


def signs_for(stream: TextIO | None) -> Mapping[str, str]:
    """Give signs that *stream* can show."""
    try:
        "".join(_SIGNS.values()).encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN_SIGNS
    return _SIGNS


def lines_of(
    result: CheckResult, palette: Palette, signs: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    """Write a result: its state as a sign and a word, what was found, what to do."""
    from listsync.terminal.output import shown
    from listsync.terminal.table import wrapped

    state = result.state.value
    told = result.check.replace("_", " ") + (f" {result.subject}" if result.subject else "")
    room = None if columns is None else max(columns - len(_INDENT), 20)
    words = shown(f"{told}: {result.text}")
    first, *others = [words] if room is None else wrapped(words, room)
    yield f"{palette.paint(f'{signs[state]} {state:<8}', _COLOURS[state])}  {first}"
    head = "note" if state == "ok" else "what to do"
    advice = shown(f"{head}: {result.advice}") if result.advice else ""
    others += ([advice] if room is None else wrapped(advice, room)) if advice else []
    yield from (f"{_INDENT}{line}" for line in others)


def _told(one: CheckResult) -> dict[str, str]:
    return {
        "name": one.check,
        "subject": one.subject,
        "state": one.state.value,
        "text": one.text,
        "advice": one.advice,
    }
