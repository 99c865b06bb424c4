"""`listsync check --live`: the server and every list are tried, and nothing is done with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from listsync.app.live_check import (
    Finding,
    LiveCheck,
    Mark,
    kinds_in,
    not_reached,
    open_check,
    read_all,
    rows_of,
)
from listsync.config.configuration import Config
from listsync.domain.media import MediaType
from listsync.domain.run_messages import advice_on
from listsync.errors import RefusedError, UnavailableError
from listsync.protocol import Exit
from listsync.sync.fetch_lists import Reading
from listsync.terminal.output import Palette, plural, say, shown, wants_colour

_COLOURS = {Mark.OK: "green", Mark.WRONG: "red", Mark.NOT_CHECKED: "yellow", Mark.FAILED: "red"}
_ARR_WARNING = """\
Radarr and Sonarr are asked now, by the server. Where one of them answers with an error, or too
slowly, Overseerr and Seerr end: then start the server again. (listsync waits a minute for it.)"""
_ALONE = "What they said is not remembered: an agent is running, which looks it up by itself."


def check_live(config: Config, state_dir: Path, *, ask_arr: bool = False) -> Exit:
    """Try what the configuration names, and say of each thing whether it works."""
    with ExitStack() as stack:
        view = _View(Palette(enabled=wants_colour(sys.stdout, os.environ)))
        check = None
        if config.has_server:
            check = _open(config, state_dir, stack, view, keep=ask_arr)
        if check is not None and check.is_reached:
            view.show(check.users())
        kinds = view.show_lists(config, state_dir)
        if check is not None and check.is_reached:
            view.show(check.rights(kinds))
            view.show(check.qualities(kinds))
            view.show(check.filters())
            _names(check, kinds, view, ask_arr=ask_arr)
        return view.end(sum(one.rules.is_enabled for one in config.lists))


def _open(
    config: Config, state_dir: Path, stack: ExitStack, view: _View, *, keep: bool
) -> LiveCheck | None:
    try:
        check = stack.enter_context(open_check(config, state_dir, keep=keep))
    except (RefusedError, UnavailableError) as error:
        view.show(iter([not_reached(error)]))
        return None
    view.show(iter([check.reach()]))
    return check


def _names(
    check: LiveCheck, kinds: dict[str, frozenset[MediaType]], view: _View, *, ask_arr: bool
) -> None:
    named = check.named(kinds)
    if named and ask_arr:
        click.echo(_ARR_WARNING, err=True)
    view.show(check.names(named, ask_arr=ask_arr) if named else iter(()))
    if named and ask_arr and not check.keeps:
        click.echo(_ALONE, err=True)


class _View:
    """Writes findings and readings, and counts what is not well."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._marks: list[Mark] = []
        self._bad_lists = 0

    def show(self, findings: Iterator[Finding]) -> None:
        for one in findings:
            self._marks.append(one.mark)
            mark = self._palette.paint(one.mark.value, _COLOURS[one.mark])
            words = f": {shown(one.words, 300)}" if one.words else ""
            say(f"  {shown(one.subject, 160)}  {mark}{words}")
            if one.advice:
                say(f"      what now: {one.advice}")

    def show_lists(self, config: Config, state_dir: Path) -> dict[str, frozenset[MediaType]]:
        """Read every list; returns the kinds of titles of those that could be read."""
        width = max((len(one.name) for one in config.lists), default=0)
        kinds: dict[str, frozenset[MediaType]] = {}
        for reading in read_all(config, state_dir):
            self._bad_lists += not reading.outcome.whole
            if reading.fetched is not None:
                kinds[reading.rules.source] = kinds_in(reading)
            for line in _lines(reading, min(width, 48), self._palette):
                say(line)
        return kinds

    def end(self, lists: int) -> Exit:
        """Sum up."""
        if self._bad_lists:
            whole = f"{self._bad_lists} of {plural(lists, 'list')} cannot be read whole."
            say(whole, err=True)
        wrong, failed = (self._marks.count(mark) for mark in (Mark.WRONG, Mark.FAILED))
        if wrong or failed:
            say(_sum_of(wrong, failed), err=True)
        if wrong or failed:
            return Exit.CONFIG if wrong else Exit.FAILED
        return Exit.PARTLY if self._bad_lists else Exit.OK


def _sum_of(wrong: int, failed: int) -> str:
    parts = [f"{plural(wrong, 'thing is', 'things are')} wrong"] if wrong else []
    parts += [f"{plural(failed, 'thing')} could not be tried"] if failed else []
    return f"{' and '.join(parts).capitalize()}."


def _lines(reading: Reading, width: int, palette: Palette) -> Iterator[str]:
    rules = reading.rules
    name = shown(rules.name, 48).ljust(width)
    word = reading.outcome.value.replace("_", " ")
    painted = palette.paint(word, "green" if reading.outcome.whole else "red")
    if reading.fetched is not None:
        yield f"  {name}  {painted}: {rows_of(reading)}"
    else:
        yield f"  {name}  {painted}"
    if reading.why:
        yield f"      {shown(reading.why, 300)}"
    advice = advice_on(rules.service, reading.outcome)
    if advice:
        yield f"      what now: {advice}"
