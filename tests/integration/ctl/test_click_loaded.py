"""click is loaded without `gettext`, `inspect` and `uuid`, and shows the same."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from listsync.interrupts import cleandoc

_PROGRAM = """
import sys
from listsync.interrupts import import_click
{before}
import_click()
import click
spared = {{"gettext", "inspect", "uuid"}}
assert spared & set(sys.modules) == (spared if {before!r} else set())

@click.command(help="\\n  Says.\\n\\n    More.\\n  ")
@click.option("--word", default=lambda: "x", show_default=True, help="\\n  A word.\\n  ")
@click.option("--id", "number_of", type=click.UUID)
def one(word, number_of):
    click.echo(repr(number_of))
    click.echo_via_pager(f"{{word}}{{number}}" for number in range(3))

from click.testing import CliRunner
run = CliRunner().invoke
print(run(one, ["--help"]).output, run(one, []).output, run(one, ["--id", "1" * 32]).output)
print(run(one, ["--id", "none"]).output)
print(run(one, ["--word"]).output, run(one, ["a", "b"]).output)
import gettext, inspect, uuid
assert gettext.gettext.__module__ == "gettext"
assert inspect.signature(one.callback).parameters.keys() == {{"word", "number_of"}}
assert isinstance(click.UUID.convert("2" * 32, None, None), uuid.UUID)
"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        "  first\n    second\n      third\n",
        "\n\n  below\n\n\tof a tab\n \n",
        "first\n   \n  x\n      ",
    ],
    ids=repr,
)
def test_a_docstring_is_laid_out_as_inspect_does_it(text: str) -> None:
    assert cleandoc(text) == inspect.cleandoc(text)


def test_a_program_shows_the_same_without_them_and_gets_of_them_what_else_it_wants() -> None:
    lean, whole = (
        subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(before=before)],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        for before in ("", "import gettext, inspect, uuid")
    )
    assert "A word." in lean
    assert "x0x1x2" in lean
    assert "UUID('11111111-1111" in lean
    assert "unexpected extra arguments (a b)" in lean
    assert "'none' is not a valid UUID" in lean
    assert lean == whole
