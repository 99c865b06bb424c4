"""JSON drawn at random, held against how the standard library reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from listsync.parsing.documents import parse_json, parse_lazily

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_the_standard_library_reads_it(value: object, indent: object) -> None:
    text = json.dumps(value, indent=indent)  # type: ignore[arg-type]  # None, a number or a tab
    assert parse_json("demo", f" \n{text}\r\n") == value


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.integers(1, 9))
def test_json_in_pieces_is_read_as_in_one(value: object, indent: object, size: int) -> None:
    text = f" \n{json.dumps(value, indent=indent)}\r\n"  # type: ignore[arg-type]  # see above
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = parse_lazily("demo", pieces)
    assert (list(found) if isinstance(found, Iterator) else found) == value
