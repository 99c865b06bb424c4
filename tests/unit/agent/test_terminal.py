"""Text of strangers does not steer a terminal; what is ours, and what scripts need, stays."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.terminal import as_json, harmless, line

_SAFE = {"\n", "\t", "\u200b", "\u200c", "\u200d"}


@pytest.mark.parametrize(
    "sign",
    [
        "\x1b[2J",
        "\x1b]8;;http://evil\x07",
        "\x9b31m",
        *"\r\n\x08\x7f\x85\u061c\u200f\u2028\u202e\u2066\ufeff\ud800\U000e0041",
    ],
)
def test_what_steers_a_terminal_is_replaced(sign: str) -> None:
    for clean in (harmless(f"a{sign}b"), line(f"a{sign}b")):
        assert sign not in clean
        assert "\N{REPLACEMENT CHARACTER}" in clean
    written = as_json({"title": f"a{sign}b"})
    assert sign not in written
    assert json.loads(written) == {"title": f"a{sign}b"}


@pytest.mark.parametrize(
    "text",
    [
        "Amélie",
        "千と千尋の神隠し",
        "\u0645\u06cc\u200c\u062e\u0648",
        "👩\u200d🚀",
        "a b",
        "\u0301",
    ],
)
def test_letters_of_all_scripts_stay(text: str) -> None:
    assert harmless(text) == line(text) == text
    assert text in as_json([text])


def test_colours_of_ours_stay_in_a_line() -> None:
    assert line("\x1b[1mHEAD\x1b[0m\tx \x1b[31mbad\x1b[0m") == (
        "\x1b[1mHEAD\x1b[0m\tx \x1b[31mbad\x1b[0m"
    )
    assert "\x1b" not in line("\x1b[5m\x1b[48;5;1m\x1b[7m\x1b[1;31m")


@given(st.text(st.characters(), max_size=20))
def test_no_sign_that_controls_comes_through(text: str) -> None:
    for shown in (harmless(text), as_json([text], indent=1)):
        controls = {one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}}
        assert controls <= _SAFE
    assert json.loads(as_json(text)) == text
