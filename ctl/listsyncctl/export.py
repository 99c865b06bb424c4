"""All items in a file, for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from listsync.interrupts import raised
from listsync.protocol import FORMULAS, SCHEMA_VERSION, Exit
from listsync.text_cleaning import printable, printable_json
from listsyncctl.client import ClientError
from listsyncctl.session import Session
from listsyncctl.views import VIEWS

if TYPE_CHECKING:
    from listsync.protocol.shapes import (
        ItemShape,
    )

_PAGE = 200
_FORMS = (".csv", ".json")
_MAY_BE_MARKED = (" ", "'", *FORMULAS)


def export(session: Session, target: str, params: Mapping[str, object]) -> None:
    """Write every item that fits to *target*, a file or `-` for stdout; raises ClientError."""
    path = None if target == "-" else Path(target)
    form = path.suffix.lower() if path else ".json" if session.output == "json" else ".csv"
    if form not in _FORMS:
        raise ClientError(Exit.USAGE, f"export to a file that ends in .csv or .json, not {target}")
    items = _all_items(session, params)
    if path is None:
        text = io.StringIO()
        _write(text, form, items)
        click.echo(text.getvalue().encode(), nl=False)  # whatever the terminal's encoding is
        return
    try:
        with raised():
            count = _replace(path, form, items)
    except OSError as error:
        raise ClientError(Exit.FAILED, f"cannot write {path}: {error.strerror}") from None
    click.echo(f"{count} items are in {path}.", err=True)


def _replace(path: Path, form: str, items: Iterable[ItemShape]) -> int:
    """Write whole or not at all: what is there already is only replaced at the end."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("x", encoding="utf-8", newline="") as file:  # follows nobody's link
            count = _write(file, form, items)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    return count


def _all_items(session: Session, params: Mapping[str, object]) -> Iterator[ItemShape]:
    """Ask for the first page at once, and for others while items are written."""
    pages = session.items({**params, "limit": _PAGE})
    first = next(pages)
    return (item for page in chain([first], pages) for item in page["items"])


def _write(file: TextIO, form: str, items: Iterable[ItemShape]) -> int:
    """Say how many there are."""
    if form == ".json":
        whole = [*items]
        told = {"schema_version": SCHEMA_VERSION, "items": whole}
        file.write(printable_json(told, indent=1) + "\n")
        return len(whole)
    columns = VIEWS["items"].columns
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    rows = ([_harmless(one.get(name)) for name in columns] for one in items)
    return sum(1 for _ in map(writer.writerow, rows))


def _is_plain(text: str) -> bool:
    """Tell quickly of most cells that there is nothing to mark in them: there may be a million."""
    return (
        text.isprintable()
        and "  " not in text
        and not text.startswith(_MAY_BE_MARKED)
        and not text.endswith(" ")
    )


def _harmless(value: object) -> object:
    """Keep a spreadsheet from running what a list calls a title, as its users do it.

    What begins like a marked cell gets a mark as well, so that taking one off gives it back.
    """
    if not isinstance(value, str) or value.isalnum() or _is_plain(value):
        return value
    text = printable(
        " ".join(value.split())
    )  # a cell that begins with a tab or a return is run as well
    return f"'{text}" if text.lstrip("'").startswith(FORMULAS) else text
