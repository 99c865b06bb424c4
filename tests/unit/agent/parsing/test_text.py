from __future__ import annotations

import codecs
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from listsync.parsing.text import BLANKS, TableReader, decode, lines_of, with_is_last

BLUE = "Blåfjell und Ördög\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (BLUE.encode(), BLUE),
        (codecs.BOM_UTF8 + BLUE.encode(), BLUE),
        (BLUE.encode("utf-16"), BLUE),
        (codecs.BOM_UTF16_BE + BLUE.encode("utf-16-be"), BLUE),
        (BLUE.encode("latin-1"), BLUE),
        ("5 \u20ac \u2013".encode("cp1252"), "5 \u20ac \u2013"),
        (b"\x81\xe5", "\x81å"),
        ("Café".encode("latin-1"), "Café"),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-be", "latin-1", "cp1252", "neither", "end"],
)
def test_encodings(data: bytes, text: str) -> None:
    found = decode(data)
    assert ("".join(found.pieces()), found.is_cut) == (text, False)


def test_one_bad_byte_does_not_turn_the_rest_into_other_letters() -> None:
    assert decode(BLUE.encode() + b"\xff\n").start(100) == BLUE + "\ufffd\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_that_ends_inside_a_letter_is_cut(encoding: str) -> None:
    text = decode("Blå å".encode(encoding)[:-1])
    assert ("".join(text.pieces()), text.is_cut) == ("Blå ", True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a\0b", True),
        ("\x01\x02\x03\x04", True),
        ("a\x07" + "b" * 500, False),
        ("a\tb\r\n\f", False),
        ("", False),
    ],
)
def test_binary(body: str, expected: bool) -> None:
    assert decode(body.encode()).is_binary is expected


@given(st.text(max_size=20), st.integers(1, 3), st.sampled_from(["utf-8", "utf-16"]))
def test_text_is_the_same_in_pieces(text: str, size: int, encoding: str) -> None:
    assume(not text.startswith(("\ufeff", "\0")))  # a mark at the beginning, or a part of one
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("listsync.parsing.text.PIECE", size)
        found = decode(text.encode(encoding, "replace"))
        assert "".join(found.pieces()) == text.encode(encoding, "replace").decode(encoding)
        assert found.is_blank is (not text.strip(BLANKS))


@given(st.lists(st.text(alphabet="a\r\n\u2028", max_size=4)))
def test_lines_do_not_depend_on_how_the_text_comes(pieces: list[str]) -> None:
    assert list(lines_of(pieces)) == list(io.StringIO("".join(pieces), newline=""))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_without_an_end_in_sight_is_not_kept(end: str) -> None:
    long, last = lines_of([*(500_000 * "x" for _ in range(9)), "yy" + end[:1], end[1:] + "z"])
    assert 1_000_000 < len(long) < 2_000_000
    assert (long.endswith(end), last) == (True, "z")


def rows(text: str) -> tuple[list[list[str]], bool]:
    reader = TableReader(lines_of([text]), ",")
    return list(reader), reader.is_cut


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_tables_end_with_and_without_a_line_end(end: str) -> None:
    assert rows(f'a,b\n"c\nd",e{end}') == ([["a", "b"], ["c\nd", "e"]], False)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quote_that_never_ends_is_a_cut(end: str) -> None:
    found, is_cut = rows(f'a,b\nc,"d, e{end}')
    assert is_cut
    assert found[0] == ["a", "b"]
    assert found[-1][0] == "c"


def test_a_field_beyond_all_bounds_is_a_cut() -> None:
    found, is_cut = rows('a,b\nc,"' + "long line\n" * 20_000)
    assert is_cut
    assert found[0] == ["a", "b"]
    assert len(found) == 2


def test_a_row_of_many_lines_without_an_end_is_a_cut() -> None:
    found, is_cut = rows('a,b\nc,"' + 'x\n","' * 300_000)
    assert is_cut
    assert found[0] == ["a", "b"]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("items", "expected"), [("", []), ("a", [("a", True)]), ("ab", [("a", False), ("b", True)])]
)
def test_the_last_one_is_known(items: str, expected: list[tuple[str, bool]]) -> None:
    assert list(with_is_last(iter(items))) == expected


_RUSSIAN = "\u041e\u0441\u0442\u0440\u043e\u0432 (2006)\n\u0411\u0440\u0430\u0442 (1997)\n"
_GREEK = "\u039a\u03c5\u03bd\u03cc\u03b4\u03bf\u03bd\u03c4\u03b1\u03c2 (2009)\n"
_KOREAN = "\uae30\uc0dd\ucda9 (2019)\n\uc62c\ub4dc\ubcf4\uc774 (2003)\n"
_JAPANESE = "\u3068\u306a\u308a\u306e\u30c8\u30c8\u30ed (1988)\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (_RUSSIAN, ["cp1251", "koi8-r", "cp866", "utf-16", "utf-32"]),
        (_GREEK, ["cp1253", "utf-16"]),
        (_KOREAN, ["cp949"]),
        (_JAPANESE, ["cp932"]),
        ("Alien (1979)\nAm\u00e9lie (2001)\n", ["utf-16-le", "utf-16-be", "cp1252", "utf-32"]),
    ],
    ids=["russian", "greek", "korean", "japanese", "western"],
)
def test_alphabets_are_told_from_one_another(text: str, encodings: list[str]) -> None:
    for encoding in encodings:
        assert "".join(decode(text.encode(encoding)).pieces()) == text, encoding


@pytest.mark.parametrize(
    "data",
    [
        "Am\u00e9lie (2001)\n".encode("cp850"),
        "Am\u00e9lie (2001)\n".encode("mac-roman"),
        "M\u0142ody (2001)\nWa\u0142\u0119sa\n".encode("cp1250"),
        "\u9738\u738b\u522b\u59ec (1993)\n\u6d3b\u7740\n".encode("gb18030"),
    ],
    ids=["dos", "mac", "polish", "chinese"],
)
def test_letters_that_cannot_be_told_are_said_to_be(data: bytes) -> None:
    assert decode(data).is_garbled
    assert not decode(b"Caf\xe9, na\xefve, \xdcber, Fran\xe7ois: f\xeate\n").is_garbled
