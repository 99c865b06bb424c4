"""Foreign text steers nothing, wherever it is read; what is ours, and what scripts need, stays."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.text_cleaning import one_line, printable, printable_json, printable_line

# What comes in, what is made of it there, and what is shown of it where it was not.
CASES = [
    pytest.param("a\x1b[2Jb", "a[2Jb", "a�[2Jb", id="escape sequence"),
    pytest.param("a\x1b]8;;http://x\x07b", "a]8;;http://xb", "a�]8;;http://x�b", id="link"),
    pytest.param("a\x9b31mb", "a31mb", "a�31mb", id="C1"),
    pytest.param("a\r\nb", "a b", "a��b", id="ends of lines"),
    pytest.param("a\tb", "a b", "a�b", id="tab"),
    pytest.param("a\x85b", "a b", "a�b", id="next line"),
    pytest.param("a\u2028b\u2029c", "a b c", "a�b�c", id="line and paragraph separators"),
    pytest.param("a\x08\x7f\x00b", "ab", "a���b", id="backspace, delete and NUL"),
    pytest.param("a \x00 b", "a b", "a � b", id="nothing between gaps"),
    pytest.param("\u202eback\u2066 \u200ethen\u061c", "back then", "�back� �then�", id="bidi"),
    pytest.param("a\u200b\u2060\ufeff\u00adb", "ab", "a����b", id="no width"),
    pytest.param("a\u200db\u200c", "ab", "a�b�", id="joiners that join nothing"),
    pytest.param("a\ud800b\udc80", "ab", "a�b�", id="lone surrogates"),
    pytest.param("a\ue000\U000f1234b", "ab", "a��b", id="private use"),
    pytest.param("a\U000e0041b", "ab", "a�b", id="tags"),
    pytest.param("  a \u3000 b ", "a b", "  a \u3000 b ", id="gaps"),
    pytest.param("\x1b\u2066 \n", "", "�� �", id="nothing else"),
    pytest.param("Amélie e\u0301", "Amélie e\u0301", "Amélie e\u0301", id="accents"),
    pytest.param("千と千尋", "千と千尋", "千と千尋", id="wide"),
    pytest.param("می\u200cخو", "می\u200cخو", "می\u200cخو", id="a joiner of a script"),
    pytest.param("👩\u200d🚀", "👩\u200d🚀", "👩\u200d🚀", id="a joiner of emoji"),
]


@pytest.mark.parametrize(("text", "taken", "shown"), CASES)
def test_foreign_text_is_cleaned_with_one_alphabet(text: str, taken: str, shown: str) -> None:
    assert one_line(text) == taken
    assert printable(text) == shown
    assert printable_line(text).replace("\t", "�") == shown
    written = printable_json([text], indent=1)
    assert json.loads(written) == [_whole(text)]
    assert printable(written.replace("\n", "")) == written.replace("\n", "")


def test_what_is_too_long_is_cut_and_says_so() -> None:
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 199 + "…"
    assert one_line(f"abc {'x' * 9}", 5) == "abc…"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        pytest.param(f"a{' ' * 900}title", "a…", id="behind a long gap"),
        pytest.param(f"a{chr(0x200B) * 900}title", "a…", id="behind what has no width"),
        pytest.param(f"a{' ' * 900}", "a", id="nothing but a gap"),
        pytest.param(f"a{chr(0x200B) * 900}", "a", id="nothing to be seen"),
        pytest.param(f"{' ' * 900}title", "", id="nothing before"),
    ],
)
def test_what_is_cut_before_it_is_cleaned_says_so(text: str, taken: str) -> None:
    assert one_line(text) == taken


def test_colours_of_ours_stay_in_a_line() -> None:
    line = "\x1b[1mHEAD\x1b[0m\tx \x1b[31mbad\x1b[0m"
    assert printable_line(line) == line
    assert "\x1b" not in printable_line("\x1b[5m\x1b[48;5;1m\x1b[7m\x1b[1;31m")


@given(st.text(st.characters(), max_size=20))
def test_no_sign_that_controls_comes_through(text: str) -> None:
    bad = {"Cc", "Cs", "Co", "Zl", "Zp"}
    for shown in (one_line(text), printable(text), printable_json(text)):
        assert not {one for one in shown if unicodedata.category(one) in bad}
    assert json.loads(printable_json(text)) == _whole(text)


def _whole(text: str) -> str:
    return "".join("�" if unicodedata.category(one) == "Cs" else one for one in text)
