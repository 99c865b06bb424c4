"""Texts that people see change on purpose only: `python -m tests.golden` writes them anew."""

from __future__ import annotations

import pytest

from tests.golden import rendered, written

_WRITTEN = written()
_RENDERED = rendered()


@pytest.mark.parametrize("name", _RENDERED)
def test_a_text_is_as_it_was_reviewed(name: str) -> None:
    assert _RENDERED[name] == _WRITTEN.get(name), "see `python -m tests.golden`"


def test_no_text_is_kept_that_nobody_sees() -> None:
    assert set(_WRITTEN) == set(_RENDERED)
