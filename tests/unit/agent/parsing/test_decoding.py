from __future__ import annotations

import traceback

import pytest
from msgspec import Raw, field

from listsync.parsing.decoding import ResponseShape, UnknownFormError, convert, decode, readable


class Row(ResponseShape, frozen=True):
    number: int = field(name="tmdbId")
    name: str | None = None

    def __post_init__(self) -> None:
        if self.number == 0:
            raise ValueError("no number")


class Page(ResponseShape, frozen=True):
    rows: list[Row]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        pytest.param(b'{"tmdbId": 603, "name": "x"}', Row(603, "x"), id="plain"),
        pytest.param(b'{"tmdbId": "603"}', Row(603), id="number-as-text"),
        pytest.param(b'{"tmdbId": 603.0}', Row(603), id="whole-float"),
        pytest.param(b'{"tmdbId": 603, "more": {"a": [1]}}', Row(603), id="unknown-field"),
        pytest.param('{"tmdbId": 603, "name": "\\u00e9"}', Row(603, "\u00e9"), id="text"),
    ],
)
def test_an_answer_is_read(content: bytes | str, row: Row) -> None:
    assert decode(content, Row) == row


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b'{"name": "x"}', "Object missing required field tmdbId", id="missing"),
        pytest.param(b'{"tmdbId": "x"}', "tmdbId: expected int, got str", id="type"),
        pytest.param(b'{"tmdbId": true}', "tmdbId: expected int, got bool", id="bool"),
        pytest.param(b'{"tmdbId": 0}', "no number", id="own-check"),
        pytest.param(b"[]", "Expected object, got array", id="array"),
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(b"<html>", "malformed", id="html"),
        pytest.param(b'{"tmdbId": 603', "truncated", id="cut"),
        pytest.param(b'{"tmdbId": 1, "name": "\xff"}', "utf-8", id="no-utf-8"),
        pytest.param(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion", id="deep"),
    ],
)
def test_what_is_no_such_answer_is_told(content: bytes, words: str) -> None:
    with pytest.raises(UnknownFormError, match=words):
        decode(content, Row)


def test_the_place_in_a_nested_answer_is_told() -> None:
    with pytest.raises(UnknownFormError, match=r"^rows\[1\]\.tmdbId: expected int, got str$"):
        decode(b'{"rows": [{"tmdbId": 1}, {"tmdbId": "x"}]}', Page)


def test_a_value_is_read_as_strictly_as_asked() -> None:
    assert convert({"tmdbId": "603"}, Row) == Row(603)
    with pytest.raises(UnknownFormError, match="expected int, got str"):
        convert({"tmdbId": "603"}, Row, strict=True)


def test_odd_rows_are_left_out() -> None:
    rows = decode(
        b'[{"tmdbId": 1}, {"tmdbId": "x"}, null, {"tmdbId": 0}, {"tmdbId": 2}]', list[Raw]
    )
    assert readable(rows, Row) == (Row(1), Row(2))
    assert readable(None, Row) == ()


SECRET = b"hunter2"


@pytest.mark.parametrize(
    "content", [b'{"tmdbId": "%s"}', b'{"tmdbId": 1, "name": "%s\xff"}', b"%s"]
)
def test_an_error_holds_nothing_of_the_answer(content: bytes) -> None:
    with pytest.raises(UnknownFormError) as caught:
        decode(content % SECRET, Row)
    assert caught.value.__cause__ is None
    assert SECRET.decode() not in "".join(traceback.format_exception(caught.value))
