from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.errors import ResponseChangedError
from listsync.parsing.documents import parse_json, parse_lazily, parse_yaml
from listsync.parsing.text import PIECE


@given(st.text(alphabet='[]{},":1 tnul\\', max_size=12), st.integers(1, 3))
def test_what_is_no_json_is_none_in_pieces(text: str, size: int) -> None:
    assert _read([text[at : at + size] for at in range(0, len(text), size)]) == _read([text])


def _read(pieces: list[str]) -> object:
    try:
        found = parse_lazily("demo", pieces)
        return list(found) if isinstance(found, Iterator) else found
    except ResponseChangedError as error:
        return error.why


@pytest.mark.parametrize(
    "text",
    [
        '["' + "x" * 700_000 + '"]',
        "[[" + "1," * 400_000 + "1]]",
        '{"a": "' + "x" * 9_000_000 + '"}',
    ],
)
def test_a_value_that_is_out_of_all_bounds_is_not_read(text: str) -> None:
    pieces = (text[at : at + PIECE] for at in range(0, len(text), PIECE))
    with pytest.raises(ResponseChangedError, match="characters; not read"):
        list(parse_lazily("demo", pieces))  # type: ignore[call-overload]  # an iterator, if anything


def test_a_document_of_more_values_than_a_page_has_is_not_read() -> None:
    with pytest.raises(ResponseChangedError, match="300,000 values; not read"):
        parse_json("demo", '{"a": [' + "{}," * 300_000 + "{}]}")


def test_yaml_of_many_values_is_not_read() -> None:
    with pytest.raises(ResponseChangedError, match="100,000 values; not read"):
        parse_yaml("demo", f"a: [{'a,' * 100_000}a]")


@given(st.text(alphabet='[]{},":1 tnul', max_size=12))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ResponseChangedError):
            parse_json("demo", text)
    else:
        assert parse_json("demo", text) == expected


def test_an_error_says_where() -> None:
    with pytest.raises(ResponseChangedError, match="line 2, column 1") as caught:
        parse_json("demo", '[{"title": "A"}\n{"title": "B"}]')
    assert "title" in caught.value.sample


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: b: c", "[" * 100_000, "\0", "? [a]\n: b", "%YAML 9", "&a [*a, *b]"],
)
def test_bad_yaml_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(ResponseChangedError, match="not YAML"):
        parse_yaml("demo", text)


def test_yaml_words_stay_words() -> None:
    text = "a: yes\nb: 2019-01-01\nc: 0o17\nd: !!int x\n"
    expected = {"a": "yes", "b": "2019-01-01", "c": "0o17", "d": "x"}
    assert parse_yaml("demo", text) == expected


def test_large_yaml_is_not_read() -> None:
    with pytest.raises(ResponseChangedError, match="larger"):
        parse_yaml("demo", "a: b\n" * 200_001)
