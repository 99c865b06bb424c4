"""`listsync check --live`: every list is read once, and nothing is done with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from listsync.app.parts import open_lists
from listsync.cli.words import Palette, harmless, plural, wants_colour
from listsync.config.configuration import Config
from listsync.domain.advice import advice_on
from listsync.protocol import Exit
from listsync.sync.reading import Before, Reading, read_lists


def read_all(config: Config, state_dir: Path) -> Exit:
    """Read every list and say of each whether that works and how many titles it has."""
    palette = Palette(enabled=wants_colour(sys.stdout))
    width = max((len(one.name) for one in config.lists), default=0)
    bad = 0
    with open_lists(config, state_dir) as lists:
        before = {one.rules.source: Before() for one in lists}
        for reading in read_lists(lists, before):
            bad += not reading.outcome.whole
            for line in _lines(reading, min(width, 48), palette):
                click.echo(line, color=True)
    if bad:
        click.echo(f"{bad} of {plural(len(config.lists), 'list')} cannot be read whole.", err=True)
    return Exit.PARTLY if bad else Exit.OK


def _lines(reading: Reading, width: int, palette: Palette) -> Iterator[str]:
    rules, fetched = reading.rules, reading.fetched
    name = harmless(rules.name, 48).ljust(width)
    word = reading.outcome.value.replace("_", " ")
    painted = palette.paint(word, "green" if reading.outcome.whole else "red")
    if fetched is not None:
        count = plural(len(fetched.entries), "title")
        aside = f", {plural(len(fetched.skipped), 'other row')}" if fetched.skipped else ""
        yield f"  {name}  {painted}: {count}{aside}"
    else:
        yield f"  {name}  {painted}"
    if reading.why:
        yield f"      {harmless(reading.why, 300)}"
    advice = advice_on(rules.service, reading.outcome)
    if advice:
        yield f"      what you can do: {advice}"
