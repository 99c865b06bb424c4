from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.errors import AnswerChangedError
from listsync.net.documents import parse_json, parse_yaml

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_the_standard_library_reads_it(value: object, indent: object) -> None:
    text = json.dumps(value, indent=indent)  # type: ignore[arg-type]  # None, a number or a tab
    assert parse_json("demo", f" \n{text}\r\n") == value


@given(st.text(alphabet='[]{},":1 tnul', max_size=12))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(AnswerChangedError):
            parse_json("demo", text)
    else:
        assert parse_json("demo", text) == expected


def test_an_error_says_where() -> None:
    with pytest.raises(AnswerChangedError, match="line 2, column 1") as caught:
        parse_json("demo", '[{"title": "A"}\n{"title": "B"}]')
    assert "title" in caught.value.sample


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: b: c", "[" * 1000, "\0", "? [a]\n: b", "%YAML 9", "&a [*a, *b]"],
)
def test_bad_yaml_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(AnswerChangedError, match="not YAML"):
        parse_yaml("demo", text)


def test_yaml_words_stay_words() -> None:
    text = "a: yes\nb: 2019-01-01\nc: 0o17\nd: !!int x\n"
    expected = {"a": "yes", "b": "2019-01-01", "c": "0o17", "d": "x"}
    assert parse_yaml("demo", text) == expected


def test_large_yaml_is_not_read() -> None:
    with pytest.raises(AnswerChangedError, match="larger"):
        parse_yaml("demo", "a: b\n" * 200_001)
