"""Texts that people see change on purpose only: `python -m tests.golden` writes them anew."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.golden import man_pages, rendered, written

_WRITTEN = written()
_RENDERED = rendered()
_PAGES = man_pages.pages()


@pytest.mark.parametrize("name", _RENDERED)
def test_a_text_is_as_it_was_reviewed(name: str) -> None:
    assert _RENDERED[name] == _WRITTEN.get(name), "see `python -m tests.golden`"


def test_no_text_is_kept_that_nobody_sees() -> None:
    assert set(_WRITTEN) == set(_RENDERED)


@pytest.mark.parametrize("name", _PAGES)
def test_a_manual_page_says_what_the_programs_say(name: str) -> None:
    page = man_pages.FOLDER / name
    assert page.read_text(encoding="utf-8") == _PAGES[name], "see `python -m tests.golden`"
    if shutil.which("groff") is None:
        pytest.skip("needs groff")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8", "-Kutf8", page],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_no_manual_page_is_kept_that_nobody_makes() -> None:
    assert {path.name for path in man_pages.FOLDER.iterdir()} == set(_PAGES)
