"""What comes with the programs can be listed and printed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import listsync
from listsync.cli.files import FILES, SCHEMA, read_file
from listsync.cli.program import listsync as program
from listsync.errors import ListsyncError
from listsync.protocol import Exit

_ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("name", FILES.keys() - {SCHEMA})
def test_a_file_is_printed_as_it_lies_in_a_checkout(name: str) -> None:
    ran = CliRunner().invoke(program, ["files", name])
    assert ran.exit_code == 0
    [path] = [one for one in (_ROOT / name, *(_ROOT / "contrib").rglob(name)) if one.is_file()]
    assert ran.stdout_bytes == path.read_bytes()


def test_the_schema_is_that_of_the_program() -> None:
    printed = [
        CliRunner().invoke(program, line).stdout for line in (["files", SCHEMA], ["schema"])
    ]
    assert printed[0] == printed[1]


def test_all_are_listed() -> None:
    lines = CliRunner().invoke(program, ["files"]).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(FILES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_is_of_both_programs(shell: str) -> None:
    printed = CliRunner().invoke(program, ["completion", shell]).stdout
    assert "listsync listsyncctl" in printed or "--command listsyncctl" in printed


def test_an_unknown_name_is_said() -> None:
    ran = CliRunner().invoke(program, ["files", "../cli/files.py"])
    assert ran.exit_code == Exit.FAILED
    assert "no file ../cli/files.py" in ran.stderr


def test_an_installation_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shipped").mkdir()
    shutil.copy(_ROOT / "listsync.yaml.example", tmp_path / "shipped")
    monkeypatch.setattr(listsync, "__path__", [str(tmp_path)])
    assert read_file("listsync.yaml.example").startswith(b"# yaml-language-server")
    with pytest.raises(ListsyncError, match="install listsync again"):
        read_file("listsync.fish")
