"""Documents name what is there: commands, options, keys, files and places in other documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import click
import pytest

from listsync.cli.program import listsync
from listsync.config.values import SERVICES
from listsync.store.database import Database
from listsyncctl.commands import ctl
from tests import service_pages
from tests.documents import ROOT, Document, documents, words_of

_ALL = documents()
_PROGRAMS: dict[str, click.Command] = {"listsync": listsync, "listsyncctl": ctl}

every_document = pytest.mark.parametrize("document", _ALL, ids=lambda one: one.name)


@every_document
def test_every_command_and_option_that_is_named_exists(document: Document) -> None:
    wrong = [
        f"{line}: {why}"
        for line in (*document.command_lines(), *document.mentions())
        if (why := _wrong_with(line))
    ]
    assert not wrong, "\n".join(wrong)


@every_document
def test_every_link_leads_somewhere(document: Document) -> None:
    wrong = [to for to in document.links() if not _leads_somewhere(document, to)]
    assert not wrong


def test_each_row_of_what_was_attacked_names_tests_that_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8").partition("\n## How reliable it is\n")[2]
    rows = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert rows
    assert not [row for row in rows if not all(map(Path.is_file, _tests_of(row) or [ROOT]))]


def _tests_of(row: str) -> list[Path]:
    """Give the files of its last cell; one without a folder is in that of the one before."""
    found: list[Path] = []
    for name in re.findall(r"[\w/]+\.py", row.rpartition(" | ")[2]):
        found.append(ROOT / name if "/" in name else found[-1].with_name(name))
    return found


def test_the_pages_of_services_are_what_the_code_says() -> None:
    written = {path.name: path.read_text("utf-8") for path in service_pages.FOLDER.glob("*.md")}
    assert written == service_pages.pages(), "`python -m tests.service_pages` writes them anew"
    assert written.keys() == {f"{service}.md" for service in SERVICES}


def test_the_table_of_services_has_a_row_for_each_that_says_all_of_it() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    head = lines.index("| service | accepts | needs | with a free account |")
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in takewhile(lambda line: line.startswith("|"), lines[head + 2 :])
    ]
    assert sorted(row[0].strip("`") for row in rows) == sorted(SERVICES)
    assert all(len(row) == 4 and all(row) for row in rows), [row for row in rows if len(row) != 4]


def test_each_table_of_the_state_is_said_to_hold_something_and_when_that_goes(
    tmp_path: Path,
) -> None:
    with closing(Database(tmp_path / "state.db")) as database:
        schema = database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("### What is remembered\n")[2]
    lines = text[text.index("| table | holds | goes when |") :].splitlines()[2:]
    rows = [line.split("|")[1:-1] for line in takewhile(lambda one: one.startswith("|"), lines)]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(set(named)) == sorted(row["name"] for row in schema)
    assert sorted({name for name in named if named.count(name) > 1}) == []
    assert [row for row in rows if len(row) != 3 or not all(map(str.strip, row))] == []


def _wrong_with(line: str) -> str | None:
    words = words_of(line)
    command = _PROGRAMS.get(words[0]) if words else None
    if command is None:
        return None
    known = set(_options_of(command))
    for word in words[1:]:
        if word.startswith("-") and len(word) > 1:
            option = word.strip("[]").partition("=")[0]
            if option not in known and not _is_joined(option, known):
                return f"no option {option}"
        elif isinstance(command, click.Group) and word.islower():
            below = command.get_command(click.Context(command), word.strip("[],.;"))
            if below is None:
                return f"no command {word}"
            command = below
            known |= set(_options_of(command))
    return None


def _options_of(command: click.Command) -> Iterator[str]:
    yield from ("-h", "--help")
    for param in command.params:
        yield from (*param.opts, *param.secondary_opts)
    if command.context_settings.get("ignore_unknown_options"):
        yield from ("--port", "--state", "--host")  # of the sandbox, which has a parser of its own


def _is_joined(option: str, known: set[str]) -> bool:
    """Tell several short options in one word, or a short one with its value."""
    return not option.startswith("--") and option[:2] in known


def _leads_somewhere(document: Document, to: str) -> bool:
    if "://" in to or to.startswith("mailto:"):
        return True
    name, _, anchor = to.partition("#")
    target = (ROOT / document.name).parent / name if name else ROOT / document.name
    if not target.exists():
        return False
    return not anchor or anchor in Document(name, Path(target).read_text("utf-8")).anchors()
